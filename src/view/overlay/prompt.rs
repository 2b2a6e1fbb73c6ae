//! Small questions: the filter, arming, leaving.

use ratatui::layout::Rect;
use tui_input::Input;

use super::{field, foot, framed, key, typing};
use crate::{
    core::{
        acts, content, layout, sheet,
        state::{Act, Pane, State},
    },
    domain::{clean::Name, target::Target},
    theme::Role,
    view::{canvas::Canvas, widget::row::Row, words},
};

/// The filter of the screen that is shown, on its last line.
pub fn filter(state: &State, canvas: &mut Canvas) {
    let area: Rect = foot(canvas);
    let width = usize::from(area.width);
    let (input, shown, all) = match &state.open {
        None => (&state.board.filter, state.board.order.len(), state.board.releases.len()),
        Some(open) => {
            // The filter is for pods and for what happened.
            let pane = match content::focus(state, open) {
                Pane::Pods => Pane::Pods,
                Pane::Metrics | Pane::Steps | Pane::Timeline => Pane::Timeline,
            };
            let shown = layout::lines(state, open, pane);
            (&open.filter, shown, shown)
        }
    };
    let note = if all > shown { format!("{shown} of {all}") } else { format!("{shown} lines") };
    let right = Row::new()
        .muted(note)
        .gap(2)
        .put(Role::Key, "enter")
        .muted(" keep")
        .gap(2)
        .put(Role::Key, "esc")
        .muted(" clear")
        .gap(1);
    let room = width.saturating_sub(right.width() + 4);
    let left = Row::new().gap(1).put(Role::Key, "/").then(field(input, room, true));
    let row = if right.width() + 10 < width { left.with_right(right, width) } else { left.cut(width).to(width) };
    canvas.buffer.set_style(area, ratatui::style::Style::reset());
    canvas.row(area, 0, &Row::new().to(width));
    canvas.row(area, 0, &row);
}

pub fn arm(state: &State, source: &Name, input: &Input, canvas: &mut Canvas) {
    let width = layout::dialog_columns(state.size);
    let (word, role) = state.source(source).map_or(("PROD?", Role::BadgeProd), |s| words::environment(s.environment));
    let title = Row::new()
        .gap(1)
        .put(Role::Title, "ARM")
        .put(Role::Border, " ── ")
        .then(words::badge(word, role))
        .put(Role::Border, " ── ")
        .put(Role::Title, source.to_string())
        .gap(1);
    let text = format!(
        "acts on {source} are allowed for {}; each still has its own dialog. Ways back and holding never need this",
        state.settings.policy.armed_for
    );
    let mut rows: Vec<Row> = sheet::wrap(&text, width).into_iter().map(|text| Row::new().text(text)).collect();
    rows.push(Row::new());
    rows.extend(typing(&source.to_string(), input, None, false, width));
    let complete = input.value() == source.to_string();
    let question = key(key(Row::new(), "enter", "arm", complete), "esc", "stay read-only", true);
    framed(state, canvas, Role::Danger, &title, &rows, &[question], 0);
}

/// Acts whose outcome is not known yet, guards that stay: leave anyway?
pub fn leave(state: &State, canvas: &mut Canvas) {
    let title = Row::new().gap(1).put(Role::Title, "LEAVE").gap(1);
    let mut rows = Vec::new();
    let mut unproven = state.acts.iter().filter(|act| act.stage.is_unproven()).peekable();
    if unproven.peek().is_some() {
        rows.extend([Row::new().text("what became of this is not seen yet:"), Row::new()]);
        rows.extend(unproven.map(|act| under_way(state, act)));
        rows.push(Row::new());
        rows.push(Row::new().muted("leaving does not take it back; nobody watches for its effect then"));
    }
    if !state.started.is_empty() {
        rows.extend((!rows.is_empty()).then(Row::new));
        rows.extend([Row::new().text("a guard that was armed here goes on without this screen:"), Row::new()]);
        let guarded = |target: &Target| Row::new().put(Role::Progress, "► ").put(Role::Title, target.to_string());
        rows.extend(state.started.iter().map(guarded));
        rows.push(Row::new());
        let how = "it may roll back by itself; `flightdeck guard TARGET --stand-down` ends it";
        rows.extend(
            sheet::wrap(how, layout::dialog_columns(state.size)).into_iter().map(|line| Row::new().muted(line)),
        );
    }
    let question = key(key(Row::new(), "y", "leave", true), "n", "stay", true);
    framed(state, canvas, Role::Danger, &title, &rows, &[question], 0);
}

/// It ends as soon as the reply is there.
pub fn leaving(state: &State, canvas: &mut Canvas) {
    let title = Row::new().gap(1).put(Role::Title, "LEAVING").gap(1);
    let mut rows = vec![Row::new().text("waiting for the reply to this:"), Row::new()];
    rows.extend(acts::unanswered(state).map(|act| under_way(state, act)));
    rows.push(Row::new());
    rows.push(Row::new().muted("left before that, it may or may not have been done"));
    let question = key(key(Row::new(), "q", "leave now", true), "n", "stay", true);
    framed(state, canvas, Role::Danger, &title, &rows, &[question], 0);
}

fn under_way(state: &State, act: &Act) -> Row {
    let since = words::millis(state.at.millis_since(act.sent.mono));
    Row::new()
        .put(Role::Progress, "► ")
        .put(Role::Title, act.plan.goal.label())
        .text(format!(" on {}, sent {since} ago", act.plan.release.target))
}
