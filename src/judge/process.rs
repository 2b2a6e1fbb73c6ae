//! The evidence: a conditional e-process per start time, mixed over start times.
//!
//! Given the m events of a tick, those of the canary are binomial with θ(r) = n_c·r / (n_c·r + n_b), where r is the
//! ratio of event rates; what both arms share cancels. One running sum of ln likelihoods over the grid serves all
//! starts: each keeps a copy of it from when it began. Nothing here knows what an event means.
//!
//! Lindon & Malek, "Anytime-Valid Inference for Multinomial Count Data" (arXiv 2011.03567); Howard, Ramdas et al.,
//! "Time-uniform, nonparametric, nonasymptotic confidence sequences" (arXiv 1810.08240).

use serde::{Deserialize, Serialize};

use super::grid::{GRID, HIGHEST, LOWEST, POINTS, log_density, log_sum};
use crate::domain::series::{Counts, Tick};

/// Seconds between starts that nothing else calls for.
pub const START_EVERY: i64 = 600;
/// Most starts kept where not every one is. Dropping one gives its stake away, which is always allowed.
const MAX_STARTS: usize = 24;
/// Counts of one tick beyond this are no measurement; sums of smaller ones lose no digit that matters.
const MOST: f64 = 1e15;
/// Copies of sums are kept to this part of a nat, so that they stay short when they are written.
const KEPT: f64 = 1e6;

/// On which side of the bound harm lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bad {
    Below,
    Above,
}

/// Why a tick was not taken; nothing was changed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("not newer than the last tick")]
    Old,
    #[error("not a number, negative, or beyond all counting")]
    NotACount,
    #[error("events without exposures")]
    Partial,
}

/// Sums over ticks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sums {
    /// ℓ(r) − ℓ(1) for each ratio of the grid.
    shape: Vec<f64>,
    /// ℓ(r₁) − ℓ(1) for r₁ where harm begins, and for r₁ where safety ends; either may move from tick to tick.
    bounds: Bounds,
    baseline: Counts,
    canary: Counts,
    ticks: u32,
}

impl Sums {
    fn new() -> Self {
        let none = Counts::default();
        Self { shape: vec![0.0; POINTS], bounds: Bounds::both(0.0), baseline: none, canary: none, ticks: 0 }
    }

    fn rounded(&self) -> Self {
        let round = |value: f64| (value * KEPT).round() / KEPT;
        Self {
            shape: self.shape.iter().copied().map(round).collect(),
            bounds: Bounds { harm: round(self.bounds.harm), safe: round(self.bounds.safe) },
            ..self.clone()
        }
    }
}

/// Something for harm and the same for safety: most often ln r₁, the ratio at which one begins and the other ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    pub harm: f64,
    pub safe: f64,
}

impl Bounds {
    #[must_use]
    pub fn both(bound: f64) -> Self {
        Self { harm: bound, safe: bound }
    }
}

/// Bets of one start on the ratios beyond a bound, on one side of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Bets {
    side: Bad,
    /// ln r₁ when the start began: the centre of the bets.
    centre: f64,
    /// ln Σ of the bets before they are normalised; none where the grid ends first.
    norm: Option<f64>,
    /// The farthest ln r₁ since. A bet that the bound has crossed is dropped: it would be unfair.
    limit: f64,
    /// ln E now.
    log_e: f64,
}

/// One process: everything since one start time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Start {
    at: i64,
    /// π_j, its share of the stake.
    share: f64,
    harm: Bets,
    safe: Bets,
    /// The sums when it began.
    before: Sums,
}

/// Evidence against "not worse than the bound" (harm) and against "worse than the bound" (safe), at every moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Process {
    bad: Bad,
    phi: f64,
    /// When the first start began, in seconds since 1970.
    began: i64,
    /// When to start next, by the clock and by a weight change.
    regular: i64,
    asked: Option<i64>,
    last: Option<i64>,
    sums: Sums,
    starts: Vec<Start>,
    /// Starts so far, dropped ones included.
    begun: u32,
    /// Most starts kept.
    most: usize,
}

