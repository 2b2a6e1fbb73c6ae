//! The verdict of a release from what its panels say. Absence of evidence is never GO.

use serde::{Deserialize, Serialize};

use super::{
    cap::Capped,
    panel::Standing,
    shared::Change,
    split::{SplitFinding, SplitStanding},
};
use crate::domain::{
    clean::Clean,
    verdict::{Verdict, Word},
};

/// One panel with two arms, as far as the release is concerned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelSays {
    pub name: Clean,
    pub critical: bool,
    pub business: bool,
    /// What its judge says, none before the canary was exposed. A regression stands whatever else is wrong.
    pub standing: Option<Standing>,
    /// The ratio in words, as [`super::Finding::words`] has it; empty if there is none.
    pub ratio: Clean,
    /// Why its numbers cannot be trusted now: no data, partial, stale, an error, a silent arm.
    pub trouble: Option<Clean>,
    /// Its exposures are its share of the traffic, so that they mean nothing while the split fails.
    pub by_traffic: bool,
    pub cap: Option<Capped>,
    /// Its baseline arm against the hour before.
    pub baseline: Change,
}

/// One panel without arms, against the hour before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedSays {
    pub name: Clean,
    pub critical: bool,
    pub change: Change,
    pub trouble: Option<Clean>,
}

/// Everything that a verdict is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Says {
    pub panels: Vec<PanelSays>,
    pub shared: Vec<SharedSays>,
    pub split: Option<SplitFinding>,
    /// Declared panels that cannot be used and are critical, or may be: why, in words.
    pub unusable: Vec<Clean>,
    /// The weight since when exposure goes on, in words: "10 %".
    pub exposed_at: Option<Clean>,
}

/// The verdict of a release with what belongs beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The word and its reasons, most important first.
    pub verdict: Verdict,
    /// Things to look at that decide nothing by themselves, as banners.
    pub notes: Vec<Clean>,
}

/// NO-GO on one critical regression; GO when every critical panel is within its tolerance, there is one, nothing
/// blocks it, and what could have hurt both arms has been looked at. Reasons stand most important first.
#[must_use]
pub fn verdict(says: &Says) -> Outcome {
    let critical: Vec<&PanelSays> = says.panels.iter().filter(|panel| panel.critical).collect();
    let notes = notes(says);
    let outcome = |word: Word, why: Vec<Clean>| Outcome { verdict: Verdict { word, why }, notes };

    let regressions: Vec<Clean> = critical.iter().filter_map(|panel| harm(panel)).collect();
    if !regressions.is_empty() {
        return outcome(Word::NoGo, regressions);
    }
    if critical.is_empty() && says.unusable.is_empty() && !says.shared.iter().any(|shared| shared.critical) {
        return outcome(Word::Unknown, vec!["nothing critical is watched".into()]);
    }
    let mut unknown: Vec<Clean> = says.unusable.clone();
    unknown.extend(critical.iter().filter_map(|panel| ignorance(panel, says.split.as_ref())));
    unknown.extend(says.shared.iter().filter(|shared| shared.critical).filter_map(shared_ignorance));
    if critical.is_empty() {
        unknown.push("no critical panel compares the arms".into());
    }
    if !unknown.is_empty() {
        return outcome(Word::Unknown, unknown);
    }
    let collecting: Vec<Clean> = critical
        .iter()
        .filter(|panel| panel.standing != Some(Standing::Within))
        .map(|panel| Clean::new(format!("{}: collecting", panel.name)))
        .collect();
    if !collecting.is_empty() {
        return outcome(Word::Collecting, collecting);
    }
    let blocked = blocks(says, &critical);
    if !blocked.is_empty() {
        return outcome(Word::Unknown, blocked);
    }
    let early = early(says, &critical);
    if !early.is_empty() {
        let names = early.join(", ");
        return outcome(
            Word::Collecting,
            vec![Clean::new(format!("too early to say whether both arms got worse: {names}"))],
        );
    }
    let is_technical_only = !critical.iter().any(|panel| panel.business);
    let reason =
        if is_technical_only { "technical only: no business panel is critical" } else { "critical in tolerance" };
    outcome(Word::Go, vec![reason.into()])
}

/// Why a critical panel is a NO-GO by itself.
fn harm(panel: &PanelSays) -> Option<Clean> {
    if panel.standing == Some(Standing::Regression) {
        return Some(Clean::new(format!("{} {}", panel.name, panel.ratio).trim_end()));
    }
    (panel.cap == Some(Capped::Canary)).then(|| Clean::new(format!("{}: above its hard cap", panel.name)))
}

/// Why nothing can be said of a panel.
fn ignorance(panel: &PanelSays, split: Option<&SplitFinding>) -> Option<Clean> {
    let why = match (&panel.trouble, panel.standing) {
        (Some(trouble), _) => trouble.clone(),
        (None, None) => "no exposures on the canary yet".into(),
        (None, Some(_)) if panel.by_traffic && split.is_some_and(is_off) => "the traffic split fails".into(),
        (None, Some(_)) if panel.by_traffic && split.is_some_and(is_unseen) => "the traffic split is not known".into(),
        (None, Some(_)) => return None,
    };
    Some(Clean::new(format!("{}: {why}", panel.name)))
}

