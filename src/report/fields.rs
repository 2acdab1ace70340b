//! `-T fields`: one line per frame with the values of the selected fields, as tshark 4.4 prints them.

use super::selection::{Occurrence, Selection, ValueWriter};
use super::time_format::TimeFormatter;
use super::{DissectedFrame, Report};
use std::io::{self, Write};

/// Layout of lines of fields: the settings of tshark's `-E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whether the first line has the field names.
    pub header: bool,
    /// Separator between fields.
    pub separator: char,
    /// Which values of a field are printed.
    pub occurrence: Occurrence,
    /// Separator between several values of one field.
    pub aggregator: char,
    /// Quote around each field that has a value; a quote inside the value is doubled.
    pub quote: Option<char>,
    /// Whether the output begins with a byte order mark.
    pub bom: bool,
    /// Whether tabs, line ends and backslashes of values are escaped. Other control characters always are.
    pub escape: bool,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            header: false,
            separator: '\t',
            occurrence: Occurrence::All,
            aggregator: ',',
            quote: None,
            bom: false,
            escape: true,
        }
    }
}

/// Prints the selected fields of each frame.
pub struct FieldsReport {
    selection: Selection,
    layout: Layout,
    clock: TimeFormatter,
    row: String,
    cell: String,
}

impl FieldsReport {
    /// Returns a report of these fields in this layout.
    #[must_use]
    pub fn new(selection: Selection, layout: Layout) -> FieldsReport {
        FieldsReport { selection, layout, clock: TimeFormatter::local(), row: String::new(), cell: String::new() }
    }
}

impl Report for FieldsReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        if self.layout.bom {
            self.row.push('\u{feff}');
        }
        if self.layout.header {
            for (nth, chosen) in self.selection.selected().iter().enumerate() {
                if nth > 0 {
                    self.row.push(self.layout.separator);
                }
                self.row.push_str(&chosen.name);
            }
            self.row.push('\n');
        }
        out.write_all(self.row.as_bytes())
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Layout { separator, occurrence, aggregator, quote, escape, .. } = self.layout;
        self.selection.index_nodes(dissected.tree);
        self.row.clear();
        for (nth, chosen) in self.selection.selected().iter().enumerate() {
            if nth > 0 {
                self.row.push(separator);
            }
            if quote.is_none() && escape {
                let mut writer =
                    ValueWriter { out: &mut self.row, clock: &mut self.clock, occurrence, separator: aggregator };
                self.selection.write_values(chosen, dissected, &mut writer);
                continue;
            }
            self.cell.clear();
            let mut writer =
                ValueWriter { out: &mut self.cell, clock: &mut self.clock, occurrence, separator: aggregator };
            let any = self.selection.write_values(chosen, dissected, &mut writer);
            if !escape {
                unescape(&mut self.cell);
            }
            match quote {
                Some(quote) if any => {
                    self.row.push(quote);
                    for char in self.cell.chars() {
                        if char == quote {
                            self.row.push(quote);
                        }
                        self.row.push(char);
                    }
                    self.row.push(quote);
                }
                _ => self.row.push_str(&self.cell),
            }
        }
        self.row.push('\n');
        out.write_all(self.row.as_bytes())
    }
}

/// Replaces the escapes of tabs, line ends and backslashes by the characters.
fn unescape(cell: &mut String) {
    if !cell.contains('\\') {
        return;
    }
    let mut plain = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('\\') => plain.push('\\'),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    *cell = plain;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{frame, print, tree};

    fn rows(names: &[&str], layout: Layout) -> String {
        let selection = Selection::new(names).expect("known fields");
        let tree = tree(selection.wants());
        print(&mut FieldsReport::new(selection, layout), &frame(), &tree)
    }

    #[test]
    fn fields_are_separated_by_tabs_and_values_by_commas() {
        let names = &["frame.number", "tcp.port", "tcp.flags"];
        assert_eq!(rows(names, Layout::default()), "7\t1000,80\t0x0002\n");
        let layout = Layout { separator: '|', aggregator: ' ', header: true, ..Layout::default() };
        assert_eq!(rows(names, layout), "frame.number|tcp.port|tcp.flags\n7|1000 80|0x0002\n");
    }

    #[test]
    fn the_first_or_the_last_value_alone_can_be_printed() {
        let layout = Layout { occurrence: Occurrence::First, ..Layout::default() };
        assert_eq!(rows(&["tcp.port"], layout), "1000\n");
        let layout = Layout { occurrence: Occurrence::Last, ..Layout::default() };
        assert_eq!(rows(&["tcp.port"], layout), "80\n");
    }

    #[test]
    fn a_field_named_twice_is_printed_twice() {
        assert_eq!(rows(&["tcp.port", "frame.number", "tcp.port"], Layout::default()), "1000,80\t7\t1000,80\n");
    }

    #[test]
    fn values_are_quoted_and_absent_fields_are_not() {
        let layout = Layout { quote: Some('"'), bom: true, ..Layout::default() };
        let names = &["frame.number", "tcp.ack", "frame.comment", "tcp.port"];
        assert_eq!(rows(names, layout), "\u{feff}\"7\"\t\t\"a \"\"b\"\"\\tc\\x1b\"\t\"1000,80\"\n");
    }

    #[test]
    fn control_characters_are_escaped_even_if_escapes_are_off() {
        let layout = Layout { escape: false, ..Layout::default() };
        assert_eq!(rows(&["frame.comment"], layout), "a \"b\"\tc\\x1b\n");
    }

    #[test]
    fn columns_are_fields_too() {
        let names = &["_ws.col.Protocol", "_ws.col.info", "_ws.col.Time", "_ws.col.def_src", "_ws.col.Length"];
        assert_eq!(rows(names, Layout::default()), "TCP\t1000 → 80 [SYN]\t0.000300\t10.0.0.1\t74\n");
    }

    #[test]
    fn a_timestamp_is_printed_as_by_tshark_and_a_protocol_as_its_line() {
        let text = rows(&["frame.time", "tcp"], Layout::default());
        assert!(text.contains("Transmission Control Protocol, Src Port: 1000"), "{text}");
        assert!(text.contains(".001000000 "), "{text}");
    }
}
