//! What the metrics of a release are shown as: which line stands where, and how large. `update` scrolls in these lines
//! and `view` paints them.
//!
//! What is wrong stands first and large, then what is not known. What is fine takes a line, a group that is fine takes
//! one line together, and where there is little room the rest is counted in one. Nothing wrong or unknown ever is.

use super::{
    controller::{self, ControllerLine},
    evidence::{self, Mark},
    freshness::{self, Standing},
    layout::{self, Tier},
    state::{Open, Pane, Panel, State},
};
use crate::domain::{clean::Clean, panel::PanelKind};

/// Columns of the screen from which two panels stand side by side.
const TWO_COLUMNS: u16 = 160;
/// Lines per arm that a chart has at most.
const TALLEST: u16 = 3;

/// How much room a panel gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PanelSize {
    /// One line.
    Line,
    /// A title, a chart of so many lines for each arm, and a blank line.
    Chart(u16),
}

impl PanelSize {
    #[must_use]
    pub const fn height(self) -> usize {
        match self {
            Self::Line => 1,
            Self::Chart(lines) => 2 + 2 * lines as usize,
        }
    }
}

/// What stands in one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A place in `Open::panels`.
    Panel(usize),
    /// A declared panel that cannot be used, as a place in `Open::wrong`.
    Wrong(usize),
    /// A group whose members are all fine.
    Group(Clean, Tally),
    /// The share of the traffic that the canary gets.
    Split,
}

/// A line of the list, or several where it is a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// One or two side by side.
    Cells(Vec<Cell>, PanelSize),
    /// What is neither wrong nor unknown and found no room.
    More(Tally),
    Blank,
    /// The heading of what both arms share.
    SharedHeading,
    /// A place in `Open::panels`.
    Shared(usize),
    /// A place in `Open::budgets`.
    Budget(usize),
    /// A place among the lines of `controller::lines`.
    Controller(usize),
}

impl Line {
    #[must_use]
    pub const fn height(&self) -> usize {
        match self {
            Self::Cells(_, size) => size.height(),
            Self::More(_)
            | Self::Blank
            | Self::SharedHeading
            | Self::Shared(_)
            | Self::Budget(_)
            | Self::Controller(_) => 1,
        }
    }
}

/// How many panels there are of each mark, the most urgent first.
pub type Tally = Vec<(Mark, usize)>;

/// The mark a panel is shown with: nothing is called fine, or counting, while its source is silent or while it asks for
/// a look.
#[must_use]
pub fn mark(state: &State, panel: &Panel) -> Mark {
    let reading = evidence::reading(panel);
    let mark = reading.mark;
    match mark {
        Mark::Look | Mark::Collecting | Mark::Weak | Mark::Good if is_unheard(state, panel) => Mark::Unknown,
        Mark::Collecting | Mark::Weak | Mark::Good if reading.off => Mark::Look,
        Mark::Regression | Mark::Unknown | Mark::Look | Mark::Collecting | Mark::Weak | Mark::Good => mark,
    }
}

/// Whether the source of a panel's numbers is silent or lost.
#[must_use]
pub fn is_unheard(state: &State, panel: &Panel) -> bool {
    state.source(&panel.spec.source).is_some_and(|source| match freshness::standing(state, source) {
        Standing::Connecting | Standing::Live(_) => false,
        Standing::Stale(_) | Standing::Lost(..) => true,
    })
}

/// Everything that is watched of a release, complete: panels of any kind, those that cannot be used, the split.
#[must_use]
pub fn tally(state: &State, open: &Open) -> Tally {
    let panels = open.panels.iter().filter(|panel| !is_controllers(panel)).map(|panel| mark(state, panel));
    let wrong = open.wrong.iter().map(|_| Mark::Unknown);
    counted(panels.chain(wrong).chain(split(state, open)))
}

fn counted(marks: impl IntoIterator<Item = Mark>) -> Tally {
    let mut counts = Tally::new();
    for mark in marks {
        match counts.iter_mut().find(|(known, _)| *known == mark) {
            Some((_, count)) => *count += 1,
            None => counts.push((mark, 1)),
        }
    }
    counts.sort_unstable();
    counts
}

