//! A frame as plain text or as an SVG picture that looks the same everywhere.
//!
//! Bars and frames are drawn as shapes, so that they meet without gaps whatever font the reader has.

use std::{collections::BTreeMap, fmt::Write};

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

use crate::theme;

/// Size of a cell and of the text in it.
const CELL: (f64, f64) = (8.4, 18.0);
const FONT: f64 = 14.0;
const MARGIN: f64 = 12.0;

type Rgb = (u8, u8, u8);

const BACKGROUND: Rgb = (0x16, 0x19, 0x1f);
const FOREGROUND: Rgb = (0xd7, 0xda, 0xe0);

/// The 16 named colours as they look in pictures.
const NAMED: [(Color, Rgb); 16] = [
    (Color::Black, (0x16, 0x19, 0x1f)),
    (Color::Red, (0xc8, 0x3c, 0x3c)),
    (Color::Green, (0x3f, 0x9e, 0x5f)),
    (Color::Yellow, (0xd0, 0x9a, 0x3a)),
    (Color::Blue, (0x4a, 0x7f, 0xd0)),
    (Color::Magenta, (0xa8, 0x5f, 0xb8)),
    (Color::Cyan, (0x4f, 0xa8, 0xb8)),
    (Color::Gray, (0xb4, 0xb9, 0xc2)),
    (Color::DarkGray, (0x7a, 0x80, 0x8c)),
    (Color::LightRed, (0xff, 0x7a, 0x70)),
    (Color::LightGreen, (0x6f, 0xd0, 0x8c)),
    (Color::LightYellow, (0xff, 0xc8, 0x57)),
    (Color::LightBlue, (0x7f, 0xb0, 0xff)),
    (Color::LightMagenta, (0xdd, 0x9a, 0xf0)),
    (Color::LightCyan, (0x7a, 0xdc, 0xe8)),
    (Color::White, (0xff, 0xff, 0xff)),
];

/// The frame's characters, line by line, without trailing blanks.
#[must_use]
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let line: String = cells(buffer, y).map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The cells of one line with their columns; the second half of a wide character is left out.
fn cells(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut next = buffer.area.left();
    (buffer.area.left()..buffer.area.right()).filter_map(move |x| {
        if x < next {
            return None;
        }
        let cell = buffer.cell((x, y))?;
        next = x + u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
        Some((x, cell))
    })
}

/// What a cell looks like, colours resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    fg: Rgb,
    bg: Rgb,
    bold: bool,
    underline: bool,
    italic: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let mut fg = rgb(cell.fg, FOREGROUND);
        let mut bg = rgb(cell.bg, BACKGROUND);
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut fg, &mut bg);
        }
        if cell.modifier.contains(Modifier::DIM) {
            fg = between(fg, bg);
        }
        Self {
            fg,
            bg,
            bold: cell.modifier.contains(Modifier::BOLD),
            underline: cell.modifier.contains(Modifier::UNDERLINED),
            italic: cell.modifier.contains(Modifier::ITALIC),
        }
    }
}

fn rgb(colour: Color, reset: Rgb) -> Rgb {
    match colour {
        Color::Reset => reset,
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index) if index >= 16 => theme::indexed(index),
        Color::Indexed(index) => NAMED.get(usize::from(index)).map_or(reset, |(_, value)| *value),
        named => NAMED.iter().find(|(colour, _)| *colour == named).map_or(reset, |(_, value)| *value),
    }
}

