//! Who is in the stories: rollouts at rest, and what is shipped to them.

use super::{
    dice::Dice,
    rollout::{Image, Pod, ReplicaSet, Rollout, Spec, Status, Step},
    scenario::{BEFORE, START},
};

/// A new version that somebody or something ships at a time.
#[derive(Clone, Debug)]
pub(super) struct Deploy {
    pub(super) at: i64,
    pub(super) rollout: &'static str,
    pub(super) tag: &'static str,
    pub(super) crashes: bool,
}

const fn deploy(before_start: i64, rollout: &'static str, tag: &'static str) -> Deploy {
    Deploy { at: START - before_start, rollout, tag, crashes: false }
}

/// What is shipped, oldest first.
pub(super) fn deploys() -> Vec<Deploy> {
    vec![
        deploy(38 * 60, "ledger", "2.1.0"),
        Deploy { crashes: true, ..deploy(26 * 60, "indexer", "0.19.0") },
        deploy(11 * 60, "cart", "8.0.2"),
        // Timed so that 10 % has been well for six minutes when the story begins.
        deploy(500, "checkout", "4.2.0"),
        deploy(5 * 60, "search-api", "3.7.1"),
        deploy(-150, "web", "2026.3.2"),
    ]
}

const fn percent(weight: u32) -> Step {
    Step::SetWeight(weight)
}

const fn wait(minutes: i64) -> Step {
    Step::Pause(Some(minutes * 60))
}

const PERSON: Step = Step::Pause(None);
const ANALYSIS: Step = Step::Analysis { count: 5, interval: 30 };

struct Role {
    namespace: &'static str,
    name: &'static str,
    tag: &'static str,
    revision: u64,
    replicas: u32,
    routed: bool,
    owner: &'static str,
    steps: &'static [Step],
}

const CAST: &[Role] = &[
    Role {
        namespace: "shop",
        name: "checkout",
        tag: "4.1.9",
        revision: 41,
        replicas: 8,
        routed: true,
        owner: "team-checkout",
        steps: &[percent(1), wait(2), percent(10), PERSON, ANALYSIS, percent(50), wait(10), percent(100)],
    },
    Role {
        namespace: "shop",
        name: "cart",
        tag: "8.0.1",
        revision: 112,
        replicas: 6,
        routed: true,
        owner: "team-checkout",
        steps: &[percent(5), wait(5), percent(25), wait(10), percent(50), wait(10), percent(100)],
    },
    Role {
        namespace: "shop",
        name: "catalog",
        tag: "5.14.0",
        revision: 77,
        replicas: 4,
        routed: true,
        owner: "team-catalog",
        steps: &[percent(10), wait(10), percent(50), wait(10)],
    },
    Role {
        namespace: "payments",
        name: "ledger",
        tag: "2.0.1",
        revision: 18,
        replicas: 5,
        routed: false,
        owner: "team-pay",
        steps: &[percent(20), PERSON, percent(40), wait(15), percent(80), PERSON],
    },
    Role {
        namespace: "payments",
        name: "fraud",
        tag: "1.30.4",
        revision: 204,
        replicas: 3,
        routed: true,
        owner: "team-pay",
        steps: &[percent(5), ANALYSIS, percent(50), PERSON],
    },
    Role {
        namespace: "search",
        name: "search-api",
        tag: "3.7.0",
        revision: 63,
        replicas: 6,
        routed: true,
        owner: "team-search",
        steps: &[percent(5), wait(3), Step::Analysis { count: 20, interval: 30 }, percent(30), wait(10), percent(100)],
    },
    Role {
        namespace: "search",
        name: "indexer",
        tag: "0.18.3",
        revision: 9,
        replicas: 3,
        routed: false,
        owner: "team-search",
        steps: &[percent(34), wait(10), percent(67), wait(10)],
    },
    Role {
        namespace: "web",
        name: "web",
        tag: "2026.3.1",
        revision: 530,
        replicas: 6,
        routed: true,
        owner: "team-web",
        steps: &[percent(10), wait(2), percent(50), wait(2)],
    },
    Role {
        namespace: "web",
        name: "images",
        tag: "1.8.0",
        revision: 12,
        replicas: 2,
        routed: false,
        owner: "team-web",
        steps: &[percent(50), wait(1)],
    },
];

/// Everybody at rest, as they were before any of the deploys.
pub(super) fn at_rest(dice: &mut Dice) -> Vec<Rollout> {
    CAST.iter().map(|role| play(role, dice)).collect()
}

/// A revision that has no pods yet.
pub(super) fn replica_set(rollout: &str, tag: &str, crashes: bool, created: i64, dice: &mut Dice) -> ReplicaSet {
    ReplicaSet {
        revision: 0,
        hash: dice.name(9),
        served: false,
        uid: dice.name(12),
        created,
        image: Image { repository: format!("registry.example/{rollout}"), tag: tag.to_owned(), crashes },
        desired: 0,
        scale_down_at: None,
        pods: Vec::new(),
    }
}

fn play(role: &Role, dice: &mut Dice) -> Rollout {
    // Some days old, each another number of them.
    let created = START - BEFORE - 3 * 86_400 - i64::from(dice.below(40 * 86_400));
    let mut set = replica_set(role.name, role.tag, false, created, dice);
    set.revision = role.revision;
    set.served = true;
    set.desired = role.replicas;
    set.pods = (0..role.replicas)
        .map(|_| Pod {
            name: format!("{}-{}-{}", role.name, set.hash, dice.name(5)),
            created,
            ripe: Some(created + 4),
            ready: true,
            restarts: 0,
            crashes_at: None,
        })
        .collect();
    Rollout {
        namespace: role.namespace.to_owned(),
        name: role.name.to_owned(),
        uid: dice.name(12),
        created: created - 200 * 86_400,
        generation: role.revision,
        version: 1,
        owner: role.owner,
        spec: Spec {
            replicas: role.replicas,
            template: set.hash.clone(),
            steps: role.steps.to_vec(),
            routed: role.routed,
            min_pods: if role.routed { 2.min(role.replicas) } else { 1 },
            paused: false,
            progress_deadline: 600,
            scale_down_delay: 30,
        },
        status: Status {
            observed_generation: role.revision,
            stable: set.hash.clone(),
            current: set.hash.clone(),
            step: role.steps.len(),
            progressed: created,
            phase: "Healthy",
            ..Status::default()
        },
        sets: vec![set],
        analyses: Vec::new(),
        events: Vec::new(),
    }
}
