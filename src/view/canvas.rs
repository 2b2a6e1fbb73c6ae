//! Where cells are set: rows, rules and frames in the looks of a theme. Nothing is painted outside the buffer.

use ratatui::{buffer::Buffer, layout::Rect};

use super::widget::row::Row;
use crate::theme::{Role, Theme};

/// A buffer and the looks to paint it with.
#[derive(Debug)]
pub struct Canvas<'a> {
    pub theme: &'a Theme,
    pub buffer: &'a mut Buffer,
}

impl Canvas<'_> {
    /// The whole screen.
    #[must_use]
    pub const fn area(&self) -> Rect {
        self.buffer.area
    }

    /// One line of `area`, counted from its top; lines below it are left out.
    pub fn row(&mut self, area: Rect, y: u16, row: &Row) {
        row.paint(self.theme, self.buffer, area, y);
    }

    /// Nothing in `area`, not even the looks of what was there: rows only add to them.
    pub fn clear(&mut self, area: Rect) {
        let style = self.theme.style(Role::Text);
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
                cell.set_style(style);
            }
        }
    }

    /// Rows from the top of `area`, beginning with the one at `scroll`.
    pub fn rows(&mut self, area: Rect, rows: &[Row], scroll: usize) {
        // A stale offset never shows an empty pane.
        let last = rows.len().saturating_sub(usize::from(area.height));
        for (y, row) in (0..area.height).zip(rows.iter().skip(scroll.min(last))) {
            self.row(area, y, row);
        }
    }

    /// Lays a role over what is painted there.
    pub fn over(&mut self, area: Rect, role: Role) {
        self.buffer.set_style(area.intersection(self.buffer.area), self.theme.style(role));
    }

    /// A rule across `area`'s columns on line `y` of the screen.
    pub fn rule(&mut self, area: Rect, y: u16) {
        let style = self.theme.style(Role::Border);
        for x in area.left()..area.right() {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_char('─').set_style(style);
            }
        }
    }

    /// One character of a frame or rule.
    pub fn joint(&mut self, x: u16, y: u16, symbol: char) {
        let style = self.theme.style(Role::Border);
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(symbol).set_style(style);
        }
    }

    /// A rule down column `x`.
    pub fn divider(&mut self, x: u16, top: u16, bottom: u16) {
        for y in top..bottom {
            self.joint(x, y, '│');
        }
    }

    /// An emptied frame with its title.
    pub fn frame(&mut self, area: Rect, role: Role, title: &Row) {
        let area = area.intersection(self.buffer.area);
        let style = self.theme.style(role);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                let (left, right) = (x == area.left(), x + 1 == area.right());
                let (top, bottom) = (y == area.top(), y + 1 == area.bottom());
                let symbol = match (left, right, top, bottom) {
                    (true, _, true, _) => '┌',
                    (_, true, true, _) => '┐',
                    (true, _, _, true) => '└',
                    (_, true, _, true) => '┘',
                    (true, _, _, _) | (_, true, _, _) => '│',
                    (_, _, true, _) | (_, _, _, true) => '─',
                    (false, false, false, false) => ' ',
                };
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    let looks = if symbol == ' ' { self.theme.style(Role::Text) } else { style };
                    cell.set_char(symbol).set_style(looks);
                }
            }
        }
        if area.width > 4 {
            let inside = Rect::new(area.x + 1, area.y, area.width - 2, 1);
            self.row(inside, 0, &title.clone().cut(usize::from(inside.width)));
        }
    }
}
