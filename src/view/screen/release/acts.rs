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

/// Columns before the effects.
const BEFORE: usize = 15;
/// Columns of the effects below which no price stands behind them.
const LEAST_EFFECT: usize = 18;
/// Blank columns before the prices.
const APART: usize = 3;
/// On what a price rests.
const ASSUMED: &str = "same traffic, same ratio";

pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let release = open.release.as_deref();
    let acts: Vec<Act> = [Command::Rollback, Command::Hold, Command::Promote]
        .into_iter()
        .filter_map(|command| acts::goal_of(command, release).map(|goal| act(state, open, command, &goal)))
        .collect();
    // Prices stand below each other, as far right as what stands before them needs and they themselves allow.
    let effects = acts.iter().filter(|act| act.price.is_some()).map(|act| act.does.width()).max().unwrap_or(0) + APART;
    let prices = acts.iter().filter_map(|act| act.price.as_ref()).map(|price| price.says.width()).max().unwrap_or(0);
    let column = effects.min(width.saturating_sub(prices + 1));
    let column = (column >= BEFORE + LEAST_EFFECT + APART).then_some(column);
    let rows = acts.into_iter().map(|act| act.row(column, width));
    // No key of the past does anything in the past.
    if state.shows_a_past() { rows.map(|row| row.all(Role::Denied)).collect() } else { rows.collect() }
}

/// Over the strip while it shows a past: `as it stood then; each key comes back to now first`.
pub fn heading(state: &State, width: usize) -> Option<Row> {
    let says = if state.is_replayed() {
        "as it stood then; nothing is sent from a recording"
    } else {
        "as it stood then; each of these keys comes back to now first"
    };
    let row = |text: &str| Row::new().gap(1).put(Role::Replay, format!(" {text} ")).gap(1);
    state.shows_a_past().then_some(())?;
    [says, "as it stood then"].into_iter().map(row).find(|row| row.width() <= width)
}

/// What a key does and what that costs.
struct Act {
    does: Row,
    /// What is said besides where no price is.
    besides: Row,
    /// That nothing can be sent: it stands beside a price too.
    is_denied: bool,
    price: Option<Price>,
}

struct Price {
    says: Row,
    /// In money, and what it rests on, where there is room.
    more: [Row; 2],
}

impl Act {
    /// `column`: where the prices stand; none where that leaves too little of what stands before them. What a key is and
    /// does comes before what it costs.
    fn row(self, column: Option<usize>, width: usize) -> Row {
        let Some(Price { says, more }) = self.price else {
            return behind(self.does, self.besides).cut(width);
        };
        let column = column.unwrap_or(self.does.width() + APART);
        if column + says.width() > width {
            return if self.is_denied { behind(self.does, self.besides) } else { self.does }.cut(width);
        }
        let row = self.does.clone().cut(column.saturating_sub(APART)).to(column).then(says);
        let add = |row: Row, more: Row| {
            if more.is_empty() || row.width() + APART + more.width() >= width { row } else { row.gap(APART).then(more) }
        };
        if !self.is_denied {
            return more.into_iter().fold(row, add).cut(width);
        }
        // Why a key does nothing is said before what it would cost.
        if row.width() + APART + self.besides.width() > width {
            return behind(self.does, self.besides).cut(width);
        }
        more.into_iter().fold(row.gap(APART).then(self.besides), add).cut(width)
    }
}

fn behind(does: Row, besides: Row) -> Row {
    if besides.is_empty() { does } else { does.gap(APART).then(besides) }
}

fn act(state: &State, open: &Open, command: Command, goal: &Goal) -> Act {
    let possible = acts::possible(state, goal);
    let head = chrome::key(state, Row::new().gap(1), command, goal.label(), possible.is_err()).to(BEFORE);
    let plan = match acts::planned(state, goal) {
        Ok(plan) => plan,
        Err(denied) => {
            let does = head.put(Role::Denied, format!("not now: {denied}"));
            return Act { does, besides: Row::new(), is_denied: false, price: None };
        }
    };
    let effect = match goal {
        Goal::Promote | Goal::Resume => sheet::reach(plan).unwrap_or_else(|| plan.customers.to_string()),
        _ => plan.customers.to_string(),
    };
    let price = price(open, plan);
    match possible {
        Ok(_) => {
            // What a way forward commits to is said in full; the others say what they leave.
            let left =
                if sheet::reach(plan).is_some() { None } else { plan.warnings.first().or(plan.not_undone.first()) };
            let besides = left.map_or_else(Row::new, |left| Row::new().muted(left.to_string()));
            Act { does: head.text(effect), besides, is_denied: false, price }
        }
        // Where nothing can be sent at all, what a key would do comes first, then shortly why not.
        Err(_) if state.settings.policy.read_only.is_some() => {
            let besides = Row::new().text("read-only here");
            Act { does: head.put(Role::Denied, effect), besides, is_denied: true, price }
        }
        Err(denied) => {
            let besides = Row::new().put(Role::Denied, effect);
            Act { does: head.text(denied.to_string()), besides, is_denied: false, price }
        }
    }
}

/// What the plan costs while a loss is established: a way back ends it, unless it leads to where the loss is.
fn price(open: &Open, plan: &Plan) -> Option<Price> {
    price::dearest(open)?;
    match policy::direction(plan) {
        Direction::Back if !price::finishes(open, plan) => {
            Some(Price { says: Row::new().put(Role::Good, "the loss stops"), more: [Row::new(), Row::new()] })
        }
        direction @ (Direction::Back | Direction::Hold | Direction::Forward) => {
            let cost = said::price_of(open, plan)?;
            let money = cost.money.map_or_else(Row::new, |money| Row::new().put(Role::Bad, money));
            let is_forecast = direction != Direction::Hold;
            let assumed = if is_forecast { Row::new().muted(ASSUMED) } else { Row::new() };
            Some(Price { says: Row::new().put(Role::Bad, cost.events), more: [money, assumed] })
        }
    }
}
