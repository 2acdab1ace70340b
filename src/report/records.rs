//! Rows of named values in any format: a table for people, JSON and CSV for programs.

use super::csv::CsvWriter;
use super::json::{self, JsonFraming};
use super::markup::escape_markup;
use super::quantity;
use super::table::{Align, Column, TextTable};
use super::time_format::TimeFormatter;
use super::value::{self, Decimals};
use crate::capture::{Endpoint, EndpointNames};
use dissectors::host_names::HostName;
use dissectors::packet::Address;
use std::io::{self, Write};

/// Output format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// A table. With a line width in characters, columns are omitted and cells truncated so that rows fit.
    Text(Option<usize>),
    /// JSON objects.
    Json(JsonFraming),
    /// A line of names, then comma-separated values.
    Csv,
    /// A table of HTML, for a page.
    Html,
}

/// A value of a row. Some have a different text in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    /// No value.
    Empty,
    /// No value, with the reason for the table.
    Missing(&'static str),
    /// Text from the wire.
    Text(&'a str),
    /// A mark of the table, and text from the wire.
    Marked(&'a str, &'a str),
    /// A media type as sent, and a remark for the table, which omits the parameters.
    Media(&'a str, &'a str),
    /// An address and a port, and the name that the table has instead of the address.
    Endpoint(Endpoint, Option<&'a HostName>),
    /// A fixed word, not from the wire.
    Word(&'static str),
    Number(u64),
    /// A number of bytes.
    Size(u64),
    /// Nanoseconds.
    Duration(i64),
    /// Timestamp: nanoseconds since 1970, and since the first frame.
    Timestamp(i64, i64),
    Bool(bool),
    /// Bounds and calls of each step of a histogram of durations, and its text in the table.
    Histogram(&'a [([u64; 2], u64)], &'a str),
}

impl Cell<'_> {
    /// Returns the text that the table has, before characters are escaped; `None` for no value, or one that is not text.
    pub(super) fn table_text(&self) -> Option<String> {
        let mut text = String::new();
        match *self {
            Cell::Text(own) | Cell::Marked(_, own) => text.push_str(own),
            Cell::Media(media, _) => text.push_str(media.split(';').next().unwrap_or_default().trim()),
            Cell::Endpoint(end, Some(host)) => text = format!("{}:{}", host.name, end.port),
            Cell::Endpoint(end, None) => endpoint(&mut text, end),
            Cell::Word(word) => text.push_str(word),
            Cell::Number(number) => value::number(&mut text, number),
            _ => return None,
        }
        Some(text)
    }
}

/// A named value of every row.
pub(crate) struct RecordColumn {
    /// Key in JSON and name in CSV; empty if they do not have the value.
    pub(crate) key: &'static str,
    /// Column of the table, if the table has it.
    pub(crate) column: Option<Column>,
}

impl RecordColumn {
    pub(crate) const fn new(key: &'static str, column: Column) -> RecordColumn {
        RecordColumn { key, column: Some(column) }
    }

    /// Returns a value that only JSON and CSV have.
    pub(crate) const fn machine_only(key: &'static str) -> RecordColumn {
        RecordColumn { key, column: None }
    }

    /// Returns a value that JSON and CSV do not have.
    pub(crate) const fn people_only(column: Column) -> RecordColumn {
        RecordColumn { key: "", column: Some(column) }
    }

    fn has_key(&self) -> bool {
        !self.key.is_empty()
    }
}

/// Values of a row whose addresses are resolved, after the others.
pub(super) static NAME_COLUMNS: [RecordColumn; 4] = [
    RecordColumn::machine_only("client_name"),
    RecordColumn::machine_only("client_name_source"),
    RecordColumn::machine_only("server_name"),
    RecordColumn::machine_only("server_name_source"),
];

/// The sources of the names of the endpoints of a row, as text.
#[derive(Default)]
pub(super) struct NameSources([String; 2]);

impl NameSources {
    pub(super) fn of(names: &EndpointNames) -> NameSources {
        let text = |name: &Option<HostName>| name.as_ref().map(|host| host.source.to_string()).unwrap_or_default();
        NameSources([text(&names.client), text(&names.server)])
    }

    /// Returns the cells of [`NAME_COLUMNS`].
    pub(super) fn cells<'a>(&'a self, names: &'a EndpointNames) -> [Cell<'a>; 4] {
        let NameSources([client, server]) = self;
        let name = |name: &'a Option<HostName>| name.as_ref().map_or(Cell::Empty, |host| Cell::Text(&host.name));
        let source = |source: &'a String| if source.is_empty() { Cell::Empty } else { Cell::Text(source) };
        [name(&names.client), source(client), name(&names.server), source(server)]
    }
}

/// Writes rows in an output format.
pub(crate) struct RecordWriter {
    columns: Vec<&'static RecordColumn>,
    output: RecordOutput,
    clock: TimeFormatter,
    row: String,
    count: u64,
}

enum RecordOutput {
    Text(TextTable),
    Json(JsonFraming),
    Csv(Box<CsvWriter>),
    Html,
}

impl RecordWriter {
    pub(crate) fn new(columns: impl IntoIterator<Item = &'static RecordColumn>, format: RecordFormat) -> RecordWriter {
        let columns: Vec<_> = columns.into_iter().collect();
        let output = match format {
            RecordFormat::Text(width) => {
                RecordOutput::Text(TextTable::new(columns.iter().map(|column| column.column.as_ref()), width))
            }
            RecordFormat::Json(lines) => RecordOutput::Json(lines),
            RecordFormat::Csv => RecordOutput::Csv(Box::new(CsvWriter::new(b','))),
            RecordFormat::Html => RecordOutput::Html,
        };
        RecordWriter { columns, output, clock: TimeFormatter::local(), row: String::new(), count: 0 }
    }

    pub(crate) fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match &mut self.output {
            RecordOutput::Text(table) => table.header(&mut self.row),
            RecordOutput::Json(lines) => self.row.push_str(lines.begin()),
            RecordOutput::Csv(sheet) => {
                self.columns.iter().filter(|column| column.has_key()).for_each(|column| sheet.cell(column.key));
                sheet.row(out)?;
            }
            RecordOutput::Html => {
                self.row.push_str("<div class=\"scroll\"><table class=\"records\">\n<thead><tr>");
                for column in self.columns.iter().filter_map(|column| column.column.as_ref()) {
                    push_html_cell(&mut self.row, "th scope=\"col\"", column, column.title);
                }
                self.row.push_str("</tr></thead>\n<tbody>\n");
            }
        }
        out.write_all(self.row.as_bytes())
    }

    pub(crate) fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match &self.output {
            RecordOutput::Json(lines) => out.write_all(lines.end().as_bytes()),
            RecordOutput::Html => out.write_all(b"</tbody>\n</table></div>\n"),
            _ => Ok(()),
        }
    }

    /// Writes a row: one cell per column.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>], out: &mut dyn Write) -> io::Result<()> {
        self.row.clear();
        match &mut self.output {
            RecordOutput::Text(table) => {
                table.row(&mut self.row, |cell, out| write_table_cell(out, cells.get(cell).unwrap_or(&Cell::Empty)));
            }
            RecordOutput::Json(lines) => {
                lines.before(self.count, &mut self.row);
                self.row.push('{');
                let keyed = self.columns.iter().zip(cells).filter(|(column, _)| column.has_key());
                for (nth, (column, cell)) in keyed.enumerate() {
                    json::write_key(&mut self.row, column.key, nth == 0);
                    write_json_cell(&mut self.row, cell, &mut self.clock);
                }
                self.row.push('}');
                lines.after(&mut self.row);
            }
            RecordOutput::Csv(sheet) => {
                for (_, cell) in self.columns.iter().zip(cells).filter(|(column, _)| column.has_key()) {
                    self.row.clear();
                    write_csv_cell(&mut self.row, cell, &mut self.clock);
                    sheet.cell(&self.row);
                }
                return sheet.row(out);
            }
            RecordOutput::Html => {
                self.row.push_str("<tr>");
                let mut text = String::new();
                for (column, cell) in self.columns.iter().zip(cells) {
                    let Some(column) = &column.column else { continue };
                    text.clear();
                    write_table_cell(&mut text, cell);
                    push_html_cell(&mut self.row, "td", column, &text);
                }
                self.row.push_str("</tr>\n");
            }
        }
        self.count += 1;
        out.write_all(self.row.as_bytes())
    }
}