/// What a process says since one of its starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Since {
    pub at: i64,
    /// Ends of the interval for r, rounded outward by one cell, and moved by as much as r strays. At the edge of the grid: that or beyond.
    pub low: f64,
    pub high: f64,
    /// The most likely ratio, 0 where the canary had no event, none where neither arm had one.
    pub ratio: Option<f64>,
    pub baseline: Counts,
    pub canary: Counts,
    pub ticks: u32,
}

impl Process {
    /// Nothing seen; the first start is at `began`, and counts ticks that end after it.
    #[must_use]
    pub fn new(bad: Bad, phi: f64, began: i64) -> Self {
        Self {
            bad,
            phi: phi.max(1.0),
            began,
            regular: began,
            asked: None,
            last: None,
            sums: Sums::new(),
            starts: Vec::new(),
            begun: 0,
            most: MAX_STARTS,
        }
    }

    /// Never drops a start: exact, at a cost that grows with every hour.
    pub fn keep_every_start(&mut self) {
        self.most = usize::MAX;
    }

    /// Begins another start at `at`, for ticks that end after it.
    pub fn start(&mut self, at: i64) {
        if at > self.began {
            self.asked = Some(self.asked.map_or(at, |asked| asked.max(at)));
        }
    }

    /// Takes one tick; `bounds` hold ln r₁ during it, which may not depend on the tick's events.
    ///
    /// # Errors
    /// When the tick is no measurement. It then changed nothing.
    pub fn take(&mut self, tick: &Tick, bounds: Bounds) -> Result<(), Refused> {
        self.check(tick)?;
        self.begin(tick.at, bounds);
        self.last = Some(tick.at);
        self.sums.ticks += 1;
        self.sums.baseline += tick.baseline;
        self.sums.canary += tick.canary;
        let all = tick.baseline.exposures + tick.canary.exposures;
        // Where only one arm was exposed, its events say nothing about the ratio.
        if tick.baseline.exposures > 0.0 && tick.canary.exposures > 0.0 {
            let share = tick.canary.exposures / all;
            let (x, m) = (tick.canary.events, tick.canary.events + tick.baseline.events);
            let log = |ln_ratio: f64, ratio: f64| (x * ln_ratio - m * (1.0 + share * (ratio - 1.0)).ln()) / self.phi;
            let grid = &*GRID;
            for ((sum, ln_ratio), ratio) in self.sums.shape.iter_mut().zip(grid.ln).zip(grid.ratio) {
                *sum += log(ln_ratio, ratio);
            }
            self.sums.bounds.harm += log(bounds.harm, bounds.harm.exp());
            self.sums.bounds.safe += log(bounds.safe, bounds.safe.exp());
        }
        for start in &mut self.starts {
            let (now, before) = (self.sums.bounds, start.before.bounds);
            let grown = |i: usize| self.sums.shape[i] - start.before.shape[i];
            start.harm.weigh(bounds.harm, now.harm - before.harm, grown);
            start.safe.weigh(bounds.safe, now.safe - before.safe, grown);
        }
        Ok(())
    }

    fn check(&self, tick: &Tick) -> Result<(), Refused> {
        if self.last.unwrap_or(self.began) >= tick.at {
            return Err(Refused::Old);
        }
        for arm in [tick.baseline, tick.canary] {
            if ![arm.events, arm.exposures].iter().all(|n| (0.0..=MOST).contains(n)) {
                return Err(Refused::NotACount);
            }
            if arm.exposures <= 0.0 && arm.events > 0.0 {
                return Err(Refused::Partial);
            }
        }
        Ok(())
    }

    /// Begins what is due before a tick that ends at `at`: one start, however many times called for it.
    fn begin(&mut self, at: i64, bounds: Bounds) {
        let asked = self.asked.filter(|asked| *asked < at);
        let regular = (self.regular < at).then(|| self.regular + (at - 1 - self.regular) / START_EVERY * START_EVERY);
        let Some(start) = asked.max(regular) else { return };
        if asked.is_some() {
            self.asked = None;
        }
        if let Some(regular) = regular {
            self.regular = regular + START_EVERY;
        }
        self.begun += 1;
        let number = f64::from(self.begun);
        self.starts.push(Start {
            at: start,
            share: if self.begun == 1 { 0.5 } else { 1.0 / (number * (number + 1.0)) },
            harm: Bets::new(self.bad, bounds.harm),
            safe: Bets::new(self.bad.other(), bounds.safe),
            before: self.sums.rounded(),
        });
        if self.starts.len() > self.most {
            self.drop_one(start);
        }
    }

