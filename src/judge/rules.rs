//! What a panel is held to: direction, tolerance, error rates, and how much events cluster.

use serde::{Deserialize, Serialize};

use super::process::Bounds;
use crate::domain::{counting::Counted, panel::Better};

/// Dispersion where nothing is known of the time before the release.
pub const UNCALIBRATED_PHI: f64 = 3.0;

/// Events per exposure above which the judge is merely cautious: GO needs up to 1/(1 − rate) times more. Count the rarer
/// event then, failed instead of completed checkouts.
pub const FREQUENT: f64 = 0.3;

/// How one panel is judged. Fixed when the canary starts: changing a rule afterwards voids the error rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub better: Better,
    /// Relative change δ that is still fine, as a fraction: from 0 to 0.9 for `Higher`, to 9 for `Lower`.
    pub tolerance: f64,
    /// Chance that a release which hurts nobody is called NO-GO, over all its critical panels and all looks.
    pub alpha_nogo: f64,
    /// Chance that a panel beyond its tolerance is ever called within it.
    pub alpha_go: f64,
    /// K: number of critical panels of the release, at least 1.
    pub critical: u32,
    pub dispersion: Dispersion,
}

impl Rules {
    /// The defaults: both error rates 0.05, one critical panel, uncalibrated.
    #[must_use]
    pub fn new(better: Better, tolerance: f64) -> Self {
        Self { better, tolerance, alpha_nogo: 0.05, alpha_go: 0.05, critical: 1, dispersion: Dispersion::default() }
    }

    #[must_use]
    pub fn with_critical(self, critical: u32) -> Self {
        Self { critical, ..self }
    }

    #[must_use]
    pub fn with_dispersion(self, dispersion: Dispersion) -> Self {
        Self { dispersion, ..self }
    }

    /// ln(K/α): what ln E⁺ must reach for a regression at the error rate `alpha`.
    #[must_use]
    pub fn harm_bar(&self, alpha: f64) -> f64 {
        (f64::from(self.critical.max(1)) / alpha).ln()
    }

    /// ln(1/α_go): what ln E⁻ must reach for "within tolerance".
    #[must_use]
    pub fn safe_bar(&self) -> f64 {
        -self.alpha_go.ln()
    }

    /// ln r₁: the ratio at which safety ends is the tolerance; harm begins there too, but farther out by what pods differ
    /// by anyway. So their luck makes neither a regression nor a GO.
    #[must_use]
    pub fn ln_bounds(&self, pods: Pods) -> Bounds {
        let widened = self.dispersion.widening(pods);
        let (safe, outward) = match self.better {
            Better::Higher => ((1.0 - self.tolerance.clamp(0.0, 0.9)).ln(), -1.0),
            Better::Lower => ((1.0 + self.tolerance.clamp(0.0, 9.0)).ln(), 1.0),
        };
        Bounds { harm: safe + outward * widened, safe }
    }
}

/// How much more events vary than independent ones would.
///
/// Every logarithm of evidence is divided by φ. The guarantee of the judge is exact for independent counts
/// (φ = 1 and no pod effects) and known from simulation only for clustered ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dispersion {
    /// Variance of counts over that of independent ones, at least 1.
    pub phi: f64,
    /// Standard deviation of ln(event rate) between pods of one revision.
    pub sigma_pod: f64,
    /// Measured on the time before the release; else φ is a guess and the screen says "uncalibrated".
    pub calibrated: bool,
}

impl Default for Dispersion {
    fn default() -> Self {
        Self { phi: UNCALIBRATED_PHI, sigma_pod: 0.0, calibrated: false }
    }
}

impl Dispersion {
    /// A φ that somebody measured; below 1 it counts as 1.
    #[must_use]
    pub fn measured(phi: f64) -> Self {
        Self { phi: phi.max(1.0), sigma_pod: 0.0, calibrated: true }
    }

    /// 2σ·√(1/k_c + 1/k_b): how far ln r strays by the pods' own differences. An unknown number of pods (0)
    /// counts as 1.
    #[must_use]
    pub fn widening(&self, pods: Pods) -> f64 {
        if self.sigma_pod > 0.0 {
            let part = |pods: u32| 1.0 / f64::from(pods.max(1));
            2.0 * self.sigma_pod * (part(pods.canary) + part(pods.baseline)).sqrt()
        } else {
            0.0
        }
    }
}

/// How many instances served each arm during a tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pods {
    pub baseline: u32,
    pub canary: u32,
}

impl Pods {
    #[must_use]
    pub const fn of(counted: &Counted) -> Self {
        Self { baseline: counted.baseline_pods, canary: counted.canary_pods }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_lies_on_the_bad_side_and_pods_widen_it_for_harm_alone() {
        let pods = Pods { baseline: 4, canary: 1 };
        for (better, bound, wider) in [(Better::Higher, 0.9, 0.9 / 1.25), (Better::Lower, 1.1, 1.1 * 1.25)] {
            let plain = Rules::new(better, 0.1);
            let at = plain.ln_bounds(pods);
            assert!((at.harm.exp() - bound).abs() < 1e-12 && (at.safe.exp() - bound).abs() < 1e-12);
            let sigma_pod = 1.25_f64.ln() / (2.0 * 1.25_f64.sqrt());
            let widened = plain.with_dispersion(Dispersion { sigma_pod, ..Dispersion::default() });
            let at = widened.ln_bounds(pods);
            assert!((at.harm.exp() - wider).abs() < 1e-12 && (at.safe.exp() - bound).abs() < 1e-12);
            assert!(widened.ln_bounds(Pods::default()).harm.is_finite());
        }
    }

    #[test]
    fn bars_follow_the_error_rates_and_the_number_of_panels() {
        let rules = Rules::new(Better::Lower, 0.1);
        assert!((rules.harm_bar(0.05).exp() - 20.0).abs() < 1e-9);
        assert!((rules.with_critical(4).harm_bar(0.01).exp() - 400.0).abs() < 1e-9);
        assert!((rules.safe_bar().exp() - 20.0).abs() < 1e-9);
        assert!((Dispersion::measured(0.2).phi - 1.0).abs() < f64::EPSILON, "never below 1");
    }
}