/// Appends a cell of a table of HTML. `tag` is its start without the brackets.
fn push_html_cell(out: &mut String, tag: &str, column: &Column, text: &str) {
    let class = if column.align == Align::Right { " class=\"number\"" } else { "" };
    let name = tag.split(' ').next().unwrap_or(tag);
    out.push_str(&format!("<{tag}{class}>{}</{name}>", escape_markup(text)));
}

fn write_table_cell(out: &mut String, cell: &Cell<'_>) {
    match *cell {
        Cell::Empty | Cell::Text("") | Cell::Marked("", "") | Cell::Media("", "") => out.push('-'),
        Cell::Missing(word) | Cell::Word(word) => out.push_str(word),
        // Invalid UTF-8 is escaped already.
        Cell::Text(text) => value::line_of(out, text),
        Cell::Marked(mark, text) => {
            out.push_str(mark);
            value::line_of(out, text);
        }
        Cell::Media(media, remark) => {
            let end = memchr::memchr(b';', media.as_bytes()).unwrap_or(media.len());
            value::line_of(out, media.get(..end).unwrap_or(media).trim());
            if !media.is_empty() && !remark.is_empty() {
                out.push(' ');
            }
            value::line_of(out, remark);
        }
        Cell::Endpoint(address, name) => named_endpoint(out, address, name),
        Cell::Number(number) => value::number(out, number),
        Cell::Size(bytes) => quantity::size(out, bytes),
        Cell::Duration(nanos) => quantity::duration(out, nanos),
        Cell::Timestamp(_, relative) => value::seconds(out, relative, Decimals::Six),
        Cell::Bool(yes) => out.push_str(if yes { "yes" } else { "no" }),
        Cell::Histogram(_, text) => out.push_str(text),
    }
}

