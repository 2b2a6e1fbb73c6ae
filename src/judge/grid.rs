//! The ratios that are tried: 161 points of ln r from −ln 20 to ln 20, and sums over them that cannot overflow.

use std::sync::LazyLock;

/// Number of ratios tried.
pub const POINTS: usize = 161;
/// The smallest and largest ratio tried. A ratio at one of them means "that or beyond".
pub const LOWEST: f64 = 1.0 / HIGHEST;
pub const HIGHEST: f64 = 20.0;
/// Spread of the weights over ln r: a bet on ratios up to about two times, and some on everything else.
const SPREAD: f64 = 0.7;
/// Terms this far below the largest (in nats) change no digit of a sum of 161.
const NEGLIGIBLE: f64 = 45.0;

/// The ratios, their logarithms, and the logarithms of the weights v that an interval bets with.
pub struct Grid {
    pub ln: [f64; POINTS],
    pub ratio: [f64; POINTS],
    /// ln v, v ∝ exp(−½(ln r / 0.7)²), normalised over the whole grid.
    pub ln_weight: [f64; POINTS],
    /// Distance between neighbours in ln r: 3.7 % in r.
    pub cell: f64,
}

pub static GRID: LazyLock<Grid> = LazyLock::new(|| {
    let middle = (POINTS - 1) / 2;
    #[expect(clippy::cast_precision_loss, reason = "a hundred or so")]
    let place = |i: usize| i as f64 - middle as f64;
    let cell = HIGHEST.ln() / place(POINTS - 1);
    let ln = std::array::from_fn(|i| place(i) * cell);
    let weight: [f64; POINTS] = std::array::from_fn(|i| log_density(ln[i], 0.0));
    let whole = log_sum(&weight);
    // The ends exactly, because they are compared with.
    let ratio = std::array::from_fn(|i| match i {
        0 => LOWEST,
        i if i == POINTS - 1 => HIGHEST,
        i => ln[i].exp(),
    });
    Grid { ln, ratio, ln_weight: weight.map(|w| w - whole), cell }
});

/// ln exp(−½((ln r − centre)/0.7)²).
#[must_use]
pub fn log_density(ln_ratio: f64, centre: f64) -> f64 {
    let distance = (ln_ratio - centre) / SPREAD;
    -0.5 * distance * distance
}

/// ln Σ exp(term), minus infinity for no terms.
#[must_use]
pub fn log_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    let sum: f64 = terms.iter().map(|t| t - most).filter(|t| *t > -NEGLIGIBLE).map(f64::exp).sum();
    most + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_is_symmetric_and_its_weights_are_a_distribution() {
        let grid = &*GRID;
        assert!((grid.ratio[0] - LOWEST).abs() < 1e-12 && (grid.ratio[POINTS - 1] - HIGHEST).abs() < 1e-12);
        assert!(grid.ln[80].abs() < 1e-300, "no change is a point of its own");
        assert!((grid.cell.exp() - 1.0 - 0.038).abs() < 0.001);
        assert!((grid.ln_weight.iter().map(|w| w.exp()).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn sums_of_very_large_and_very_small_terms_stay_finite() {
        assert!((log_sum(&[1e9, 1e9]) - (1e9 + 2.0_f64.ln())).abs() < 1e-6);
        assert!((log_sum(&[-1e9, -1e9 - 1e3]) + 1e9).abs() < 1e-6);
        assert!((log_sum(&[0.0, 0.0, f64::NEG_INFINITY]) - 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!(log_sum(&[]).to_string(), "-inf");
    }
}
