//! Whether every pod that takes traffic is counted. One that is ready and not scraped makes its arm look smaller than it
//! is: what both arms were exposed to is then no share of the traffic, and what it does to customers nobody knows.

use crate::{
    core::state::{Open, Panel},
    domain::{
        clean::Clean,
        counting::Counted,
        panel::{Better, Side},
        release::Release,
        revision::{Pod, Revision},
    },
    judge::Pods,
};

/// Seconds after its start in which nobody expects a pod to have been scraped; where that is longer, three ticks.
const YOUNG: i64 = 60;

/// An arm of which fewer pods answer than should.
pub(super) struct Few {
    pub side: Side,
    pub answer: u32,
    pub of: u32,
}

impl Few {
    fn words(&self) -> Clean {
        format!("{} of {} {} pods not scraped", self.of - self.answer, self.of, self.side.word()).into()
    }
}

/// The arms of which fewer pods answered in a tick that ended at `at` than should have.
pub(super) fn few(release: &Release, pods: Pods, at: i64, step: i64) -> impl Iterator<Item = Few> {
    let arms = [(Side::Canary, pods.canary, release.newest()), (Side::Baseline, pods.baseline, release.stable())];
    arms.into_iter().filter_map(move |(side, answer, revision)| {
        let of = expected(revision?, at, step);
        (answer < of).then_some(Few { side, answer, of })
    })
}

/// Pods that are ready now and were old enough at `at` to have been scraped.
fn expected(revision: &Revision, at: i64, step: i64) -> u32 {
    if revision.pods.is_empty() {
        return revision.ready;
    }
    let young = YOUNG.max(3 * step);
    let is_old = |pod: &Pod| pod.started_at.is_none_or(|started| started.timestamp() + young <= at);
    let old = revision.pods.iter().filter(|pod| pod.ready && is_old(pod)).count();
    u32::try_from(old).unwrap_or(u32::MAX)
}

/// Which pods are left out of the traffic split, in words: `1 of 2 canary pods not scraped`; none where every one
/// answers.
#[must_use]
pub fn unscraped(open: &Open) -> Option<Clean> {
    let watched = open.split.as_ref()?;
    let panel = open.panels.iter().find(|panel| watched.is_of(panel))?;
    let (at, pods) = (panel.evidence.counted_to?, panel.evidence.pods);
    few(open.release.as_deref()?, pods, at, panel.step).next().map(|few| few.words())
}

/// Pods without which a panel looks better than it may be: those of the canary, and of a baseline whose events are
/// expected of the canary in the same measure.
#[must_use]
pub fn missing(release: &Release, panel: &Panel, pods: Pods, at: i64) -> Option<Clean> {
    let hides = |few: &Few| match (few.side, panel.spec.better) {
        (Side::Canary, _) => true,
        (Side::Baseline, Better::Higher) => panel.spec.kind.compares_shares(),
        (Side::Baseline, Better::Lower) => false,
    };
    few(release, pods, at, panel.step).find(hides).map(|few| few.words())
}

/// Why a tick cannot be held against each arm's share of the traffic: a pod that was counted is not scraped, or is back
/// and brings what it counted meanwhile. One that never answered may count its first event yet, and an arm that is silent
/// as a whole may be dead: both are said elsewhere.
#[must_use]
pub fn torn(release: &Release, panel: &Panel, counted: &Counted) -> Option<Clean> {
    if counted.uneven {
        return Some("a pod was not scraped for a while".into());
    }
    let pods = Pods { baseline: counted.baseline_pods, canary: counted.canary_pods };
    let of_side = |pods: &Pods, side: Side| match side {
        Side::Baseline => pods.baseline,
        Side::Canary => pods.canary,
    };
    let known = |few: &Few| {
        few.answer > 0 && panel.evidence.answering.iter().any(|(_, pods)| of_side(pods, few.side) >= few.of)
    };
    few(release, pods, counted.tick.at, panel.step).find(known).map(|few| few.words())
}

/// Whether the tick that ends at `at` counts every pod. One in which another pod was scraped for the first time does
/// not: nobody knows what of its counter came before.
#[must_use]
pub fn is_whole(release: &Release, panel: &Panel, at: i64) -> bool {
    let answering = &panel.evidence.answering;
    let place = answering.partition_point(|(from, _)| *from <= at);
    let Some((from, pods)) = place.checked_sub(1).and_then(|last| answering.get(last)) else {
        return answering.is_empty();
    };
    let before = place.checked_sub(2).and_then(|before| answering.get(before)).map(|(_, pods)| pods);
    let has_grown = *from == at && before.is_some_and(|was| was.canary < pods.canary || was.baseline < pods.baseline);
    !has_grown && few(release, *pods, at, panel.step).next().is_none()
}
