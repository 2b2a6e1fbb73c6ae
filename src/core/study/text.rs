//! What the evidence screen says of a panel in words, in the order in which somebody in doubt asks: what is said, what
//! was counted, what it costs, by which rules, how it came about, and what exactly was asked.

use crate::{
    core::{
        evidence::{self, Mark, aged, said},
        metrics, number, reset,
        sheet::wrap,
        state::{Judged, Open, Panel, State},
    },
    domain::{
        analysis::{BadSide, Limit, LimitMeans},
        clean::{Clean, Name},
        panel::{Better, PanelKind, Side},
        revision::Pod,
        series::Counts,
        target::Target,
        template::{self, Place},
        time::Seconds,
    },
    judge,
};

/// Columns of the labels.
pub const LABEL: usize = 11;
/// Columns of the screen from which the text stands in two columns.
const TWO_COLUMNS: u16 = 120;
/// Changes of the verdict that are listed at most.
const CHANGES: usize = 30;
/// Pods that are named at most.
const NAMED: usize = 3;

/// One sentence below the charts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// As the mark of the panel, or of a moment in its history.
    Marked(Mark),
    /// Something that a reader must not overlook.
    Warning,
    /// Queries, as they are sent.
    Wire,
    Quiet,
}

/// The text below the charts, in columns side by side, broken into lines.
#[must_use]
pub fn text(state: &State, open: &Open, panel: &Panel) -> Vec<Vec<Sentence>> {
    let width = usize::from(state.size.columns);
    let (facts, rules) = (facts(state, open, panel), by_rule(panel));
    let (history, sources) = (history(state, panel), sources(state, open, panel));
    if state.size.columns >= TWO_COLUMNS {
        let columns = column_width(width);
        return vec![
            broken(facts.into_iter().chain(rules), columns),
            broken(history.into_iter().chain(sources), columns),
        ];
    }
    vec![broken(facts.into_iter().chain(history).chain(rules).chain(sources), width.saturating_sub(2))]
}

/// Columns of the screen that each of two columns of text has.
#[must_use]
pub const fn column_width(width: usize) -> usize {
    width.saturating_sub(4) / 2
}

fn broken(sentences: impl IntoIterator<Item = Sentence>, width: usize) -> Vec<Sentence> {
    let room = width.saturating_sub(LABEL).max(1);
    let lines = |Sentence { label, text, tone }: Sentence| {
        let label = move |place: usize| if place == 0 { label } else { "" };
        wrap(&text, room)
            .into_iter()
            .enumerate()
            .map(move |(place, text)| Sentence { label: label(place), text, tone })
            .collect::<Vec<_>>()
    };
    sentences.into_iter().flat_map(lines).collect()
}

struct Said(Vec<Sentence>);

impl Said {
    fn say(&mut self, label: &'static str, text: impl Into<String>, tone: Tone) {
        self.0.push(Sentence { label, text: text.into(), tone });
    }

    fn plain(&mut self, label: &'static str, text: impl Into<String>) {
        self.say(label, text, Tone::Plain);
    }
}

/// What is said of it, what was counted, what it costs, and what waiting may bring.
fn facts(state: &State, open: &Open, panel: &Panel) -> Vec<Sentence> {
    let mut said = Said(Vec::new());
    let reading = &panel.reading;
    let mark = metrics::mark(state, panel);
    said.say("verdict", standing(state, panel), Tone::Marked(mark));
    for reset in reset::held(state, panel) {
        said.plain("set aside", reset::words_of(state, reset));
    }
    match panel.spec.kind {
        PanelKind::Ratio { .. } | PanelKind::Rate { .. } | PanelKind::Latency { .. } => {
            counts(state, panel, &mut said);
            unheard(state, open, panel, &mut said);
        }
        PanelKind::Value { .. } => {
            said.plain("canary", said::value(panel, reading.levels.now));
            said.plain("baseline", said::value(panel, reading.levels.before));
        }
        PanelKind::Shared { .. } => {
            said.plain("now", said::value(panel, reading.levels.now));
            said.plain(
                "before",
                format!("{} in the hour before the release", said::value(panel, reading.levels.before)),
            );
        }
        PanelKind::Analysis { .. } => said.plain("now", said::value(panel, reading.levels.now)),
    }
    if let Some(loss) = &reading.loss {
        let mut text = said::missing(panel, loss, false);
        text.extend(said::growing(loss).map(|growing| format!(", {growing} now")));
        text.extend(said::money(loss).map(|money| format!(", {money}")));
        said.plain("cost", text);
    }
    ahead(state, panel, &mut said);
    said.0
}

