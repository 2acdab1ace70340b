//! `-T text`: one line a frame in the columns of a list of frames, its detail tree, its bytes.

use super::clock::Clock;
use super::color::{Color, Paint};
use super::selection::column_text;
use super::{Report, Shown, detail, hexdump};
use dissectors::{Kind, PROTOCOLS, Part, Severity, Tree, Wants, column, fields};
use std::io::{self, Write};

/// Prints frames as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text {
    /// The detail tree in place of the line.
    pub details: bool,
    /// The bytes after the line or the tree.
    pub bytes: bool,
    /// Whether the line is coloured, by protocol and by what is odd.
    pub color: Color,
}

impl Text {
    /// What has to be recorded for it.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.details || self.bytes {
            return Wants::everything();
        }
        let mut wants = Wants::only_columns();
        if self.color.on() {
            fields().filter(|field| matches!(field.kind, Kind::Note(_))).for_each(|field| wants.add(field));
        }
        wants
    }

    /// A report that prints so.
    #[must_use]
    pub fn report(self) -> impl Report {
        Pages { text: self, clock: Clock::local(), row: String::new(), cell: String::new() }
    }
}

struct Pages {
    text: Text,
    clock: Clock,
    row: String,
    cell: String,
}

impl Report for Pages {
    fn frame(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        if self.text.details {
            detail::write(&mut self.row, shown.tree, &mut self.clock);
            self.row.push('\n');
        } else {
            self.line(shown);
        }
        if self.text.bytes {
            hexdump::buffers(&mut self.row, shown.tree);
        }
        out.write_all(self.row.as_bytes())
    }
}

impl Pages {
    /// Appends the line of a frame, laid out as tshark does: numbers to the right, addresses towards the arrow.
    fn line(&mut self, shown: &Shown<'_>) {
        let color = self.text.color;
        let (whole, protocol) = if color.on() { paints(shown.tree) } else { (Paint::Plain, Paint::Plain) };
        color.start(whole, &mut self.row);
        let width = |column: &dissectors::Field| match column.id {
            id if id == column::NUMBER.id => 5,
            id if id == column::TIME.id => 10,
            _ => 12,
        };
        for (column, between) in [(&column::NUMBER, " "), (&column::TIME, " "), (&column::SOURCE, " → ")] {
            self.cell.clear();
            column_text(&mut self.cell, column, shown, &mut self.clock);
            pad(&mut self.row, &self.cell, width(column));
            self.row.push_str(&self.cell);
            self.row.push_str(between);
        }
        self.cell.clear();
        column_text(&mut self.cell, &column::DESTINATION, shown, &mut self.clock);
        self.row.push_str(&self.cell);
        pad(&mut self.row, &self.cell, 12);
        self.row.push(' ');
        color.start(protocol, &mut self.row);
        column_text(&mut self.row, &column::PROTOCOL_NAME, shown, &mut self.clock);
        color.stop(protocol, &mut self.row);
        for column in [&column::LENGTH, &column::INFO] {
            self.row.push(' ');
            column_text(&mut self.row, column, shown, &mut self.clock);
        }
        color.stop(whole, &mut self.row);
        self.row.push('\n');
    }
}

fn pad(row: &mut String, cell: &str, width: usize) {
    let len = if cell.is_ascii() { cell.len() } else { cell.chars().count() };
    for _ in len..width {
        row.push(' ');
    }
}

/// How a line is painted, and how the name of its protocol is: the line by the gravest note, the name if the protocol
/// is one that speaks above TCP and UDP.
fn paints(tree: &Tree) -> (Paint, Paint) {
    let gravest = tree.nodes().iter().filter_map(|node| match node.field.kind {
        Kind::Note(severity) => Some(severity),
        _ => None,
    });
    match gravest.max() {
        Some(Severity::Error) => (Paint::Red, Paint::Plain),
        Some(Severity::Warn) => (Paint::Yellow, Paint::Plain),
        _ => (Paint::Plain, protocol_paint(tree.columns().protocol)),
    }
}

fn protocol_paint(name: &str) -> Paint {
    const PAINTS: [Paint; 4] = [Paint::Green, Paint::Cyan, Paint::Magenta, Paint::Blue];
    let speaks = PROTOCOLS.iter().any(|protocol| {
        matches!(protocol.part, Part::Session(_)) && !name.is_empty() && name.starts_with(protocol.short)
    });
    // The same name always has the same colour, whatever protocols are added.
    let sum = name.bytes().take(4).fold(0_usize, |sum, byte| sum * 31 + usize::from(byte));
    if speaks { PAINTS.get(sum % PAINTS.len()).copied().unwrap_or(Paint::Plain) } else { Paint::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};

    #[test]
    fn a_line_is_laid_out_as_in_tshark() {
        let text = Text::default();
        let tree = tree(text.wants());
        assert_eq!(
            print(&mut text.report(), &frame(), &tree),
            "    7   0.000300     10.0.0.1 → 10.0.0.2     TCP 74 1000 → 80 [SYN]\n"
        );
    }

    #[test]
    fn a_line_with_a_warning_is_coloured_and_ends_plain() {
        let text = Text { color: Color::Always, ..Text::default() };
        let mut tree = tree(text.wants());
        tree.note(&dissectors::tcp::ANALYSIS_LOST_SEGMENT, Default::default(), format_args!("lost"));
        let line = print(&mut text.report(), &frame(), &tree);
        assert!(line.starts_with("\x1b[33m    7") && line.ends_with("\x1b[0m\n"), "{line:?}");
    }

    #[test]
    fn no_byte_of_the_wire_reaches_the_terminal() {
        let text = Text::default();
        let mut tree = tree(text.wants());
        tree.info(format_args!("GET /\x1b]0;owned\x07\r\n\u{202e}"));
        let line = print(&mut text.report(), &frame(), &tree);
        assert!(line.ends_with("GET /\\x1b]0;owned\\x07\\r\\n\\xe2\\x80\\xae\n"), "{line:?}");
    }
}
