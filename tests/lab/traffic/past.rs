//! What the same customers did before the program came: lived through at once, and told with its own times.
//! Prometheus takes samples that are up to an hour old; so an hour before a release need not be waited for.

use std::time::{Duration, SystemTime};

use crate::{
    arguments::RolloutName,
    exposition,
    world::{Picture, World},
};

/// Seconds between two samples, the shortest tick of a judge.
const SECONDS_APART: u16 = 10;
/// Scrapes that are told of the past, so that one which is lost on the way costs nothing.
const TELLINGS: u8 = 3;

/// The past until it has been told.
#[derive(Debug, Default)]
pub struct Past {
    /// Still to be lived through.
    seconds: u16,
    page: String,
    told: u8,
}

impl Past {
    /// A past of so many seconds; 0 for none.
    pub fn new(seconds: u16) -> Self {
        Self { seconds, ..Self::default() }
    }

    /// Lives through it as soon as there are pods to serve anybody. It ends at `now`.
    pub fn live(&mut self, world: &mut World, picture: &Picture, rollout: &RolloutName, now: SystemTime) {
        if picture.pods.is_empty() {
            return;
        }
        for left in (1..=std::mem::take(&mut self.seconds)).rev() {
            world.tick(picture);
            if left % SECONDS_APART == 0 {
                let at = now.checked_sub(Duration::from_secs(left.into())).unwrap_or(now);
                self.page += &exposition::page(world, rollout, Some(at));
            }
        }
    }

    /// Whether it has still to be lived through. Nothing may be told of later times before.
    pub fn is_ahead(&self) -> bool {
        self.seconds > 0
    }

    /// What a scrape is told of it, before all else: later samples of a series must come later.
    pub fn tell(&mut self) -> &str {
        if self.page.is_empty() {
            return "";
        }
        self.told += 1;
        if self.told > TELLINGS {
            self.page = String::new();
        }
        &self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Settings;

    #[test]
    fn the_past_ends_now_and_is_told_a_few_times_in_the_order_of_time() {
        let mut world =
            World::new(Settings { rps: 20.0, checkouts: 0.2, order_lag: 1, seed: 1 }, std::iter::empty().collect());
        let rollout: RolloutName = "shop/checkout".parse().unwrap();
        let pods = [("checkout-1".to_owned(), "abc".to_owned())].into();
        let picture = Picture { pods, stable: "abc".to_owned(), canary: "abc".to_owned(), weight: None };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let mut past = Past::new(60);
        past.live(&mut world, &Picture::default(), &rollout, now);
        assert!(past.is_ahead() && past.tell().is_empty(), "nobody was there to serve");
        past.live(&mut world, &picture, &rollout, now);
        assert!(!past.is_ahead());
        let told = past.tell().to_owned();
        let samples: Vec<(u64, u64)> = told
            .lines()
            .filter_map(|line| line.strip_prefix("checkout_attempts_total{")?.split_once("} "))
            .filter_map(|(_, sample)| sample.split_once(' '))
            .map(|(value, at)| (value.parse().unwrap(), at.parse().unwrap()))
            .collect();
        let times: Vec<u64> = samples.iter().map(|(_, at)| *at).collect();
        assert_eq!(times, [940_000, 950_000, 960_000, 970_000, 980_000, 990_000]);
        assert!(samples.is_sorted() && samples.last() > samples.first(), "{samples:?}");
        past.live(&mut world, &picture, &rollout, now);
        for again in [told.as_str(), told.as_str(), "", ""] {
            assert_eq!(past.tell(), again);
        }
    }
}
