//! Which tier of a screen fits, and where its parts stand. Shared by `update` (scrolling) and `view` (painting).

use ratatui::layout::Rect;

use super::{
    arming::Sentence,
    content,
    event::Size,
    metrics,
    policy::Confirmation,
    sheet::{self, LABEL},
    state::{Confirm, Open, Pane, State, View},
};

/// How much of a release fits on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Everything side by side: 120×40 and up.
    Cockpit,
    /// Vital lines and one tab: the real size inside a tmux pane.
    Tabs,
    /// Three lines: state, verdict, way back.
    Lines,
}

#[must_use]
pub const fn tier(size: Size) -> Tier {
    if size.columns >= 120 && size.rows >= 40 {
        Tier::Cockpit
    } else if size.columns >= 60 && size.rows >= 12 {
        Tier::Tabs
    } else {
        Tier::Lines
    }
}

/// Lines above the rows of the board: header, counts, column names.
pub const BOARD_TOP: u16 = 3;
/// Lines above the list of a full-screen list: header, release line, column names.
const LIST_TOP: u16 = 3;
/// Lines of the acts strip.
pub const ACTS: u16 = 3;
/// Lines above the body of the tabs: header, release, state, verdict, way back, strip, tab names.
const TABS_TOP: u16 = 7;
/// Columns from which the left side grows.
const WIDE: u16 = 160;

/// How many rows of the board are on screen.
#[must_use]
pub const fn board_page(size: Size) -> usize {
    size.rows.saturating_sub(BOARD_TOP + 1) as usize
}

/// Where the parts of the cockpit stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cockpit {
    /// State, verdict, way back, and what blocks where something does; below the header.
    pub vital: Rect,
    pub steps: Rect,
    pub traffic: Rect,
    pub revisions: Rect,
    /// Who, what and which parts cannot be seen.
    pub about: Rect,
    pub metrics: Rect,
    pub acts: Rect,
    pub timeline: Rect,
    pub footer: Rect,
    /// Rows of the rules that cross the screen.
    pub rules: [u16; 4],
    /// The column of the rule between left and right.
    pub divider: u16,
}

/// Lines of state, verdict and way back, and one for what blocks.
#[must_use]
pub fn vital_lines(open: &Open) -> u16 {
    if open.release.as_ref().is_some_and(|r| !r.blockers.is_empty()) { 4 } else { 3 }
}

/// Where the parts of the cockpit stand for this release.
#[must_use]
pub fn cockpit(size: Size, open: &Open) -> Cockpit {
    let Size { columns, rows } = size;
    let tail = (3 + rows.saturating_sub(40) / 4).min(10);
    let vital = Rect::new(0, 1, columns, vital_lines(open).min(rows.saturating_sub(1)));
    let top = vital.bottom();
    let footer = Rect::new(0, rows.saturating_sub(1), columns, rows.min(1));
    let below = footer.y.saturating_sub(1);
    let timeline = Rect::new(0, below.saturating_sub(tail), columns, tail.min(below));
    let between = timeline.y.saturating_sub(1);
    let acts = Rect::new(0, between.saturating_sub(ACTS), columns, ACTS.min(between));
    let bottom = acts.y.saturating_sub(1);
    let body = Rect::new(0, (top + 1).min(bottom), columns, bottom.saturating_sub(top + 1));
    let divider = match columns {
        0..WIDE => 44,
        WIDE..190 => 50,
        190.. => 56,
    }
    .min(columns.saturating_sub(1));

    let release = open.release.as_deref();
    let steps = release.map_or(0, |r| r.steps.len());
    let revisions = release.map_or(0, |r| content::shown_revisions(r).count());
    let about = release.map_or(0, content::about_lines);
    let mut left = Stack { rest: Rect { width: divider, ..body } };
    let about = left.take_bottom(about.min(4));
    let revisions = left.take_bottom(revisions.min(5) + 1);
    let traffic = left.take_bottom(if release.is_some_and(content::has_traffic) { 5 } else { 0 });
    // A heading, the steps, and the line of no easy return.
    let wanted = u16::try_from(steps + 2).unwrap_or(u16::MAX).min(left.rest.height);
    let steps = Rect { height: wanted, ..left.rest };
    // What steps do not need stays below everything, so that the parts stand close together.
    let spare = left.rest.height - wanted;
    let up = |rect: Rect, spare: u16| Rect { y: rect.y.saturating_sub(spare), ..rect };
    let gap = spare.min(1);

    let right = (divider + 1).min(columns);
    Cockpit {
        vital,
        steps,
        traffic: up(traffic, spare),
        revisions: up(revisions, spare - gap),
        about: up(about, spare - gap),
        metrics: Rect::new(right, body.y, columns - right, body.height),
        acts,
        timeline,
        footer,
        rules: [top, bottom, between, below],
        divider,
    }
}

