//! The sentences of the confirm dialog, customers first and the wire last, and how many lines they take.
//! `view` paints them and `update` scrolls in them. Every one comes from the plan or from what was observed.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::{
    acts::{Change, Part},
    against,
    evidence::{Mark, said},
    forward, policy,
    state::{Confirm, Rehearsal, State},
};
use crate::domain::{
    clean::Clean,
    goal::{Direction, Permission},
    plan::{Plan, Request},
    time::Seconds,
    verdict::Word,
};

/// Columns of the labels.
pub const LABEL: usize = 12;
/// The label of what stands against it.
const AGAINST: &str = "against";

/// The labels of the verdict, which comes after what customers get.
const BECAUSE: [&str; 2] = ["because", "despite"];

/// One sentence of the dialog.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// What customers get.
    First,
    /// For those who look closer: what goes over the wire.
    Wire,
    Warning,
    Good,
    /// Not what it was when the dialog opened.
    Changed,
    /// What it was.
    Was,
    Trouble,
}

/// Everything the dialog says, in order.
#[must_use]
pub fn sentences(state: &State, confirm: &Confirm) -> Vec<Sentence> {
    let plan = &confirm.plan;
    let mut sheet = Sheet { changed: &confirm.changed, said: Vec::new() };
    if let Some(why) = &confirm.denied {
        sheet.say(None, "not now", why.to_string(), Tone::Trouble);
    }
    if let Some(failure) = &confirm.not_sent {
        sheet.say(None, "not sent", failure.to_string(), Tone::Trouble);
    }
    if let Some(slept) = confirm.changed.iter().find(|change| change.part == Part::Slept) {
        sheet.say(None, "meanwhile", slept.now.to_string(), Tone::Changed);
    }
    sheet.say(Some(Part::Customers), "customers", plan.customers.to_string(), Tone::First);
    let forward = (policy::direction(plan) == Direction::Forward).then(|| forward::of(state));
    // Nobody goes forward because of a NO-GO.
    let is_against = forward.as_ref().is_some_and(|forward| forward.answer.word == Word::NoGo);
    let [because, despite] = BECAUSE;
    let (label, tone) = if is_against { (despite, Tone::Warning) } else { (because, Tone::Plain) };
    sheet.say(None, label, reason(state, forward.is_some()), tone);
    if let (Some(_), Some(open)) = (&forward, &state.open) {
        let (objections, more) = against::shown(state, open);
        for objection in objections {
            let tone = if objection.is_bad { Tone::Trouble } else { Tone::Warning };
            sheet.say(None, AGAINST, objection.text, tone);
        }
        if more > 0 {
            sheet.say(None, AGAINST, format!("and {more} more; leave this to see all"), Tone::Warning);
        }
    }
    if let Some(forward) = forward {
        if let Some(why) = forward.failed {
            sheet.say(None, "failed", why.to_string(), Tone::Warning);
        }
        if let Some(budgets) = forward.budgets {
            let why: Vec<&str> = budgets.why.iter().map(Clean::as_str).collect();
            sheet.say(None, "budget", format!("{}: {}", budgets.word, why.join("; ")), Tone::Warning);
        }
    }
    if let Some(cost) = state.open.as_ref().and_then(|open| said::price_of(open, plan)) {
        let money = cost.money.map(|money| format!(" ({money})")).unwrap_or_default();
        sheet.say(None, "costs", format!("{}{money}, for the same traffic and ratio", cost.events), Tone::Warning);
    }
    if let Some(reach) = reach(plan) {
        sheet.say(Some(Part::Reach), "runs", reach, Tone::Plain);
    }
    for warning in &plan.warnings {
        sheet.say(Some(Part::Warnings), "warning", warning.to_string(), Tone::Warning);
    }
    for left in &plan.not_undone {
        sheet.say(Some(Part::NotUndone), "not undone", left.to_string(), Tone::Plain);
    }
    if let Some(next) = &plan.going_on {
        sheet.say(Some(Part::GoingOn), "going on", next.to_string(), Tone::Plain);
    }
    sheet.say(Some(Part::Permission), "who", who(state, plan), Tone::Plain);
    for request in &plan.requests {
        sheet.say(Some(Part::Requests), "sends once", wire(request), Tone::Wire);
    }
    if !plan.only_if.is_empty() {
        let conditions: Vec<&str> = plan.only_if.iter().map(Clean::as_str).collect();
        sheet.say(Some(Part::OnlyIf), "", format!("only if {}", conditions.join(", and ")), Tone::Wire);
    }
    let within = plan.expect.within;
    sheet.say(
        Some(Part::Expectation),
        "then",
        format!("watches until {}, at most {within}", plan.expect.text),
        Tone::Wire,
    );
    match &confirm.rehearsal {
        Some(Rehearsal::Asked(_)) => sheet.say(None, "dry run", "asking the server …".into(), Tone::Plain),
        Some(Rehearsal::Passed) => sheet.say(None, "dry run", "✓ the server would take it".into(), Tone::Good),
        Some(Rehearsal::Refused(why)) => sheet.say(None, "dry run", format!("✗ {why}"), Tone::Trouble),
        None => {}
    }
    sheet.said
}