/// Dimmed text: still well readable.
fn between(fg: Rgb, bg: Rgb) -> Rgb {
    let mix = |fg: u8, bg: u8| {
        let mixed = (u16::from(fg) * 58 + u16::from(bg) * 42) / 100;
        u8::try_from(mixed).unwrap_or(u8::MAX)
    };
    (mix(fg.0, bg.0), mix(fg.1, bg.1), mix(fg.2, bg.2))
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Neighbouring cells of one look.
struct Run {
    x: u16,
    columns: u16,
    look: Look,
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// A character drawn as a shape.
    Shape(char),
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in cells(buffer, y) {
        let look = Look::of(cell);
        let symbol = cell.symbol();
        let kind = match (symbol.chars().next(), symbol.chars().nth(1)) {
            (Some(c), None) if shape(c).is_some() => Kind::Shape(c),
            _ => Kind::Text,
        };
        let columns = u16::try_from(symbol.width()).unwrap_or(1).max(1);
        match runs.last_mut() {
            Some(run) if run.look == look && run.kind == kind && run.x + run.columns == x => {
                run.columns += columns;
                run.text.push_str(symbol);
            }
            _ => runs.push(Run { x, columns, look, kind, text: symbol.to_owned() }),
        }
    }
    runs
}

/// The parts of a cell that a character fills, as fractions: left, top, width, height.
type Parts = &'static [(f64, f64, f64, f64)];

/// Characters that must meet their neighbours without gaps.
fn shape(c: char) -> Option<Parts> {
    /// Half of a thin line, of the cell's width and height.
    const W: f64 = 0.06;
    const H: f64 = 0.03;
    Some(match c {
        '▁' => &[(0.0, 0.875, 1.0, 0.125)],
        '▂' => &[(0.0, 0.75, 1.0, 0.25)],
        '▃' => &[(0.0, 0.625, 1.0, 0.375)],
        '▄' => &[(0.0, 0.5, 1.0, 0.5)],
        '▅' => &[(0.0, 0.375, 1.0, 0.625)],
        '▆' => &[(0.0, 0.25, 1.0, 0.75)],
        '▇' => &[(0.0, 0.125, 1.0, 0.875)],
        '█' => &[(0.0, 0.0, 1.0, 1.0)],
        '▏' => &[(0.0, 0.0, 0.125, 1.0)],
        '▎' => &[(0.0, 0.0, 0.25, 1.0)],
        '▍' => &[(0.0, 0.0, 0.375, 1.0)],
        '▌' => &[(0.0, 0.0, 0.5, 1.0)],
        '▋' => &[(0.0, 0.0, 0.625, 1.0)],
        '▊' => &[(0.0, 0.0, 0.75, 1.0)],
        '▉' => &[(0.0, 0.0, 0.875, 1.0)],
        '─' => &[(0.0, 0.5 - H, 1.0, 2.0 * H)],
        '═' => &[(0.0, 0.4 - H, 1.0, 2.0 * H), (0.0, 0.6 - H, 1.0, 2.0 * H)],
        '│' => &[(0.5 - W, 0.0, 2.0 * W, 1.0)],
        '┌' => &[(0.5 - W, 0.5 - H, 0.5 + W, 2.0 * H), (0.5 - W, 0.5 - H, 2.0 * W, 0.5 + H)],
        '┐' => &[(0.0, 0.5 - H, 0.5 + W, 2.0 * H), (0.5 - W, 0.5 - H, 2.0 * W, 0.5 + H)],
        '└' => &[(0.5 - W, 0.5 - H, 0.5 + W, 2.0 * H), (0.5 - W, 0.0, 2.0 * W, 0.5 + H)],
        '┘' => &[(0.0, 0.5 - H, 0.5 + W, 2.0 * H), (0.5 - W, 0.0, 2.0 * W, 0.5 + H)],
        '┬' => &[(0.0, 0.5 - H, 1.0, 2.0 * H), (0.5 - W, 0.5 - H, 2.0 * W, 0.5 + H)],
        '┴' => &[(0.0, 0.5 - H, 1.0, 2.0 * H), (0.5 - W, 0.0, 2.0 * W, 0.5 + H)],
        _ => return None,
    })
}

/// The looks of the text so far; each gets a class of its own.
#[derive(Default)]
pub(super) struct Looks(BTreeMap<Look, usize>);

impl Looks {
    fn class(&mut self, look: Look) -> usize {
        let next = self.0.len();
        *self.0.entry(look).or_insert(next)
    }

    /// The rules of a style sheet.
    pub(super) fn rules(&self) -> String {
        let mut rules = format!(
            "text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}}"
        );
        for (look, class) in &self.0 {
            append(&mut rules, format_args!(".c{class}{{fill:{}", hex(look.fg)));
            for (on, rule) in [
                (look.bold, ";font-weight:700"),
                (look.underline, ";text-decoration:underline"),
                (look.italic, ";font-style:italic"),
            ] {
                rules.push_str(if on { rule } else { "" });
            }
            rules.push('}');
        }
        rules
    }
}

/// The frame as a self-contained SVG on a dark ground; `title` is what a screen reader says of it.
#[must_use]
pub fn svg(buffer: &Buffer, title: &str) -> String {
    let mut looks = Looks::default();
    let lines = (buffer.area.top()..buffer.area.bottom()).flat_map(|y| line(buffer, y, &mut looks));
    let body: String = lines.flatten().collect();
    document(size(buffer), title, &looks, &body)
}

/// Width and height of a frame in a picture.
pub(super) fn size(buffer: &Buffer) -> (f64, f64) {
    (f64::from(buffer.area.width) * CELL.0 + 2.0 * MARGIN, f64::from(buffer.area.height) * CELL.1 + 2.0 * MARGIN)
}

/// A whole picture around its `body`.
pub(super) fn document((width, height): (f64, f64), title: &str, looks: &Looks, body: &str) -> String {
    let (title, rules, ground) = (escaped(title), looks.rules(), hex(BACKGROUND));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\"><title>{title}</title><style>{rules}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n{body}</svg>\n"
    )
}