struct Stack {
    rest: Rect,
}

impl Stack {
    /// Takes lines from the bottom, as many as there are.
    fn take_bottom(&mut self, lines: usize) -> Rect {
        let height = u16::try_from(lines).unwrap_or(u16::MAX).min(self.rest.height);
        self.rest.height -= height;
        Rect { y: self.rest.bottom(), height, ..self.rest }
    }
}

/// Where the open tab's lines stand on the smaller tier.
#[must_use]
pub fn tab_body(size: Size, open: &Open) -> Rect {
    let top = TABS_TOP + vital_lines(open) - 3;
    Rect::new(0, top.min(size.rows), size.columns, size.rows.saturating_sub(top + 1))
}

/// Where a full-screen list stands.
#[must_use]
pub fn list_body(size: Size) -> Rect {
    Rect::new(0, LIST_TOP.min(size.rows), size.columns, size.rows.saturating_sub(LIST_TOP + 1))
}

/// The part of the screen in which `pane` shows its lines, headings left out.
#[must_use]
pub fn pane_body(size: Size, open: &Open, pane: Pane) -> Rect {
    let below_heading =
        |rect: Rect| Rect { y: rect.y + rect.height.min(1), height: rect.height.saturating_sub(1), ..rect };
    match (open.view, tier(size)) {
        (View::Pods | View::Timeline | View::Evidence, Tier::Cockpit | Tier::Tabs | Tier::Lines) => list_body(size),
        (View::Cockpit, Tier::Cockpit) => {
            let parts = cockpit(size, open);
            match pane {
                Pane::Metrics => below_heading(parts.metrics),
                Pane::Steps => below_heading(parts.steps),
                Pane::Pods => below_heading(parts.revisions),
                Pane::Timeline => parts.timeline,
            }
        }
        (View::Cockpit, Tier::Tabs | Tier::Lines) => tab_body(size, open),
    }
}

/// How many lines of a pane are on screen.
#[must_use]
pub fn pane_page(state: &State, open: &Open, pane: Pane) -> usize {
    usize::from(pane_body(state.size, open, pane).height)
}

/// The last first line that still fills the pane.
#[must_use]
pub fn last_scroll(state: &State, open: &Open, pane: Pane) -> usize {
    lines(state, open, pane).saturating_sub(pane_page(state, open, pane))
}

/// The first line of the steps on screen: the list follows the current step while the arrows move elsewhere.
#[must_use]
pub fn first_step(state: &State, open: &Open) -> usize {
    let place = Pane::Steps as usize;
    let by_hand = match tier(state.size) {
        Tier::Cockpit => open.pane == Pane::Steps,
        Tier::Tabs | Tier::Lines => open.tab == Some(Pane::Steps),
    };
    let last = last_scroll(state, open, Pane::Steps);
    if by_hand {
        return open.scroll.get(place).copied().unwrap_or_default().min(last);
    }
    let current = open.release.as_ref().and_then(|r| r.current_step()).map_or(0, |(place, _)| place);
    // A third of what is shown lies behind it, the rest ahead.
    current.saturating_sub(pane_page(state, open, Pane::Steps) / 3).min(last)
}

/// How many lines a pane has to scroll through.
#[must_use]
pub fn lines(state: &State, open: &Open, pane: Pane) -> usize {
    match pane {
        Pane::Metrics => metrics::lines(state, open).iter().map(metrics::Line::height).sum(),
        Pane::Steps => content::step_lines(open),
        Pane::Pods if is_short(state.size, open) => {
            open.release.as_deref().map_or(0, |r| content::shown_revisions(r).count())
        }
        Pane::Pods => content::pods(open).len(),
        Pane::Timeline => content::timeline(open).len(),
    }
}

