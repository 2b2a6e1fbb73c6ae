//! Which panels the opened release has: what its own objects declare, what its analysis asks, and what was configured.
//!
//! The rank decides between two of the same name and kind: first what travels with the release, in the backend's
//! order, then the user's own, then a trusted file's.

use super::{notices, questions};
use crate::{
    core::{
        evidence,
        settings::{Role, Settings},
        state::{Panel, State, Wrong},
    },
    domain::{
        analysis::Check,
        clean::{Clean, Name},
        panel::{Better, Declared, PanelKind, PanelSpec, TargetPattern},
        release::Release,
        target::Target,
        timeline::MomentKind,
    },
};

/// Makes the panels of the opened release fit what is declared now. One that stays keeps everything; one whose rules
/// or queries changed begins anew: a rule that is made while the numbers are seen proves nothing about them.
pub(super) fn follow(state: &mut State) {
    let now = state.at.mono;
    let Some(open) = &mut state.open else { return };
    let wanted = wanted(&state.settings, &open.target, open.release.as_deref());
    if open.wrong == wanted.wrong && open.panels.iter().map(|panel| &panel.spec).eq(&wanted.specs) {
        return;
    }
    let mut before: Vec<Panel> = std::mem::take(&mut open.panels);
    for spec in wanted.specs {
        let kept = before.iter().position(|panel| panel.spec == spec).map(|place| before.swap_remove(place));
        let step = questions::step(&state.settings, &spec.source);
        open.panels.push(kept.unwrap_or_else(|| Panel::new(spec, None, step, now)));
    }
    open.wrong = wanted.wrong;
    let mut notes = wanted.notes;
    let arms = open.release.as_ref().and_then(|release| release.arms());
    for panel in before {
        let (name, origin) = (panel.spec.name.clone(), panel.spec.origin.clone());
        let same = |other: &Panel| other.spec.name == name && other.spec.kind.word() == panel.spec.kind.word();
        let next = open.panels.iter_mut().find(|other| same(other));
        let harm = panel.regression().filter(|_| panel.spec.critical && (arms.is_none() || panel.arms == arms));
        let anew = next.as_ref().is_some_and(|next| next.spec.origin == origin);
        let what = match (harm, next) {
            // What was found stands until it was judged by the new rule too.
            (Some(found), Some(next)) => {
                next.arms.clone_from(&panel.arms);
                next.evidence.found = Some(found);
                next.reading = evidence::look(next);
                "was changed; judging starts over"
            }
            // Taking away what found the harm is no way to set it aside.
            (Some(_), None) => {
                open.panels.push(panel);
                "was removed; the regression it found stands until it is reset"
            }
            (None, _) if anew => "was changed; judging starts over",
            (None, _) => "was removed",
        };
        notes.push(format!("panel `{name}` of {origin} {what}").into());
    }
    notes.retain(|note| !open.seen.iter().any(|moment| moment.text == *note));
    for note in notes {
        notices::note(state, MomentKind::Source, note);
    }
}

/// What a release should show.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    specs: Vec<PanelSpec>,
    wrong: Vec<Wrong>,
    notes: Vec<Clean>,
}

fn wanted(settings: &Settings, target: &Target, release: Option<&Release>) -> Wanted {
    let mut wanted = Wanted::default();
    for declared in release.iter().flat_map(|release| &release.declared) {
        match declared {
            Declared::Panel { spec, source } => match find_source(settings, source.as_ref()) {
                Ok(source) => wanted.add(PanelSpec { source, ..PanelSpec::clone(spec) }),
                Err(why) => wanted.wrong(spec.origin.clone(), format!("panel `{}` {why}", spec.name), spec.critical),
            },
            // A mistake may have cost it the word that makes it critical.
            Declared::Wrong { origin, why } => wanted.wrong(origin.clone(), why.clone(), true),
        }
    }
    for check in release.iter().flat_map(|release| &release.checks) {
        analysis(settings, check, &mut wanted);
    }
    for spec in settings.panels.iter().filter(|spec| spec.targets.matches(target)) {
        wanted.add(spec.clone());
    }
    wanted
}

/// What the backend's own analysis asks for. What no source of ours understands is not ours to ask: the backend's
/// own measurements stand for it.
fn analysis(settings: &Settings, check: &Check, wanted: &mut Wanted) {
    if check.provider.as_str() != PROMETHEUS {
        return;
    }
    let origin = check.template.clone();
    let query = match (&check.query, &check.unresolved) {
        (_, Some(why)) => return wanted.wrong(origin, format!("`{}` cannot be asked: {why}", check.name), false),
        (Some(query), None) => query.clone(),
        (None, None) => return,
    };
    match find_source(settings, None) {
        Ok(source) => wanted.add(PanelSpec {
            targets: TargetPattern(Vec::new()),
            source,
            limits: check.limits.clone(),
            all_lines: check.is_all_lines(),
            unit: "".into(),
            per: 1.0,
            origin,
            // Its limits say what is bad; nothing here compares.
            ..PanelSpec::new(check.name.clone(), PanelKind::Analysis { query }, Better::Lower)
        }),
        Err(why) => wanted.wrong(origin, format!("`{}` {why}", check.name), false),
    }
}

/// The provider of an analysis whose queries our sources understand.
const PROMETHEUS: &str = "prometheus";

/// The source that is named, or the only one there is.
fn find_source(settings: &Settings, named: Option<&Name>) -> Result<Name, String> {
    let metrics: Vec<&Name> =
        settings.sources.iter().filter(|source| source.role == Role::Metrics).map(|source| &source.name).collect();
    match (named, metrics.as_slice()) {
        (Some(named), known) if known.contains(&named) => Ok(named.clone()),
        (Some(named), _) => Err(format!("asks `{named}`, which is not configured as a source of numbers")),
        (None, [only]) => Ok(Name::clone(only)),
        (None, []) => Err("has no source of numbers to ask; configure one".to_owned()),
        (None, _) => Err("does not say which source of numbers to ask, and there are several".to_owned()),
    }
}

impl Wanted {
    fn add(&mut self, spec: PanelSpec) {
        let same = |other: &PanelSpec| other.name == spec.name && other.kind.word() == spec.kind.word();
        if let Some(first) = self.specs.iter_mut().find(|other| same(other)) {
            let note = format!("panel `{}` of {} is left out: {} has it too", spec.name, spec.origin, first.origin);
            self.notes.push(note.into());
            // Whoever called it critical goes on being warned.
            first.critical |= spec.critical;
            first.business |= spec.business;
        } else {
            self.specs.push(spec);
        }
    }

    fn wrong(&mut self, origin: Clean, why: impl Into<Clean>, decides: bool) {
        self.wrong.push(Wrong { origin, why: why.into(), decides });
    }
}