/// The mark of the traffic split, where there is something to say; like a panel's it is not known while the source of
/// its numbers is silent.
#[must_use]
pub fn split(state: &State, open: &Open) -> Option<Mark> {
    use crate::judge::split::SplitStanding;
    let watched = open.split.as_ref()?;
    let is_its = |panel: &&Panel| panel.spec.name == watched.panel && panel.spec.kind.has_counts();
    if open.panels.iter().find(is_its).is_some_and(|panel| is_unheard(state, panel)) {
        return Some(Mark::Unknown);
    }
    evidence::split(open).map(|finding| match finding.standing {
        SplitStanding::TooMuch | SplitStanding::TooLittle => Mark::Look,
        SplitStanding::Holds => Mark::Good,
        SplitStanding::Collecting => Mark::Collecting,
        SplitStanding::Unseen => Mark::Unknown,
    })
}

/// Whether it is the backend's own question: shown beside our numbers, and never counted among them.
fn is_controllers(panel: &Panel) -> bool {
    matches!(panel.spec.kind, PanelKind::Analysis { .. })
}

fn is_shared(panel: &Panel) -> bool {
    matches!(panel.spec.kind, PanelKind::Shared { .. })
}

/// The order in which panels are shown: what is wrong first, then what is not known, critical before the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    mark: Mark,
    /// False sorts first.
    is_minor: bool,
}

/// Every panel in the order of its urgency, those of the evidence screen: as places in `Open::panels`.
#[must_use]
pub fn ranked(state: &State, open: &Open) -> Vec<usize> {
    let mut order: Vec<_> = open.panels.iter().enumerate().map(|(place, panel)| (of(state, panel), place)).collect();
    // Where nothing is wrong, what is compared comes before what both share and what the backend asks.
    order.sort_by_key(|(rank, place)| {
        let panel = open.panels.get(*place);
        (rank.mark.is_calm(), panel.is_some_and(is_controllers), panel.is_some_and(is_shared), *rank, *place)
    });
    order.into_iter().map(|(_, place)| place).collect()
}

fn of(state: &State, panel: &Panel) -> Rank {
    Rank { mark: mark(state, panel), is_minor: !panel.spec.critical }
}

/// The lines of the metrics in the room that the screen gives them.
#[must_use]
pub fn lines(state: &State, open: &Open) -> Vec<Line> {
    let room = usize::from(layout::pane_body(state.size, open, Pane::Metrics).height);
    let is_wide = layout::tier(state.size) == Tier::Cockpit && state.size.columns >= TWO_COLUMNS;
    let columns = if is_wide { 2 } else { 1 };
    let of = |folded: Vec<&Clean>| List::of(state, open, columns, &folded);
    let mut list = if open.unfolded { of(Vec::new()) } else { of(groups(state, open, Mark::is_fine)) };
    if !open.unfolded && list.height() > room {
        // Where there is little room, a group that is still collecting has one line too.
        list = of(groups(state, open, Mark::is_calm));
        list.fit(room);
    }
    list.grow(room);
    list.lines()
}

/// A cell with what decides about its place and size.
#[derive(Clone, Debug)]
struct Entry {
    rank: Rank,
    cell: Cell,
    size: PanelSize,
    marks: Tally,
    /// There is something to draw.
    has_chart: bool,
}

#[derive(Debug)]
struct List {
    columns: usize,
    cells: Vec<Entry>,
    shared: Vec<(Rank, usize, Mark)>,
    budgets: usize,
    /// What the controller says; the first line is the sentence.
    controller: Vec<bool>,
    more: Vec<Mark>,
    has_blanks: bool,
}