/// Whether the pods are one line per revision: in the cockpit, where they stand below the traffic.
fn is_short(size: Size, open: &Open) -> bool {
    open.view == View::Cockpit && tier(size) == Tier::Cockpit
}

/// Where a dialog stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialog {
    pub frame: Rect,
    /// Its sentences; they scroll.
    pub body: Rect,
    /// What is asked, below them; always on screen.
    pub question: Rect,
}

/// A dialog of so many lines in the middle of the screen, as large as the screen allows.
#[must_use]
pub fn dialog(size: Size, lines: usize, question: u16) -> Dialog {
    let width = dialog_width(size);
    let lines = u16::try_from(lines).unwrap_or(u16::MAX);
    let height = lines.saturating_add(question).saturating_add(3).min(size.rows);
    let frame = Rect::new((size.columns - width) / 2, (size.rows - height) / 2, width, height);
    let inner =
        Rect::new(frame.x + 2.min(width), frame.y + 1.min(height), width.saturating_sub(4), height.saturating_sub(2));
    let question = question.min(inner.height);
    let body = Rect { height: inner.height.saturating_sub(question + 1), ..inner };
    Dialog { frame, body, question: Rect { y: inner.bottom() - question, height: question, ..inner } }
}

const fn dialog_width(size: Size) -> u16 {
    match size.columns {
        0..=100 => size.columns,
        101..=140 => 100,
        _ => 112,
    }
}

/// The least columns of a screen on which a sentence is still read as one.
const READABLE: u16 = 40;

impl Dialog {
    /// Whether so many lines from its top and all that is asked have room. What nobody can have read takes no answer.
    #[must_use]
    pub fn is_readable(&self, lines: usize, question: u16) -> bool {
        self.frame.width >= READABLE && usize::from(self.body.height) >= lines && self.question.height == question
    }
}

/// What a dialog that cannot be read answers.
pub const TOO_SMALL: &str = "too small a screen to read what it does: nothing was sent; make it larger";

/// Columns that the sentences of a dialog have.
#[must_use]
pub const fn dialog_columns(size: Size) -> usize {
    dialog_width(size).saturating_sub(4) as usize
}

/// Lines of what the confirm dialog asks: what to type, why, and its keys.
#[must_use]
pub const fn question_lines(confirm: &Confirm) -> u16 {
    if confirm.denied.is_some() {
        return 1;
    }
    let typed = match &confirm.confirmation {
        Confirmation::Yes | Confirmation::Never => 0,
        Confirmation::Type { with_reason: false, .. } => 1,
        Confirmation::Type { with_reason: true, .. } => 2,
    };
    1 + typed
}

/// Where the confirm dialog stands, and how many lines its sentences take.
#[must_use]
pub fn confirm(state: &State, confirm: &Confirm) -> (Dialog, usize) {
    let lines = sheet::lines(state, confirm, dialog_columns(state.size)).len();
    (dialog(state.size, lines, question_lines(confirm)), lines)
}

/// Whether sentences that do not scroll, and all that is asked, are on screen; at 80×24 as many of them as fit there.
#[must_use]
pub fn shows(size: Size, sentences: &[Sentence], question: u16) -> bool {
    const AT_80X24: usize = 18;
    let room = dialog_columns(size).saturating_sub(LABEL).max(1);
    let lines: usize = sentences.iter().map(|sentence| sheet::wrap(&sentence.text, room).len()).sum();
    dialog(size, lines, question).is_readable(lines.min(AT_80X24), question)
}

/// Whether what customers get, and all that it asks, is on screen.
#[must_use]
pub fn is_readable(state: &State, confirm: &Confirm) -> bool {
    let lines = sheet::lines(state, confirm, dialog_columns(state.size));
    let question = question_lines(confirm);
    dialog(state.size, lines.len(), question).is_readable(sheet::first(&lines), question)
}

/// The last first line of the confirm dialog that still fills it.
#[must_use]
pub fn confirm_last_scroll(state: &State, open: &Confirm) -> usize {
    let (dialog, lines) = confirm(state, open);
    lines.saturating_sub(usize::from(dialog.body.height))
}

/// How many lines of the help are on screen.
#[must_use]
pub fn help_page(size: Size) -> usize {
    usize::from(dialog(size, content::help().len(), 1).body.height)
}
