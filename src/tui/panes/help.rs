//! Lines of the help screen, generated from the table of keys.

use crate::tui::model::Model;
use crate::tui::model::keys::{Binding, KEYS, KeyContext};

/// Line of the help screen: a heading, keys with their description, text, or an empty line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HelpLine {
    Heading(&'static str),
    Key(String, &'static str),
    Text(String),
    Empty,
}

/// Headings of the sections, each with the contexts whose keys it lists.
const SECTIONS: &[(&str, &[KeyContext])] = &[
    ("All views", &[]),
    ("Calls and streams", &[KeyContext::Calls, KeyContext::Streams]),
    ("Frames: list, tree and bytes", &[KeyContext::Frames, KeyContext::Tree, KeyContext::Bytes]),
    (
        "Call, journey, ladder, follow, statistics, notes",
        &[
            KeyContext::Call,
            KeyContext::Journey,
            KeyContext::Ladder,
            KeyContext::Follow,
            KeyContext::Statistics,
            KeyContext::Notes,
        ],
    ),
    ("Menus", &[KeyContext::Menu, KeyContext::Help]),
    ("Filter and other input lines", &[KeyContext::Filter, KeyContext::Prompt]),
];

/// Returns all lines of the help screen.
pub(crate) fn lines(model: &Model) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    if let Some(spool) = &model.spool {
        lines.push(HelpLine::Heading("Capture file"));
        lines.push(HelpLine::Text(spool.to_string_lossy().into_owned()));
        lines.push(HelpLine::Empty);
    }
    lines.extend(key_lines());
    lines
}

fn key_lines() -> Vec<HelpLine> {
    let mut lines = Vec::new();
    // Each binding is listed once, in the first section that has it.
    let mut listed = vec![false; KEYS.len()];
    for (heading, contexts) in SECTIONS {
        let belongs = |binding: &Binding| match contexts {
            [] => binding.contexts.is_empty() || binding.contexts.len() > 4,
            _ => binding.contexts.iter().any(|at| contexts.contains(at)),
        };
        if !lines.is_empty() {
            lines.push(HelpLine::Empty);
        }
        lines.push(HelpLine::Heading(heading));
        for (binding, listed) in KEYS.iter().zip(&mut listed) {
            if belongs(binding) && !*listed {
                *listed = true;
                let keys: Vec<String> = binding.keys.iter().map(|key| key.to_string()).collect();
                lines.push(HelpLine::Key(keys.join(" "), binding.help));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_line_fits_80_columns() {
        use super::HelpLine;
        use crate::tui::widgets::text::width;
        let keys = super::key_lines()
            .into_iter()
            .filter_map(|line| if let HelpLine::Key(keys, help) = line { Some((keys, help)) } else { None });
        let keys: Vec<_> = keys.collect();
        let widest = keys.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0);
        for (_, help) in keys {
            assert!(widest + width(help) + 5 <= 80, "{help}");
        }
    }
}
