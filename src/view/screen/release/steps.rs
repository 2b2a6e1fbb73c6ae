//! The steps with their states and times, as a list and as one line.

use crate::{
    core::{
        content, layout, number,
        state::{Open, Pane, State},
    },
    domain::{
        release::Release,
        step::{Step, StepKind, StepState},
        time::Seconds,
    },
    theme::Role,
    view::{widget::row::Row, words},
};

/// Columns of what it took and of what was planned.
const TIME: usize = 8;
const LAST: usize = 9;

/// What stands over the list: how many, and what the last column holds.
pub fn heading(state: &State, open: &Open, width: usize, focus: Role) -> Row {
    let Some(release) = &open.release else { return Row::new().gap(1).put(focus, "STEPS") };
    let page = layout::pane_page(state, open, Pane::Steps);
    let all = content::step_lines(open);
    let first = layout::first_step(state, open);
    let part =
        if all > page { format!(" {}–{} of {all}", first + 1, (first + page).min(all)) } else { String::new() };
    let last = if has_history(release) { "usual" } else { "planned" };
    let row = Row::new().gap(1).put(focus, "STEPS").muted(part).to(width.saturating_sub(TIME + LAST + 1));
    row.right(Role::Muted, "took", TIME).right(Role::Muted, last, LAST)
}

fn has_history(release: &Release) -> bool {
    release.steps.iter().any(|step| step.usual.is_some())
}

/// The steps that fit into `height` lines, with the line of no easy return among them.
pub fn rows(state: &State, open: &Open, width: usize, height: usize) -> Vec<Row> {
    let Some(release) = &open.release else { return Vec::new() };
    if release.steps.is_empty() {
        return vec![Row::new().gap(1).muted("no steps: it goes out at once")];
    }
    let history = has_history(release);
    let mut rows = Vec::new();
    for (place, step) in release.steps.iter().enumerate() {
        rows.push((place, step, false));
        if release.way_back.worse_after.as_ref().is_some_and(|worse| worse.after == step.id) {
            rows.push((place, step, true));
        }
    }
    rows.into_iter()
        .skip(layout::first_step(state, open))
        .take(height)
        .map(
            |(place, step, worse)| {
                if worse { worse_row(release, width) } else { row(state, place, step, history, width) }
            },
        )
        .collect()
}

fn row(state: &State, place: usize, step: &Step, history: bool, width: usize) -> Row {
    let (glyph, role) = words::step(step.state, &step.kind);
    let text = match step.state {
        StepState::Current => Role::Title,
        StepState::Done => Role::Text,
        StepState::Ahead | StepState::Skipped => Role::Muted,
        StepState::Failed => Role::Bad,
    };
    let label = match step.state {
        StepState::Skipped => format!("{} (skipped)", step.label),
        StepState::Done | StepState::Current | StepState::Ahead | StepState::Failed => step.label.to_string(),
    };
    let last = match (history.then_some(step.usual).flatten(), step.planned, &step.kind) {
        (Some(usual), _, _) => compact(usual),
        (None, Some(planned), _) => compact(planned),
        (None, None, StepKind::Person) => "a person".to_owned(),
        (None, None, _) => String::new(),
    };
    let times = TIME + LAST + 1;
    Row::new()
        .gap(1)
        .put(role, glyph)
        .right(text, &(place + 1).to_string(), 3)
        .gap(1)
        .field(text, &label, width.saturating_sub(6 + times))
        .right(text, &took(state, step), TIME)
        .right(Role::Muted, &last, LAST)
}

/// How long it took; a current step counts on from its beginning.
fn took(state: &State, step: &Step) -> String {
    match (step.state, step.started_at, step.took) {
        (StepState::Current, Some(started), took) => {
            let mark = if took.is_some_and(|t| t.at_least) { "≥" } else { "" };
            format!("{mark}{}", state.at.since(started))
        }
        (_, _, Some(took)) => took.to_string(),
        (_, _, None) => String::new(),
    }
}

fn worse_row(release: &Release, width: usize) -> Row {
    let Some(worse) = &release.way_back.worse_after else { return Row::new() };
    let text = Row::new()
        .gap(1)
        .put(Role::Warn, "══ ")
        .put(Role::Warn, format!("past here: {}", worse.text))
        .cut(width.saturating_sub(3));
    let used = text.width();
    text.gap(1).put(Role::Warn, "═".repeat(width.saturating_sub(used + 2)))
}

/// All steps on one line: `✓1% ✓2m ✓10% ‖you ·analysis ·50%`. Those far behind are counted instead.
pub fn strip(release: &Release, width: usize) -> Row {
    let short = |step: &Step| -> String {
        match &step.kind {
            StepKind::SetWeight(weight) => format!("{}%", number::percent(*weight)),
            StepKind::Wait => step.planned.map_or_else(|| "pause".to_owned(), compact),
            StepKind::Person => "you".to_owned(),
            StepKind::Analysis => "analysis".to_owned(),
            StepKind::Experiment => "experiment".to_owned(),
            StepKind::Scale => "scale".to_owned(),
            StepKind::Route => "route".to_owned(),
            StepKind::Job => step.label.to_string(),
        }
    };
    let build = |from: usize| {
        let mut row = Row::new().gap(1);
        if from > 0 {
            row = row.put(Role::Muted, format!("{from} before")).gap(1);
        }
        for step in release.steps.iter().skip(from) {
            let (glyph, role) = words::step(step.state, &step.kind);
            let text = if step.state == StepState::Current { Role::Title } else { Role::Text };
            let text = if step.state == StepState::Ahead { Role::Muted } else { text };
            row = row.put(role, glyph).put(text, short(step)).gap(1);
        }
        row
    };
    let current = release.current_step().map_or(0, |(place, _)| place);
    let whole = build(0);
    if whole.width() <= width { whole } else { build(current.saturating_sub(1)).cut(width) }
}

/// `2m` for `2m00s`.
fn compact(length: Seconds) -> String {
    let text = length.to_string();
    match text.strip_suffix("00s").or_else(|| text.strip_suffix("00m")) {
        Some(short) if short.ends_with(['m', 'h']) => short.to_owned(),
        Some(_) | None => text,
    }
}
