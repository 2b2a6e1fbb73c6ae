//! How often one server may be asked. Whatever is over the budget is not asked, and the panel says so.

use std::collections::VecDeque;

use crate::domain::time::Seconds;

const MINUTE_MS: u64 = 60_000;

/// The queries of the last minute.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    sent: VecDeque<u64>,
}

impl Budget {
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { most: usize::try_from(per_minute).unwrap_or(usize::MAX), sent: VecDeque::new() }
    }

    /// Queries that may be sent within any minute.
    #[must_use]
    pub fn most(&self) -> usize {
        self.most
    }

    /// Counts one query at this monotonic millisecond.
    ///
    /// # Errors
    /// When it is one too many: how long until it would not be.
    pub fn take(&mut self, now: u64) -> Result<(), Seconds> {
        while self.sent.front().is_some_and(|sent| sent + MINUTE_MS <= now) {
            self.sent.pop_front();
        }
        match self.sent.front() {
            Some(first) if self.sent.len() >= self.most => {
                #[expect(clippy::cast_precision_loss, reason = "at most a minute in milliseconds")]
                let wait = (first + MINUTE_MS - now) as f64 / 1000.0;
                Err(Seconds(wait))
            }
            Some(_) | None => {
                self.sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_holds_more_than_the_budget() {
        let mut budget = Budget::new(3);
        for now in [0, 20_000, 40_000] {
            assert_eq!(budget.take(now), Ok(()), "{now}");
        }
        assert_eq!(budget.take(59_000), Err(Seconds(1.0)));
        assert_eq!(budget.take(60_000), Ok(()), "what was not sent does not count");
        assert_eq!(budget.take(60_000), Err(Seconds(20.0)));
        assert_eq!(budget.take(200_000), Ok(()));
    }
}
