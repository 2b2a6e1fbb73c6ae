//! A release flown from the screen: every act does what its dialog said, and the cluster's own record agrees.

use serde_json::Value;

use crate::{
    deck::{Deck, Home},
    harness::Lab,
};

const PAUSED_AT_10: &[&str] = &["PAUSED 4/8 at 10 %", "for a person"];

fn arm(deck: &mut Deck) {
    deck.press("x");
    deck.wait_for(&["ALL ACTS", "arm lab"]);
    deck.press("G\r");
    deck.wait_for(&["type lab"]);
    deck.press("lab\r");
    deck.wait_for(&["ARMED"]);
}

/// Answers the dialog of a forward act: the weight alone or name, weight and a reason where evidence is missing.
fn confirm_forward(deck: &mut Deck, dialog: &str, weight: &str) {
    if dialog.contains(&format!("type checkout {weight}")) {
        deck.answer(&format!("checkout {weight}\tflying without judgement\r"));
    } else {
        deck.answer(&format!("{weight}\r"));
    }
    let proven = close_receipt(deck);
    assert!(proven.contains("✓ accepted"), "{proven}");
}

/// A frame without what every second changes: digits stand for themselves no more, runs of spaces are one.
fn timeless(frame: &str) -> String {
    let squeezed = frame.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = squeezed
        .map(|line| {
            line.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("#")
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}

/// Waits for the proof, and for the screen to have the keys again.
fn close_receipt(deck: &mut Deck) -> String {
    let proven = deck.wait_for(&["✓ effect seen"]);
    deck.press("\r");
    deck.wait("the receipt to close", |screen| !screen.contains("enter close"));
    proven
}

/// The paths and bodies this user has patched since the test began, as the API server saw them.
fn patches(lab: &Lab, user: &str) -> Vec<(String, Value)> {
    let patched = lab.audit_log(user).into_iter().filter(|e| e["verb"] == "patch" && e["stage"] == "ResponseComplete");
    let dry = |entry: &Value| entry["requestURI"].as_str().is_some_and(|uri| uri.contains("dryRun"));
    patched
        .filter(|entry| !dry(entry))
        .map(|entry| {
            let of = &entry["objectRef"];
            let place = [&of["name"], &of["subresource"]].map(|part| part.as_str().unwrap_or_default().to_owned());
            (place.join("/").trim_end_matches('/').to_owned(), entry["requestObject"].clone())
        })
        .collect()
}

#[test]
fn a_canary_is_followed_held_resumed_and_promoted_to_all_customers() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let _traffic = lab.traffic("checkout", &["--order-lag", "1"]);
    let home = Home::new(&lab, "operator");
    let mut deck = home.open(&["shop/checkout"]);
    deck.wait_for(&["HEALTHY", "as operator", "READ-ONLY", "4.1.9"]);
    lab.set_image("checkout", "shop/checkout:4.2.0");
    deck.wait_for(&["PAUSED 2/8 at 1 %", "left of this pause"]);
    deck.wait_for(&["canary 4.2.0", "1/1"]);
    deck.wait_for(PAUSED_AT_10);
    deck.wait_for(&["set 10 %"]);
    arm(&mut deck);

    deck.ask("h", &["HOLD", "stays at 10 % on 4.2.0"]);
    deck.answer("y");
    close_receipt(&mut deck);
    assert_eq!(lab.rollout("checkout")["spec"]["paused"], true);
    // Until the controller has seen the hold the key is there, and says why it cannot be taken.
    deck.wait_for(&["h resume stops at"]);
    let dialog = deck.ask("h", &["RESUME", "sends once"]);
    confirm_forward(&mut deck, &dialog, "10");
    let resumed = lab.rollout("checkout");
    assert_ne!(resumed["spec"]["paused"], true);
    assert_eq!(resumed["status"]["currentStepIndex"], 3, "resuming skips no step");
    deck.wait_for(PAUSED_AT_10);

    let dialog = deck.ask("p", &["PROMOTE", "sends once"]);
    confirm_forward(&mut deck, &dialog, "100");
    deck.wait_for(&["5/8", "analysis"]);
    deck.wait_for(&["set 50 %"]);
    deck.wait_for(&["HEALTHY", "set 100 %"]);
    lab.wait_for_rollout("checkout", "healthy on 4.2.0", |rollout| rollout["status"]["phase"] == "Healthy");
    deck.leave();

    lab.wait_until("three patches in the audit log", || patches(&lab, "operator").len() >= 3);
    let sent = patches(&lab, "operator");
    assert_eq!(
        sent.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(),
        ["checkout", "checkout", "checkout/status"]
    );
    assert_eq!(sent[2].1.as_array().unwrap().last().unwrap()["path"], "/status/pauseConditions");
}

#[test]
fn the_way_back_takes_every_customer_home_and_a_retry_begins_anew() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let _traffic = lab.traffic("checkout", &["--order-lag", "1"]);
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "operator");
    let mut deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);

    // Nothing is armed: the target's name stands for `y`.
    deck.ask("R", &["ROLL BACK", "100 % on 4.1.9", "type checkout"]);
    deck.answer("checkout\r");
    close_receipt(&mut deck);
    deck.wait_for(&["aborted"]);
    let aborted = lab.rollout("checkout");
    assert_eq!(aborted["status"]["abort"], true);
    assert_eq!(aborted["status"]["canary"]["weights"]["canary"]["weight"], 0);

    arm(&mut deck);
    deck.press("x");
    let menu = deck.wait_for(&["ALL ACTS", "retry"]);
    let place = menu.lines().skip_while(|line| !line.contains("ALL ACTS")).position(|line| line.contains(" retry "));
    deck.press(&"j".repeat(place.unwrap() - 1));
    deck.press("\r");
    let dialog = deck.wait_for(&["RETRY", "sends once"]);
    confirm_forward(&mut deck, &dialog, "10");
    deck.wait_for(PAUSED_AT_10);

    // Completed, an abort would be dropped without a word: the same key undoes instead.
    let dialog = deck.ask("p", &["PROMOTE", "sends once"]);
    confirm_forward(&mut deck, &dialog, "100");
    deck.wait_for(&["HEALTHY", "set 100 %"]);
    deck.ask("R", &["ROLL BACK", "4.1.9", "again"]);
    deck.answer("y");
    deck.wait_for(&["✓ effect seen"]);
    let undone = lab.rollout("checkout");
    let image = &undone["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "shop/checkout:4.1.9");
}

