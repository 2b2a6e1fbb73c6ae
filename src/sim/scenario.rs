//! The stories the demo can tell.

use std::{fmt, str::FromStr};

use super::fault::Fault;

/// 2026-03-05 14:02:10 UTC, a Thursday: when every story begins.
pub(super) const START: i64 = 1_772_719_330;
/// Seconds lived through before the story begins: the hour before the release that shared things are compared
/// with, and the release so far.
pub(super) const BEFORE: i64 = 70 * 60;
/// The newest version of the service.
const NEWEST: &str = "4.2.0";
/// Where nothing is said of it a fault begins this many seconds after the start.
const WELL_FOR: i64 = 60;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// Payments on the canary are rejected without an error.
    #[default]
    SilentPaymentFailure,
    /// Nothing is wrong with the canary.
    Clean,
    /// The payment provider fails for everybody.
    IncidentInBothArms,
    /// The canary keeps database connections that both versions need.
    SharedPool,
    /// The router sends less to the canary than it says.
    RouterTwoPercent,
    /// The canary's pods begin to die.
    CrashLoop,
    /// As `SilentPaymentFailure`, with everything watched that can be.
    ManyPanels,
}

/// A scenario nobody wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a scenario; there are {all}", all = Scenario::names())]
pub struct ScenarioError(pub String);

impl Scenario {
    pub const ALL: [Self; 7] = [
        Self::SilentPaymentFailure,
        Self::Clean,
        Self::IncidentInBothArms,
        Self::SharedPool,
        Self::RouterTwoPercent,
        Self::CrashLoop,
        Self::ManyPanels,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SilentPaymentFailure => "silent-payment-failure",
            Self::Clean => "clean",
            Self::IncidentInBothArms => "incident-in-both-arms",
            Self::SharedPool => "shared-pool",
            Self::RouterTwoPercent => "router-2-percent",
            Self::CrashLoop => "crash-loop",
            Self::ManyPanels => "many-panels",
        }
    }

    /// Every name, quoted, as a sentence lists them.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(|one| format!("`{one}`")).join(", ")
    }

    /// What happens, for the command line's help.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::SilentPaymentFailure => "payments on the canary are rejected without an error",
            Self::Clean => "a canary with nothing wrong",
            Self::IncidentInBothArms => "the payment provider fails for both versions alike",
            Self::SharedPool => "the canary eats the database pool that both versions share",
            Self::RouterTwoPercent => "the router sends 2 % to the canary and says 10 %",
            Self::CrashLoop => "the canary's pods begin to die, and its numbers stop",
            Self::ManyPanels => "the silent payment failure, watched by thirty panels",
        }
    }

    pub(super) const fn fault(self) -> Fault {
        let begins = Fault { version: NEWEST, since: START + WELL_FOR, ramp: 20, ..Fault::NONE };
        match self {
            Self::SilentPaymentFailure | Self::ManyPanels => Fault { rejected: 600_000, ..begins },
            Self::Clean => Fault::NONE,
            Self::IncidentInBothArms => Fault { provider: 350_000, ..begins },
            Self::SharedPool => Fault { pool: 58_000, since: START - 160, ramp: 480, ..begins },
            Self::RouterTwoPercent => Fault { router: Some(2), since: START - BEFORE, ..begins },
            Self::CrashLoop => Fault { deadly: true, ..begins },
        }
    }

    /// A meter whose exporter falls silent, and when.
    pub(super) const fn silent(self) -> Option<(&'static str, i64)> {
        match self {
            Self::SilentPaymentFailure | Self::ManyPanels => Some(("chat_contacts", START + WELL_FOR + 30)),
            Self::Clean | Self::IncidentInBothArms | Self::SharedPool | Self::RouterTwoPercent | Self::CrashLoop => {
                None
            }
        }
    }

    /// Whether everything is counted that anybody may want to watch.
    #[must_use]
    pub const fn is_detailed(self) -> bool {
        match self {
            Self::ManyPanels => true,
            Self::SilentPaymentFailure
            | Self::Clean
            | Self::IncidentInBothArms
            | Self::SharedPool
            | Self::RouterTwoPercent
            | Self::CrashLoop => false,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        Self::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| ScenarioError(text.to_owned()))
    }
}
