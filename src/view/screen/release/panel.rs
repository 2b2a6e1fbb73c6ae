//! One panel in one line, and the words that its chart and the evidence screen use too.

use crate::{
    core::{
        evidence::{self, Mark, Reading, aged, said},
        freshness::{self, Standing},
        metrics, number, reset,
        state::{Panel, State, Wrong},
    },
    domain::{
        panel::{Better, PanelKind, PanelTrouble, Side},
        series::Counts,
        time::Seconds,
    },
    theme::Role,
    view::{
        widget::{row::Row, spark},
        words,
    },
};

/// Columns of `386 vs 941`, and of what is said behind it.
const VALUES: usize = 16;
const SAID: usize = 26;
/// Columns below which a chart of one line says nothing.
const LEAST_CHART: usize = 6;

/// Columns of a panel's name in a line of `width`.
pub fn name_columns(width: usize) -> usize {
    (width * 26 / 100).clamp(12, 30)
}

/// `✓ error ratio    0.21 vs 0.20 % ×1.00 (0.93–1.07)   ▂▂▁▂▂▁▂▂`.
pub fn line(state: &State, panel: &Panel, width: usize) -> Row {
    let reading = evidence::reading(panel);
    let mark = metrics::mark(state, panel);
    let (glyph, role) = words::mark(mark);
    let names = name_columns(width);
    let row = Row::new().gap(1).put(role, glyph).gap(1).field(Role::Text, panel.spec.name.as_str(), names).gap(1);
    if mark == Mark::Unknown {
        let row = row.then(reason(state, panel));
        return match reset::mark(state, panel) {
            Some(aside) => row.gap(2).text(aside).cut(width),
            None => row.cut(width),
        };
    }
    let start = row.width();
    let row = row.then(values(state, panel, reading)).cut(start + VALUES).to(start + VALUES + 1);
    let rest = width.saturating_sub(row.width());
    let role = match mark {
        Mark::Regression | Mark::Look if aged::compared_until(state, panel).is_some() => Role::Stale,
        Mark::Regression | Mark::Look => role,
        Mark::Collecting | Mark::Weak | Mark::Good | Mark::Unknown => Role::Muted,
    };
    let texts = line_says(state, panel, mark);
    let text = texts.iter().find(|text| text.chars().count() <= rest.min(SAID)).or(texts.last());
    let row = row.put(role, text.cloned().unwrap_or_default());
    let row = if let Some(trouble) = trouble(state, panel) { row.gap(2).put(Role::Unknown, trouble) } else { row };
    let before = start + VALUES + 1 + SAID + 1;
    let room = width.saturating_sub(before.max(row.width() + 1));
    if room < LEAST_CHART {
        return row.cut(width);
    }
    let row = row.to(width - room);
    let columns = spark::columns(&evidence::rates(panel, Side::Canary), end(state, panel), panel.step, room);
    let bars = spark::lines(&columns, scale(panel, &columns), 1).into_iter().next().unwrap_or_default();
    row.put(Role::Canary, bars)
}

/// What a line says behind its numbers, the fullest first.
fn line_says(state: &State, panel: &Panel, mark: Mark) -> Vec<String> {
    let reading = evidence::reading(panel);
    let ratio = said::ratio(reading);
    let bare = reading.ratio.map(|ratio| format!("×{ratio:.2}"));
    let is_weak = matches!(panel.spec.kind, PanelKind::Value { .. });
    let aside = reset::mark(state, panel).filter(|_| mark != Mark::Regression);
    let texts = match mark {
        Mark::Weak => vec![Some("weak".to_owned())],
        Mark::Look if is_weak => vec![Some("weak, looks worse".to_owned()), bare],
        Mark::Collecting => {
            vec![said::progress(state, panel), ratio, bare, Some(words::why(&reading.verdict).to_owned())]
        }
        Mark::Regression | Mark::Look | Mark::Unknown | Mark::Good => vec![ratio, bare],
    };
    // Trouble of the source stands behind it, and says how old it is.
    let until = aged::compared_until(state, panel).filter(|_| trouble(state, panel).is_none());
    let until = until.map(|until| format!("until {}", state.settings.zone.time_of_day(until)));
    let texts = match until {
        Some(until) => {
            let with = texts.into_iter().flatten().map(|text| format!("{text} {until}"));
            with.chain([until.clone()]).map(Some).collect()
        }
        None => texts,
    };
    // The calm mark of what a person has set aside goes before the rest, which the evidence screen has too.
    aside.into_iter().chain(texts.into_iter().flatten()).collect()
}