#[test]
fn a_roll_back_through_steps_is_known_as_one_and_the_same_key_finishes_it() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let home = Home::new(&lab, "operator");
    let mut deck = home.open(&["shop/checkout"]);
    deck.wait_for(&["HEALTHY", "4.1.9"]);
    arm(&mut deck);
    lab.set_image("checkout", "shop/checkout:4.2.0");
    deck.wait_for(PAUSED_AT_10);
    deck.press("x");
    let menu = deck.wait_for(&["ALL ACTS", "promote fully"]);
    let lines = || menu.lines().skip_while(|line| !line.contains("ALL ACTS"));
    deck.press(&"j".repeat(lines().position(|line| line.contains(" promote fully ")).unwrap() - 1));
    deck.press("\r");
    let dialog = deck.wait_for(&["PROMOTE FULLY", "sends once"]);
    confirm_forward(&mut deck, &dialog, "100");
    deck.wait_for(&["HEALTHY", "set 100 %", "5 analysis (skipped)"]);

    deck.ask("R", &["ROLL BACK", "through all 8 steps again", "skips the steps that are left"]);
    deck.answer("y");
    close_receipt(&mut deck);
    deck.wait_for(&["PAUSED 4/8, roll back to 4.1.9 at 10 %", "canary roll back 4.2.0 → 4.1.9", "all steps skipped"]);
    deck.ask("R", &["10 % → 100 % on 4.1.9", "finishes the roll back: skips 5 steps", "type checkout"]);
    deck.answer("checkout\r");
    close_receipt(&mut deck);
    deck.wait_for(&["HEALTHY", "set 100 %"]);
    let home_again = lab.rollout("checkout");
    assert_eq!(home_again["status"]["stableRS"], home_again["status"]["currentPodHash"]);
    assert_eq!(home_again["spec"]["template"]["spec"]["containers"][0]["image"], "shop/checkout:4.1.9");
    deck.leave();

    lab.wait_until("three patches in the audit log", || patches(&lab, "operator").len() >= 3);
    let sent = patches(&lab, "operator");
    assert_eq!(sent[2].0, "checkout/status");
    let last = serde_json::json!({"op": "add", "path": "/status/promoteFull", "value": true});
    assert_eq!(sent[2].1.as_array().unwrap().last(), Some(&last));
}

#[test]
fn a_viewer_sees_everything_and_may_do_nothing() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "viewer");
    let mut deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);
    deck.wait_for(&["as viewer", "may not"]);
    for key in ["R", "h", "p"] {
        deck.press(key);
        let answered = deck.wait_for(&["cannot"]);
        assert!(!answered.contains("sends once"), "{answered}");
    }
    deck.leave();
    assert!(patches(&lab, "viewer").is_empty());
}

#[test]
fn with_nothing_but_rollouts_the_steps_are_there_and_what_is_missing_is_said() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "narrow");
    let deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);
    deck.leave();
    let status = home.status("shop/checkout");
    let missing = status["missing"].as_array().unwrap();
    for part in ["pods", "replicasets", "analysisruns", "events"] {
        assert!(missing.iter().any(|m| m.as_str().unwrap().contains(part)), "{part} in {missing:?}");
    }
}