impl List {
    fn of(state: &State, open: &Open, columns: usize, folded: &[&Clean]) -> Self {
        let mut cells: Vec<Entry> = Vec::new();
        let mut shared = Vec::new();
        for (place, panel) in open.panels.iter().enumerate().filter(|(_, panel)| !is_controllers(panel)) {
            let (rank, mark) = (of(state, panel), mark(state, panel));
            if is_shared(panel) {
                shared.push((rank, place, mark));
                continue;
            }
            let group = panel.spec.group.as_ref().filter(|group| folded.contains(group));
            let known = group.and_then(|group| {
                cells.iter_mut().find(|entry| matches!(&entry.cell, Cell::Group(name, _) if name == group))
            });
            match (known, group) {
                (Some(entry), _) => {
                    entry.marks = counted(spread(&entry.marks).chain([mark]));
                    entry.rank = entry.rank.min(rank);
                }
                (None, Some(group)) => {
                    cells.push(Entry::line(rank, Cell::Group(group.clone(), Tally::new()), vec![(mark, 1)]));
                }
                (None, None) => {
                    let entry = Entry::line(rank, Cell::Panel(place), vec![(mark, 1)]);
                    cells.push(Entry { has_chart: !panel.ticks.is_empty() || !panel.levels.is_empty(), ..entry });
                }
            }
        }
        let unusable = Rank { mark: Mark::Unknown, is_minor: true };
        let wrong =
            (0..open.wrong.len()).map(|place| Entry::line(unusable, Cell::Wrong(place), vec![(Mark::Unknown, 1)]));
        cells.extend(wrong);
        cells.extend(split(state, open).map(|mark| {
            let rank = Rank { mark, is_minor: true };
            Entry::line(rank, Cell::Split, vec![(mark, 1)])
        }));
        cells.sort_by_key(|entry| entry.rank);
        shared.sort_by_key(|(rank, place, _)| (*rank, *place));
        let controller = controller::lines(open).iter().map(ControllerLine::is_urgent).collect();
        Self { columns, cells, shared, budgets: open.budgets.len(), controller, more: Vec::new(), has_blanks: true }
    }

    /// Folds what is fine until the rest fits.
    fn fit(&mut self, room: usize) {
        if self.height() <= room {
            return;
        }
        self.has_blanks = false;
        // What the controller measured gives way first: its sentence says what it comes to.
        while self.height() > room && self.controller.len() > 1 && self.controller.last() == Some(&false) {
            self.controller.pop();
        }
        // What is wrong is large even where that folds what is fine.
        let worst = self.cells.first().is_some_and(|entry| entry.rank.mark == Mark::Regression);
        let urgent = self.cells.iter().filter(|entry| !entry.rank.mark.is_calm()).count();
        let large = PanelSize::Chart(1).height() - 1;
        let kept = if worst && self.columns == 1 && self.others() + urgent + large < room { large } else { 0 };
        while self.height() + kept > room {
            let Some(entry) = self.cells.pop_if(|entry| entry.rank.mark.is_calm()) else { break };
            self.more.extend(spread(&entry.marks));
        }
        while self.height() + kept > room {
            let Some((_, _, mark)) = self.shared.pop_if(|(rank, _, _)| rank.mark.is_calm()) else { break };
            self.more.push(mark);
        }
        // Where even what is urgent has to be scrolled through, the worst is large all the same.
        if worst
            && self.height() > room
            && let Some(first) = self.cells.first_mut().filter(|first| first.has_chart)
        {
            first.size = PanelSize::Chart(1);
        }
    }

    /// Makes charts of what asks for it, the worst first, as long as there is room.
    fn grow(&mut self, room: usize) {
        let steps = [
            (Mark::Regression, false, 2),
            (Mark::Look, false, 1),
            (Mark::Collecting, true, 1),
            (Mark::Unknown, true, 1),
            (Mark::Regression, false, TALLEST),
            (Mark::Look, false, 2),
            (Mark::Collecting, true, 2),
        ];
        for (mark, only_critical, tallest) in steps {
            for tall in 1..=tallest {
                for place in 0..self.cells.len() {
                    self.enlarge(place, room, |entry| {
                        let fits = entry.rank.mark == mark && !(only_critical && entry.rank.is_minor);
                        (fits && entry.has_chart && entry.size < PanelSize::Chart(tall))
                            .then_some(PanelSize::Chart(tall))
                    });
                }
            }
        }
    }

    fn enlarge(&mut self, place: usize, room: usize, to: impl Fn(&Entry) -> Option<PanelSize>) {
        let Some(entry) = self.cells.get_mut(place) else { return };
        let Some(size) = to(entry) else { return };
        let before = std::mem::replace(&mut entry.size, size);
        if self.height() > room
            && let Some(entry) = self.cells.get_mut(place)
        {
            entry.size = before;
        }
    }