/// One line of the frame in pieces that may be drawn in any order among those of the same layer: grounds, shapes, text.
pub(super) fn line(buffer: &Buffer, y: u16, looks: &mut Looks) -> [Vec<String>; 3] {
    let (mut grounds, mut drawn, mut text) = (Areas::default(), Areas::default(), Vec::new());
    for run in runs(buffer, y) {
        if run.look.bg != BACKGROUND {
            grounds.bar(run.look.bg, &run, (top(y), top(y + 1)));
        }
        match run.kind {
            Kind::Shape(c) => shapes(&mut drawn, &run, y, shape(c).unwrap_or_default()),
            Kind::Text => words(&mut text, &run, y, |look| looks.class(look)),
        }
    }
    [grounds.paths(), drawn.paths(), text]
}

/// Areas of one line by their colour, each colour drawn in one stroke.
#[derive(Default)]
struct Areas(BTreeMap<Rgb, Area>);

#[derive(Default)]
struct Area {
    path: String,
    /// The column behind a bar that goes on if the next one stands on the same ground, and that ground.
    open: Option<(u16, f64)>,
}

impl Areas {
    fn add(&mut self, fill: Rgb, (x, y, width, height): (f64, f64, f64, f64)) {
        let (x, y, width, height) = (short(x), short(y), short(width), short(height));
        let area = self.0.entry(fill).or_default();
        area.close();
        append(&mut area.path, format_args!("M{x} {y}h{width}v{height}h-{width}z"));
    }

    /// A bar as wide as the run; one outline together with a bar beside it.
    fn bar(&mut self, fill: Rgb, run: &Run, (from, to): (f64, f64)) {
        let area = self.0.entry(fill).or_default();
        if area.open.is_none_or(|(column, ground)| column != run.x || (ground - to).abs() > 0.001) {
            area.close();
            append(&mut area.path, format_args!("M{} {}", short(left(run.x)), short(to)));
        }
        append(&mut area.path, format_args!("V{}h{}", short(from), short(f64::from(run.columns) * CELL.0)));
        area.open = Some((run.x + run.columns, to));
    }

