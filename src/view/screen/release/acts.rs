//! The strip of acts: what each key would do to customers now, or why it does nothing.

use crate::{
    core::{
        acts,
        command::Command,
        sheet,
        state::{Open, State},
    },
    domain::goal::Goal,
    theme::Role,
    view::{chrome, widget::row::Row},
};

/// Columns before the effects.
const BEFORE: usize = 15;

pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let release = open.release.as_deref();
    [Command::Rollback, Command::Hold, Command::Promote]
        .into_iter()
        .filter_map(|command| acts::goal_of(command, release).map(|goal| row(state, command, &goal, width)))
        .collect()
}

fn row(state: &State, command: Command, goal: &Goal, width: usize) -> Row {
    let possible = acts::possible(state, goal);
    let head = chrome::key(state, Row::new().gap(1), command, goal.label(), possible.is_err()).to(BEFORE);
    let plan = match acts::planned(state, goal) {
        Ok(plan) => plan,
        Err(denied) => return head.put(Role::Denied, format!("not now: {denied}")).cut(width),
    };
    let effect = match goal {
        Goal::Promote | Goal::Resume => sheet::reach(plan).unwrap_or_else(|| plan.customers.to_string()),
        _ => plan.customers.to_string(),
    };
    let row = match possible {
        Ok(_) => {
            // What a way forward commits to is said in full; the others say what they leave.
            let left =
                if sheet::reach(plan).is_some() { None } else { plan.warnings.first().or(plan.not_undone.first()) };
            let row = head.text(effect);
            left.map_or(row.clone(), |left| row.gap(3).muted(left.to_string()))
        }
        Err(denied) => head.put(Role::Text, denied.to_string()).gap(3).put(Role::Denied, effect),
    };
    row.cut(width)
}