/// A declared panel that cannot be used, where it would stand.
pub fn unusable(wrong: &Wrong, width: usize) -> Row {
    let (glyph, role) = words::mark(Mark::Unknown);
    let row = Row::new().gap(1).put(role, glyph).gap(1).put(Role::Unknown, wrong.why.to_string());
    row.muted(format!("  {}", wrong.origin)).cut(width)
}

/// Why nothing is said of it: trouble aloud, else the reason.
pub fn reason(state: &State, panel: &Panel) -> Row {
    match trouble(state, panel) {
        Some(trouble) => Row::new().put(Role::Unknown, trouble),
        None => Row::new().muted(said::reasons(evidence::reading(panel))),
    }
}

/// Why a panel's numbers cannot be trusted now, as it stands where the verdict would.
pub fn trouble(state: &State, panel: &Panel) -> Option<String> {
    let aged = |word: &str, age: Option<Seconds>| match age {
        Some(age) => format!("{word} {}", words::coarse(age)),
        None => word.to_owned(),
    };
    let since_newest = state.age_of(panel);
    match &panel.trouble {
        Some(PanelTrouble::Waiting) => return Some("waiting for the first answer".to_owned()),
        Some(PanelTrouble::NoData) => return Some(aged("NO DATA", since_newest.map(|age| Seconds(age.0.floor())))),
        Some(PanelTrouble::Partial(why)) => return Some(format!("PARTIAL {why}")),
        Some(PanelTrouble::Stale(age)) => return Some(aged("STALE", Some(since_newest.unwrap_or(*age)))),
        Some(PanelTrouble::Error(why)) => return Some(format!("ERROR {why}")),
        Some(PanelTrouble::NotFinite) => return Some("NOT A NUMBER".to_owned()),
        None if panel.evidence.misrouted => return Some("the split fails".to_owned()),
        None => {}
    }
    let source = state.source(&panel.spec.source)?;
    match freshness::standing(state, source) {
        Standing::Connecting | Standing::Live(_) => None,
        Standing::Stale(_) | Standing::Lost(..) => Some(aged("STALE", since_newest)),
    }
}

/// What of it is old, as it stands in a title: `STALE 52m`, `canary until 14:16:50`; none while all is of now.
pub fn aged(state: &State, panel: &Panel) -> Option<Row> {
    if let Some(trouble) = trouble(state, panel) {
        return Some(Row::new().put(Role::Unknown, trouble));
    }
    let of = |side| aged::until(state, panel, side).map(|until| state.settings.zone.time_of_day(until));
    let says = match (of(Side::Baseline), of(Side::Canary)) {
        (Some(baseline), Some(canary)) => format!("baseline until {baseline}, canary until {canary}"),
        (Some(baseline), None) => format!("baseline until {baseline}"),
        (None, Some(canary)) => format!("canary until {canary}"),
        (None, None) => return None,
    };
    Some(Row::new().put(Role::Unknown, says))
}

/// The role of an arm's number: dim where it is old.
pub fn arm_role(state: &State, panel: &Panel, side: Side, role: Role) -> Role {
    if aged::until(state, panel, side).is_some() { Role::Stale } else { role }
}

/// `386 vs 941`, with the unit where numbers have one.
fn values(state: &State, panel: &Panel, reading: &Reading) -> Row {
    let canary = said::number(panel, reading.value(Side::Canary));
    let baseline = said::number(panel, reading.value(Side::Baseline));
    Row::new()
        .right(arm_role(state, panel, Side::Canary, Role::Canary), &canary, canary.chars().count().max(5))
        .muted(" vs ")
        .put(arm_role(state, panel, Side::Baseline, Role::Baseline), format!("{baseline}{}", unit(panel)))
}