/// The rules it is held to, and how far they can be relied on.
fn by_rule(panel: &Panel) -> Vec<Sentence> {
    let mut said = Said(Vec::new());
    judged(panel, &mut said);
    rules(panel, &mut said);
    for limit in &panel.spec.limits {
        said.plain("limit", limit_words(panel, limit));
    }
    if let Some(cap) = panel.spec.cap {
        let share = said::value(panel, Some(cap.share));
        let least = number::count(cap.exposures);
        said.plain("cap", format!("{share} of at least {least} exposures, whatever the baseline shows"));
    }
    frequent(panel, &mut said);
    said.0
}

/// The mark in words, and why.
fn standing(state: &State, panel: &Panel) -> String {
    let reading = &panel.reading;
    let ratio = said::ratio(reading).unwrap_or_default();
    let since = said::since(state, panel).map(|since| format!(" since {since}")).unwrap_or_default();
    match metrics::mark(state, panel) {
        Mark::Regression => {
            let found = panel.evidence.finding.and_then(|finding| finding.latched_at);
            let found = found.map(|at| state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, at)));
            let found = found.map(|at| format!("; found {at}, and stands until a person resets it"));
            let doubt = reading.verdict.why.get(1).map(|why| format!("; now: {why}")).unwrap_or_default();
            format!("✗ beyond its tolerance: {ratio}{since}{}{doubt}", found.unwrap_or_default())
        }
        Mark::Good if !ratio.is_empty() => format!("✓ within its tolerance now: {ratio}{since}"),
        Mark::Good => format!("✓ {}", said::reasons(reading)),
        Mark::Look if panel.spec.kind.has_counts() => format!("! leans towards harm, not proved: {ratio}{since}"),
        Mark::Look => format!("! {}", said::reasons(reading)),
        Mark::Unknown if metrics::is_unheard(state, panel) && !reading.is_unknown() => {
            "? its source is silent; what is shown is the last that was heard".to_owned()
        }
        Mark::Unknown => format!("? {}", said::reasons(reading)),
        Mark::Collecting if !ratio.is_empty() => format!("◔ {}: {ratio}{since}", said::reasons(reading)),
        Mark::Collecting => format!("◔ {}", said::reasons(reading)),
        Mark::Weak => format!("~ {}", said::reasons(reading)),
    }
}

fn counts(state: &State, panel: &Panel, said: &mut Said) {
    let reading = &panel.reading;
    let of = |counts: Counts| {
        let rate = said::value(panel, counts.rate());
        if panel.spec.kind.counts_exposures() {
            format!("{rate}: {} of {}", number::count(counts.events), number::count(counts.exposures))
        } else {
            format!("{rate} by its share of the traffic: {} events", number::count(counts.events))
        }
    };
    let since = said::since(state, panel).map(|since| format!(" since {since}")).unwrap_or_default();
    let step = seconds(panel.step);
    let counted = format!(", {} ticks of {step}{since}", reading.ticks);
    let until = |side| {
        let until = aged::until(state, panel, side).map(|until| state.settings.zone.time_of_day(until));
        until.map(|until| format!("; old: until {until}")).unwrap_or_default()
    };
    said.plain("canary", format!("{}{counted}{}", of(reading.canary), until(Side::Canary)));
    said.plain("baseline", format!("{}{}", of(reading.baseline), until(Side::Baseline)));
    if let Some(side) = reading.silent {
        said.say("warning", format!("the {} reports no events; counted as 0", side.word()), Tone::Warning);
    }
}

/// Pods for which nothing can be said, and what would tell why they are silent: without exposures nobody can.
fn unheard(state: &State, open: &Open, panel: &Panel, said: &mut Said) {
    let unheard = evidence::unheard(open, panel);
    if unheard.is_empty() || !panel.reading.is_unknown() {
        return;
    }
    let since = |at: i64| format!(" since {}", state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, at)));
    let name = |(pod, last): &(&Pod, Option<i64>)| format!("{}{}", pod.name, last.map(since).unwrap_or_default());
    let names = unheard.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    let more = unheard.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let (it, its) = if unheard.len() == 1 { ("it", "its") } else { ("they", "their") };
    let why = if panel.spec.kind.compares_shares() {
        format!("not scraped, or nothing to count since {it} started; a panel of {its} requests would tell")
    } else {
        "not scraped".to_owned()
    };
    let text = format!("{names}{more}: {why}");
    said.say("not heard", text, Tone::Warning);
}

