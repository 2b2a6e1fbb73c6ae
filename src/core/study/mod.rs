//! The evidence screen: which panel it shows, over which time, and what it says of it. `view` paints this and `update`
//! moves in it.

mod text;

use serde::{Deserialize, Serialize};

use super::{
    event::Size,
    layout, metrics,
    state::{Open, Panel, State},
};
use crate::domain::clean::Clean;

pub use text::{LABEL, Sentence, Tone, changes, column_width, text};

/// What the evidence screen shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The panel that was chosen; the most urgent one until then.
    pub panel: Option<Chosen>,
    pub range: Range,
    /// First line of the text.
    pub scroll: usize,
}

/// A panel by what tells it apart, so that it stays chosen when the order changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    pub name: Clean,
    pub kind: String,
}

impl Chosen {
    #[must_use]
    pub fn of(panel: &Panel) -> Self {
        Self { name: panel.spec.name.clone(), kind: panel.spec.kind.word().to_owned() }
    }

    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, panel: &Panel) -> bool {
        self.name == panel.spec.name && self.kind == panel.spec.kind.word()
    }
}

/// How far back a chart goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    #[default]
    Quarter,
    Hour,
    TwoHours,
    /// Everything that is kept.
    All,
}

impl Range {
    pub const ALL: [Self; 4] = [Self::Quarter, Self::Hour, Self::TwoHours, Self::All];

    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::TwoHours => "2h",
            Self::All => "all",
        }
    }

    #[must_use]
    pub const fn shorter(self) -> Self {
        match self {
            Self::Quarter | Self::Hour => Self::Quarter,
            Self::TwoHours => Self::Hour,
            Self::All => Self::TwoHours,
        }
    }

    #[must_use]
    pub const fn longer(self) -> Self {
        match self {
            Self::Quarter => Self::Hour,
            Self::Hour => Self::TwoHours,
            Self::TwoHours | Self::All => Self::All,
        }
    }

    const fn seconds(self) -> Option<i64> {
        match self {
            Self::Quarter => Some(900),
            Self::Hour => Some(3_600),
            Self::TwoHours => Some(7_200),
            Self::All => None,
        }
    }
}

/// The panel on the evidence screen, its place among all, and how many there are.
#[must_use]
pub fn shown<'a>(state: &State, open: &'a Open) -> Option<(usize, usize, &'a Panel)> {
    let order = metrics::ranked(state, open);
    let place = order
        .iter()
        .position(|place| {
            let panel = open.panels.get(*place);
            panel.zip(open.study.panel.as_ref()).is_some_and(|(panel, chosen)| chosen.is(panel))
        })
        .unwrap_or(0);
    let panel = open.panels.get(*order.get(place)?)?;
    Some((place, order.len(), panel))
}

/// The panel `by` places further on in the order of urgency, round at the ends.
#[must_use]
pub fn neighbour(state: &State, open: &Open, by: isize) -> Option<Chosen> {
    let (place, count, _) = shown(state, open)?;
    let count_signed = isize::try_from(count).ok()?;
    let next = (isize::try_from(place).ok()? + by).rem_euclid(count_signed);
    let order = metrics::ranked(state, open);
    let panel = open.panels.get(*order.get(usize::try_from(next).ok()?)?)?;
    Some(Chosen::of(panel))
}

/// The stretch of time on the charts, in seconds since 1970 by the source's clock: `(from, to]`.
#[must_use]
pub fn span(panel: &Panel, range: Range, end: i64) -> (i64, i64) {
    let from = if let Some(seconds) = range.seconds() {
        end - seconds
    } else {
        let first = [
            panel.ticks.first().map(|tick| tick.at),
            panel.levels.first().map(|level| level.at),
            panel.points.first().map(|point| point.at),
            panel.trail.first().map(|judged| judged.at),
        ];
        first.into_iter().flatten().min().unwrap_or(end - 900) - panel.step
    };
    (from.min(end - panel.step), end)
}

/// Where the parts of the evidence screen stand, in lines from the top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Lines of each arm's chart, of a single series both together.
    pub arm: u16,
    /// Lines of the interval over time; 0 where there is no room or no comparison.
    pub interval: u16,
    /// First line of the text and how many there are.
    pub text: u16,
    pub text_lines: u16,
}

/// First line of the charts: below header, verdict and the panel's title.
pub const TOP: u16 = 3;

/// How the lines of the screen are given to charts and text.
#[must_use]
pub const fn parts(size: Size, has_interval: bool) -> Parts {
    let room = size.rows.saturating_sub(TOP + 1);
    let share = if has_interval { 7 } else { 5 };
    let arm = if room / share > 1 { room / share } else { 1 };
    // An odd number puts "no change" in the middle.
    let interval = if has_interval && room >= 15 { (room / 5) | 1 } else { 0 };
    // The time axis, and a rule above the text.
    let above = 2 * arm + interval + 2;
    Parts { arm, interval, text: TOP + above, text_lines: room.saturating_sub(above) }
}

/// Whether a panel has an interval to draw over time.
#[must_use]
pub fn has_interval(panel: &Panel) -> bool {
    panel.trail.iter().any(|judged| judged.ratio.is_some() || judged.low > 0.0)
}

/// Whether the screen has room for the charts.
#[must_use]
pub fn fits(size: Size) -> bool {
    layout::tier(size) != layout::Tier::Lines
}

/// The last first line of the text that still fills its room.
#[must_use]
pub fn last_scroll(state: &State, open: &Open) -> usize {
    let Some((_, _, panel)) = shown(state, open) else { return 0 };
    let room = usize::from(parts(state.size, has_interval(panel)).text_lines);
    text(state, open, panel).iter().map(|column| column.len().saturating_sub(room)).max().unwrap_or(0)
}

/// How many lines of the text are on screen.
#[must_use]
pub fn page(state: &State, open: &Open) -> usize {
    let has_interval = shown(state, open).is_some_and(|(_, _, panel)| has_interval(panel));
    usize::from(parts(state.size, has_interval).text_lines)
}
