//! Rows of named values in any form: a table for people, JSON and CSV for programs.

use super::clock::Clock;
use super::csv::Sheet;
use super::json::{self, Lines};
use super::quantity;
use super::table::{Align, Column, Table};
use super::value::{self, Decimals};
use crate::capture::Endpoint;
use dissectors::packet::Address;
use std::io::{self, Write};

/// A form of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table, with columns left out and cells cut so that rows fit into so many characters, if a number is given.
    Text(Option<usize>),
    /// Objects.
    Json(Lines),
    /// A line of names, then comma-separated values.
    Csv,
}

/// A value of a row, and for some the word that people read in its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// Nothing.
    Nothing,
    /// Nothing, and what that means.
    Missing(&'static str),
    /// Text from the wire.
    Text(&'a str),
    /// A media type as sent, of which the table leaves out the parameters, and a remark in the table.
    Media(&'a str, &'static str),
    /// An address and a port.
    End(Endpoint),
    /// A word of ours.
    Word(&'static str),
    Number(u64),
    /// Bytes.
    Size(u64),
    /// Nanoseconds.
    Duration(i64),
    /// Nanoseconds since 1970, and since the first frame.
    Moment(i64, i64),
    Yes(bool),
}

/// What is said in a column of rows.
pub(super) struct Head {
    /// Its key in JSON and its name in CSV.
    pub(super) key: &'static str,
    /// Its place among the columns of the table, if it is one of them.
    pub(super) column: Option<Column>,
}

impl Head {
    pub(super) const fn new(key: &'static str, column: Column) -> Head {
        Head { key, column: Some(column) }
    }

    /// What stands in the machine forms only.
    pub(super) const fn machine(key: &'static str) -> Head {
        Head { key, column: None }
    }
}

/// Writes rows in a form.
pub(super) struct Records {
    heads: &'static [Head],
    style: Style,
    clock: Clock,
    row: String,
    count: u64,
}

enum Style {
    Text(Table),
    Json(Lines),
    Csv(Box<Sheet>),
}

impl Records {
    pub(super) fn new(heads: &'static [Head], form: Form) -> Records {
        let style = match form {
            Form::Text(room) => Style::Text(Table::new(heads.iter().map(|head| head.column.as_ref()), room)),
            Form::Json(lines) => Style::Json(lines),
            Form::Csv => Style::Csv(Box::new(Sheet::new(b','))),
        };
        Records { heads, style, clock: Clock::local(), row: String::new(), count: 0 }
    }

    pub(super) fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match &mut self.style {
            Style::Text(table) => table.head(&mut self.row),
            Style::Json(lines) => self.row.push_str(lines.begin()),
            Style::Csv(sheet) => {
                self.heads.iter().for_each(|head| sheet.cell(head.key));
                sheet.row(out)?;
            }
        }
        out.write_all(self.row.as_bytes())
    }

    pub(super) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &self.style {
            Style::Json(lines) => out.write_all(lines.end().as_bytes()),
            _ => Ok(()),
        }
    }

    /// Writes a row: a cell for each head.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match &mut self.style {
            Style::Text(table) => {
                table.row(&mut self.row, |place, out| for_people(out, cells.get(place).unwrap_or(&Cell::Nothing)));
            }
            Style::Json(lines) => {
                lines.before(self.count, &mut self.row);
                self.row.push('{');
                for (nth, (head, cell)) in self.heads.iter().zip(cells).enumerate() {
                    json::key(&mut self.row, head.key, nth == 0);
                    in_json(&mut self.row, cell, &mut self.clock);
                }
                self.row.push('}');
                lines.after(&mut self.row);
            }
            Style::Csv(sheet) => {
                for cell in cells {
                    self.row.clear();
                    in_csv(&mut self.row, cell, &mut self.clock);
                    sheet.cell(&self.row);
                }
                return sheet.row(out);
            }
        }
        self.count += 1;
        out.write_all(self.row.as_bytes())
    }
}

fn for_people(out: &mut String, cell: &Cell<'_>) {
    match *cell {
        Cell::Nothing | Cell::Text("") | Cell::Media("", "") => out.push('-'),
        Cell::Missing(word) | Cell::Word(word) => out.push_str(word),
        // What is no UTF-8 is escaped already.
        Cell::Text(text) => value::line(out, text.as_bytes()),
        Cell::Media(media, remark) => {
            let end = memchr::memchr(b';', media.as_bytes()).unwrap_or(media.len());
            value::string(out, media.get(..end).unwrap_or(media).trim());
            if !media.is_empty() && !remark.is_empty() {
                out.push(' ');
            }
            out.push_str(remark);
        }
        Cell::End(end) => endpoint(out, end),
        Cell::Number(number) => value::number(out, number),
        Cell::Size(bytes) => quantity::size(out, bytes),
        Cell::Duration(nanos) => quantity::duration(out, nanos),
        Cell::Moment(_, relative) => value::seconds(out, relative, Decimals::Six),
        Cell::Yes(yes) => out.push_str(if yes { "yes" } else { "no" }),
    }
}

fn in_json(out: &mut String, cell: &Cell<'_>, clock: &mut Clock) {
    match *cell {
        Cell::Nothing | Cell::Missing(_) | Cell::Text("") | Cell::Media("", _) => out.push_str("null"),
        Cell::Text(text) | Cell::Media(text, _) => json::string(out, text),
        Cell::End(end) => {
            out.push('"');
            endpoint(out, end);
            out.push('"');
        }
        Cell::Word(word) => json::string(out, word),
        Cell::Moment(time, _) => {
            out.push('"');
            clock.rfc3339(out, time);
            out.push('"');
        }
        Cell::Yes(yes) => out.push_str(if yes { "true" } else { "false" }),
        Cell::Number(_) | Cell::Size(_) | Cell::Duration(_) => in_csv(out, cell, clock),
    }
}

fn in_csv(out: &mut String, cell: &Cell<'_>, clock: &mut Clock) {
    match *cell {
        Cell::Nothing | Cell::Missing(_) => {}
        Cell::Text(text) | Cell::Media(text, _) => value::line(out, text.as_bytes()),
        Cell::Word(word) => out.push_str(word),
        Cell::End(end) => endpoint(out, end),
        Cell::Number(number) | Cell::Size(number) => value::number(out, number),
        Cell::Duration(nanos) => value::seconds(out, nanos, Decimals::Nine),
        Cell::Moment(time, _) => clock.rfc3339(out, time),
        Cell::Yes(yes) => out.push_str(if yes { "true" } else { "false" }),
    }
}

/// Appends the address and the port, in the form of a URL: `10.0.0.1:80`, `[::1]:80`.
pub(crate) fn endpoint(out: &mut String, end: Endpoint) {
    match end.address {
        Address::None => {}
        Address::V4(bytes) => {
            for (nth, byte) in bytes.into_iter().enumerate() {
                out.push_str(if nth > 0 { "." } else { "" });
                out.push_str(itoa::Buffer::new().format(byte));
            }
        }
        Address::V6(bytes) => {
            out.push('[');
            let _ = dissectors::format::ipv6(out, bytes);
            out.push(']');
        }
    }
    out.push(':');
    out.push_str(itoa::Buffer::new().format(end.port));
}

/// A column of figures.
pub(super) const fn figures(title: &'static str, width: usize, rank: u8) -> Column {
    Column { title, width, most: 24, align: Align::Right, rank }
}

/// A column of words.
pub(super) const fn words(title: &'static str, width: usize, most: usize, rank: u8) -> Column {
    Column { title, width, most, align: Align::Left, rank }
}