    /// Drops the start whose neighbours stand in for it best: the gap that it leaves is the smallest for its age.
    /// The first and the newest two stay, and the one that says most of harm: with it would go since when that is.
    fn drop_one(&mut self, now: i64) {
        let at = |i: usize| self.starts.get(i).map_or(now, |start| start.at);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
        let loss = |i: usize| (at(i + 1) - at(i - 1)) as f64 / (now - at(i - 1)).max(1) as f64;
        let most = self.most_harm(i64::MAX).map(|start| start.at);
        let droppable = (1..self.starts.len() - 2).filter(|i| self.starts.get(*i).map(|start| start.at) != most);
        let least = droppable.min_by(|one, other| loss(*one).total_cmp(&loss(*other)));
        if let Some(least) = least {
            self.starts.remove(least);
        }
    }

    /// ln E⁺ over all starts. Those that have not begun count as 1.
    #[must_use]
    pub fn log_harm(&self) -> f64 {
        self.mixed(|start| start.harm.log_e)
    }

    /// ln E⁻ over all starts.
    #[must_use]
    pub fn log_safe(&self) -> f64 {
        self.mixed(|start| start.safe.log_e)
    }

    fn mixed(&self, log_e: impl Fn(&Start) -> f64) -> f64 {
        let waiting = -f64::from(self.begun + 1).ln();
        let terms: Vec<f64> =
            self.starts.iter().map(|s| s.share.ln() + log_e(s)).chain(std::iter::once(waiting)).collect();
        log_sum(&terms)
    }

    /// The largest ln E⁺ of a single start; 0 before the first.
    #[must_use]
    pub fn worst_start(&self) -> f64 {
        self.starts.iter().map(|start| start.harm.log_e).reduce(f64::max).unwrap_or(0.0)
    }

    /// What the start says that says most of harm (the largest π_j·E⁺_j, the earliest of equals), with an interval
    /// that holds at error rate `alpha` for all starts and all times at once. Once harm was `found`, only what had
    /// begun by then: a later start would tell of less of it, though more purely. None before the first tick.
    #[must_use]
    pub fn telling(&self, alpha: f64, found: Option<i64>) -> Option<Since> {
        self.most_harm(found.unwrap_or(i64::MAX)).map(|start| start.since(&self.sums, alpha))
    }

    /// The start that says most of harm of those that began by then.
    fn most_harm(&self, by: i64) -> Option<&Start> {
        let weight = |start: &Start| start.share.ln() + start.harm.log_e;
        let begun = self.starts.iter().filter(|start| start.at <= by);
        begun.reduce(|most, start| if weight(start) > weight(most) { start } else { most })
    }

    /// The same since the first start.
    #[must_use]
    pub fn whole(&self, alpha: f64) -> Option<Since> {
        self.starts.first().map(|start| start.since(&self.sums, alpha))
    }

    /// End of the last tick taken.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    #[must_use]
    pub fn began(&self) -> i64 {
        self.began
    }

    /// The first time after the last tick at which a start is due that nothing else calls for.
    #[must_use]
    pub fn next_start(&self) -> i64 {
        let now = self.last.unwrap_or(self.began);
        self.began + ((now - self.began) / START_EVERY + 1) * START_EVERY
    }
}

impl Since {
    /// Before the first tick: anything is possible.
    #[must_use]
    pub fn nothing(at: i64) -> Self {
        let none = Counts::default();
        Self { at, low: LOWEST, high: HIGHEST, ratio: None, baseline: none, canary: none, ticks: 0 }
    }
}

impl Bad {
    fn other(self) -> Self {
        match self {
            Self::Below => Self::Above,
            Self::Above => Self::Below,
        }
    }