    fn height(&self) -> usize {
        // The same rows as in `rows`, only counted: it is asked for every size that is tried.
        let (mut height, mut side, mut last) = (0, 0, PanelSize::Line);
        for entry in &self.cells {
            let is_alike = (entry.size == PanelSize::Line) == (last == PanelSize::Line);
            if side > 0 && side < self.columns && is_alike {
                height += entry.size.max(last).height() - last.height();
                (side, last) = (side + 1, entry.size.max(last));
            } else {
                height += entry.size.height();
                (side, last) = (1, entry.size);
            }
        }
        height + self.others()
    }

    /// Lines of everything that is no cell.
    fn others(&self) -> usize {
        let section = |lines: usize| if lines == 0 { 0 } else { lines + usize::from(self.has_blanks) };
        let shared = if self.shared.is_empty() { 0 } else { self.shared.len() + 1 };
        usize::from(!self.more.is_empty()) + section(shared) + section(self.budgets) + section(self.controller.len())
    }

    /// Cells side by side, those of a size together; one that stands alone has the whole width.
    fn rows(&self) -> Vec<(Vec<&Entry>, PanelSize)> {
        let mut rows: Vec<(Vec<&Entry>, PanelSize)> = Vec::new();
        for entry in &self.cells {
            let is_large = entry.size != PanelSize::Line;
            match rows.last_mut() {
                Some((row, size)) if row.len() < self.columns && (*size != PanelSize::Line) == is_large => {
                    row.push(entry);
                    *size = entry.size.max(*size);
                }
                Some(_) | None => rows.push((vec![entry], entry.size)),
            }
        }
        rows
    }

    fn lines(self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (entries, size) in self.rows() {
            let cells = entries.into_iter().map(|entry| match &entry.cell {
                Cell::Group(name, _) => Cell::Group(name.clone(), entry.marks.clone()),
                Cell::Panel(_) | Cell::Wrong(_) | Cell::Split => entry.cell.clone(),
            });
            lines.push(Line::Cells(cells.collect(), size));
        }
        if !self.more.is_empty() {
            lines.push(Line::More(counted(self.more.iter().copied())));
        }
        let has_blanks = self.has_blanks;
        let section = |lines: &mut Vec<Line>, part: Vec<Line>| {
            // A chart ends in a blank line of its own.
            let is_apart = matches!(lines.last(), None | Some(Line::Cells(_, PanelSize::Chart(_))));
            if !part.is_empty() && has_blanks && !is_apart {
                lines.push(Line::Blank);
            }
            lines.extend(part);
        };
        let shared = self.shared.iter().map(|(_, place, _)| Line::Shared(*place));
        let heading = (!self.shared.is_empty()).then_some(Line::SharedHeading);
        section(&mut lines, heading.into_iter().chain(shared).collect());
        section(&mut lines, (0..self.budgets).map(Line::Budget).collect());
        section(&mut lines, (0..self.controller.len()).map(Line::Controller).collect());
        lines
    }
}

impl Entry {
    const fn line(rank: Rank, cell: Cell, marks: Tally) -> Self {
        Self { rank, cell, size: PanelSize::Line, marks, has_chart: false }
    }
}

fn spread(tally: &Tally) -> impl Iterator<Item = Mark> {
    tally.clone().into_iter().flat_map(|(mark, count)| std::iter::repeat_n(mark, count))
}

/// Groups of several panels all of which are so.
fn groups<'a>(state: &State, open: &'a Open, are_so: fn(Mark) -> bool) -> Vec<&'a Clean> {
    let mut groups: Vec<(&Clean, usize, bool)> = Vec::new();
    for panel in open.panels.iter().filter(|panel| !is_shared(panel) && !is_controllers(panel)) {
        let Some(group) = &panel.spec.group else { continue };
        let is_so = are_so(of(state, panel).mark);
        match groups.iter_mut().find(|(name, _, _)| *name == group) {
            Some((_, members, all)) => {
                *members += 1;
                *all &= is_so;
            }
            None => groups.push((group, 1, is_so)),
        }
    }
    groups.into_iter().filter(|(_, members, all)| *members > 1 && *all).map(|(name, _, _)| name).collect()
}
