//! Frames of a flight as one moving SVG, for a README: it plays by itself wherever pictures are shown.
//!
//! A line that stays the same stands in it once, whatever changes around it.

use std::{collections::BTreeMap, fmt::Write};

use ratatui::buffer::Buffer;

use super::picture::{self, Looks};

/// Height of the line below the frame that says what happens.
const CAPTION: f64 = 30.0;

/// A frame and from when on it is shown, in milliseconds.
#[derive(Debug)]
pub struct Shot {
    pub at: u64,
    pub frame: Buffer,
    /// What happens, in the words of whoever shows it.
    pub caption: &'static str,
}

/// The film, over and over; `lasts` milliseconds long. All frames have one size.
#[must_use]
pub fn svg(shots: &[Shot], lasts: u64, title: &str) -> String {
    let Some(first) = shots.first() else { return String::new() };
    let (width, height) = picture::size(&first.frame);
    let mut looks = Looks::default();
    let mut reel = Reel { lasts, layers: Default::default() };
    let ends = shots.iter().skip(1).map(|shot| shot.at).chain([lasts]);
    for (shot, end) in shots.iter().zip(ends) {
        for y in shot.frame.area.top()..shot.frame.area.bottom() {
            for (layer, pieces) in picture::line(&shot.frame, y, &mut looks).into_iter().enumerate() {
                for piece in pieces {
                    reel.show(layer, piece, shot.at, end);
                }
            }
        }
        let (x, y, caption) = (width / 2.0, height + CAPTION / 3.0, picture::escaped(shot.caption));
        let caption =
            format!("<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\" fill=\"#ffffff\">{caption}</text>\n");
        reel.show(2, caption, shot.at, end);
    }
    picture::document((width, height + CAPTION), title, &looks, &reel.body())
}

/// From when to when something is shown.
type Shown = Vec<(u64, u64)>;

struct Reel {
    lasts: u64,
    /// Grounds, shapes and text: every piece and when it is shown.
    layers: [BTreeMap<String, Shown>; 3],
}

impl Reel {
    fn show(&mut self, layer: usize, piece: String, from: u64, to: u64) {
        let Some(pieces) = self.layers.get_mut(layer) else { return };
        let shown = pieces.entry(piece).or_default();
        match shown.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            Some(_) | None => shown.push((from, to)),
        }
    }

    /// Pieces that come and go together share one animation.
    fn body(self) -> String {
        let mut body = String::new();
        for pieces in self.layers {
            let mut together: BTreeMap<Shown, String> = BTreeMap::new();
            for (piece, shown) in pieces {
                together.entry(shown).or_default().push_str(&piece);
            }
            for (shown, pieces) in together {
                if shown.as_slice() == [(0, self.lasts)] {
                    body.push_str(&pieces);
                } else {
                    let timing = timing(&shown, self.lasts);
                    // Whoever plays no films sees the first frame.
                    let hidden =
                        if shown.first().is_some_and(|(from, _)| *from == 0) { "" } else { " visibility=\"hidden\"" };
                    // Writing to a string cannot fail.
                    let _ = writeln!(body, "<g{hidden}>{timing}{pieces}</g>");
                }
            }
        }
        body
    }
}

/// An animation that shows something at these times only.
fn timing(shown: &[(u64, u64)], lasts: u64) -> String {
    let (mut values, mut times) = (Vec::new(), Vec::new());
    let mut step = |at: u64, value: &'static str| {
        if times.last() != Some(&at) {
            values.push(value);
            times.push(at);
        }
    };
    if shown.first().is_none_or(|(from, _)| *from > 0) {
        step(0, "hidden");
    }
    for (from, to) in shown {
        step(*from, "visible");
        if *to < lasts {
            step(*to, "hidden");
        }
    }
    let times: Vec<String> = times.iter().map(|at| share(*at, lasts)).collect();
    format!(
        "<animate attributeName=\"visibility\" calcMode=\"discrete\" repeatCount=\"indefinite\" dur=\"{lasts}ms\" values=\"{}\" keyTimes=\"{}\"/>",
        values.join(";"),
        times.join(";")
    )
}

/// A time as a share of the whole, to a ten-thousandth.
fn share(at: u64, lasts: u64) -> String {
    let share = at * 10_000 / lasts.max(1);
    if share == 0 { "0".to_owned() } else { format!("0.{share:04}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use ratatui::{layout::Rect, style::Style};

    use super::*;

    fn shot(at: u64, texts: [&str; 2]) -> Shot {
        let mut frame = Buffer::empty(Rect::new(0, 0, 10, 2));
        for (y, text) in (0..).zip(texts) {
            frame.set_string(0, y, text, Style::new());
        }
        Shot { at, frame, caption: "" }
    }

    #[test]
    fn what_stays_is_drawn_once_and_what_comes_back_too() {
        let shots = [shot(0, ["stays", "one"]), shot(1_000, ["stays", "two"]), shot(3_000, ["stays", "one"])];
        let film = svg(&shots, 4_000, "film");
        for word in ["stays", "one", "two"] {
            assert_eq!(film.matches(&format!(">{word}</text>")).count(), 1, "{film}");
        }
        assert_eq!(film.matches("<animate ").count(), 2);
        assert_eq!(film.matches("visibility=\"hidden\"").count(), 1, "the first frame is there without an animation");
        assert!(film.contains("values=\"visible;hidden;visible\" keyTimes=\"0;0.25;0.75\""), "{film}");
        assert!(film.contains("values=\"hidden;visible;hidden\" keyTimes=\"0;0.25;0.75\""), "{film}");
    }
}
