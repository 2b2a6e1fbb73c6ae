//! Every act with its effect, or why it cannot be done now.

use super::{framed, key};
use crate::{
    core::{
        acts::{self, Line},
        arming,
        command::Command,
        layout, sheet,
        state::State,
    },
    domain::{clean::Clean, goal::Goal, plan::Plan},
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row},
};

/// Columns before the effects.
const BEFORE: usize = 24;

pub fn draw(state: &State, selected: usize, canvas: &mut Canvas) {
    let lines = acts::lines(state);
    let width = layout::dialog_columns(state.size);
    let rows: Vec<Row> = lines.iter().map(|line| row(state, line).cut(width)).collect();
    // What does not fit on its line is written out below for the selected one.
    let about = lines.get(selected).map(|line| about(state, line)).unwrap_or_default();
    let mut question: Vec<Row> = sheet::wrap(&about, width).into_iter().map(|text| Row::new().text(text)).collect();
    question.resize(2, Row::new());
    question.push(key(key(key(Row::new(), "enter", "open", true), "↑↓", "choose", true), "esc", "close", true));
    let title = Row::new().gap(1).put(Role::Title, "ALL ACTS").gap(1);
    let dialog = framed(state, canvas, Role::Focus, &title, &rows, &question, selected.saturating_sub(1));
    let height = usize::from(dialog.body.height);
    let first = selected.saturating_sub(1).min(rows.len().saturating_sub(height));
    if let Ok(y) = u16::try_from(selected.saturating_sub(first))
        && y < dialog.body.height
    {
        canvas.over(ratatui::layout::Rect { y: dialog.body.y + y, height: 1, ..dialog.body }, Role::Selected);
    }
}

fn row(state: &State, line: &Line) -> Row {
    match line {
        Line::Goal { goal, command, answer } => {
            let key = command.map(|command| chrome::key_name(state, command)).unwrap_or_default();
            let grey = answer.is_err();
            let (key_role, role) = if grey { (Role::Denied, Role::Denied) } else { (Role::Key, Role::Title) };
            let label = match goal {
                Goal::Rollback { to: Some(revision) } => format!("roll back to {revision}"),
                other => other.label().to_owned(),
            };
            let row = Row::new().field(key_role, if key == "–" { "" } else { &key }, 4).field(role, &label, BEFORE - 4);
            match answer {
                Ok(plan) => row.text(effect(plan)),
                Err(denied) => row.put(Role::Denied, denied.to_string()),
            }
        }
        Line::Arm { source, armed, answer } => {
            let label = if *armed { format!("disarm {source}") } else { format!("arm {source}") };
            let role = if answer.is_err() { Role::Denied } else { Role::Title };
            let row = Row::new().gap(4).field(role, &label, BEFORE - 4);
            match (answer, armed) {
                (Err(denied), _) => row.put(Role::Denied, denied.to_string()),
                (Ok(()), true) => row.text("back to read-only now"),
                (Ok(()), false) => row.text(format!("allow acts for {}", state.settings.policy.armed_for)),
            }
        }
        Line::Guard { holds, answer } => {
            let spec = if *holds { Command::StandDown } else { Command::Guard }.spec();
            let key = chrome::key_name(state, spec.command);
            let (key_role, role) =
                if answer.is_err() { (Role::Denied, Role::Denied) } else { (Role::Key, Role::Title) };
            let row =
                Row::new().field(key_role, if key == "–" { "" } else { &key }, 4).field(role, spec.label, BEFORE - 4);
            match (answer, holds) {
                (Err(denied), _) => row.put(Role::Denied, denied.to_string()),
                (Ok(()), true) => {
                    row.text(arming::held_by(state).map(|holder| format!("held by {holder}")).unwrap_or_default())
                }
                (Ok(()), false) => row.text("rolls back by itself when a critical panel regresses"),
            }
        }
        Line::Reset { panel, answer } => {
            let role = if answer.is_err() { Role::Denied } else { Role::Title };
            let row = Row::new().gap(4).field(role, Command::Reset.spec().label, BEFORE - 4);
            match answer {
                Ok(()) => row.text(format!("set the regression of {} aside", panel.name)),
                Err(denied) => row.put(Role::Denied, denied.to_string()),
            }
        }
    }
}

fn effect(plan: &Plan) -> String {
    match sheet::reach(plan) {
        Some(reach) => format!("{}; {reach}", plan.customers),
        None => plan.customers.to_string(),
    }
}

fn about(state: &State, line: &Line) -> String {
    match line {
        Line::Goal { answer: Ok(plan), .. } => {
            let not_undone: Vec<&str> = plan.warnings.iter().chain(&plan.not_undone).map(Clean::as_str).collect();
            not_undone.join("; ")
        }
        Line::Goal { goal, answer: Err(denied), .. } => format!("cannot {goal}: {denied}"),
        Line::Arm { source, answer: Err(denied), .. } => format!("cannot arm {source}: {denied}"),
        Line::Arm { source, .. } => {
            format!(
                "ways back need no arming; the rest of the acts on {source} do, each with its own dialog, for {}",
                state.settings.policy.armed_for
            )
        }
        Line::Reset { panel, answer: Err(denied) } => format!("cannot reset {}: {denied}", panel.name),
        Line::Reset { panel, .. } => {
            format!(
                "the evidence of {} begins anew on this revision; nothing is sent, the reason is journalled",
                panel.name
            )
        }
        Line::Guard { holds: true, answer: Err(denied) } => format!("cannot stand it down: {denied}"),
        Line::Guard { holds: false, answer: Err(denied) } => format!("cannot arm a guard: {denied}"),
        Line::Guard { holds: true, .. } => "nobody rolls back by itself then".to_owned(),
        Line::Guard { .. } => {
            let fate = state.settings.mortal.as_ref().map_or("it outlives this screen", |why| why);
            format!("a process of its own, with a mandate to roll back this revision only; {fate}")
        }
    }
}
