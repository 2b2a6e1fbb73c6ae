//! The verdict in one line: what is wrong since when and what it has cost, what is missing to say more, and how many
//! panels say what.

use crate::{
    core::{
        evidence::{
            self, Mark,
            said::{self, Ready},
        },
        metrics, price, reset,
        state::{Open, Panel, State},
    },
    domain::verdict::{Verdict, Word},
    theme::Role,
    view::{widget::row::Row, words},
};

/// Blank columns before the counts.
const BEFORE_COUNTS: usize = 2;

/// `✗ NO-GO orders ×0.41 (0.28–0.57) since 14:02:10    ≈244 orders missing so far (178–298), +58/min    1✗ 1? 4✓`.
pub fn row(state: &State, open: &Open, width: usize) -> Row {
    let verdict = evidence::verdict(open);
    let counts = words::tally(&metrics::tally(state, open)).gap(1);
    let (glyph, role) = words::verdict(verdict.word);
    let head = Row::new().gap(1).put(role, glyph).gap(1).put(role, verdict.word.to_string()).gap(1);
    let room = width.saturating_sub(head.width() + counts.width() + BEFORE_COUNTS);
    let says = match verdict.word {
        Word::NoGo => no_go(state, open, &verdict),
        Word::Collecting => collecting(state, open, &verdict),
        Word::Unknown => reasons(state, open, &verdict, Role::Text),
        Word::Go => go(state, open, &verdict),
    };
    let said = says.iter().find(|said| said.width() <= room).or(says.last()).cloned().unwrap_or_default();
    head.then(said.cut(room)).with_right(counts, width)
}

/// What is beyond its tolerance and what that costs; the fullest first.
fn no_go(state: &State, open: &Open, verdict: &Verdict) -> Vec<Row> {
    let regressions = said::regressions(open);
    let critical: Vec<&&Panel> = regressions.iter().filter(|panel| panel.spec.critical).collect();
    // A hard cap needs no comparison.
    let Some(first) = critical.first() else { return reasons(state, open, verdict, Role::Bad) };
    // What is told first is what it costs, where that is known of one.
    let first = price::dearest(open).filter(|dear| dear.reading.mark == Mark::Regression).unwrap_or(first);
    let more = regressions.len() - 1;
    let name = || Row::new().put(Role::Title, first.spec.name.to_string()).gap(1);
    let noun = || Row::new().put(Role::Title, said::noun(first).to_owned()).gap(1);
    let ratio = |row: Row| row.put(Role::Bad, said::ratio(&first.reading).unwrap_or_default());
    let bare =
        |row: Row| row.put(Role::Bad, first.reading.ratio.map(|ratio| format!("×{ratio:.2}")).unwrap_or_default());
    let since = |row: Row| match said::since(state, first) {
        Some(since) => row.muted(format!(" since {since}")),
        None => row,
    };
    let others = |row: Row| if more > 0 { row.put(Role::Bad, format!(" +{more} more")) } else { row };
    let loss = |row: Row, gap: usize, is_short: bool, has_money: bool| match &first.reading.loss {
        Some(loss) => {
            let row = row.gap(gap).put(Role::Title, said::missing(first, loss, is_short));
            let row = match said::money(loss).filter(|_| has_money) {
                Some(money) => row.text(format!(", {money}")),
                None => row,
            };
            match said::growing(loss) {
                Some(growing) => row.text(", ").put(Role::Title, growing),
                None => row,
            }
        }
        None => row,
    };
    let dot = |row: Row| if first.reading.loss.is_some() { row.muted(" · ") } else { row };
    vec![
        loss(others(since(ratio(name()))), 4, false, true),
        loss(others(since(ratio(noun()))), 4, false, true),
        loss(others(since(ratio(noun()))), 2, false, true),
        loss(others(since(ratio(noun()))), 4, false, false),
        loss(others(since(ratio(noun()))), 2, false, false),
        loss(dot(others(since(ratio(noun())))), 0, true, true),
        loss(dot(others(since(ratio(noun())))), 0, true, false),
        loss(dot(others(ratio(noun()))), 0, true, false),
        loss(dot(others(bare(noun()))), 0, true, false),
        others(bare(noun())),
    ]
}

/// When it could be known, and how long a total loss would go unseen; the fullest first.
fn collecting(state: &State, open: &Open, verdict: &Verdict) -> Vec<Row> {
    let ready = said::ready(state, open).map(|ready| match ready {
        Ready::At(at) => format!("ready ≈{}", state.settings.zone.minute(at)),
        Ready::NotYet => "not within 6 h at this weight".to_owned(),
    });
    let blind = said::blind(open).map(|blind| said::blindness(open, blind));
    let looks = looks(state, open);
    let parts = |parts: &[Option<String>]| -> Row {
        parts.iter().flatten().fold(looks.clone(), |row, part| {
            let row = if row.is_empty() { row } else { row.muted(" · ") };
            row.text(part.clone())
        })
    };
    if ready.is_none() && blind.is_none() {
        return reasons(state, open, verdict, Role::Text);
    }
    vec![
        parts(&[ready.clone(), blind.clone()]),
        parts(std::slice::from_ref(&ready)),
        parts(&[blind]),
        parts(&[ready]),
        looks,
    ]
}

/// Why nothing speaks against it, and how soon something would.
fn go(state: &State, open: &Open, verdict: &Verdict) -> Vec<Row> {
    let mut says = reasons(state, open, verdict, Role::Good);
    if let (Some(blind), Some(first)) = (said::blind(open), says.first().cloned()) {
        says.insert(0, first.muted(" · ").text(said::blindness(open, blind)));
    }
    says
}

/// The reasons as they are; the first is kept longest.
fn reasons(state: &State, open: &Open, verdict: &Verdict, role: Role) -> Vec<Row> {
    let looks = looks(state, open);
    let first = |row: Row| {
        let row = if row.is_empty() { row } else { row.muted(" · ") };
        row.put(role, words::why(verdict).to_owned())
    };
    let all = verdict.why.iter().skip(1).fold(first(Row::new()), |row, why| row.muted("; ").text(why.to_string()));
    let count = match verdict.why.len() {
        0 | 1 => first(Row::new()),
        more => first(Row::new()).muted(format!(" +{} more", more - 1)),
    };
    let behind = |row: Row| if looks.is_empty() { row } else { row.gap(2).then(looks.clone()) };
    vec![behind(all), behind(count.clone()), count]
}

/// `! refunds ×1.90  orders set aside 14:02:10`: what asks for a look and is not the reason of the verdict, and calmly what
/// a person has set aside.
fn looks(state: &State, open: &Open) -> Row {
    let off = open.panels.iter().filter(|panel| {
        let reading = evidence::reading(panel);
        reading.off && !reading.is_unknown()
    });
    let row = off.fold(Row::new(), |row, panel| {
        let (glyph, role) = words::mark(match panel.reading.mark {
            Mark::Regression => Mark::Regression,
            Mark::Look | Mark::Unknown | Mark::Collecting | Mark::Weak | Mark::Good => Mark::Look,
        });
        let row = if row.is_empty() { row } else { row.gap(2) };
        let ratio = panel.reading.ratio.map(|ratio| format!(" ×{ratio:.2}")).unwrap_or_default();
        row.put(role, format!("{glyph} {}{ratio}", said::noun(panel)))
    });
    let aside = open.panels.iter().filter_map(|panel| Some((panel, reset::mark(state, panel)?)));
    aside.fold(row, |row, (panel, mark)| {
        let row = if row.is_empty() { row } else { row.gap(2) };
        row.text(format!("{} {mark}", said::noun(panel)))
    })
}
