//! Error budgets below the panels: one line each, what is left first.

use crate::{
    core::{
        budget::{self, Budget, Reading},
        state::State,
    },
    domain::time::Seconds,
    theme::Role,
    view::widget::row::Row,
};

/// ` ✓ budget checkout 99.9 %   41 % left of 30d   3 % since the release began   burns ×15.2 over 1h`.
pub fn row(state: &State, budget: &Budget, width: usize) -> Row {
    let slo = &budget.slo;
    let name = format!("budget {} {}", slo.name, objective(slo.objective));
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
            let period = days(slo.period);
            let row = Row::new().gap(1).put(role, glyph).gap(1).text(name).gap(2);
            let row = if left <= 0.0 {
                row.put(role, format!("SPENT, {} of {period}", share(left)))
            } else {
                row.put(Role::Title, share(left)).text(format!(" left of {period}"))
            };
            let row = match burning {
                Some((pair, rate)) => {
                    #[expect(clippy::cast_precision_loss, reason = "hours in seconds")]
                    let long = Seconds(pair.long as f64);
                    row.gap(2).put(role, format!("burns ×{rate:.1} over {}", hours(long)))
                }
                None => row,
            };
            match used {
                Some(used) => row.gap(2).muted(format!("{} used since the release began", share(used))),
                None => row,
            }
        }
    };
    row.cut(width)
}

/// A share as a percentage, with a decimal where it is small.
fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 10.0 && percent != 0.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// `99.9 %`, with as many decimals as it has.
fn objective(objective: f64) -> String {
    let text = format!("{:.4}", objective * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn days(length: Seconds) -> String {
    format!("{:.0}d", length.0 / 86_400.0)
}

fn hours(length: Seconds) -> String {
    if length.0 >= 86_400.0 { days(length) } else { format!("{:.0}h", length.0 / 3600.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_decimals_that_matter() {
        assert_eq!([0.999, 0.9995, 0.9].map(objective), ["99.9 %", "99.95 %", "90 %"]);
        assert_eq!([0.41, 0.034, 0.0, -0.12].map(share), ["41 %", "3.4 %", "0 %", "-12 %"]);
        assert_eq!([3600.0, 21_600.0, 86_400.0, 259_200.0].map(|s| hours(Seconds(s))), ["1h", "6h", "1d", "3d"]);
    }
}
