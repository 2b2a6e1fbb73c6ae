//! One line of the screen in pieces, each with its role, fitted by the columns it takes on a terminal.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::theme::{Role, Theme};

/// A line under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pieces: Vec<(Role, Cow<'static, str>)>,
    width: usize,
}

impl Row {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Text as it is.
    #[must_use]
    pub fn put(mut self, role: Role, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.width += text.width();
            self.pieces.push((role, text));
        }
        self
    }

    #[must_use]
    pub fn text(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.put(Role::Text, text)
    }

    #[must_use]
    pub fn muted(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.put(Role::Muted, text)
    }

    /// So many blank columns.
    #[must_use]
    pub fn gap(self, columns: usize) -> Self {
        const BLANK: &str = "                                                                ";
        match BLANK.get(..columns) {
            Some(blank) => self.put(Role::Text, blank),
            None => self.put(Role::Text, " ".repeat(columns)),
        }
    }

    /// Blank up to this column; nothing if the line is there already.
    #[must_use]
    pub fn to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width);
        self.gap(missing)
    }

    /// Text in a field of exactly `width` columns, cut with `…` or filled on the right.
    #[must_use]
    pub fn field(self, role: Role, text: &str, width: usize) -> Self {
        let end = self.width + width;
        self.put(role, fit(text, width).into_owned()).to(end)
    }

    /// Text at the right edge of a field of exactly `width` columns.
    #[must_use]
    pub fn right(self, role: Role, text: &str, width: usize) -> Self {
        let text = fit(text, width);
        let blank = width.saturating_sub(text.width());
        self.gap(blank).put(role, text.into_owned())
    }

    /// Another line behind this one.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.width += other.width;
        self.pieces.extend(other.pieces);
        self
    }

    /// The same line with every piece in one role.
    #[must_use]
    pub fn all(mut self, role: Role) -> Self {
        self.pieces.iter_mut().for_each(|piece| piece.0 = role);
        self
    }

    /// `self` at the left and `right` at the right edge of `width` columns; `self` gives way with `…`.
    #[must_use]
    pub fn with_right(self, right: Self, width: usize) -> Self {
        let room = width.saturating_sub(right.width + 1);
        self.cut(room).to(width.saturating_sub(right.width)).then(right)
    }

    /// No wider than `width` columns; what is cut ends in `…`.
    #[must_use]
    pub fn cut(self, width: usize) -> Self {
        if self.width <= width {
            return self;
        }
        let mut kept = Self::new();
        for (role, text) in self.pieces {
            let room = width - kept.width;
            if text.width() < room {
                kept = kept.put(role, text);
                continue;
            }
            // There is more than fits: this piece or one behind it.
            return kept.put(role, fit_marked(&text, room));
        }
        kept
    }

    /// Paints it on line `y` of `area`, within its columns.
    pub fn paint(&self, theme: &Theme, buffer: &mut Buffer, area: Rect, y: u16) {
        let y = area.y.saturating_add(y);
        if area.width == 0 || y >= area.bottom().min(buffer.area.bottom()) {
            return;
        }
        let end = area.right().min(buffer.area.right());
        let mut x = area.x;
        let room = usize::from(end.saturating_sub(area.x));
        let shown: Cow<'_, Self> =
            if self.width > room { Cow::Owned(self.clone().cut(room)) } else { Cow::Borrowed(self) };
        for (role, text) in &shown.pieces {
            if x >= end {
                break;
            }
            (x, _) = buffer.set_stringn(x, y, text, usize::from(end - x), theme.style(*role));
        }
    }
}

/// Text of at most `width` columns; what is cut ends in `…`.
#[must_use]
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width { Cow::Borrowed(text) } else { Cow::Owned(fit_marked(text, width)) }
}

/// Text with a `…` at its end, of at most `width` columns.
fn fit_marked(text: &str, width: usize) -> String {
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let columns = grapheme.width();
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        kept.push_str(grapheme);
    }
    if width > 0 {
        kept.truncate(kept.trim_end().len());
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        let cases = [
            ("checkout", 8, "checkout"),
            ("checkout", 7, "checko…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("shop / x", 7, "shop /…"),
            ("x", 0, ""),
        ];
        for (text, width, shown) in cases {
            assert_eq!(fit(text, width), shown, "{text} in {width}");
        }
    }

    #[test]
    fn pieces_are_cut_as_one_line() {
        let row = || Row::new().text("shop").put(Role::Bad, "/checkout").muted(" here");
        let shown = |row: Row| row.pieces.into_iter().map(|(_, text)| text).collect::<String>();
        let cases =
            [(18, "shop/checkout here"), (17, "shop/checkout he…"), (5, "shop…"), (4, "sho…"), (1, "…"), (0, "")];
        for (width, text) in cases {
            assert_eq!(shown(row().cut(width)), text, "{width}");
            assert!(row().cut(width).width() <= width);
        }
    }

    #[test]
    fn the_right_end_stays_when_the_left_gives_way() {
        let row = Row::new().text("a long beginning").with_right(Row::new().text("end"), 13);
        let shown: String = row.pieces.iter().map(|(_, text)| &**text).collect();
        assert_eq!(shown, "a long b… end");
    }
}