    fn paths(self) -> Vec<String> {
        let path = |(fill, mut area): (Rgb, Area)| {
            area.close();
            format!("<path fill=\"{}\" d=\"{}\"/>\n", hex(fill), area.path)
        };
        self.0.into_iter().map(path).collect()
    }
}

impl Area {
    fn close(&mut self) {
        if let Some((_, ground)) = self.open.take() {
            append(&mut self.path, format_args!("V{}z", short(ground)));
        }
    }
}

fn append(text: &mut String, parts: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(parts);
}

fn left(x: u16) -> f64 {
    MARGIN + f64::from(x) * CELL.0
}

fn top(y: u16) -> f64 {
    MARGIN + f64::from(y) * CELL.1
}

/// A coordinate without digits that nobody sees.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A run of one shape: where it reaches from edge to edge it is drawn in one piece.
fn shapes(areas: &mut Areas, run: &Run, y: u16, parts: Parts) {
    for (x, from, width, height) in parts {
        let (top, height) = (top(y) + from * CELL.1, height * CELL.1);
        if *width >= 1.0 {
            areas.bar(run.look.fg, run, (top, top + height));
        } else {
            for column in 0..run.columns {
                areas.add(run.look.fg, (left(run.x + column) + x * CELL.0, top, width * CELL.0, height));
            }
        }
    }
}

/// Text, cut where blanks are long, each piece held to its columns.
fn words(body: &mut Vec<String>, run: &Run, y: u16, class: impl FnOnce(Look) -> usize) {
    if run.text.trim().is_empty() {
        return;
    }
    let class = class(run.look);
    let baseline = short(top(y) + CELL.1 * 0.74);
    let mut column = run.x;
    for piece in run.text.split_inclusive("  ") {
        let shown = piece.trim_end();
        let blank = u16::try_from(shown.len() - shown.trim_start().len()).unwrap_or_default();
        let word = shown.trim_start();
        if !word.is_empty() {
            let columns = u16::try_from(word.width()).unwrap_or_default();
            let (x, length) = (short(left(column + blank)), short(f64::from(columns) * CELL.0));
            let word = escaped(word);
            body.push(format!(
                "<text class=\"c{class}\" x=\"{x}\" y=\"{baseline}\" textLength=\"{length}\">{word}</text>\n"
            ));
        }
        column += u16::try_from(piece.width()).unwrap_or_default();
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;

    fn buffer(lines: &[(&str, Style)]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, u16::try_from(lines.len()).unwrap()));
        for (y, (text, style)) in (0..).zip(lines) {
            buffer.set_string(0, y, text, *style);
        }
        buffer
    }

    #[test]
    fn text_keeps_wide_characters_whole() {
        let frame = buffer(&[("日本 ok", Style::new()), ("", Style::new())]);
        assert_eq!(text(&frame), "日本 ok\n\n");
    }

    #[test]
    fn equal_neighbours_become_one_element() {
        let red = Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD);
        let picture = svg(&buffer(&[("a <b> & c", red), ("────", Style::new()), ("▏▏", red)]), "frame");
        assert_eq!(picture.matches("<text ").count(), 1);
        assert!(picture.contains("a &lt;b&gt; &amp; c</text>"));
        assert!(picture.contains("font-weight:700"));
        // One rule in one piece, and two bars that leave gaps between them.
        assert_eq!(picture.matches("<path ").count(), 2);
        assert!(picture.contains("d=\"M12 39.54V38.46h33.6V39.54z\""), "{picture}");
        assert!(picture.contains("d=\"M12 48h1.05v18h-1.05zM20.4 48h1.05v18h-1.05z\""), "{picture}");
    }

    #[test]
    fn reversed_text_gets_its_ground() {
        let picture = svg(&buffer(&[("on", Style::new().add_modifier(Modifier::REVERSED))]), "frame");
        assert!(picture.contains(&format!("<path fill=\"{}\" d=\"M12 30V12h16.8V30z\"", hex(FOREGROUND))));
    }
}
