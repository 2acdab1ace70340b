//! `-T text`: one line per frame with the columns of the frame list, or its detail tree, and its bytes.

use super::color::{AnsiStyle, Color};
use super::selection::column_text;
use super::time_format::TimeFormatter;
use super::{DissectedFrame, Report, detail, hexdump};
use dissectors::{FieldKind, PROTOCOLS, Severity, Tree, Wants, column, fields};
use std::io::{self, Write};

/// Prints frames as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextOptions {
    /// Whether the detail tree replaces the line.
    pub details: bool,
    /// Whether a hex dump follows the line or the tree.
    pub bytes: bool,
    /// Whether the line is coloured, by protocol and by the severity of its notes.
    pub color: Color,
}

impl TextOptions {
    /// Returns the fields that must be recorded for this output.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.details || self.bytes {
            let mut wants = Wants::without_repetitions();
            (wants.labels, wants.columns) = (self.details, !self.details);
            return wants;
        }
        let mut wants = Wants::only_columns();
        if self.color.is_on() {
            fields().filter(|field| matches!(field.kind, FieldKind::Note(_))).for_each(|field| wants.add(field));
        }
        wants
    }

    /// Returns a report with these options.
    #[must_use]
    pub fn report(self) -> impl Report + Send {
        TextReport { text: self, clock: TimeFormatter::local(), row: String::new(), cell: String::new() }
    }
}

struct TextReport {
    text: TextOptions,
    clock: TimeFormatter,
    row: String,
    cell: String,
}

impl Report for TextReport {
    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        if self.text.details {
            detail::write(&mut self.row, dissected.tree, &mut self.clock);
            self.row.push('\n');
        } else {
            self.line(dissected);
        }
        if self.text.bytes {
            hexdump::buffers(&mut self.row, dissected.tree);
        }
        out.write_all(self.row.as_bytes())
    }
}

impl TextReport {
    /// Appends the line of a frame in tshark's layout: numbers right-aligned, addresses aligned towards the arrow.
    fn line(&mut self, dissected: &DissectedFrame<'_>) {
        let color = self.text.color;
        let (line_style, protocol_style) =
            if color.is_on() { frame_styles(dissected.tree) } else { (AnsiStyle::Plain, AnsiStyle::Plain) };
        color.start(line_style, &mut self.row);
        let width = |column: &dissectors::Field| match column.id {
            id if id == column::NUMBER.id => 5,
            id if id == column::TIME.id => 10,
            _ => 12,
        };
        for (column, between) in [(&column::NUMBER, " "), (&column::TIME, " "), (&column::SOURCE, " → ")] {
            self.cell.clear();
            column_text(&mut self.cell, column, dissected, &mut self.clock);
            pad(&mut self.row, &self.cell, width(column));
            self.row.push_str(&self.cell);
            self.row.push_str(between);
        }
        self.cell.clear();
        column_text(&mut self.cell, &column::DESTINATION, dissected, &mut self.clock);
        self.row.push_str(&self.cell);
        pad(&mut self.row, &self.cell, 12);
        self.row.push(' ');
        color.start(protocol_style, &mut self.row);
        column_text(&mut self.row, &column::PROTOCOL_NAME, dissected, &mut self.clock);
        color.stop(protocol_style, &mut self.row);
        for column in [&column::LENGTH, &column::INFO] {
            self.row.push(' ');
            column_text(&mut self.row, column, dissected, &mut self.clock);
        }
        color.stop(line_style, &mut self.row);
        self.row.push('\n');
    }
}

/// As many spaces as the widest padded column has characters.
const SPACES: &str = "            ";

fn pad(row: &mut String, cell: &str, width: usize) {
    let len = if cell.is_ascii() { cell.len() } else { cell.chars().count() };
    row.push_str(SPACES.get(len..width).unwrap_or_default());
}

/// Returns the style of a line, by its most severe note, and the style of the protocol name, if it is a session protocol
/// above TCP or UDP.
fn frame_styles(tree: &Tree) -> (AnsiStyle, AnsiStyle) {
    let severities = tree.nodes().iter().filter_map(|node| match node.field.kind {
        FieldKind::Note(severity) => Some(severity),
        _ => None,
    });
    match severities.max() {
        Some(Severity::Error) => (AnsiStyle::Red, AnsiStyle::Plain),
        Some(Severity::Warn) => (AnsiStyle::Yellow, AnsiStyle::Plain),
        _ => (AnsiStyle::Plain, session_style(tree.columns().protocol)),
    }
}

fn session_style(name: &str) -> AnsiStyle {
    const PAINTS: [AnsiStyle; 4] = [AnsiStyle::Green, AnsiStyle::Cyan, AnsiStyle::Magenta, AnsiStyle::Blue];
    let is_session = PROTOCOLS
        .iter()
        .any(|protocol| protocol.sessions().next().is_some() && !name.is_empty() && name.starts_with(protocol.short));
    // A name keeps its colour when protocols are added.
    let sum = name.bytes().take(4).fold(0_usize, |sum, byte| sum * 31 + usize::from(byte));
    if is_session { PAINTS.get(sum % PAINTS.len()).copied().unwrap_or(AnsiStyle::Plain) } else { AnsiStyle::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn a_line_has_the_layout_of_tshark() {
        let text = TextOptions::default();
        let tree = tree(text.wants());
        assert_eq!(
            print(&mut text.report(), &frame(), &tree),
            "    7   0.000300     10.0.0.1 → 10.0.0.2     TCP 74 1000 → 80 [SYN]\n"
        );
    }

    #[test]
    fn a_line_with_a_warning_is_coloured_and_reset() {
        let text = TextOptions { color: Color::Always, ..TextOptions::default() };
        let mut tree = tree(text.wants());
        tree.note(&dissectors::tcp::ANALYSIS_LOST_SEGMENT, Default::default(), format_args!("lost"));
        let line = print(&mut text.report(), &frame(), &tree);
        assert!(line.starts_with("\x1b[33m    7") && line.ends_with("\x1b[0m\n"), "{line:?}");
    }

    #[test]
    fn control_characters_of_the_wire_never_reach_the_terminal() {
        let text = TextOptions::default();
        let mut tree = tree(text.wants());
        tree.set_info(format_args!("GET /\x1b]0;owned\x07\r\n\u{202e}"));
        let line = print(&mut text.report(), &frame(), &tree);
        assert!(line.ends_with("GET /\\x1b]0;owned\\x07\\r\\n\\xe2\\x80\\xae\n"), "{line:?}");
    }
}
