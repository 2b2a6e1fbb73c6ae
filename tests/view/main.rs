//! What the screens look like: every screen in every situation and size, and every size without a panic.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    reason = "tests fail aloud"
)]

mod aged;
mod evidence;
mod fixtures;
mod guards;
mod judged;
mod overlays;
mod past;
mod recordings;
mod resets;
mod screens;
mod sizes;

use flightdeck::{
    core::{event::Size, state::State},
    headless::picture,
    theme::{Role, Theme},
    view,
};
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Modifier};

pub const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

pub fn size((columns, rows): (u16, u16)) -> Size {
    Size { columns, rows }
}

/// The frame of a state.
pub fn frame(state: &State, theme: &Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(state.size.columns, state.size.rows)).unwrap();
    terminal.draw(|frame| view::draw(state, theme, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The frame as text; with `FLIGHTDECK_PICTURES=FOLDER` also as a picture to look at.
pub fn shown(name: &str, state: &State) -> String {
    let buffer = frame(state, &Theme::builtin("default").unwrap());
    kept(name, &buffer);
    picture::text(&buffer)
}

/// Writes a picture to look at, where a folder was named for it.
fn kept(name: &str, buffer: &Buffer) {
    if let Some(folder) = std::env::var_os("FLIGHTDECK_PICTURES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.svg"));
        std::fs::write(file, picture::svg(buffer, name)).unwrap();
    }
}

/// A theme in which every role has a colour of its own, so that a frame can be read back as roles.
fn telltale() -> Theme {
    let lines = Role::ALL.iter().zip(16_u8..).map(|(role, colour)| format!("{} = \"{colour}\"", role.name()));
    let roles = lines.collect::<Vec<_>>().join("\n");
    Theme::parse(&format!("[roles]\n{roles}")).unwrap()
}

/// Which role each piece of the frame has, line by line; text in its plain role is left out.
pub fn roles(state: &State) -> String {
    let buffer = frame(state, &telltale());
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let mut pieces: Vec<(&str, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            assert_eq!(cell.modifier, Modifier::empty());
            let place = match cell.fg {
                ratatui::style::Color::Indexed(colour) => usize::from(colour) - 16,
                other => panic!("{other} at {x},{y} is no role's colour"),
            };
            let role = Role::ALL[place].name();
            match pieces.last_mut() {
                Some((last, piece)) if *last == role => piece.push_str(cell.symbol()),
                _ => pieces.push((role, cell.symbol().to_owned())),
            }
        }
        for (role, piece) in pieces {
            if !piece.trim().is_empty() && role != "text" {
                lines.push(format!("{y:>2} {role}: {}", piece.trim()));
            }
        }
    }
    lines.join("\n")
}
