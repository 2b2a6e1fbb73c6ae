//! Brings a theme down to the colours a terminal has.

use ratatui::style::{Color, Style};

use super::Theme;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    None,
    Sixteen,
    Indexed,
    True,
}

/// The usual values of the 16 named colours, by which the nearest one is found.
const NAMED: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 49, 49)),
    (Color::Green, (13, 160, 96)),
    (Color::Yellow, (190, 145, 0)),
    (Color::Blue, (36, 114, 200)),
    (Color::Magenta, (188, 63, 188)),
    (Color::Cyan, (17, 145, 175)),
    (Color::Gray, (204, 204, 204)),
    (Color::DarkGray, (118, 118, 118)),
    (Color::LightRed, (241, 96, 76)),
    (Color::LightGreen, (35, 209, 139)),
    (Color::LightYellow, (245, 215, 67)),
    (Color::LightBlue, (59, 142, 234)),
    (Color::LightMagenta, (214, 112, 214)),
    (Color::LightCyan, (41, 184, 219)),
    (Color::White, (242, 242, 242)),
];

/// Steps of the colour cube of the 256 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Theme {
    /// The same theme with no more colours than `depth`; bold, dim and reverse stay.
    #[must_use]
    pub fn degrade(&self, depth: Depth) -> Self {
        let down = |style: &Style| Style {
            fg: style.fg.and_then(|colour| lower(colour, depth)),
            bg: style.bg.and_then(|colour| lower(colour, depth)),
            ..*style
        };
        Self { styles: self.styles.iter().map(down).collect() }
    }
}

fn lower(colour: Color, depth: Depth) -> Option<Color> {
    match (depth, colour) {
        (Depth::None, _) => None,
        (Depth::Indexed, Color::Rgb(r, g, b)) => Some(Color::Indexed(indexed((r, g, b)))),
        (Depth::Sixteen, Color::Rgb(r, g, b)) => Some(nearest_named((r, g, b))),
        (Depth::Sixteen, Color::Indexed(index)) => Some(nearest_named(rgb(index))),
        (Depth::True | Depth::Indexed | Depth::Sixteen, colour) => Some(colour),
    }
}

fn nearest_named(wanted: (u8, u8, u8)) -> Color {
    NAMED.iter().min_by_key(|(_, value)| distance(*value, wanted)).map_or(Color::Reset, |(colour, _)| *colour)
}

fn indexed(wanted: (u8, u8, u8)) -> u8 {
    (16..=255).min_by_key(|index| distance(rgb(*index), wanted)).unwrap_or(7)
}

fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    // Eyes see green differences best and blue ones least.
    3 * square(one.0, other.0) + 6 * square(one.1, other.1) + square(one.2, other.2)
}

/// The value of one of the 256 colours; the first 16 by their usual values.
#[must_use]
pub fn rgb(index: u8) -> (u8, u8, u8) {
    match index {
        0..=15 => NAMED.get(usize::from(index)).map_or((0, 0, 0), |(_, value)| *value),
        16..=231 => {
            let cube = |n: u8| CUBE.get(usize::from(n % 6)).copied().unwrap_or_default();
            let n = index - 16;
            (cube(n / 36), cube(n / 6), cube(n))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Role;

    #[test]
    fn colours_come_down_to_the_nearest_one() {
        let cases = [
            (Color::Rgb(250, 100, 80), Depth::Sixteen, Some(Color::LightRed)),
            (Color::Rgb(0, 0, 0), Depth::Sixteen, Some(Color::Black)),
            (Color::Rgb(95, 135, 175), Depth::Indexed, Some(Color::Indexed(67))),
            (Color::Indexed(196), Depth::Sixteen, Some(Color::Red)),
            (Color::Green, Depth::Sixteen, Some(Color::Green)),
            (Color::Rgb(1, 2, 3), Depth::True, Some(Color::Rgb(1, 2, 3))),
            (Color::Green, Depth::None, None),
        ];
        for (colour, depth, expected) in cases {
            assert_eq!(lower(colour, depth), expected, "{colour} at {depth:?}");
        }
    }

    #[test]
    fn without_colours_what_was_marked_stays_marked() {
        let theme = Theme::builtin("default").unwrap();
        let plain = theme.degrade(Depth::None);
        for role in Role::ALL {
            assert_eq!(plain.style(*role).add_modifier, theme.style(*role).add_modifier, "{}", role.name());
            assert_eq!(plain.style(*role).fg, None);
        }
        let cases = [(None, true, "mono"), (Some("default"), true, "mono"), (None, false, "default")];
        for (name, no_color, chosen) in cases {
            let theme = Theme::choose(name, no_color, Depth::Sixteen).unwrap();
            assert_eq!(theme, Theme::builtin(chosen).unwrap(), "{name:?} {no_color}");
        }
        assert!(Theme::choose(Some("typo"), true, Depth::Sixteen).is_err());
    }
}
