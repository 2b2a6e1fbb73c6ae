//! The verdict, the panels and the evidence screen: every verdict, with few panels and with many, in every size.

use std::sync::Arc;

use flightdeck::{
    core::{
        state::{Pane, State, View},
        study::{Chosen, Range},
    },
    domain::{
        analysis::{Check, Measured},
        failure::{Failure, FailureKind},
        health::Health,
    },
    headless::picture,
    theme::Theme,
};

use crate::{
    SIZES, frame,
    judged::{self, VERDICTS, Verdict},
    kept, roles, shown, size,
};

/// Several frames in one text, each under its name.
fn together(frames: impl IntoIterator<Item = (String, State)>) -> String {
    let frame = |(name, state): (String, State)| format!("=== {name}\n{}\n", shown(&name, &state));
    frames.into_iter().map(frame).collect()
}

fn metrics(verdict: Verdict, panels: usize, at: (u16, u16)) -> State {
    let mut state = judged::release(verdict, panels, size(at));
    state.open.as_mut().unwrap().tab = Some(Pane::Metrics);
    state
}

#[test]
fn every_verdict_with_few_panels_and_with_many() {
    for at in SIZES {
        for panels in [1, 7, 30] {
            let frames = VERDICTS.map(|verdict| {
                let name = format!("verdict_{verdict:?}_{panels}_{}x{}", at.0, at.1).to_lowercase();
                (name, metrics(verdict, panels, at))
            });
            insta::assert_snapshot!(format!("verdicts_{panels}_{}x{}", at.0, at.1), together(frames));
        }
    }
}

/// What the controller measured is told where our own source has no value of it.
#[test]
fn what_was_measured_is_never_called_unmeasured() {
    let measured = |value: &str, number: Option<f64>, phase: &str| Measured {
        at: None,
        value: value.into(),
        number,
        phase: phase.into(),
    };
    for (measured, phase, said) in [
        (vec![measured("[0.21]", Some(0.21), "Failed")], Some("Failed"), "error-ratio was 0.21, failed"),
        (vec![measured("", None, "Error")], Some("Running"), "error-ratio gave no value, error"),
        (vec![measured("NaN", None, "Inconclusive")], Some("Running"), "error-ratio was NaN, inconclusive"),
        (vec![], Some("Failed"), "error-ratio Failed, and no measurement is kept"),
        (vec![], Some("Pending"), "error-ratio not measured yet"),
        (vec![], None, "error-ratio not measured yet"),
    ] {
        let mut state = metrics(Verdict::Go, 1, (120, 40));
        let open = state.open.as_mut().unwrap();
        let mut release = open.release.as_deref().unwrap().clone();
        let is_measured = !measured.is_empty();
        release.checks[0] = Check { measured, phase: phase.map(Into::into), ..release.checks[0].clone() };
        open.release = Some(Arc::new(release));
        let shown = shown("measured", &state);
        assert!(shown.contains(said), "{said}:\n{shown}");
        assert!(!(is_measured && shown.contains("not measured yet")), "{shown}");
    }
}

#[test]
fn whatever_is_wrong_stays_on_screen_or_is_counted() {
    let frames = SIZES.map(|at| (format!("all_wrong_{}x{}", at.0, at.1), judged::all_wrong(size(at))));
    insta::assert_snapshot!("all_wrong", together(frames));
    for at in [(80, 24), (120, 40)] {
        let mut state = metrics(Verdict::NoGo, 30, at);
        let folded = shown("folded", &state);
        for part in ["✗ orders", "! abandoned carts", "? chat contacts", "? panel `carts`", "! db pool in use"] {
            assert!(folded.contains(part), "{part} at {at:?}:\n{folded}");
        }
        state.open.as_mut().unwrap().unfolded = true;
        let unfolded = shown("unfolded", &state);
        assert!(unfolded.contains("lines 1–") && !unfolded.contains(" more: "), "{unfolded}");
    }
}

/// What each panel on the evidence screen is chosen by.
fn studied(verdict: Verdict, panel: (&str, &str), range: Range, at: (u16, u16)) -> State {
    let mut state = judged::release(verdict, 7, size(at));
    let open = state.open.as_mut().unwrap();
    open.view = View::Evidence;
    open.study.panel = Some(Chosen { name: panel.0.into(), kind: panel.1.to_owned() });
    open.study.range = range;
    state
}

#[test]
fn the_evidence_of_a_panel() {
    for at in SIZES {
        let cases = [
            (Verdict::NoGo, ("orders", "ratio"), Range::Quarter),
            (Verdict::NoGo, ("orders", "ratio"), Range::All),
            (Verdict::Collecting, ("orders", "ratio"), Range::Quarter),
            (Verdict::Go, ("error ratio", "ratio"), Range::Hour),
            (Verdict::Unknown, ("orders", "ratio"), Range::Hour),
        ];
        let kinds = [
            (Verdict::NoGo, ("latency > 300 ms", "latency"), Range::Hour),
            (Verdict::NoGo, ("cpu per request", "value"), Range::Quarter),
            (Verdict::NoGo, ("db pool in use", "shared"), Range::TwoHours),
            (Verdict::NoGo, ("error-ratio", "analysis"), Range::Quarter),
        ];
        let of = |(verdict, panel, range): (Verdict, (&str, &str), Range)| {
            let name = format!("evidence_{}_{verdict:?}_{}_{}x{}", panel.0, range.word(), at.0, at.1).to_lowercase();
            (name, studied(verdict, panel, range, at))
        };
        insta::assert_snapshot!(format!("evidence_{}x{}", at.0, at.1), together(cases.map(of)));
        insta::assert_snapshot!(format!("evidence_kinds_{}x{}", at.0, at.1), together(kinds.map(of)));
    }
}