fn shared_ignorance(shared: &SharedSays) -> Option<Clean> {
    let why = match (&shared.trouble, shared.change) {
        (Some(trouble), _) => trouble.clone(),
        (None, Change::Unknown) => "too little is known of the hour before".into(),
        (None, Change::Collecting) => "too early to compare with the hour before".into(),
        (None, Change::Same | Change::Worse) => return None,
    };
    Some(Clean::new(format!("{}: {why}", shared.name)))
}

fn is_off(split: &SplitFinding) -> bool {
    match split.standing {
        SplitStanding::TooMuch | SplitStanding::TooLittle => true,
        SplitStanding::Holds | SplitStanding::Collecting | SplitStanding::Unseen => false,
    }
}

fn is_unseen(split: &SplitFinding) -> bool {
    match split.standing {
        SplitStanding::Unseen => true,
        SplitStanding::TooMuch | SplitStanding::TooLittle | SplitStanding::Holds | SplitStanding::Collecting => false,
    }
}

/// What turns a GO into UNKNOWN.
fn blocks(says: &Says, critical: &[&PanelSays]) -> Vec<Clean> {
    let mut why = Vec::new();
    if let Some(split) = says.split.as_ref().filter(|split| is_off(split)) {
        why.push(split_words(split));
    }
    let worse: Vec<&str> = says
        .shared
        .iter()
        // What was worse when it was last seen is not better for not being seen.
        .filter(|shared| shared.change == Change::Worse)
        .map(|shared| shared.name.as_str())
        .chain(critical.iter().filter(|panel| panel.baseline == Change::Worse).map(|panel| panel.name.as_str()))
        .collect();
    if !worse.is_empty() {
        let since = says.exposed_at.as_ref().map_or("the canary began", |weight| weight.as_str());
        why.push(Clean::new(format!(
            "both arms are worse since {since}; the canary may be hurting something shared: {}",
            worse.join(", ")
        )));
    }
    for panel in critical.iter().filter(|panel| panel.cap == Some(Capped::Both)) {
        why.push(Clean::new(format!("{}: both arms are above its hard cap", panel.name)));
    }
    why
}