    /// The grid points strictly beyond a bound.
    fn beyond(self, ln_bound: f64) -> std::ops::Range<usize> {
        match self {
            Self::Below => 0..GRID.ln.partition_point(|ln| *ln < ln_bound),
            Self::Above => GRID.ln.partition_point(|ln| *ln <= ln_bound)..POINTS,
        }
    }
}

impl Bets {
    fn new(side: Bad, bound: f64) -> Self {
        let terms: Vec<f64> = side.beyond(bound).map(|i| log_density(GRID.ln[i], bound)).collect();
        let norm = Some(log_sum(&terms)).filter(|sum| sum.is_finite());
        Self { side, centre: bound, norm, limit: bound, log_e: 0.0 }
    }

    /// Weighs what ℓ(r) has grown by since the start, and ℓ(r₁) by `null`, with r₁ at `bound` in the newest tick.
    fn weigh(&mut self, bound: f64, null: f64, grown: impl Fn(usize) -> f64) {
        self.limit = match self.side {
            Bad::Below => self.limit.min(bound),
            Bad::Above => self.limit.max(bound),
        };
        // Without a bet the stake stays what it was.
        let Some(norm) = self.norm else { return };
        let mut terms = [0.0; POINTS];
        let points = self.side.beyond(self.limit);
        let count = points.len();
        for (term, i) in terms.iter_mut().zip(points) {
            *term = grown(i) + log_density(GRID.ln[i], self.centre);
        }
        // A start whose bets were all dropped has lost its stake; minus infinity cannot be written.
        self.log_e = (log_sum(&terms[..count]) - null - norm).max(f64::MIN);
    }
}

impl Start {
    fn since(&self, now: &Sums, alpha: f64) -> Since {
        let grid = &*GRID;
        let shape: [f64; POINTS] = std::array::from_fn(|i| now.shape[i] - self.before.shape[i]);
        let terms: [f64; POINTS] = std::array::from_fn(|i| shape[i] + grid.ln_weight[i]);
        // E(r₀) < 1/(α·π) for ln E(r₀) = ln Σ v(r)·exp(ℓ(r)) − ℓ(r₀).
        let bar = log_sum(&terms) + (alpha * self.share).ln();
        let inside = |i: &usize| shape[*i] > bar;
        let low = grid.ratio[(0..POINTS).find(inside).unwrap_or(0).saturating_sub(1)];
        let high = grid.ratio[((0..POINTS).rfind(inside).unwrap_or(POINTS - 1) + 1).min(POINTS - 1)];
        // Where harm begins beyond where safety ends, the ratio strays by as much without anybody's fault.
        let strays = (self.harm.limit - self.safe.centre).abs().exp();
        let less = |now: Counts, before: Counts| Counts {
            events: now.events - before.events,
            exposures: now.exposures - before.exposures,
        };
        let baseline = less(now.baseline, self.before.baseline);
        let canary = less(now.canary, self.before.canary);
        Since {
            at: self.at,
            low: (low / strays).max(LOWEST),
            high: (high * strays).min(HIGHEST),
            ratio: likeliest(&shape, baseline, canary),
            baseline,
            canary,
            ticks: now.ticks - self.before.ticks,
        }
    }
}

/// The ratio where the likelihood is largest, between grid points by the parabola through three of them.
fn likeliest(shape: &[f64; POINTS], baseline: Counts, canary: Counts) -> Option<f64> {
    if canary.exposures <= 0.0 || baseline.exposures <= 0.0 || canary.events + baseline.events <= 0.0 {
        return None;
    }
    if canary.events <= 0.0 {
        return Some(0.0);
    }
    let top = (0..POINTS).reduce(|top, i| if shape[i] > shape[top] { i } else { top })?;
    let offset = match (top.checked_sub(1).map(|i| shape[i]), shape.get(top + 1)) {
        (Some(left), Some(right)) => {
            let bend = left - 2.0 * shape[top] + right;
            if bend < 0.0 { 0.5 * (left - right) / bend } else { 0.0 }
        }
        (None, _) | (_, None) => 0.0,
    };
    Some((GRID.ln[top] + offset * GRID.cell).exp())
}