/// The value of one arm as it stands at the end of its chart.
pub fn arm_value(panel: &Panel, side: Side) -> String {
    level(panel, evidence::reading(panel).value(side))
}

/// A rate, or a level of a gauge, with its unit; a dash alone where there is none.
pub fn level(panel: &Panel, level: Option<f64>) -> String {
    let unit = level.map(|_| unit(panel));
    format!("{}{}", said::number(panel, level), unit.unwrap_or_default())
}

/// What one arm's value was counted on: `n 4,093`; of a rate its events, of a gauge nothing.
pub fn arm_count(panel: &Panel, counts: Counts) -> String {
    match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Latency { .. } => format!("n {}", number::count(counts.exposures)),
        PanelKind::Rate { .. } => format!("{} events", number::count(counts.events)),
        PanelKind::Value { .. } | PanelKind::Shared { .. } | PanelKind::Analysis { .. } => String::new(),
    }
}

/// The name, with what it is counted against where that is no unit of the numbers.
pub fn title(panel: &Panel) -> String {
    match panel.spec.unit.as_str() {
        unit if unit.starts_with("per ") => format!("{} {unit}", panel.spec.name),
        _ => panel.spec.name.to_string(),
    }
}

/// The unit as it stands behind a number; empty where the title says it.
pub fn unit(panel: &Panel) -> String {
    if panel.spec.unit.starts_with("per ") { String::new() } else { said::unit(panel) }
}

/// What is known of it without numbers, the longest first.
pub fn rules(panel: &Panel) -> [Row; 3] {
    if matches!(panel.spec.kind, PanelKind::Analysis { .. }) {
        let own = || Row::new().muted("the controller's own");
        return [own().muted(", no part of our verdict"), own(), Row::new()];
    }
    let must = match panel.spec.better {
        Better::Higher => "must not drop",
        Better::Lower => "must not rise",
    };
    let critical = || if panel.spec.critical { Row::new().text("critical") } else { Row::new() };
    let joined = |text: String| {
        if panel.spec.critical { critical().muted(format!(" · {text}")) } else { Row::new().muted(text) }
    };
    let tolerance = number::percent(panel.spec.tolerance * 100.0);
    [joined(format!("{must} · tolerance {tolerance} %")), joined(format!("tolerance {tolerance} %")), critical()]
}

/// The value that fills a chart. A single tick of few exposures does not flatten everything else: what is far above
/// both arms' values fills its column. What is as usual leaves room on the side on which it would be bad: it stands
/// high where it must not drop, and half as high where it must not rise.
pub fn scale<'a>(panel: &Panel, values: impl IntoIterator<Item = &'a Option<f64>>) -> f64 {
    /// How far above the larger value a column still shows its height.
    const HEADROOM: f64 = 2.0;
    let reading = evidence::reading(panel);
    let per = panel.spec.per;
    let baseline = reading.baseline.rate().or(reading.levels.before).unwrap_or(0.0) * per;
    let rates = [reading.baseline.rate(), reading.canary.rate(), reading.levels.before, reading.levels.now];
    let usual = rates.into_iter().flatten().fold(0.0, f64::max) * per;
    let room = match panel.spec.better {
        Better::Higher => 1.15,
        Better::Lower => 2.0,
    };
    let top = spark::top(values);
    if usual > 0.0 { top.min(usual * HEADROOM).max(baseline * room) } else { top }
}

/// The time of the rightmost column: that of the newest tick, moved on while none comes.
pub fn end(state: &State, panel: &Panel) -> i64 {
    let counted = panel.ticks.last().map(|tick| tick.at);
    let level = panel.levels.last().map(|level| level.at);
    let point = panel.points.last().map(|point| point.at);
    let newest = counted.max(level).max(point).unwrap_or(0);
    let source = &panel.spec.source;
    let due = state.second_at(source) - evidence::stale_seconds(state.source(source), panel.step);
    newest.max(due - due.rem_euclid(panel.step.max(1)))
}
