//! What goes wrong in a scenario: when it begins, how it grows, and whom it hits.

/// The only thing that is wrong; what is 0 or none is well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// The version that it comes with.
    pub(super) version: &'static str,
    pub(super) since: i64,
    /// Seconds until it is complete.
    pub(super) ramp: i64,
    /// Orders of that version whose payment is rejected without an error, per million.
    pub(super) rejected: u32,
    /// Checkouts of everyone that the payment provider fails, per million, beyond those that it always does.
    pub(super) provider: u32,
    /// Database connections that pods of that version keep, in thousandths of a per cent of the pool of all.
    pub(super) pool: u32,
    /// The router never sends more than this per cent to the newest revision, whatever it says.
    pub(super) router: Option<u32>,
    /// Pods of that version die over and over.
    pub(super) deadly: bool,
}

impl Fault {
    pub(super) const NONE: Self =
        Self { version: "", since: i64::MAX, ramp: 0, rejected: 0, provider: 0, pool: 0, router: None, deadly: false };

    pub(super) fn rejected(&self, version: &str, now: i64) -> u32 {
        if version == self.version { self.grown(self.rejected, now) } else { 0 }
    }

    pub(super) fn provider(&self, now: i64) -> u32 {
        self.grown(self.provider, now)
    }

    pub(super) fn pool(&self, version: &str, now: i64) -> u32 {
        if version == self.version { self.grown(self.pool, now) } else { 0 }
    }

    /// What the router really sends to the newest revision when `weight` per cent are set.
    pub(super) fn routed(&self, weight: u32, now: i64) -> u32 {
        self.router.filter(|_| now >= self.since).map_or(weight, |most| weight.min(most))
    }

    /// Whether pods of this version die now.
    pub(super) fn kills(&self, version: &str, now: i64) -> bool {
        self.deadly && version == self.version && now >= self.since
    }

    /// What there is of `whole` by now.
    fn grown(&self, whole: u32, now: i64) -> u32 {
        if now < self.since {
            return 0;
        }
        let age = (now - self.since).min(self.ramp);
        u32::try_from(i64::from(whole) * age.max(1) / self.ramp.max(1)).unwrap_or(0)
    }
}
