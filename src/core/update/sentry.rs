//! Guards of other processes, from the screen: the dialogs that arm one and stand one down, and what became of that.

use tui_input::Input;

use super::{next_id, notices, paint, text};
use crate::{
    core::{
        arming,
        effect::Effect,
        guard::{ALPHA, LASTS, Mandate, Process, SOAK, Start},
        key::{Code, Key},
        layout,
        state::{GuardDialog, GuardOrder, NoticeKind, Overlay, State},
    },
    domain::{
        clean::Clean,
        failure::Failure,
        goal::Denied,
        guard::{Beat, GuardState, Heartbeat, Outcome},
        journal::{ActId, Entry, What},
        timeline::MomentKind,
    },
};

/// Lines of what its dialogs ask: the field, a blank one, and the keys.
const QUESTION: u16 = 3;

/// The mandate that arming from the screen gives: the defaults, from now on.
///
/// # Errors
/// Why none can be given now.
pub(super) fn mandate(state: &State) -> Result<Mandate, Denied> {
    if let Some(holder) = arming::held_by(state) {
        return Err(Denied::new(format!("{holder} guards it already")).hint("stand it down first"));
    }
    let ground = arming::may_arm(state)?;
    let until = state.at.wall + LASTS.delta();
    Ok(Mandate { release: ground.release.id.clone(), alpha: ALPHA, soak: SOAK, until })
}

pub(super) fn ask_to_arm(state: &mut State, effects: &mut Vec<Effect>) {
    match mandate(state) {
        Ok(mandate) => open(state, GuardOrder::Arm(Box::new(mandate)), effects),
        Err(denied) => notices::say(state, NoticeKind::Warning, format!("cannot arm a guard: {denied}"), effects),
    }
}

pub(super) fn ask_to_stand_down(state: &mut State, effects: &mut Vec<Effect>) {
    match arming::holder(state) {
        Ok(sign) => open(state, GuardOrder::StandDown(sign.id), effects),
        Err(denied) => notices::say(state, NoticeKind::Warning, format!("cannot stand down: {denied}"), effects),
    }
}

fn open(state: &mut State, order: GuardOrder, effects: &mut Vec<Effect>) {
    state.overlay = Some(Overlay::Guard(GuardDialog { order, input: Input::default() }));
    paint(effects);
}

pub(super) fn pressed(state: &mut State, key: Key, effects: &mut Vec<Effect>) {
    let name = state.open.as_ref().map(|open| open.target.name().to_owned()).unwrap_or_default();
    let Some(Overlay::Guard(dialog)) = &state.overlay else { return };
    let sentences = match &dialog.order {
        GuardOrder::Arm(mandate) => arming::sentences(state, mandate),
        GuardOrder::StandDown(_) => arming::standing_down(state),
    };
    let is_shown = layout::shows(state.size, &sentences, QUESTION);
    let Some(Overlay::Guard(dialog)) = &mut state.overlay else { return };
    if key.code == Code::Esc {
        state.overlay = None;
    } else if key.code != Code::Enter {
        text::edit(&mut dialog.input, key);
    } else if key.held {
        return;
    } else if !is_shown {
        return notices::answer(state, NoticeKind::Warning, layout::TOO_SMALL, effects);
    } else if dialog.input.value() == name && !name.is_empty() {
        let order = dialog.order.clone();
        state.overlay = None;
        match order {
            GuardOrder::Arm(mandate) => arm(state, *mandate, effects),
            GuardOrder::StandDown(id) => stand_down(state, &id, effects),
        }
    } else {
        let text = format!("type `{}` to confirm", Clean::new(name));
        return notices::answer(state, NoticeKind::Warning, text, effects);
    }
    paint(effects);
}

