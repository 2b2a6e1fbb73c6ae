//! A release's times, moved from the clock of the source that told them to ours. Nothing else in the program has to
//! know that a source's clock is off.

use chrono::{DateTime, TimeDelta, Utc};

use super::release::{Release, WaitingOn};

/// A clock that is further off ours, by three decades and more, is a broken answer and no time.
pub const FURTHEST_OFF: TimeDelta = TimeDelta::seconds(1_000_000_000);

impl Release {
    /// What a clock that is `ahead` of ours told, by ours: moved by whole seconds, because sources tell no finer. The
    /// times of a guard's heartbeat are by the guard's own clock and stay.
    #[must_use]
    pub fn by_our_clock(mut self, ahead: TimeDelta) -> Self {
        let shift = TimeDelta::seconds(ahead.num_seconds());
        if !shift.is_zero() {
            for at in self.times() {
                *at = at.checked_sub_signed(shift).unwrap_or(*at);
            }
        }
        self
    }

    fn times(&mut self) -> impl Iterator<Item = &mut DateTime<Utc>> {
        let waiting = self.waiting.iter_mut().flat_map(|waiting| {
            let until = match &mut waiting.on {
                WaitingOn::Timer(until) => Some(until),
                WaitingOn::Person
                | WaitingOn::Analysis
                | WaitingOn::Pods
                | WaitingOn::Controller
                | WaitingOn::Inconclusive => None,
            };
            waiting.since.iter_mut().chain(until)
        });
        let revisions = self.revisions.iter_mut().flat_map(|revision| {
            let pods = revision.pods.iter_mut().flat_map(|pod| pod.started_at.iter_mut().chain(&mut pod.ready_since));
            revision.created_at.iter_mut().chain(&mut revision.scale_down_at).chain(pods)
        });
        let steps = self.steps.iter_mut().flat_map(|step| &mut step.started_at);
        let analyses = self.analyses.iter_mut().flat_map(|analysis| &mut analysis.started_at);
        let gates = self.gates.iter_mut().flat_map(|gate| &mut gate.since);
        let measured = self.checks.iter_mut().flat_map(|check| &mut check.measured).flat_map(|one| &mut one.at);
        let moments = self.timeline.iter_mut().map(|moment| &mut moment.at);
        let began = self.started_at.iter_mut();
        began.chain(waiting).chain(revisions).chain(steps).chain(analyses).chain(gates).chain(measured).chain(moments)
    }
}