/// What is known of the hour before the release, and not yet long enough of the time since: a comparison of arms alone
/// would call what hurts both of them good.
fn early<'a>(says: &'a Says, critical: &[&'a PanelSays]) -> Vec<&'a str> {
    let shared = says.shared.iter().filter(|shared| shared.trouble.is_none() && shared.change == Change::Collecting);
    let arms = critical.iter().filter(|panel| panel.baseline == Change::Collecting);
    shared.map(|shared| shared.name.as_str()).chain(arms.map(|panel| panel.name.as_str())).collect()
}

fn split_words(split: &SplitFinding) -> Clean {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let seen = split.seen.map_or_else(|| "nothing".to_owned(), percent);
    Clean::new(format!("traffic split: {seen} seen, {} set", percent(split.set)))
}

/// What a person should see whatever the verdict is.
fn notes(says: &Says) -> Vec<Clean> {
    let mut notes = Vec::new();
    for panel in &says.panels {
        if panel.cap == Some(Capped::Both) {
            notes.push(Clean::new(format!("{}: both arms are above the cap", panel.name)));
        }
        if !panel.critical {
            notes.extend(harm(panel).map(|why| Clean::new(format!("{why}, not critical"))));
        }
    }
    notes.extend(says.split.as_ref().filter(|split| is_off(split)).map(split_words));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(name: &str, standing: Standing) -> PanelSays {
        PanelSays {
            name: name.into(),
            critical: true,
            business: true,
            standing: Some(standing),
            ratio: "×0.41 (0.28–0.57)".into(),
            trouble: None,
            by_traffic: false,
            cap: None,
            baseline: Change::Same,
        }
    }

    fn fine() -> Says {
        Says { panels: vec![panel("orders", Standing::Within)], exposed_at: Some("10 %".into()), ..Says::default() }
    }

    fn off() -> SplitFinding {
        SplitFinding { standing: SplitStanding::TooLittle, set: 0.1, seen: Some(0.02), exposures: 1e4 }
    }

    fn says(change: impl FnOnce(&mut Says)) -> (Word, String) {
        let mut says = fine();
        change(&mut says);
        let verdict = verdict(&says).verdict;
        (verdict.word, verdict.why.first().map(ToString::to_string).unwrap_or_default())
    }

    #[test]
    fn the_word_follows_from_what_panels_say() {
        type Twist = fn(&mut Says);
        let cases: [(&str, Twist, Word, &str); 20] = [
            ("fine", |_| {}, Word::Go, "critical in tolerance"),
            ("nothing watched", |s| s.panels.clear(), Word::Unknown, "nothing critical is watched"),
            ("none critical", |s| s.panels[0].critical = false, Word::Unknown, "nothing critical is watched"),
            ("regression", |s| s.panels[0].standing = Some(Standing::Regression), Word::NoGo, "orders ×0.41"),
            ("one of two", |s| s.panels.push(panel("b", Standing::Regression)), Word::NoGo, "b ×0.41"),
            ("one collects", |s| s.panels.push(panel("b", Standing::Collecting)), Word::Collecting, "b: collecting"),
            ("no data", |s| s.panels[0].trouble = Some("no data".into()), Word::Unknown, "orders: no data"),
            ("not exposed", |s| s.panels[0].standing = None, Word::Unknown, "orders: no exposures"),
            (
                "a regression stands without data",
                |s| {
                    s.panels[0].standing = Some(Standing::Regression);
                    s.panels[0].trouble = Some("no data".into());
                },
                Word::NoGo,
                "orders",
            ),
            ("split", |s| s.split = Some(off()), Word::Unknown, "traffic split: 2.0 % seen, 10.0 % set"),
            (
                "a split hides no regression",
                |s| {
                    s.split = Some(off());
                    s.panels[0].by_traffic = true;
                    s.panels[0].standing = Some(Standing::Regression);
                },
                Word::NoGo,
                "orders",
            ),
            (
                "a split voids what is counted by traffic",
                |s| {
                    s.split = Some(off());
                    s.panels[0].by_traffic = true;
                    s.panels[0].standing = Some(Standing::Collecting);
                },
                Word::Unknown,
                "orders: the traffic split fails",
            ),
            (
                "both arms",
                |s| s.panels[0].baseline = Change::Worse,
                Word::Unknown,
                "both arms are worse since 10 %; the canary may be hurting something shared",
            ),
            (
                "both arms, early",
                |s| s.panels[0].baseline = Change::Collecting,
                Word::Collecting,
                "too early to say whether both arms got worse: orders",
            ),
            ("cap", |s| s.panels[0].cap = Some(Capped::Canary), Word::NoGo, "orders: above its hard cap"),
            ("both above the cap", |s| s.panels[0].cap = Some(Capped::Both), Word::Unknown, "orders: both arms"),
            (
                "others may regress",
                |s| {
                    s.panels.push(panel("cpu", Standing::Regression));
                    s.panels[1].critical = false;
                },
                Word::Go,
                "critical in tolerance",
            ),
            (
                "a critical panel that cannot be used",
                |s| s.unusable = vec!["payments cannot be used".into()],
                Word::Unknown,
                "payments cannot be used",
            ),
            (
                "which hides no regression",
                |s| {
                    s.unusable = vec!["payments cannot be used".into()];
                    s.panels[0].standing = Some(Standing::Regression);
                },
                Word::NoGo,
                "orders",
            ),
            ("unknown baseline", |s| s.panels[0].baseline = Change::Unknown, Word::Go, "critical in tolerance"),
        ];
        for (name, change, word, why) in cases {
            let (is, because) = says(change);
            assert_eq!(is, word, "{name}: {because}");
            assert!(because.starts_with(why), "{name}: {because}");
        }
    }

    #[test]
    fn shared_panels_block_and_critical_ones_must_be_known() {
        let pool = |critical, change, trouble: Option<&str>| SharedSays {
            name: "db pool".into(),
            critical,
            change,
            trouble: trouble.map(Into::into),
        };
        for (shared, word) in [
            (pool(false, Change::Same, None), Word::Go),
            (pool(false, Change::Worse, None), Word::Unknown),
            (pool(false, Change::Worse, Some("no data")), Word::Unknown),
            (pool(false, Change::Unknown, None), Word::Go),
            (pool(false, Change::Collecting, None), Word::Collecting),
            (pool(false, Change::Collecting, Some("no data")), Word::Go),
            (pool(true, Change::Unknown, None), Word::Unknown),
            (pool(true, Change::Same, Some("stale 42s")), Word::Unknown),
            (pool(true, Change::Same, None), Word::Go),
        ] {
            let (is, why) = says(|s| s.shared.push(shared.clone()));
            assert_eq!(is, word, "{shared:?}: {why}");
        }
        let (is, why) = says(|s| {
            s.panels.clear();
            s.shared.push(pool(true, Change::Same, None));
        });
        assert_eq!((is, why.as_str()), (Word::Unknown, "no critical panel compares the arms"));
    }

    #[test]
    fn without_a_business_panel_go_is_technical_only() {
        let mut says = fine();
        assert_eq!(verdict(&says).verdict.why, ["critical in tolerance".into()]);
        says.panels[0].business = false;
        let Verdict { word, why } = verdict(&says).verdict;
        assert_eq!((word, why), (Word::Go, vec!["technical only: no business panel is critical".into()]));
    }

    #[test]
    fn what_decides_nothing_is_noted() {
        let mut says = fine();
        says.panels.push(PanelSays { critical: false, ..panel("cpu", Standing::Regression) });
        says.split = Some(off());
        let notes = verdict(&says).notes;
        assert_eq!(notes.len(), 2);
        assert!(notes[0].contains("not critical") && notes[1].contains("traffic split"));
    }
}
