//! Every key and what it does, from the table of commands.

use super::{framed, key};
use crate::{
    core::{
        acts,
        command::{Command, Spec},
        content::{self, HelpLine},
        keymap, layout,
        state::State,
    },
    theme::Role,
    view::{canvas::Canvas, chrome, widget::row::Row},
};

pub fn draw(state: &State, scroll: usize, canvas: &mut Canvas) {
    let width = layout::dialog_columns(state.size);
    let rows: Vec<Row> = content::help()
        .into_iter()
        .map(|line| match line {
            HelpLine::Group(name) => Row::new().put(Role::Title, name.to_uppercase()),
            HelpLine::Command(spec) => row(state, spec, width).cut(width),
        })
        .collect();
    let page = layout::help_page(state.size);
    let hidden = rows.len().saturating_sub(page);
    let question = key(Row::new(), "esc", "close", true);
    let question = if hidden > 0 { key(question, "↑↓", "scroll", true) } else { question };
    let question = question.muted("a key can be changed under [keys] in the configuration");
    let title = Row::new().gap(1).put(Role::Title, "KEYS").gap(1);
    framed(state, canvas, Role::Focus, &title, &rows, &[question], scroll);
}

fn row(state: &State, spec: &Spec, width: usize) -> Row {
    let keys: Vec<String> = keymap::keys(&state.settings, spec.command).iter().map(ToString::to_string).collect();
    let works = keymap::works_on(spec, keymap::screen(state));
    let release = state.open.as_ref().and_then(|open| open.release.as_deref());
    let denied = acts::goal_of(spec.command, release)
        .filter(|_| state.open.is_some())
        .and_then(|goal| acts::possible(state, &goal).err());
    let grey = !works || denied.is_some();
    let (key_role, role) = if grey { (Role::Denied, Role::Denied) } else { (Role::Key, Role::Text) };
    let keys = if keys.is_empty() {
        format!("{}, {}", chrome::key_name(state, Command::Acts), spec.label)
    } else {
        keys.join(" ")
    };
    let row = Row::new().gap(2).field(key_role, &keys, 22).gap(1);
    let row = if width > 90 { row.field(role, spec.label, 14).gap(1) } else { row };
    match denied {
        Some(denied) => row.put(Role::Denied, format!("not now: {denied}")),
        None => row.put(if grey { Role::Denied } else { Role::Muted }, spec.about),
    }
}