struct Sheet<'a> {
    changed: &'a [Change],
    said: Vec<Sentence>,
}

impl Sheet<'_> {
    fn say(&mut self, part: Option<Part>, label: &'static str, text: String, tone: Tone) {
        let again = !label.is_empty() && self.said.iter().any(|s| s.label == label);
        let shown = if again { "" } else { label };
        let change = part.and_then(|part| self.changed.iter().find(|c| c.part == part));
        let tone = if change.is_some() { Tone::Changed } else { tone };
        self.said.push(Sentence { label: shown, text, tone });
        if let Some(change) = change.filter(|_| !again) {
            self.said.push(Sentence { label: "was", text: change.was.to_string(), tone: Tone::Was });
        }
    }
}

/// The verdict with what is wrong and what it costs, and how old its numbers are. Before going forward what else is
/// wrong has a line each.
fn reason(state: &State, is_forward: bool) -> String {
    let Some(open) = &state.open else { return "nothing is known of it now".into() };
    let mut text = if is_forward { said::headline(state, open) } else { said::sentence(state, open) };
    let looks = open.panels.iter().filter(|panel| panel.reading.off && panel.reading.mark != Mark::Regression);
    for panel in looks.filter(|panel| !is_forward && !panel.reading.is_unknown()) {
        let ratio = panel.reading.ratio.map(|ratio| format!(" ×{ratio:.2}")).unwrap_or_default();
        text.extend(["; ", panel.spec.name.as_str(), &ratio, " asks for a look"]);
    }
    // Of what the verdict stands on, where that is one panel: others may be younger.
    let panels = said::leading(open).map_or(open.panels.as_slice(), std::slice::from_ref);
    match panels.iter().filter_map(|panel| state.age_of(panel)).min_by(|one, other| one.0.total_cmp(&other.0)) {
        Some(age) => format!("{text}; newest sample {age} old"),
        None => text,
    }
}

/// What a forward plan commits to, in words.
#[must_use]
pub fn reach(plan: &Plan) -> Option<String> {
    let reach = plan.reach.as_ref()?;
    let path: Vec<&str> = reach.path.iter().map(Clean::as_str).collect();
    let stop = match &reach.next_stop {
        Some(stop) => format!("stops at {stop}"),
        None => "asks nobody again".into(),
    };
    let time = reach.seconds.map(|Seconds(s)| format!(" ≈{}", Seconds(s))).unwrap_or_default();
    Some(if path.is_empty() { format!("{stop}{time}") } else { format!("{}; {stop}{time}", path.join(", ")) })
}

fn who(state: &State, plan: &Plan) -> String {
    let source = &plan.release.target.source;
    let user = state.source(source).and_then(|s| s.user.clone());
    let name = user.map_or_else(|| "as whom is not known".to_owned(), |user| format!("as {user}"));
    let may = match &plan.permission {
        Permission::Yes => "allowed".to_owned(),
        Permission::No(why) => format!("denied: {why}"),
        Permission::Checking => "permission is being checked".to_owned(),
    };
    format!("{name} on {source} · {may}")
}