#[test]
fn a_lost_api_server_is_said_and_nothing_old_is_drawn_as_live() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "operator");
    let deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);
    lab.stop("kube-apiserver");
    let lost = deck.wait_for(&["LOST", "STALE"]);
    assert!(!lost.contains("k8s live"), "{lost}");
    lab.revive();
    // The panels may be stale on their own: nobody sends traffic here.
    deck.wait("news after the loss", |screen| {
        screen.contains("k8s live") && !screen.lines().take(4).any(|line| line.contains("STALE"))
    });
    deck.leave();
}

#[test]
fn of_two_who_promote_the_same_step_one_moves_it_and_the_other_sees_why_not() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let homes = [Home::new(&lab, "operator"), Home::new(&lab, "operator")];
    let mut decks = homes.each_ref().map(|home| home.open(&["shop/checkout"]));
    for deck in &mut decks {
        deck.wait_for(PAUSED_AT_10);
        arm(deck);
        deck.ask("p", &["sends once"]);
    }
    let answers = decks.each_mut().map(|deck| {
        let dialog = deck.text();
        let asked = dialog.contains("type checkout 100");
        deck.answer(if asked { "checkout 100\tboth at once" } else { "100" });
        deck
    });
    for deck in answers {
        deck.press("\r");
    }
    let seen = decks.each_ref().map(|deck| {
        deck.wait("an outcome", |screen| {
            ["✓ accepted", "│ not now", "moved since"].iter().any(|end| screen.contains(end))
        })
    });
    let winners = seen.iter().filter(|screen| screen.contains("✓ accepted")).count();
    assert!(winners <= 1, "both were told that they promoted:\n{}\n{}", seen[0], seen[1]);
    lab.wait_until("the step's patch in the audit log", || !patches(&lab, "operator").is_empty());
    let moved = lab.audit_log("operator").into_iter().filter(|entry| {
        entry["verb"] == "patch" && entry["stage"] == "ResponseComplete" && entry["responseStatus"]["code"] == 200
    });
    assert_eq!(moved.count(), 1);
}

#[test]
fn a_silent_payment_failure_is_no_go_on_the_orders_while_errors_stay_level() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    let traffic = lab.traffic("checkout", &["--order-lag", "1", "--rps", "400"]);
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "operator");
    let deck = home.open(&["shop/checkout"]);
    deck.wait_for(PAUSED_AT_10);
    traffic.fault(&lab, "payments", true);
    let screen = deck.wait("the verdict on the orders", |screen| screen.contains("NO-GO orders"));
    assert!(!screen.contains("✗ error") && !screen.contains("! error"), "errors are level:\n{screen}");
    deck.leave();
}

#[test]
fn a_recording_of_a_run_ends_in_the_same_frame_and_nothing_left_behind_holds_a_secret() {
    let Some(lab) = Lab::get() else { return };
    lab.fresh("checkout");
    lab.set_image("checkout", "shop/checkout:4.2.0");
    let home = Home::new(&lab, "operator");
    let recording = home.path().join("run.jsonl");
    let recording = recording.to_str().unwrap();
    let mut deck = home.open(&["shop/checkout", "--record", recording]);
    deck.wait_for(PAUSED_AT_10);
    deck.ask("R", &["type checkout"]);
    deck.answer("checkout\r");
    close_receipt(&mut deck);
    // Once nothing is said at the foot any more, only clocks change.
    deck.wait("the notice to go", |screen| {
        screen.contains("ABORTED") && !screen.lines().any(|line| line.starts_with("· 100 % is on"))
    });
    let live = timeless(&deck.text());
    deck.leave();

    let (code, frame, said) = home.run(&["replay", recording, "--print", "120x40"]);
    assert_eq!(code, 0, "{said}");
    assert!(frame.lines().next().is_some_and(|header| header.contains("REPLAY")), "{frame}");
    // The header and the line above the acts say that it was.
    let body = |text: &str| {
        let lines = text.lines().skip(1).filter(|line| !line.starts_with('─') && !line.contains("as it stood then"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(body(&timeless(&frame)), body(&live), "the replay ends in another frame than the run");

    let kubeconfig = std::fs::read_to_string(lab.kubeconfig("operator")).unwrap();
    let left = home.left_behind() + &std::fs::read_to_string(recording).unwrap();
    assert!(left.contains("\"abort\"") || left.contains("/status/abort"), "the journal holds the act");
    let secrets = kubeconfig.split(|c: char| c.is_whitespace() || "{},".contains(c)).filter(|word| word.len() > 60);
    let mut searched = 0;
    for secret in secrets {
        searched += 1;
        assert!(!left.contains(secret), "a secret of the kubeconfig was left behind");
    }
    assert!(searched >= 2, "the kubeconfig holds a certificate and a key");
    assert!(!left.contains("BEGIN") && !left.contains("PRIVATE KEY"));
}