/// What was read must still hold when it is confirmed.
fn arm(state: &mut State, confirmed: Mandate, effects: &mut Vec<Effect>) {
    match mandate(state) {
        Ok(now) if now.release == confirmed.release => {
            notices::note(state, MomentKind::Act, "guard ordered");
            let who = state.source(&confirmed.release.target.source).and_then(|source| source.user.clone());
            let who = who.map_or_else(String::new, |who| format!(" by {who}"));
            let reason = format!("armed on the screen{who}").into();
            effects.push(Effect::StartGuard(Box::new(Start { mandate: confirmed, reason })));
        }
        Ok(_) => {
            let text = "no guard was armed: another revision has come meanwhile";
            notices::say(state, NoticeKind::Warning, text, effects);
        }
        Err(denied) => notices::say(state, NoticeKind::Warning, format!("no guard was armed: {denied}"), effects),
    }
}

fn stand_down(state: &mut State, id: &Clean, effects: &mut Vec<Effect>) {
    let sign = match arming::holder(state) {
        Ok(sign) if sign.id == *id => sign,
        Ok(_) => {
            let text = "nothing was sent: another guard holds it now";
            return notices::say(state, NoticeKind::Warning, text, effects);
        }
        Err(denied) => {
            return notices::say(state, NoticeKind::Warning, format!("nothing was sent: {denied}"), effects);
        }
    };
    let Some(release) = state.open.as_ref().and_then(|open| open.release.as_ref()).map(|release| release.id.clone())
    else {
        return;
    };
    let user = state.source(&release.target.source).and_then(|source| source.user.clone());
    let by = user.clone().unwrap_or_else(|| "somebody".into());
    let why = Clean::from(format!("stood down by {by}, {}", state.at.wall.format("%H:%M:%S UTC")));
    let act = ActId(next_id(state));
    let what = What::StandDownSent { target: release.target.clone(), guard: id.clone(), why: why.clone() };
    effects.push(Effect::Journal(Box::new(Entry { at: state.at.wall, act, user, what })));
    let heartbeat = Heartbeat { state: GuardState::Ended(why), outcome: Some(Outcome::StoodDown), ..sign };
    effects.push(Effect::Beat { act, beat: Box::new(Beat { release, heartbeat, over: None }) });
    state.standing_down = Some(act);
    notices::note(state, MomentKind::Act, "guard told to stand down");
}

/// Whether a guard was told to stand down; answers to anything else are dropped.
pub(super) fn stood_down(state: &mut State, act: ActId, result: Result<(), Failure>, effects: &mut Vec<Effect>) {
    if state.standing_down != Some(act) {
        return;
    }
    state.standing_down = None;
    match result {
        Ok(()) => notices::say(state, NoticeKind::Said, "the guard was told to stand down", effects),
        Err(failure) => {
            let text = format!("the guard was not told to stand down: {failure}");
            notices::note(state, MomentKind::Act, text.clone());
            notices::say(state, NoticeKind::Trouble, text, effects);
            notices::ring(effects);
        }
    }
}

/// What is heard of a guard's process that was started from here.
pub(super) fn process(state: &mut State, process: Process, effects: &mut Vec<Effect>) {
    match process {
        Process::Started { target, log } => {
            state.started.push(target);
            let fate = state.settings.mortal.as_ref().map_or("it outlives this screen", |why| why);
            let text = format!("the guard is starting and writes to {log}; {fate}");
            notices::note(state, MomentKind::Guard, text.clone());
            notices::say(state, NoticeKind::Said, text, effects);
        }
        Process::Ended { target, code, said } => {
            if let Some(place) = state.started.iter().position(|started| *started == target) {
                state.started.remove(place);
            }
            let code = code.map_or_else(|| "by a signal".to_owned(), |code| format!("with code {code}"));
            let text = format!("the guard's process of {target} ended {code}: {said}");
            notices::note(state, MomentKind::Guard, text.clone());
            notices::say(state, NoticeKind::Warning, text, effects);
            notices::ring(effects);
        }
        Process::Failed { target, why } => {
            let text = format!("no guard of {target} could be started: {why}");
            notices::note(state, MomentKind::Guard, text.clone());
            notices::say(state, NoticeKind::Trouble, text, effects);
            notices::ring(effects);
        }
    }
}
