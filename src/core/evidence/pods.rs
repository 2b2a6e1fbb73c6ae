//! Whether every pod that takes traffic is counted. One that is ready and not scraped makes its arm look smaller than it
//! is: what both arms were exposed to is then no share of the traffic.

use crate::{
    core::state::{Open, Panel},
    domain::{
        clean::Clean,
        panel::Side,
        release::Release,
        revision::{Pod, Revision},
    },
    judge::Pods,
};

/// Seconds after its start in which nobody expects a pod to have been scraped; where that is longer, three ticks.
const YOUNG: i64 = 60;

/// An arm of which fewer pods answer than should.
struct Few {
    side: Side,
    missing: u32,
    of: u32,
}

fn few(release: &Release, pods: Pods, at: i64, step: i64) -> Option<Few> {
    let arms = [(Side::Canary, pods.canary, release.newest()), (Side::Baseline, pods.baseline, release.stable())];
    arms.into_iter().find_map(|(side, answer, revision)| {
        let of = expected(revision?, at, step);
        (answer < of).then(|| Few { side, missing: of - answer, of })
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
    let Few { side, missing, of } = few(open.release.as_deref()?, pods, at, panel.step)?;
    Some(format!("{missing} of {of} {} pods not scraped", side.word()).into())
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
    !has_grown && few(release, *pods, at, panel.step).is_none()
}
