//! Whether every pod that takes traffic is counted. One that is ready and not scraped makes its arm look smaller than it
//! is: what both arms were exposed to is then no share of the traffic, and what it does to customers nobody knows.

use crate::{
    core::state::{Open, Panel},
    domain::{
        clean::{Clean, Name},
        counting::Counted,
        panel::{Arm, Better, Side},
        release::Release,
        revision::{Pod, Revision},
    },
    judge::Pods,
};

/// Seconds after it became ready in which nobody expects a pod to have been scraped; where that is longer, three ticks.
const YOUNG: i64 = 60;
/// Seconds from its start in which a pod may become ready for the first time: as long as Kubernetes waits before it
/// calls an update stuck.
const SLOWEST_START: i64 = 600;
/// Seconds in which a pod that was taken away may still be answered for; shorter than what any GO waits.
const LINGERING: i64 = 300;

/// An arm of which fewer pods answer than should.
pub(super) struct Few {
    pub side: Side,
    pub answer: u32,
    pub of: u32,
}

impl Few {
    /// `1 of 2 canary pods not counted`: a pod that was never scraped, or has no event to count yet.
    pub(super) fn words(&self) -> Clean {
        format!("{} of {} {} pods not counted", self.of - self.answer, self.of, self.side.word()).into()
    }
}

/// The arms of a panel of which fewer pods answered in a tick that ended at `at` than should have.
pub(super) fn few<'a>(release: &'a Release, panel: &'a Panel, pods: Pods, at: i64) -> impl Iterator<Item = Few> + 'a {
    let canary =
        panel.arms.iter().filter_map(|arms| arms.canary.as_ref()).map(move |arm| (Side::Canary, arm, pods.canary));
    let baseline = panel.arms.iter().map(move |arms| (Side::Baseline, &arms.baseline, pods.baseline));
    canary.chain(baseline).filter_map(move |(side, arm, answer)| {
        let revision = release.revisions.iter().find(|revision| revision.hash == arm.hash)?;
        let of = expected(revision, panel, at);
        (answer < of).then_some(Few { side, answer, of })
    })
}

/// How many pods of each arm answered by when, by source and panel. One that any panel hears is scraped, though it may
/// have counted no event of another yet.
#[derive(Debug, Default)]
pub struct Heard(Vec<(Name, Vec<(i64, Pods)>)>);

impl Heard {
    /// What is known of the time from `from` on.
    #[must_use]
    pub fn of(panels: &[Panel], from: i64) -> Self {
        let line = |panel: &Panel| {
            let known = &panel.evidence.answering;
            let before = known.partition_point(|(at, _)| *at <= from).saturating_sub(1);
            let known = known.get(before..).unwrap_or_default().iter().copied();
            let waiting = panel.evidence.waiting.iter().map(|counted| (counted.tick.at, Pods::of(counted)));
            (panel.spec.source.clone(), known.chain(waiting).collect())
        };
        Self(panels.iter().filter(|panel| panel.spec.kind.has_counts()).map(line).collect())
    }

    /// As many as any panel of the source heard at that time, and as `own` says.
    #[must_use]
    pub fn with(&self, own: Pods, source: &Name, at: i64) -> Pods {
        let lines = self.0.iter().filter(|(of, _)| of == source).map(|(_, line)| line);
        lines.fold(own, |most, line| {
            let place = line.partition_point(|(from, _)| *from <= at);
            let Some((_, pods)) = place.checked_sub(1).and_then(|last| line.get(last)) else { return most };
            Pods { baseline: most.baseline.max(pods.baseline), canary: most.canary.max(pods.canary) }
        })
    }
}

/// Pods that are ready now and should have been counted by `at`: they were old enough, or were counted before.
///
/// A pod that is ready again was scraped before, and its platform tells only of the last time. Taken for a new one it
/// would be forgiven a minute each time: GO would come without it, and a rate and a guard would take half an arm for
/// all of it, just when a pod that is too busy answers neither its probe nor a scrape. To expect one pod too many only
/// leaves a panel unknown until it is counted, so what is in doubt is expected.
fn expected(revision: &Revision, panel: &Panel, at: i64) -> u32 {
    if revision.pods.is_empty() {
        return revision.ready;
    }
    u32::try_from(due(revision, panel, at).count()).unwrap_or(u32::MAX)
}

fn due<'a>(revision: &'a Revision, panel: &'a Panel, at: i64) -> impl Iterator<Item = &'a Pod> + 'a {
    let young = YOUNG.max(3 * panel.step);
    let was_counted = move |pod: &Pod| panel.evidence.counting.knew(&pod.name, at);
    let is_old = move |pod: &Pod| first_ready(pod).is_none_or(|ready| ready + young <= at);
    revision.pods.iter().filter(move |pod| pod.ready && (is_old(pod) || was_counted(pod)))
}