/// Counts of a frequent event are compared with more caution than they need.
fn frequent(panel: &Panel, said: &mut Said) {
    let rate = panel.reading.baseline.rate().filter(|_| panel.spec.kind.counts_exposures());
    let Some(rate) = rate.filter(|rate| *rate > judge::FREQUENT) else { return };
    let more = if rate < 0.99 { format!("up to {:.0} times", 1.0 / (1.0 - rate)) } else { "many times".to_owned() };
    let text = format!(
        "the event comes with {:.0} % of exposures: above {:.0} % the comparison is conservative: GO may take {more} \
         as long; count the rarer outcome instead",
        (rate * 100.0).min(100.0),
        judge::FREQUENT * 100.0
    );
    said.say("warning", text, Tone::Quiet);
}

fn ahead(state: &State, panel: &Panel, said: &mut Said) {
    let Some(forecast) = panel.reading.forecast else { return };
    if let Some(progress) = said::progress(state, panel).filter(|_| panel.reading.mark == Mark::Collecting) {
        let unit = if forecast.progress.is_some() { " if the arms are alike and traffic stays" } else { "" };
        said.plain("ready", format!("{progress}{unit}"));
    }
    let what = match panel.spec.better {
        Better::Higher => "a total loss",
        Better::Lower => "ten times as many",
    };
    let blind = match forecast.blind {
        Some(blind) => format!("{what} from now on would be visible in ≈{}", said::roughly(blind)),
        None => format!("{what} from now on would stay invisible for over 6 h"),
    };
    let enough = forecast.enough_weight.map(|weight| {
        format!(
            "; {} % of the traffic would show it within {}",
            number::percent(weight),
            said::roughly(evidence::ENOUGH)
        )
    });
    said.plain("outage", format!("{blind}{}", enough.unwrap_or_default()));
}

fn rules(panel: &Panel, said: &mut Said) {
    let spec = &panel.spec;
    let must = match spec.better {
        Better::Higher => "must not drop",
        Better::Lower => "must not rise",
    };
    let role = match (spec.critical, spec.business) {
        (true, true) => "critical, what customers came for",
        (true, false) => "critical, technical",
        (false, true) => "not critical, what customers came for",
        (false, false) => "not critical",
    };
    match spec.kind {
        PanelKind::Analysis { .. } => {
            said.plain("rule", "the backend's own; no part of our verdict");
            return;
        }
        PanelKind::Ratio { .. }
        | PanelKind::Rate { .. }
        | PanelKind::Latency { .. }
        | PanelKind::Value { .. }
        | PanelKind::Shared { .. } => {}
    }
    let tolerance = number::percent(spec.tolerance * 100.0);
    let bound = panel.evidence.finding.map(|finding| format!("; harm begins at ×{:.2}", finding.bound));
    said.plain("rule", format!("{role}; {must}, tolerance {tolerance} %{}", bound.unwrap_or_default()));
    if spec.kind.has_counts() {
        let settles = seconds(panel.settles());
        let text = format!(
            "lag {}, warm-up {}: ticks until {settles} after a change of weight are drawn and not counted",
            spec.lag, spec.warm_up
        );
        said.plain("counting", text);
    }
}

/// The judge's own numbers, and how far they can be relied on.
fn judged(panel: &Panel, said: &mut Said) {
    if let Some(spread) = panel.reading.dispersion {
        let text = if spread.calibrated {
            format!("φ {:.2}, measured before the release", spread.phi)
        } else {
            let why = panel.evidence.uncalibrated.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("φ {:.2}, uncalibrated{why}", spread.phi)
        };
        let tone = if spread.calibrated { Tone::Plain } else { Tone::Warning };
        said.say("noise", text, tone);
    }
    let (Some(judge), Some(finding)) = (&panel.evidence.judge, &panel.evidence.finding) else { return };
    let rules = judge.rules();
    let harm = said::harm(panel).unwrap_or_default();
    let harm = format!("{harm} (α {}, K {})", rules.alpha_nogo, rules.critical);
    let safe =
        format!("ln E of safety {:.2}, of {:.2} needed (α {})", finding.log_e_safe, rules.safe_bar(), rules.alpha_go);
    said.plain("evidence", format!("{harm}; {safe}"));
    said.say("", "at any look: α is exact for independent counts, simulated for clustered ones", Tone::Quiet);
}

