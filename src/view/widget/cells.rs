//! A line of single cells, each with its own role: charts with lines across them, axes with marks.

use super::row::Row;
use crate::theme::Role;

/// A line of cells of one column each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cells(Vec<(char, Role)>);

impl Cells {
    /// `width` cells alike.
    #[must_use]
    pub fn of(symbol: char, role: Role, width: usize) -> Self {
        Self(vec![(symbol, role); width])
    }

    /// A text, cell by cell.
    #[must_use]
    pub fn text(text: &str, role: Role) -> Self {
        Self(text.chars().map(|symbol| (symbol, role)).collect())
    }

    /// Sets one cell; nothing beyond the end.
    pub fn set(&mut self, column: usize, symbol: char, role: Role) {
        if let Some(cell) = self.0.get_mut(column) {
            *cell = (symbol, role);
        }
    }

    /// Puts another symbol in place of every blank.
    pub fn fill(&mut self, symbol: char, role: Role) {
        for cell in self.0.iter_mut().filter(|(known, _)| *known == ' ') {
            *cell = (symbol, role);
        }
    }

    /// The line as a row.
    #[must_use]
    pub fn row(&self) -> Row {
        let mut row = Row::new();
        let mut piece = String::new();
        let mut of = Role::Text;
        for (symbol, role) in &self.0 {
            if *role != of && !piece.is_empty() {
                row = row.put(of, std::mem::take(&mut piece));
            }
            of = *role;
            piece.push(*symbol);
        }
        row.put(of, piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_a_row_of_the_same_width() {
        let mut cells = Cells::of('─', Role::Border, 6);
        cells.set(2, '┴', Role::Text);
        cells.set(9, 'x', Role::Bad);
        assert_eq!(cells.row(), Row::new().put(Role::Border, "──").text("┴").put(Role::Border, "───"));
        let mut bars = Cells::text("▁ ▂ ", Role::Canary);
        bars.fill('┄', Role::Warn);
        assert_eq!(bars.row().width(), 4);
    }
}
