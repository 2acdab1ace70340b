//! The help screen, from the table of keys.

use super::{pieces, row};
use crate::tui::keys::{Binding, Context, KEYS};
use crate::tui::model::Model;
use crate::tui::text::width;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A line of help: keys and words, or a heading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Heading(&'static str),
    Key(String, &'static str),
    Text(String),
    Empty,
}

/// The chapters: what has the keys, and what they are called.
const CHAPTERS: &[(&str, &[Context])] = &[
    ("Everywhere", &[]),
    ("Calls and streams", &[Context::Calls, Context::Streams]),
    ("Frames: list, tree and bytes", &[Context::Frames, Context::Tree, Context::Bytes]),
    ("What is opened", &[Context::Call, Context::Ladder, Context::Follow, Context::Statistics, Context::Notes]),
    ("Menus", &[Context::Menu, Context::Help]),
    ("The filter, and other lines", &[Context::Filter, Context::Line]),
];

/// All lines.
pub(crate) fn lines(model: &Model) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(spool) = &model.spool {
        lines.push(Line::Heading("What is captured goes to"));
        lines.push(Line::Text(spool.to_string_lossy().into_owned()));
        lines.push(Line::Empty);
    }
    lines.extend(of_keys());
    lines
}

fn of_keys() -> Vec<Line> {
    let mut lines = Vec::new();
    // Each binding is told once, in the first chapter that has it.
    let mut told = vec![false; KEYS.len()];
    for (heading, contexts) in CHAPTERS {
        let of = |binding: &Binding| match contexts {
            [] => binding.at.is_empty() || binding.at.len() > 4,
            _ => binding.at.iter().any(|at| contexts.contains(at)),
        };
        if !lines.is_empty() {
            lines.push(Line::Empty);
        }
        lines.push(Line::Heading(heading));
        for (binding, told) in KEYS.iter().zip(&mut told) {
            if of(binding) && !*told {
                *told = true;
                let keys: Vec<String> = binding.keys.iter().map(|key| key.to_string()).collect();
                lines.push(Line::Key(keys.join(" "), binding.help));
            }
        }
    }
    lines
}

/// Draws the part of it that is scrolled to.
pub(crate) fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let (theme, Some(help)) = (&model.theme, &model.help) else { return };
    let lines = lines(model);
    let most = lines.iter().map(|line| if let Line::Key(keys, _) = line { width(keys) } else { 0 }).max().unwrap_or(0);
    for (nth, place) in help.seen(lines.len(), area.height.into()).enumerate() {
        let area = row(area, nth as u16);
        match lines.get(place) {
            Some(Line::Heading(heading)) => {
                pieces(buffer, area, [(" ", theme.text), (*heading, theme.head_on)]);
            }
            Some(Line::Key(keys, help)) => {
                let gap = " ".repeat(most - width(keys) + 2);
                pieces(
                    buffer,
                    area,
                    [("   ", theme.text), (keys, theme.key), (&*gap, theme.text), (*help, theme.text)],
                );
            }
            Some(Line::Text(text)) => {
                pieces(buffer, area, [("   ", theme.text), (text, theme.text)]);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_of_it_is_seen_on_a_narrow_terminal() {
        use super::Line;
        let keys = super::of_keys()
            .into_iter()
            .filter_map(|line| if let Line::Key(keys, help) = line { Some((keys, help)) } else { None });
        let keys: Vec<_> = keys.collect();
        let most = keys.iter().map(|(keys, _)| super::width(keys)).max().unwrap_or(0);
        for (_, help) in keys {
            assert!(most + super::width(help) + 5 <= 80, "{help}");
        }
    }
}
