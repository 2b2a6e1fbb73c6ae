//! From cells to bytes on the terminal: one frame under way at a time, nothing encoded is ever dropped.

use std::io::{self, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use ratatui::{
    Frame, Terminal,
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size as Area},
};
use tokio::sync::mpsc;

use super::writer::{Encoded, Writer, Written};
use crate::{core::event::Size, domain::clean::Clean};

/// Longest text for a clipboard, in bytes; terminals drop longer ones.
const CLIPBOARD_BYTES: usize = 50_000;
/// How the library ends what it draws, and the shorter form that does the same; every paint carries it.
const RESETS: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
const RESET: &[u8] = b"\x1b[0m";

/// What became of the encoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// There were none.
    Nothing,
    /// They are being written.
    UnderWay,
    /// Nobody writes any more.
    Refused,
}

/// The picture on the terminal and what is on its way there.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<Encoder>,
    writer: Writer,
    written: mpsc::UnboundedReceiver<Written>,
    busy: bool,
    spare: Vec<u8>,
}

impl Screen {
    /// # Errors
    /// When the writer thread cannot be started.
    pub fn new(size: Size, output: Box<dyn Write + Send>) -> io::Result<Self> {
        let (writer, written) = Writer::start(output)?;
        let terminal = Terminal::new(Encoder::new(size))?;
        Ok(Self { terminal, writer, written, busy: false, spare: Vec::new() })
    }

    /// Whether something handed over is not yet written in full.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.busy
    }

    /// The next frame paints on this many columns and rows.
    pub fn resize(&mut self, size: Size) {
        self.terminal.backend_mut().size = area(size);
    }

    /// The next frame is painted from nothing.
    ///
    /// # Errors
    /// Never in practice: bytes go to memory.
    pub fn clear(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().cursor_shown = None;
        self.terminal.clear()
    }

    /// Encodes what differs from the last frame. Only to be called while idle.
    ///
    /// # Errors
    /// Never in practice: bytes go to memory.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.draw(paint).map(|_| ())
    }

    /// Hands over what is encoded. Only to be called while idle.
    pub fn send(&mut self, generation: Option<u64>) -> Sent {
        let encoder = self.terminal.backend_mut();
        if encoder.bytes.is_empty() {
            return Sent::Nothing;
        }
        let bytes = std::mem::replace(&mut encoder.bytes, std::mem::take(&mut self.spare));
        self.busy = self.writer.write(Encoded { bytes, generation });
        if self.busy { Sent::UnderWay } else { Sent::Refused }
    }

    /// Waits for the frame under way. None once the writer has ended.
    pub async fn written(&mut self) -> Option<Written> {
        let written = self.written.recv().await;
        written.map(|w| self.reuse(w))
    }

    /// The frame that was under way, if it has been written.
    pub fn try_written(&mut self) -> Option<Written> {
        let written = self.written.try_recv().ok();
        written.map(|w| self.reuse(w))
    }

    fn reuse(&mut self, mut written: Written) -> Written {
        self.busy = false;
        self.spare = std::mem::take(&mut written.frame.bytes);
        self.spare.clear();
        // A first frame or a resize is many times the size of a change.
        self.spare.shrink_to(16 * 1024);
        written
    }

    pub fn bell(&mut self) {
        self.queue(b"\x07");
    }

    /// Sets the window title.
    pub fn title(&mut self, text: &str) {
        // Ended by ST: a terminal that does not know titles would ring at BEL.
        self.queue(format!("\x1b]2;{}\x1b\\", Clean::new(text)).as_bytes());
    }

    /// Puts text on the clipboard of the person's own terminal. False if it is too long.
    pub fn copy(&mut self, text: &str) -> bool {
        let fits = text.len() <= CLIPBOARD_BYTES;
        if fits {
            self.queue(format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text)).as_bytes());
        }
        fits
    }

    fn queue(&mut self, bytes: &[u8]) {
        self.terminal.backend_mut().bytes.extend_from_slice(bytes);
    }
}

const fn area(size: Size) -> Area {
    Area { width: size.columns, height: size.rows }
}

/// Encodes into memory. Asks the terminal nothing and says nothing where nothing changed.
#[derive(Debug)]
struct Encoder {
    bytes: Vec<u8>,
    size: Area,
    cursor: Position,
    /// None where it is not known.
    cursor_shown: Option<bool>,
}

impl Encoder {
    const fn new(size: Size) -> Self {
        Self { bytes: Vec::new(), size: area(size), cursor: Position::ORIGIN, cursor_shown: None }
    }

    fn ansi(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.bytes)
    }
}

impl Backend for Encoder {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        // The library would write its resets all the same.
        if content.peek().is_none() {
            return Ok(());
        }
        self.ansi().draw(content)?;
        if self.bytes.ends_with(RESETS) {
            self.bytes.truncate(self.bytes.len() - RESETS.len());
            self.bytes.extend_from_slice(RESET);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown.replace(false) == Some(false) { Ok(()) } else { self.ansi().hide_cursor() }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown.replace(true) == Some(true) { Ok(()) } else { self.ansi().show_cursor() }
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor = position.into();
        let position = self.cursor;
        self.ansi().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.ansi().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.ansi().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Area> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Area::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{style::Stylize, text::Line};

    use super::*;

    fn terminal() -> Terminal<Encoder> {
        Terminal::new(Encoder::new(Size { columns: 20, rows: 3 })).unwrap()
    }

    #[test]
    fn a_frame_without_change_costs_nothing() {
        let mut terminal = terminal();
        terminal.draw(|f| f.render_widget(Line::from("orders").red(), f.area())).unwrap();
        assert!(!std::mem::take(&mut terminal.backend_mut().bytes).is_empty());
        terminal.draw(|f| f.render_widget(Line::from("orders").red(), f.area())).unwrap();
        assert_eq!(terminal.backend_mut().bytes, b"");
    }

    /// Over a slow line every paint of a ticking second counts.
    #[test]
    fn one_changed_digit_costs_few_bytes() {
        let mut terminal = terminal();
        terminal.draw(|f| f.render_widget(Line::from("4m12s").red(), f.area())).unwrap();
        terminal.backend_mut().bytes.clear();
        terminal.draw(|f| f.render_widget(Line::from("4m13s").red(), f.area())).unwrap();
        let bytes = String::from_utf8_lossy(&terminal.backend_mut().bytes).into_owned();
        assert!(bytes.len() <= 24 && bytes.ends_with("3\x1b[0m"), "{bytes:?}");
    }

    #[test]
    fn after_a_resize_everything_is_painted_on_the_new_size() {
        let mut terminal = terminal();
        terminal.draw(|f| f.render_widget(Line::from("orders"), f.area())).unwrap();
        terminal.backend_mut().bytes.clear();
        terminal.backend_mut().size = Area { width: 10, height: 2 };
        let frame = terminal.draw(|f| f.render_widget(Line::from("orders"), f.area())).unwrap();
        assert_eq!(frame.area.as_size(), Area { width: 10, height: 2 });
        assert!(String::from_utf8_lossy(&terminal.backend_mut().bytes).contains("orders"));
    }
}
