//! What became of an act: sent, accepted, effect seen; or why not, and the next step.

use super::{framed, key};
use crate::{
    core::{
        acts,
        sheet::{self, LABEL},
        state::{Act, Stage, State},
    },
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        journal::ActId,
        time::took,
    },
    theme::Role,
    view::{canvas::Canvas, widget::row::Row, words},
};

pub fn draw(state: &State, id: ActId, canvas: &mut Canvas) {
    let Some(act) = state.act(id) else { return };
    let target = &act.plan.release.target;
    let title = Row::new()
        .gap(1)
        .put(Role::Title, act.plan.goal.label().to_uppercase())
        .put(Role::Border, " ── ")
        .put(Role::Title, target.source.to_string())
        .muted(" ▸ ")
        .put(Role::Title, target.within_source())
        .gap(1);
    let width = crate::core::layout::dialog_columns(state.size);
    let rows = rows(state, act, width);
    let conflict = matches!(&act.stage, Stage::Failed(why) if why.kind == FailureKind::Conflict);
    let keys = if conflict {
        key(Row::new(), "enter", "look at it anew", true)
    } else {
        key(Row::new(), "enter", "close", true)
    };
    let keys = if act.stage.is_unproven() { keys.muted("it goes on being watched") } else { keys };
    let frame = match act.stage {
        Stage::Failed(_) | Stage::NoEffect { .. } | Stage::Unconfirmed(_) => Role::Danger,
        Stage::Sent | Stage::Accepted(_) | Stage::Seen { .. } => Role::Focus,
    };
    framed(state, canvas, frame, &title, &rows, &[keys], 0);
}

struct Lines {
    width: usize,
    rows: Vec<Row>,
}

impl Lines {
    fn say(&mut self, role: Role, label: &str, text: &str) {
        for (place, line) in sheet::wrap(text, self.width.saturating_sub(LABEL)).into_iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            self.rows.push(Row::new().field(Role::Muted, label, LABEL).put(role, line));
        }
    }
}

fn rows(state: &State, act: &Act, width: usize) -> Vec<Row> {
    let mut lines = Lines { width, rows: vec![progress(act), Row::new()] };
    lines.say(Role::Title, "planned", &act.plan.customers);
    lines.say(Role::Text, "sent", &words::time_of_day(state, act.sent.wall));
    match &act.stage {
        Stage::Sent => {}
        Stage::Accepted(receipt) => {
            let replies: Vec<&str> = receipt.replies.iter().map(Clean::as_str).collect();
            lines.say(Role::Text, "accepted", &replies.join(", "));
            waiting(state, act, &mut lines);
        }
        Stage::Unconfirmed(failure) => {
            failed(&mut lines, Role::Warn, "unconfirmed", failure);
            lines.say(Role::Text, "", "it may or may not have been done; it is not sent again, the effect decides");
            waiting(state, act, &mut lines);
        }
        Stage::Failed(failure) => {
            let label = if failure.kind.not_sent() { "not sent" } else { "refused" };
            failed(&mut lines, Role::Bad, label, failure);
            for change in &act.changed {
                lines.say(Role::Text, "now", &change.now);
                lines.say(Role::Muted, "was", &change.was);
            }
        }
        Stage::Seen { at, after_ms } => {
            let text = format!(
                "{}: seen {}, {} after sending",
                act.plan.expect.text,
                words::time_of_day(state, *at),
                took(*after_ms)
            );
            lines.say(Role::Good, "effect", &text);
            for left in &act.plan.not_undone {
                lines.say(Role::Text, "not undone", left);
            }
            if let Some(next) = &act.plan.going_on {
                lines.say(Role::Text, "going on", next);
            }
        }
        Stage::NoEffect { after_ms } => {
            let text = format!("not seen after {}: {}", took(*after_ms), act.plan.expect.text);
            lines.say(Role::Bad, "effect", &text);
            lines.say(
                Role::Text,
                "",
                "look at what blocks it; it is watched on, and a way back can be sent at any time",
            );
        }
    }
    if let Some(reason) = &act.reason {
        lines.say(Role::Muted, "reason", reason);
    }
    lines.rows
}

fn failed(lines: &mut Lines, role: Role, label: &str, failure: &Failure) {
    lines.say(role, label, &failure.summary);
    if let Some(detail) = &failure.detail {
        lines.say(Role::Muted, "it said", detail);
    }
    if let Some(hint) = &failure.hint {
        lines.say(Role::Text, "next", hint);
    }
}

fn waiting(state: &State, act: &Act, lines: &mut Lines) {
    let waited = words::millis(state.at.millis_since(act.sent.mono));
    lines.say(
        Role::Text,
        "watching",
        &format!("until {}; {waited} of at most {}", act.plan.expect.text, act.plan.expect.within),
    );
    if acts::is_blind(state, act) {
        lines.say(Role::Warn, "", "contact is lost: what becomes of it cannot be seen now");
    }
}

/// `✓ sent → ✓ accepted → ► effect`.
fn progress(act: &Act) -> Row {
    let done = |row: Row, word: &'static str| row.put(Role::Good, "✓").gap(1).text(word);
    let arrow = |row: Row| row.muted(" → ");
    match &act.stage {
        Stage::Sent => arrow(Row::new().put(Role::Progress, "► sending")).muted("accepted → effect seen"),
        Stage::Accepted(_) => {
            arrow(done(arrow(done(Row::new(), "sent")), "accepted")).put(Role::Progress, "► watching for the effect")
        }
        Stage::Unconfirmed(_) => arrow(arrow(done(Row::new(), "sent")).put(Role::Warn, "? UNCONFIRMED"))
            .put(Role::Progress, "► watching for the effect"),
        Stage::Failed(failure) if failure.kind.not_sent() => Row::new().put(Role::Bad, "✗ NOT SENT"),
        Stage::Failed(_) => arrow(done(Row::new(), "sent")).put(Role::Bad, "✗ REFUSED"),
        Stage::Seen { .. } => arrow(done(arrow(done(Row::new(), "sent")), "accepted")).put(Role::Good, "✓ effect seen"),
        Stage::NoEffect { .. } => {
            arrow(done(arrow(done(Row::new(), "sent")), "accepted")).put(Role::Bad, "✗ NO EFFECT SEEN")
        }
    }
}
