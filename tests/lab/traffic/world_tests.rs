//! The world at its word: splits, lags, faults and repeatability.

use super::*;

const SETTINGS: Settings = Settings { rps: 200.0, checkouts: 0.2, order_lag: 3, seed: 1 };

fn picture(stable: u32, canary: u32, weight: Option<f64>) -> Picture {
    let named = |count, hash: &'static str| (0..count).map(move |n| (format!("shop-{hash}-{n}"), hash.to_owned()));
    Picture {
        pods: named(stable, "old").chain(named(canary, "new")).collect(),
        stable: "old".to_owned(),
        canary: "new".to_owned(),
        weight,
    }
}

fn run(faults: &[Fault], picture: &Picture, seconds: u32) -> World {
    let mut world = World::new(SETTINGS, faults.iter().copied().collect());
    for _ in 0..seconds {
        world.tick(picture);
    }
    world
}

/// (requests, checkouts, orders, failed, slower than 300 ms) of one arm.
fn arm(world: &World, hash: &str) -> [u32; 5] {
    let mut sums = [0; 5];
    for pod in world.pods.values().filter(|pod| pod.hash == hash) {
        let slow: u64 = pod.latency[5..].iter().sum();
        for (sum, more) in
            sums.iter_mut().zip([pod.succeeded + pod.failed, pod.checkouts, pod.orders, pod.failed, slow])
        {
            *sum += u32::try_from(more).unwrap();
        }
    }
    sums
}

fn ratio(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

#[test]
fn the_same_seed_gives_the_same_customers() {
    let at = picture(8, 1, Some(0.1));
    assert_eq!(run(&[], &at, 60).pods, run(&[], &at, 60).pods);
}

#[test]
fn weights_or_else_pods_decide_the_split() {
    let seen = |faults: &[Fault], picture: &Picture| {
        let world = run(faults, picture, 120);
        let [canary, stable] = ["new", "old"].map(|hash| arm(&world, hash)[0]);
        ratio(canary, canary + stable)
    };
    for (faults, picture, share) in [
        (&[][..], picture(8, 1, Some(0.1)), 0.1),
        (&[], picture(8, 1, Some(0.0)), 0.0),
        (&[], picture(4, 1, None), 0.2),
        (&[Fault::WrongSplit], picture(8, 1, Some(0.5)), 0.02),
        (&[Fault::WrongSplit], picture(8, 1, Some(0.0)), 0.0),
    ] {
        let seen = seen(faults, &picture);
        assert!((seen - share).abs() < 0.015, "{seen} for {share}");
    }
}

#[test]
fn faults_hurt_the_canary_and_nobody_else() {
    let at = picture(4, 4, Some(0.5));
    let well = run(&[], &at, 300);
    let share = |world: &World, hash, part: usize, whole: usize| ratio(arm(world, hash)[part], arm(world, hash)[whole]);
    for (fault, part, whole, healthy, sick) in [
        (Fault::Payments, 2, 1, 0.93, 0.38),
        (Fault::DeadPayments, 2, 1, 0.93, 0.0),
        (Fault::Errors, 3, 0, 0.002, 0.08),
        (Fault::Latency, 4, 0, 0.01, 0.25),
    ] {
        let world = run(&[fault], &at, 300);
        assert_eq!(arm(&world, "old"), arm(&well, "old"), "{fault:?} changed the stable arm");
        assert!((share(&well, "new", part, whole) - healthy).abs() < 0.02, "{fault:?} well");
        assert!((share(&world, "new", part, whole) - sick).abs() < 0.02, "{fault:?} sick");
    }
}

#[test]
fn a_failing_provider_hurts_both_arms_alike() {
    let world = run(&[Fault::Provider], &picture(4, 4, Some(0.5)), 300);
    for hash in ["old", "new"] {
        let [_, checkouts, orders, ..] = arm(&world, hash);
        assert!((ratio(orders, checkouts) - 0.38).abs() < 0.02, "{hash}");
    }
}

#[test]
fn orders_come_late() {
    let at = picture(1, 0, Some(0.0));
    assert_eq!(arm(&run(&[], &at, 3), "old")[2], 0);
    assert!(arm(&run(&[], &at, 4), "old")[2] > 0);
}

#[test]
fn a_vanished_pod_is_shown_for_half_a_minute() {
    let mut world = run(&[], &picture(2, 0, Some(0.0)), 10);
    for _ in 0..30 {
        world.tick(&picture(1, 0, Some(0.0)));
    }
    assert_eq!(world.pods.len(), 2);
    world.tick(&picture(1, 0, Some(0.0)));
    assert_eq!(world.pods.len(), 1);
}

#[test]
fn a_leaking_canary_hurts_both_arms() {
    let world = run(&[Fault::SharedPool], &picture(4, 4, Some(0.5)), 60);
    assert_eq!(world.pool_in_use, POOL_SIZE);
    assert!(ratio(arm(&world, "old")[3], arm(&world, "old")[0]) > 0.1);
    let well = run(&[], &picture(4, 4, Some(0.5)), 60);
    assert!((20..60).contains(&well.pool_in_use), "{}", well.pool_in_use);
}

#[test]
fn counters_fall_only_where_a_reset_was_asked_for() {
    let at = picture(3, 1, Some(0.25));
    let falls = |faults: &[Fault]| {
        let mut world = World::new(SETTINGS, faults.iter().copied().collect());
        let (mut before, mut falls) = (world.pods.clone(), 0);
        for _ in 0..90 {
            world.tick(&at);
            falls += before.iter().filter(|(name, pod)| world.pods[*name].succeeded < pod.succeeded).count();
            before.clone_from(&world.pods);
        }
        falls
    };
    assert_eq!(falls(&[]), 0);
    // At seconds 1 (before anything was counted), 21, 41, 61 and 81.
    assert_eq!(falls(&[Fault::CounterReset]), 4);
}

#[test]
fn nobody_comes() {
    let world = run(&[Fault::NoTraffic], &picture(8, 1, Some(0.1)), 30);
    assert_eq!([arm(&world, "old")[0], arm(&world, "new")[0]], [0, 0]);
    assert_eq!(world.pods.len(), 9, "a pod without customers still shows its zeros");
}