fn write_json_cell(out: &mut String, cell: &Cell<'_>, clock: &mut TimeFormatter) {
    match *cell {
        Cell::Empty | Cell::Missing(_) | Cell::Text("") | Cell::Marked(_, "") | Cell::Media("", _) => {
            out.push_str("null");
        }
        Cell::Text(text) | Cell::Marked(_, text) | Cell::Media(text, _) => json::write_string(out, text),
        Cell::Endpoint(address, _) => {
            out.push('"');
            endpoint(out, address);
            out.push('"');
        }
        Cell::Word(word) => json::write_string(out, word),
        Cell::Timestamp(time, _) => {
            out.push('"');
            clock.write_rfc3339(out, time);
            out.push('"');
        }
        Cell::Bool(yes) => out.push_str(if yes { "true" } else { "false" }),
        Cell::Histogram(steps, _) => {
            out.push('[');
            for (nth, &([low, high], calls)) in steps.iter().enumerate() {
                out.push_str(if nth == 0 { "{\"from\":" } else { ",{\"from\":" });
                histogram_bound(out, low);
                out.push_str(",\"to\":");
                histogram_bound(out, high);
                out.push_str(",\"calls\":");
                value::number(out, calls);
                out.push('}');
            }
            out.push(']');
        }
        Cell::Number(_) | Cell::Size(_) | Cell::Duration(_) => write_csv_cell(out, cell, clock),
    }
}

fn write_csv_cell(out: &mut String, cell: &Cell<'_>, clock: &mut TimeFormatter) {
    match *cell {
        Cell::Empty | Cell::Missing(_) => {}
        Cell::Text(text) | Cell::Marked(_, text) | Cell::Media(text, _) => value::line_of(out, text),
        Cell::Word(word) => out.push_str(word),
        Cell::Endpoint(address, _) => endpoint(out, address),
        Cell::Number(number) | Cell::Size(number) => value::number(out, number),
        Cell::Duration(nanos) => value::seconds(out, nanos, Decimals::Nine),
        Cell::Timestamp(time, _) => clock.write_rfc3339(out, time),
        Cell::Bool(yes) => out.push_str(if yes { "true" } else { "false" }),
        Cell::Histogram(steps, _) => {
            for (nth, &([low, high], calls)) in steps.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { " " });
                histogram_bound(out, low);
                out.push('-');
                histogram_bound(out, high);
                out.push(':');
                value::number(out, calls);
            }
        }
    }
}

/// Appends a bound of a step in seconds.
fn histogram_bound(out: &mut String, nanos: u64) {
    value::seconds(out, i64::try_from(nanos).unwrap_or(i64::MAX), Decimals::Nine);
}

/// Appends an address and a port as in a URL: `10.0.0.1:80`, `[::1]:80`.
pub(crate) fn endpoint(out: &mut String, end: Endpoint) {
    let is_ipv6 = matches!(end.address, Address::V6(_));
    if is_ipv6 {
        out.push('[');
    }
    address(out, end.address);
    if is_ipv6 {
        out.push(']');
    }
    out.push(':');
    out.push_str(itoa::Buffer::new().format(end.port));
}

/// Appends an address; nothing without a network layer.
pub(crate) fn address(out: &mut String, address: Address) {
    match address {
        Address::None => {}
        Address::V4(bytes) => {
            let _ = dissectors::format::ipv4(out, bytes);
        }
        Address::V6(bytes) => {
            let _ = dissectors::format::ipv6(out, bytes);
        }
    }
}

/// Appends a name, or else an address, and a port.
pub(crate) fn named_endpoint(out: &mut String, end: Endpoint, name: Option<&HostName>) {
    match name {
        None => endpoint(out, end),
        Some(host) => {
            value::string(out, &host.name);
            out.push(':');
            out.push_str(itoa::Buffer::new().format(end.port));
        }
    }
}

/// Returns a right-aligned column of numbers.
pub(crate) const fn number_column(title: &'static str, width: usize, rank: u8) -> Column {
    Column { title, width, max_width: 24, align: Align::Right, rank }
}

/// Returns a left-aligned column of text.
pub(crate) const fn text_column(title: &'static str, width: usize, max_width: usize, rank: u8) -> Column {
    Column { title, width, max_width, align: Align::Left, rank }
}
