//! The strip of acts: what each key would do to customers now, or why it does nothing.

use crate::{
    core::{
        acts,
        command::Command,
        evidence::said,
        policy, price, sheet,
        state::{Open, State},
    },
    domain::{
        goal::{Direction, Goal},
        plan::Plan,
    },
    theme::Role,
    view::{chrome, widget::row::Row},
};

/// Columns before the effects, and before the prices where there are some.
const BEFORE: usize = 15;
const PRICE: usize = 60;
/// On what a price rests.
const ASSUMED: &str = "same traffic, same ratio";

pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let release = open.release.as_deref();
    [Command::Rollback, Command::Hold, Command::Promote]
        .into_iter()
        .filter_map(|command| acts::goal_of(command, release).map(|goal| row(state, open, command, &goal, width)))
        .collect()
}

fn row(state: &State, open: &Open, command: Command, goal: &Goal, width: usize) -> Row {
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
    let price = price(open, plan);
    if let Some(price) = price.filter(|price| PRICE + price.width() < width) {
        let (role, effect) = match &possible {
            Ok(_) => (Role::Text, effect),
            Err(denied) => (Role::Denied, denied.to_string()),
        };
        let row = head.put(role, effect).cut(PRICE - 2).to(PRICE).then(price);
        let assumed = Row::new().muted(ASSUMED);
        let is_forecast = policy::direction(plan) == Direction::Forward && row.width() + assumed.width() + 4 < width;
        return if is_forecast { row.gap(3).then(assumed) } else { row };
    }
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

/// What the plan costs while a loss is established: a way back ends it.
fn price(open: &Open, plan: &Plan) -> Option<Row> {
    price::dearest(open)?;
    match policy::direction(plan) {
        Direction::Back => Some(Row::new().put(Role::Good, "the loss stops")),
        Direction::Hold | Direction::Forward => {
            said::price_of(open, plan).map(|price| Row::new().put(Role::Bad, price))
        }
    }
}