/// How the verdict came about, newest first.
fn history(state: &State, panel: &Panel) -> Vec<Sentence> {
    let mut said = Said(Vec::new());
    let changes = changes(&panel.trail);
    for (place, judged) in changes.iter().rev().take(CHANGES).enumerate() {
        let label = if place == 0 { "history" } else { "" };
        let at = state.settings.zone.time_of_day(state.wall_of(&panel.spec.source, judged.at));
        said.say(label, format!("{at} {}", moment(judged)), Tone::Marked(judged.mark));
    }
    if changes.is_empty() && panel.spec.kind.has_counts() {
        said.say("history", "nothing was judged yet", Tone::Quiet);
    }
    said.0
}

/// Where the numbers come from, and what exactly is asked.
fn sources(state: &State, open: &Open, panel: &Panel) -> Vec<Sentence> {
    let mut said = Said(Vec::new());
    let age = state.age_of(panel).map(|age| format!(", newest sample {age} old"));
    let every = seconds(panel.step);
    let source = &panel.spec.source;
    said.plain("source", format!("{source}{}, ticks of {every}", age.unwrap_or_default()));
    let group = panel.spec.group.as_ref().map(|group| format!(", of group {group}")).unwrap_or_default();
    said.plain("origin", format!("{} panel of {}{group}", panel.spec.kind.word(), panel.spec.origin));
    let labels: &[&'static str] = match panel.spec.kind {
        PanelKind::Ratio { .. } => &["events", "exposures"],
        PanelKind::Latency { .. } => &["within", "requests"],
        PanelKind::Rate { .. } => &["events"],
        PanelKind::Value { .. } | PanelKind::Shared { .. } | PanelKind::Analysis { .. } => &["query"],
    };
    for ((query, _), label) in panel.spec.kind.queries().into_iter().zip(labels) {
        match template::fill(query, |place| place_value(panel, &open.target, place)) {
            Ok(query) => said.say(label, Clean::new(query).to_string(), Tone::Wire),
            Err(why) => said.say(label, why.to_string(), Tone::Warning),
        }
    }
    said.0
}

/// What stands for a place of a query.
#[must_use]
fn place_value(panel: &Panel, target: &Target, place: Place) -> Option<String> {
    match place {
        Place::Namespace => {
            let folders = target.path.len().saturating_sub(1);
            Some(target.path.iter().take(folders).map(Name::raw).collect::<Vec<_>>().join("/"))
        }
        Place::Name => Some(target.name().to_owned()),
        Place::Stable => panel.arms.as_ref().map(|arms| arms.baseline.hash.raw().to_owned()),
        Place::Canary => panel.arms.as_ref().and_then(|arms| arms.canary.as_ref()).map(|arm| arm.hash.raw().to_owned()),
    }
}

/// The moments at which what is said of a panel changed, oldest first.
#[must_use]
pub fn changes(trail: &[Judged]) -> Vec<&Judged> {
    let mut changes: Vec<&Judged> = Vec::new();
    for judged in trail {
        if changes.last().is_none_or(|last| last.mark != judged.mark) {
            changes.push(judged);
        }
    }
    changes
}

fn moment(judged: &Judged) -> String {
    let word = match judged.mark {
        Mark::Regression => "beyond its tolerance",
        Mark::Look => "leans towards harm",
        Mark::Unknown => "unknown",
        Mark::Collecting => "collecting",
        Mark::Weak => "weak",
        Mark::Good => "within its tolerance",
    };
    let ratio = judge::words(judged.ratio, judged.low, judged.high);
    format!("{} {word} {ratio}", judged.mark.glyph())
}

fn limit_words(panel: &Panel, limit: &Limit) -> String {
    let side = match limit.bad {
        BadSide::Above => "above",
        BadSide::Below => "below",
    };
    let at = said::value(panel, Some(limit.at));
    let inclusive = if limit.inclusive { " or at it" } else { "" };
    match limit.means {
        LimitMeans::NotSuccess => format!("the backend's analysis does not pass {side} {at}{inclusive}"),
        LimitMeans::Failure => format!("the backend's analysis fails {side} {at}{inclusive}"),
    }
}

fn seconds(seconds: i64) -> Seconds {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a release")]
    Seconds(seconds as f64)
}