/// Pods that a panel should have heard and no panel of its source did, with when one last did, in seconds since 1970 by
/// the source's clock. None where instances go by other names than pods.
#[must_use]
pub fn unheard<'a>(open: &'a Open, panel: &'a Panel) -> Vec<(&'a Pod, Option<i64>)> {
    let (Some(release), Some(arms), Some(at)) = (&open.release, &panel.arms, panel.evidence.judged_to) else {
        return Vec::new();
    };
    let is_of = |other: &&Panel| other.spec.source == panel.spec.source && other.spec.kind.has_counts();
    let last =
        |pod: &Pod| open.panels.iter().filter(is_of).filter_map(|of| of.evidence.counting.last_of(&pod.name)).max();
    let of_arm = |arm: &Arm| release.revisions.iter().find(|revision| revision.hash == arm.hash);
    let revisions = [arms.canary.as_ref(), Some(&arms.baseline)].into_iter().flatten().filter_map(of_arm);
    let named = revisions.filter(|revision| revision.pods.iter().any(|pod| last(pod).is_some()));
    let due = named.flat_map(|revision| due(revision, panel, at)).map(|pod| (pod, last(pod)));
    due.filter(|(_, last)| last.is_none_or(|last| last < at)).collect()
}

/// When a pod can have become ready for the first time, as far as its times tell: its start, unless it was ready so soon
/// after that it most likely is what a slow start took.
fn first_ready(pod: &Pod) -> Option<i64> {
    let started = pod.started_at?.timestamp();
    let ready = pod.ready_since.map(|ready| ready.timestamp());
    Some(ready.filter(|ready| (started..=started + SLOWEST_START).contains(ready)).unwrap_or(started))
}

/// Which pods are left out of the traffic split, in words: `1 of 2 canary pods not scraped`; none where every one
/// answers.
#[must_use]
pub fn unscraped(open: &Open) -> Option<Clean> {
    let watched = open.split.as_ref()?;
    let panel = open.panels.iter().find(|panel| watched.is_of(panel))?;
    let (at, pods) = (panel.evidence.counted_to?, panel.evidence.pods);
    let few = few(open.release.as_deref()?, panel, pods, at).next()?;
    Some(format!("{} of {} {} pods not scraped", few.of - few.answer, few.of, few.side.word()).into())
}

/// Pods without which a panel looks better than it may be: those of the canary, and of a baseline whose events are
/// expected of the canary in the same measure. Or those with which it does, because they are not the release's.
#[must_use]
pub fn missing(release: &Release, panel: &Panel, pods: Pods, at: i64) -> Option<Clean> {
    let hides = |few: &Few| match (few.side, panel.spec.better) {
        (Side::Canary, _) => true,
        (Side::Baseline, Better::Higher) => panel.spec.kind.compares_shares(),
        (Side::Baseline, Better::Lower) => false,
    };
    few(release, panel, pods, at).find(hides).map(|few| few.words()).or_else(|| strange(release, panel, at))
}

/// An arm of which more pods have answered for a while than there are: those of another release of the same version, of
/// another namespace for one, whose customers are not those of the canary.
fn strange(release: &Release, panel: &Panel, at: i64) -> Option<Clean> {
    let answering = &panel.evidence.answering;
    let began = answering.partition_point(|(from, _)| *from <= at - LINGERING).checked_sub(1)?;
    let since = answering.get(began..)?;
    let canary = panel.arms.iter().filter_map(|arms| arms.canary.as_ref()).map(|arm| (Side::Canary, arm));
    let baseline = panel.arms.iter().map(|arms| (Side::Baseline, &arms.baseline));
    canary.chain(baseline).find_map(|(side, arm)| {
        let pods = &release.revisions.iter().find(|revision| revision.hash == arm.hash)?.pods;
        let answer = since.iter().map(|(_, pods)| of_side(*pods, side)).min()?;
        let there = u32::try_from(pods.len()).unwrap_or(u32::MAX);
        let are = if there == 1 { "is" } else { "are" };
        (there > 0 && answer > there).then(|| {
            let word = side.word();
            format!("{answer} {word} pods answer, and there {are} {there}: let the query name the namespace").into()
        })
    })
}

const fn of_side(pods: Pods, side: Side) -> u32 {
    match side {
        Side::Baseline => pods.baseline,
        Side::Canary => pods.canary,
    }
}

/// Why a tick cannot be held against each arm's share of the traffic: a pod that was counted is not scraped, or is back
/// and brings what it counted meanwhile. One that never answered may count its first event yet, and an arm that is silent
/// as a whole may be dead: both are said elsewhere. `heard` are those that answer any panel.
#[must_use]
pub fn torn(release: &Release, panel: &Panel, counted: &Counted, heard: Pods) -> Option<Clean> {
    if counted.uneven {
        return Some("a pod was not scraped for a while".into());
    }
    let known = |few: &Few| {
        few.answer > 0 && panel.evidence.answering.iter().any(|(_, pods)| of_side(*pods, few.side) >= few.of)
    };
    few(release, panel, heard, counted.tick.at).find(known).map(|few| few.words())
}

/// Whether the tick that ends at `at` counts every pod. One in which another pod was scraped for the first time does
/// not: nobody knows what of its counter came before.
#[must_use]
pub fn is_whole(open: &Open, panel: &Panel, at: i64) -> bool {
    let Some(release) = &open.release else { return true };
    let answering = &panel.evidence.answering;
    let place = answering.partition_point(|(from, _)| *from <= at);
    let Some((from, pods)) = place.checked_sub(1).and_then(|last| answering.get(last)) else {
        return answering.is_empty();
    };
    let before = place.checked_sub(2).and_then(|before| answering.get(before)).map(|(_, pods)| pods);
    let has_grown = *from == at && before.is_some_and(|was| was.canary < pods.canary || was.baseline < pods.baseline);
    !has_grown && few(release, panel, *pods, at).next().is_none()
}