#[test]
fn the_text_of_the_evidence_scrolls_and_says_how_far() {
    let mut state = studied(Verdict::NoGo, ("orders", "ratio"), Range::Quarter, (80, 24));
    assert!(shown("top", &state).contains("page down for more"));
    state.open.as_mut().unwrap().study.scroll = 10_000;
    let end = shown("end", &state);
    assert!(end.contains("lines, end") && end.contains("sum by (pod) (checkout_attempts_total"), "{end}");
}

#[test]
fn where_the_evidence_does_not_fit_it_says_so() {
    let frames = [(59, 11), (40, 6), (30, 3)].map(|at| {
        let name = format!("evidence_small_{}x{}", at.0, at.1);
        (name, studied(Verdict::NoGo, ("orders", "ratio"), Range::Quarter, at))
    });
    insta::assert_snapshot!("evidence_small", together(frames));
}

#[test]
fn what_each_piece_of_the_evidence_means() {
    insta::assert_snapshot!("roles_verdict", roles(&metrics(Verdict::NoGo, 7, (120, 40))));
    let state = studied(Verdict::NoGo, ("orders", "ratio"), Range::Quarter, (80, 24));
    insta::assert_snapshot!("roles_evidence", roles(&state));
}

/// A theme decides looks only: without colours the same glyphs and words say it. With `FLIGHTDECK_PICTURES=FOLDER` each
/// verdict lies there as a picture, with few panels and many, in every size and theme.
#[test]
fn every_theme_says_the_same() {
    let themes = ["default", "mono"].map(|name| (name, Theme::builtin(name).unwrap()));
    for at in SIZES {
        for verdict in VERDICTS {
            for panels in [1, 7, 30] {
                let mut state = metrics(verdict, panels, at);
                for (view, screen) in [(View::Cockpit, "cockpit"), (View::Evidence, "evidence")] {
                    state.open.as_mut().unwrap().view = view;
                    let [one, other] = &themes.each_ref().map(|(theme, colours)| {
                        let buffer = frame(&state, colours);
                        let name = format!("{screen}_{verdict:?}_{panels}_{}x{}_{theme}", at.0, at.1);
                        kept(&name.to_lowercase(), &buffer);
                        picture::text(&buffer)
                    });
                    assert_eq!(one, other);
                }
            }
        }
    }
}

/// Nothing is called fine, or is folded away as fine, while nobody answers.
#[test]
fn a_silent_source_leaves_nothing_green() {
    for at in SIZES {
        let mut state = metrics(Verdict::Go, 30, at);
        let why = Failure::new(FailureKind::Unreachable, "`prom-eu` cannot be reached: connection refused");
        state.sources[1].health = Health::Lost { why, retry_in_ms: 4000 };
        let frame = shown("silent", &state);
        // Right of the steps, down to the timeline; below the tabs where there is no right.
        let is_narrow = at.0 < 120;
        let below = frame.lines().skip(if is_narrow { 7 } else { 5 }).take_while(|line| !line.contains('┴'));
        // The backend's own analysis was told by another source.
        let below = below.take_while(|line| !line.contains("CONTROLLER"));
        let right = |line: &str| line.split_once('│').map_or(line.to_owned(), |(_, right)| right.to_owned());
        let panels: Vec<String> = below.map(right).collect();
        assert!(panels.len() > 10, "{frame}");
        assert!(!panels.iter().any(|line| line.contains("panels:")), "no group is folded:\n{frame}");
        let green: Vec<&String> = panels.iter().filter(|line| line.contains('✓')).collect();
        assert_eq!(green, Vec::<&String>::new(), "{frame}");
        assert!(frame.contains("STALE"), "{frame}");
    }
}

#[test]
fn a_split_without_every_pod_is_told_as_not_known() {
    for at in SIZES {
        let mut state = metrics(Verdict::Unknown, 7, at);
        let newest = state.at.wall.timestamp();
        let open = state.open.as_mut().unwrap();
        let panel = open.panels.iter_mut().find(|panel| panel.spec.name.as_str() == "error ratio").unwrap();
        (panel.evidence.pods.canary, panel.evidence.counted_to) = (1, Some(newest));
        let frame = shown("unscraped", &state);
        let split = frame.lines().find(|line| line.contains("traffic split")).unwrap();
        assert!(split.contains("? traffic split") && !split.contains(" seen"), "{frame}");
        assert!(split.contains("1 of 2 canary pods not scraped: split not known"), "{frame}");
    }
}

#[test]
fn the_price_of_each_key_stands_beside_it_only_while_something_is_lost() {
    let said = |verdict| shown("prices", &metrics(verdict, 7, (200, 60)));
    let no_go = said(Verdict::NoGo);
    for part in ["the loss stops", "orders/min", "EUR/min", "same traffic, same ratio"] {
        assert!(no_go.contains(part), "{part}:\n{no_go}");
    }
    for verdict in [Verdict::Go, Verdict::Collecting, Verdict::Unknown] {
        let frame = said(verdict);
        assert!(!frame.contains("the loss stops") && !frame.contains("orders/min"), "{frame}");
    }
}
