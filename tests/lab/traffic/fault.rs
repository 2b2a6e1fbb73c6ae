//! What can go wrong on purpose. A fault is a name that can be switched at start and while running.

use std::collections::BTreeSet;

use clap::ValueEnum;

/// One thing that is wrong while it is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Fault {
    /// The canary answers 8 % of its requests with 500
    Errors,
    /// A quarter of the canary's answers take more than 300 ms
    Latency,
    /// The canary's payments are rejected without an error: its orders fall to about two fifths
    Payments,
    /// None of the canary's payments goes through, without an error: its orders stop
    DeadPayments,
    /// The payment provider rejects the payments of both arms: their orders fall to about two fifths
    Provider,
    /// Nobody comes
    NoTraffic,
    /// Every 20 s another pod's counters start from 0 again
    CounterReset,
    /// Scrapes are missed: /metrics is not served while customers go on
    Unscraped,
    /// The router sends 2 % to the canary, whatever weight was set
    WrongSplit,
    /// The canary leaks database connections; when none are left both arms fail
    SharedPool,
}

impl Fault {
    /// The name in options, addresses and metrics.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it does, in a sentence.
    pub fn about(self) -> String {
        self.to_possible_value().and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }
}

/// The faults that are switched on.
#[derive(Debug, Clone, Default)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// True while the fault is on.
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// Switches one fault; switching it to where it stands is no change.
    pub fn switch(&mut self, fault: Fault, on: bool) {
        if on {
            self.0.insert(fault);
        } else {
            self.0.remove(&fault);
        }
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}
