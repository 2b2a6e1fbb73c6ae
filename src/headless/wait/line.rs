//! One line of what is known while waiting, for people or for scripts.

use serde_json::{Value, json};

use super::ending::{Ending, word};
use crate::{
    core::{
        evidence::said,
        freshness::{Standing, standing},
        state::State,
    },
    domain::{release::Release, verdict::Word},
    headless::{
        numbers,
        status::text as release,
        verdict::{
            Told,
            json::of_release,
            text::{self, glyph},
        },
    },
};

/// What one line tells.
#[derive(Debug)]
pub(super) struct Line<'a> {
    state: &'a State,
    told: Option<Told<'a>>,
    /// Sources out of reach: name and why.
    lost: Vec<(String, String)>,
}

impl<'a> Line<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let lost = state.sources.iter().filter_map(|source| match standing(state, source) {
            Standing::Lost(why, _) => Some((source.name.to_string(), why.summary.to_string())),
            Standing::Stale(_) => Some((source.name.to_string(), "silent".to_owned())),
            Standing::Connecting | Standing::Live(_) => None,
        });
        Self { state, told: Told::of(state), lost: lost.collect() }
    }

    /// Whether there is anything to tell yet.
    pub(super) fn is_known(&self) -> bool {
        self.told.is_some() || !self.lost.is_empty()
    }

    /// What makes this line another than the last one: all but the figures, which move with every tick.
    pub(super) fn key(&self) -> String {
        let Some(told) = &self.told else { return format!("{:?}", self.lost) };
        let release = told.release;
        let figureless = |text: String| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        format!(
            "{:?} {} {:?} {} {} {} {} {:?}",
            release.id.revision,
            release.phase.word(),
            release.current_step().map(|(index, _)| index),
            release::at(release),
            release.waits_for_person(),
            figureless(text::said(&told.forward.numbers)),
            figureless(text::said(&told.forward.answer)),
            self.lost,
        )
    }

    /// The line, with how it ended if it did.
    pub(super) fn text(&self, json: bool, ending: Option<&Ending>) -> String {
        if json { format!("{}\n", self.json(ending)) } else { format!("{}\n", self.words(ending)) }
    }

    fn words(&self, ending: Option<&Ending>) -> String {
        let at = self.state.settings.zone.time_of_day(self.state.at.wall);
        let mut parts: Vec<String> = match ending {
            Some(ending) => vec![format!("{}: {ending}", ending.word())],
            None => Vec::new(),
        };
        if let Some(told) = &self.told {
            parts.push(place(told.release));
            parts.push(format!("{} {}", glyph(told.forward.answer.word), text::said(&told.forward.answer)));
            parts.extend(evidence(told));
            if told.forward.answer.word != told.forward.numbers.word {
                parts.push(format!("the numbers alone: {}", text::said(&told.forward.numbers)));
            }
        }
        parts.extend(self.lost.iter().map(|(name, why)| format!("no contact with {name}: {why}")));
        format!("{at}  {}", parts.join("  "))
    }

    fn json(&self, ending: Option<&Ending>) -> Value {
        let mut line = json!({
            "schema": 1,
            "event": if ending.is_some() { "end" } else { "change" },
            "at": self.state.at.wall,
            "target": self.state.open.as_ref().map(|open| open.target.to_string()),
            "sources": numbers::sources(self.state),
        });
        if let Some(told) = &self.told {
            let release = told.release;
            line["release"] = of_release(told);
            line["step"] = release.current_step().map_or(
                Value::Null,
                |(index, step)| json!({"index": index, "count": release.steps.len(), "label": step.label}),
            );
            line["weight"] = numbers::weight(release, Some(told.open));
            line["waits_for_person"] = json!(release.waits_for_person());
            line["verdict"] = numbers::verdict(&told.forward.answer);
            line["numbers"] = numbers::verdict(&told.forward.numbers);
        }
        if let Some(ending) = ending {
            line["result"] = json!(ending.word());
            line["until"] = match ending {
                Ending::Reached(until, _) => json!(word(*until)),
                Ending::Failed(_)
                | Ending::TimedOut(_)
                | Ending::Unreachable(_)
                | Ending::Interrupted
                | Ending::Nobody => Value::Null,
            };
            line["why"] = json!(ending.to_string());
            line["code"] = json!(ending.code());
        }
        line
    }
}

/// `ln E of harm 8.30, of 3.00 needed, reached 14:02:10`: what a NO-GO of the numbers was decided by.
fn evidence(told: &Told) -> Option<String> {
    let regressions = (told.forward.numbers.word == Word::NoGo).then(|| said::regressions(told.open))?;
    let critical = regressions.into_iter().find(|panel| panel.spec.critical)?;
    said::reached(told.state, critical)
}

/// `‖ paused 4/8 at 10 %, for a person`.
fn place(release: &Release) -> String {
    let glyph = release::glyph(release.phase);
    let person = if release.waits_for_person() { ", for a person" } else { "" };
    format!("{glyph} {}{}{person}", release.phase.word(), release::at(release))
}
