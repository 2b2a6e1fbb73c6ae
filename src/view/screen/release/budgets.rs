//! Error budgets below the panels: one line each, what is left first.

use crate::{
    core::{
        budget::{self, Budget, Reading},
        state::State,
    },
    theme::Role,
    view::widget::row::Row,
};

/// ` ✓ budget checkout 99.9 %  41 % left of 30d  burns ×15.2 over 1h  3.0 % used since the release began`.
pub fn row(state: &State, budget: &Budget, width: usize) -> Row {
    let slo = &budget.slo;
    let name = format!("budget {}", budget::name(slo));
    let row = match budget::reading(budget, state.second_at(&slo.source)) {
        Reading::Unknown(why) => {
            Row::new().gap(1).put(Role::Unknown, "?").gap(1).text(name).gap(2).put(Role::Unknown, why)
        }
        Reading::Known { left, used, burning } => {
            let (role, glyph) = match (left <= 0.0, burning) {
                (true, _) => (Role::Bad, "✗"),
                (false, Some(_)) => (Role::Warn, "!"),
                (false, None) => (Role::Good, "✓"),
            };
            let period = budget::period(slo);
            let row = Row::new().gap(1).put(role, glyph).gap(1).text(name).gap(2);
            let row = if left <= 0.0 {
                row.put(role, format!("SPENT, {} of {period}", budget::share(left)))
            } else {
                row.put(Role::Title, budget::share(left)).text(format!(" left of {period}"))
            };
            let row = match burning {
                Some((pair, rate)) => row.gap(2).put(role, budget::burns(pair, rate)),
                None => row,
            };
            match used {
                Some(used) => row.gap(2).muted(budget::used(used)),
                None => row,
            }
        }
    };
    row.cut(width)
}