/// A request as one line.
#[must_use]
pub fn wire(request: &Request) -> String {
    match request {
        Request::Http { method, path, body, template, .. } => {
            let from = template.as_ref().map(|t| format!("  with the template of {}", t.revision)).unwrap_or_default();
            // The dialog's title names source and namespace.
            let within = path.split_once("/namespaces/").and_then(|(_, rest)| rest.split_once('/'));
            let path = within.map_or(path.as_str(), |(_, rest)| rest);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            Clean::new(format!("{method} {path}  {}{from}", written(body))).to_string()
        }
        Request::Command { argv, .. } => Clean::new(argv.join(" ")).to_string(),
        Request::Line { socket, text } => Clean::new(format!("{socket}  {text}")).to_string(),
    }
}

/// A body as one reads it: of a JSON patch what it writes, each path with its value, and how many tests
/// guard it; the tests themselves stand in words behind "only if".
fn written(body: &Value) -> String {
    let Some(operations) = body.as_array().filter(|ops| ops.iter().all(|op| op.get("op").is_some())) else {
        return body.to_string();
    };
    let is_test = |op: &&Value| op.get("op").and_then(Value::as_str) == Some("test");
    let text = |op: &Value, key: &str| op.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let writes: Vec<String> = operations
        .iter()
        .filter(|op| !is_test(op))
        .map(|op| match op.get("value") {
            Some(value) => format!("{} {}: {value}", text(op, "op"), text(op, "path")),
            None => format!("{} {}", text(op, "op"), text(op, "path")),
        })
        .collect();
    match operations.iter().filter(is_test).count() {
        0 => format!("{}, unguarded", writes.join(", ")),
        1 => format!("{}, guarded by 1 test", writes.join(", ")),
        tests => format!("{}, guarded by {tests} tests", writes.join(", ")),
    }
}

/// A line of the dialog as it fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

/// The sentences broken into lines of `width` columns, labels included.
#[must_use]
pub fn lines(state: &State, confirm: &Confirm, width: usize) -> Vec<Line> {
    let room = width.saturating_sub(LABEL).max(1);
    let broken = |sentence: Sentence| {
        let Sentence { label, text, tone } = sentence;
        let label = |place: usize| if place == 0 { label } else { "" };
        wrap(&text, room)
            .into_iter()
            .enumerate()
            .map(move |(place, text)| Line { label: label(place), text, tone })
            .collect::<Vec<_>>()
    };
    sentences(state, confirm).into_iter().flat_map(broken).collect()
}

/// How many lines tell what customers get, with all that stands above it.
#[must_use]
pub fn first(lines: &[Line]) -> usize {
    lines.iter().position(|line| BECAUSE.contains(&line.label)).unwrap_or(lines.len())
}

/// Breaks text at spaces so that each line fits into `width` columns; longer words are broken anywhere.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let space = usize::from(!line.is_empty());
        if line.width() + space + word.width() <= width {
            line.extend((space == 1).then_some(' '));
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            let mut buffer = [0; 4];
            if !line.is_empty() && line.width() + (*c.encode_utf8(&mut buffer)).width() > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_read_by_what_it_writes() {
        let cases = [
            (serde_json::json!({"spec": {"paused": true}}), r#"{"spec":{"paused":true}}"#),
            (
                serde_json::json!([{"op": "test", "path": "/metadata/uid", "value": "1"}, {"op": "add", "path": "/status/abort", "value": true}]),
                "add /status/abort: true, guarded by 1 test",
            ),
            (serde_json::json!([{"op": "remove", "path": "/spec/paused"}]), "remove /spec/paused, unguarded"),
        ];
        for (body, text) in cases {
            assert_eq!(written(&body), text);
        }
    }

    #[test]
    fn text_is_broken_at_spaces_and_long_words_anywhere() {
        let cases: [(&str, usize, &[&str]); 5] = [
            ("one two three", 7, &["one two", "three"]),
            ("abcdefgh", 3, &["abc", "def", "gh"]),
            ("", 5, &[""]),
            ("日本語", 4, &["日本", "語"]),
            ("a b", 0, &["a", "b"]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(wrap(text, width), expected, "{text:?} in {width}");
        }
    }
}
