//! `calls`: one row per exchange, written when the exchange is complete or can no longer complete.

use super::Report;
use super::records::{
    Cell, NAME_COLUMNS, NameSources, RecordColumn, RecordFormat, RecordWriter, address, number_column, text_column,
};
use super::value;
use crate::analysis::{Event, RecentMap, limits};
use crate::capture::{Call, Endpoint, EndpointNames};
use dissectors::exchange::Exchange;
use dissectors::host_names::HostName;
use dissectors::session::ExchangeId;
use std::io::{self, Write};

/// Number of columns.
const COLUMN_COUNT: usize = 28;

static COLUMNS: [RecordColumn; COLUMN_COUNT] = [
    RecordColumn::new("stream", number_column("STREAM", 6, 3)),
    RecordColumn::machine_only("nth"),
    RecordColumn::machine_only("protocol"),
    RecordColumn::new("time", number_column("TIME", 10, 1)),
    RecordColumn::new("client", text_column("CLIENT", 18, 47, 8)),
    RecordColumn::new("server", text_column("SERVER", 18, 47, 6)),
    RecordColumn::new("method", text_column("METHOD", 6, 16, 0)),
    RecordColumn::new("host", text_column("HOST", 16, 40, 4)),
    RecordColumn::new("uri", text_column("URI", 20, 60, 0)),
    RecordColumn::new("status", number_column("STATUS", 6, 0)),
    RecordColumn::new("type", text_column("TYPE", 16, 40, 7)),
    RecordColumn::new("size", number_column("SIZE", 7, 2)),
    RecordColumn::new("connect", number_column("CONNECT", 8, 10)),
    RecordColumn::new("ttfb", number_column("TTFB", 8, 5)),
    RecordColumn::new("download", number_column("DOWNLOAD", 8, 9)),
    RecordColumn::new("total", number_column("TOTAL", 8, 0)),
    RecordColumn::machine_only("request_frame"),
    RecordColumn::machine_only("request_size"),
    RecordColumn::machine_only("request_complete"),
    RecordColumn::machine_only("response_frame"),
    RecordColumn::machine_only("response_complete"),
    RecordColumn::machine_only("early"),
    RecordColumn::machine_only("session"),
    RecordColumn::machine_only("parent"),
    RecordColumn::machine_only("outcome"),
    RecordColumn::machine_only("end_reason"),
    RecordColumn::machine_only("connect_protocol"),
    RecordColumn::machine_only("pushed"),
];

/// Prints exchanges as rows.
pub struct CallsReport {
    records: RecordWriter,
    groups: CallNumbers,
}

/// Numbers of the calls that opened sessions, whose exchanges are marked with them.
struct CallNumbers {
    /// Number of calls so far, whether the filter matches them or not: that of the last one, as `journey` selects it.
    count: u64,
    openers: RecentMap<ExchangeId, u64>,
}

impl CallNumbers {
    fn new() -> CallNumbers {
        CallNumbers { count: 0, openers: RecentMap::new(limits::CALLS_WITH_SESSIONS) }
    }

    /// Counts a call. Returns its mark: `└` and the number of the call that opened its session, `┬` and its own number if
    /// it opens one.
    fn mark(&mut self, exchange: &Exchange) -> String {
        self.count += 1;
        let mut mark = String::new();
        if let Some(parent) = &exchange.parent {
            mark.push('└');
            self.openers.get(parent).into_iter().for_each(|&number| value::number(&mut mark, number));
        }
        if exchange.opens_session {
            mark.push('┬');
            value::number(&mut mark, self.count);
            self.openers.insert(exchange.id, exchange.id.nth, self.count);
        }
        if !mark.is_empty() {
            mark.push(' ');
        }
        mark
    }
}

impl CallsReport {
    /// Returns a report in this format.
    #[must_use]
    pub fn new(format: RecordFormat) -> CallsReport {
        CallsReport { records: RecordWriter::new(&COLUMNS, format), groups: CallNumbers::new() }
    }

    /// Returns a report with the names of the endpoints, and their sources.
    #[must_use]
    pub fn with_names(format: RecordFormat) -> CallsReport {
        CallsReport {
            records: RecordWriter::new(COLUMNS.iter().chain(&NAME_COLUMNS), format),
            groups: CallNumbers::new(),
        }
    }

    fn row(&mut self, call: &Call, out: &mut dyn Write) -> io::Result<()> {
        let texts = CallTexts { mark: self.groups.mark(&call.exchange), ..CallTexts::of(call) };
        let cells = texts.cells(call);
        let Some(names) = call.names.as_deref() else { return self.records.row(&cells, out) };
        let sources = NameSources::of(names);
        self.records.row(&cells.into_iter().chain(sources.cells(names)).collect::<Vec<_>>(), out)
    }
}

/// The texts of a row that are made for it.
struct CallTexts {
    /// A conversation other than a TCP connection.
    conversation: Option<String>,
    /// The server, where it is the host.
    server: Option<String>,
    parent: Option<String>,
    /// Mark of the target in the table.
    mark: String,
    /// What the table has besides the media type.
    remark: String,
}

/// Returns what is remarked on a call besides its media type: the protocol that it opens, a push, why its content is not complete; `cut`
/// if no reason is known.
pub(crate) fn remarks(exchange: &Exchange, cut: &str) -> String {
    let is_cut = exchange.content().is_some_and(|content| !content.complete);
    let reason = exchange.short_end_reason();
    let end = if reason.is_empty() && is_cut { cut } else { reason.as_str() };
    let pushed = if exchange.is_pushed { "pushed" } else { "" };
    let words = [&*exchange.connect_protocol, pushed, end].into_iter().filter(|word| !word.is_empty());
    words.map(|word| format!("({word})")).collect::<Vec<_>>().join(" ")
}

impl CallTexts {
    fn of(call: &Call) -> CallTexts {
        let exchange = &call.exchange;
        let id = exchange.id.conversation;
        let (_, server_name) = EndpointNames::of(call.names.as_deref());
        CallTexts {
            conversation: id.tcp().is_none().then(|| id.to_string()),
            server: exchange.is_of_server.then(|| host(call.server, server_name)),
            parent: exchange.parent.map(|parent| format!("{}.{}", parent.session, parent.nth)),
            mark: String::new(),
            remark: remarks(exchange, "truncated"),
        }
    }

    /// Returns the cells of [`COLUMNS`].
    fn cells<'c>(&'c self, call: &'c Call) -> [Cell<'c>; COLUMN_COUNT] {
        let exchange = &call.exchange;
        let (request, response) = (exchange.request, exchange.response);
        let start = request.or(response).map(|transfer| transfer.first.time);
        let time = start.map(|time| Cell::Timestamp(time, time.saturating_sub(call.start)));
        let content_type = Cell::Media(&exchange.content_type, &self.remark);
        let status = match exchange.code {
            Some(status) => Cell::Number(status.into()),
            None if call.is_to_group() => Cell::Missing("multicast"),
            None if exchange.has_unknown_response() => Cell::Missing("unknown"),
            None if exchange.lacks_response() && exchange.status.is_empty() => Cell::Missing("no response"),
            None => Cell::Text(&exchange.status),
        };
        let duration = |nanos: Option<i64>| nanos.map_or(Cell::Empty, Cell::Duration);
        let early = exchange.early_by();
        let missing = if early.is_some() { Cell::Missing("early") } else { Cell::Empty };
        let before_early = |nanos: Option<i64>| nanos.map_or(missing, Cell::Duration);
        let number = exchange.id.conversation.number();
        let (client_name, server_name) = EndpointNames::of(call.names.as_deref());
        [
            self.conversation.as_deref().map_or(Cell::Number(number.into()), Cell::Text),
            Cell::Number(exchange.id.nth.into()),
            Cell::Word(exchange.named_protocol()),
            time.unwrap_or(Cell::Empty),
            Cell::Endpoint(call.client, client_name),
            Cell::Endpoint(call.server, server_name),
            match request {
                Some(_) => Cell::Text(&exchange.method),
                None if exchange.has_unknown_request => Cell::Missing("unknown"),
                None => Cell::Missing("no request"),
            },
            Cell::Text(self.server.as_deref().unwrap_or(&exchange.authority)),
            Cell::Marked(&self.mark, &exchange.target),
            status,
            content_type,
            exchange.size().map_or(Cell::Empty, Cell::Size),
            duration(call.connect),
            before_early(exchange.time_to_first_byte()),
            duration(exchange.download()),
            before_early(exchange.total()),
            request.map_or(Cell::Empty, |request| Cell::Number(request.last.frame.into())),
            request.map_or(Cell::Empty, |request| Cell::Size(request.body)),
            request.map_or(Cell::Empty, |request| Cell::Bool(request.complete)),
            response.map_or(Cell::Empty, |response| Cell::Number(response.last.frame.into())),
            response.map_or(Cell::Empty, |response| Cell::Bool(response.complete)),
            duration(early),
            Cell::Number(exchange.id.session.into()),
            self.parent.as_deref().map_or(Cell::Empty, Cell::Text),
            Cell::Word(exchange.outcome.name()),
            Cell::Text(&exchange.end_reason),
            Cell::Text(&exchange.connect_protocol),
            Cell::Bool(exchange.is_pushed),
        ]
    }
}

/// What calls can be grouped by, whatever their protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroupColumn {
    /// A column of `calls`, by its index.
    Column(usize),
    /// The path of the target, without its query, and without numbers and identifiers.
    PathTemplate,
}

impl GroupColumn {
    /// Columns with values that calls share.
    const NAMES: [&str; 9] = ["protocol", "client", "server", "method", "host", "uri", "status", "type", "outcome"];

    /// Returns the column of a name.
    pub(super) fn find(name: &str) -> Option<GroupColumn> {
        if name == "path_template" {
            return Some(GroupColumn::PathTemplate);
        }
        let is_own = GroupColumn::NAMES.contains(&name);
        COLUMNS.iter().position(|column| is_own && column.key == name).map(GroupColumn::Column)
    }

    /// Returns the value of a call as the table has it, of the client without its port; `None` if there is none.
    pub(super) fn value(self, call: &Call) -> Option<String> {
        let GroupColumn::Column(column) = self else { return Some(path_template(&call.exchange.target)) };
        let texts = CallTexts::of(call);
        let cell = *texts.cells(call).get(column)?;
        let text = match cell {
            Cell::Endpoint(client, name) if client == call.client => host(client, name),
            Cell::Missing(reason) => reason.to_owned(),
            cell => cell.table_text()?,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// Returns the path of a target without its query, with `{}` for parts that are numbers, identifiers or marks of secrets. A target
/// that is no path stays.
pub(crate) fn path_template(target: &str) -> String {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with('/') {
        return target.to_owned();
    }
    let part = |part: &str| match is_identifier(part) || crate::redact::is_mark(part.as_bytes()) {
        true => "{}".to_owned(),
        false => without_hash(part).unwrap_or_else(|| part.to_owned()),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Returns whether a part of a path is a number, or at least eight digits and hyphens of base 16 with a decimal digit, as of a UUID.
fn is_identifier(part: &str) -> bool {
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    has_digit && (is_number || is_hex)
}

/// Returns the name of a file such as `app.3f2a9c1b.js` or `main-3f2a9c1b.css` with `{}` for the hash of its content.
fn without_hash(name: &str) -> Option<String> {
    let separators = name.match_indices(['.', '-', '_', '~']).filter(|(at, _)| *at > 0);
    separators.into_iter().find_map(|(at, _)| {
        let (before, rest) = name.split_at_checked(at + 1)?;
        let len = rest.bytes().take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-').count();
        let (hash, ending) = rest.split_at_checked(len)?;
        let is_hash = len >= 8 && !hash.starts_with('-') && is_identifier(hash);
        (is_hash && ending.len() > 1 && ending.starts_with('.')).then(|| format!("{before}{{}}{ending}"))
    })
}

/// Returns the name of an endpoint, or else its address.
pub(crate) fn host(endpoint: Endpoint, name: Option<&HostName>) -> String {
    let mut text = String::new();
    match name {
        Some(name) => text.push_str(&name.name),
        None => address(&mut text, endpoint.address),
    }
    text
}

impl Report for CallsReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn event(&mut self, event: Event, out: &mut dyn Write) -> io::Result<()> {
        match event {
            Event::Call(call) => self.row(&call, out),
            _ => Ok(()),
        }
    }

    fn skip_call(&mut self, call: Call, _: &mut dyn Write) -> io::Result<()> {
        self.groups.mark(&call.exchange);
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.end(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::JsonFraming;
    use dissectors::exchange::{Outcome, Transfer};
    use dissectors::packet::Address;
    use dissectors::session::{ConversationId, Side, Stamp};

    fn call() -> Call {
        let at = |frame, time: i64| Stamp { frame, time: 1_700_000_000_000_000_000 + time };
        Call {
            exchange: Box::new(Exchange {
                protocol: "http",
                id: ExchangeId { conversation: ConversationId::Tcp(3), session: 0, nth: 1 },
                requester: Some(Side::Client),
                method: "POST".into(),
                authority: "a.test".into(),
                target: "/user/login".into(),
                status: "200".into(),
                code: Some(200),
                outcome: Outcome::Success,
                content_type: "text/html; charset=utf-8".into(),
                request: Some(Transfer {
                    first: at(4, 500_000),
                    last: at(4, 500_000),
                    completed_in: 4,
                    body: 12,
                    complete: true,
                }),
                response: Some(Transfer {
                    first: at(6, 1_700_000),
                    last: at(7, 2_000_000),
                    completed_in: 7,
                    body: 1234,
                    complete: true,
                }),
                ..Exchange::default()
            }),
            client: Endpoint { address: Address::V4([10, 0, 0, 1]), port: 1000 },
            server: Endpoint { address: Address::V6([0; 16]), port: 80 },
            connect: Some(400_000),
            start: 1_700_000_000_000_000_000,
            names: None,
        }
    }

    #[test]
    fn a_path_has_no_numbers_and_identifiers() {
        #[rustfmt::skip]
        let rows = [
            ("/users/17/orders?x=1", "/users/{}/orders"), ("/a/6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/a/{}"), ("/", "/"),
            ("/js/app.3f2a9c1b.js?v=1", "/js/app.{}.js"), ("/main-3F2A9C1B44.chunk.css", "/main-{}.chunk.css"),
            ("/r_6ba7b810-9dad-11d1-80b4-00c04fd430c8.pdf", "/r_{}.pdf"), ("/app.deadbeef.js", "/app.deadbeef.js"),
            ("/jquery-3.7.1.min.js", "/jquery-3.7.1.min.js"), ("/a.12345678", "/a.12345678"), ("/.12345678.js", "/.12345678.js"),
            ("/reset/REDACTED-0123456789ab/x", "/reset/{}/x"),
            ("/deadbeef", "/deadbeef"), ("/v2/a1b2", "/v2/a1b2"), ("SELECT 1?", "SELECT 1?"), ("/a/0", "/a/{}"),
        ];
        for (target, expected) in rows {
            assert_eq!(path_template(target), expected);
        }
    }

    #[test]
    fn the_host_of_an_exchange_without_an_authority_is_its_server() {
        let mut query = call();
        query.exchange = Box::new(Exchange { authority: "".into(), is_of_server: true, ..*query.exchange });
        query.server.address = Address::V4([10, 0, 0, 2]);
        assert!(print(RecordFormat::Csv, vec![query]).contains(",POST,10.0.0.2,/user/login,"));
    }

    fn print(format: RecordFormat, calls: Vec<Call>) -> String {
        let mut out = Vec::new();
        let mut report = CallsReport::new(format);
        report.begin(&mut out).expect("memory can be written to");
        for call in calls {
            report.event(Event::Call(call), &mut out).expect("memory can be written to");
        }
        report.end(&mut out).expect("memory can be written to");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_call_is_a_row_of_the_table() {
        let text = print(RecordFormat::Text(None), vec![call()]);
        let words: Vec<&str> = text.lines().nth(1).expect("a row").split_whitespace().collect();
        assert_eq!(
            words.join(" "),
            "3 0.000500 10.0.0.1:1000 [::]:80 POST a.test /user/login 200 text/html 1.2 kB 400.0 µs 1.2 ms 300 µs 1.5 ms"
                .replace("400.0", "400")
        );
    }

    #[test]
    fn rows_fit_a_terminal() {
        for room in [40, 60, 80, 100] {
            let text = print(RecordFormat::Text(Some(room)), vec![call(), call()]);
            assert!(text.lines().all(|line| line.chars().count() <= room), "{room}:\n{text}");
            assert!(text.contains("/user/login") && text.contains("1.5 ms"), "{room}:\n{text}");
        }
    }

    #[test]
    fn a_call_is_an_object_with_exact_values() {
        let text = print(RecordFormat::Json(JsonFraming::Array), vec![call()]);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let row = &value[0];
        assert_eq!(row["time"], "2023-11-14T22:13:20.000500000Z");
        assert_eq!(row["size"], 1234);
        assert_eq!(row["ttfb"], 0.0012);
        assert_eq!(row["response_frame"], 7);
        assert_eq!(row["response_complete"], true);
    }

    #[test]
    fn a_missing_or_truncated_response_is_shown() {
        let (mut unanswered, mut cut) = (call(), call());
        unanswered.exchange.response = None;
        unanswered.exchange.code = None;
        unanswered.exchange.status.clear();
        (unanswered.exchange.outcome, cut.exchange.outcome) = (Outcome::Unanswered, Outcome::Aborted);
        cut.exchange.response.as_mut().expect("a response").complete = false;
        let text = print(RecordFormat::Text(None), vec![unanswered.clone(), cut.clone()]);
        assert!(text.lines().nth(1).is_some_and(|row| row.contains("no response")), "{text}");
        assert!(text.lines().nth(2).is_some_and(|row| row.contains("text/html (truncated)")), "{text}");
        let mut to_group = unanswered.clone();
        to_group.server.address = dissectors::packet::Address::V4([224, 0, 0, 251]);
        let rows = print(RecordFormat::Text(None), vec![to_group]);
        assert!(rows.contains("multicast") && !rows.contains("no response"), "{rows}");
        let text = print(RecordFormat::Csv, vec![unanswered, cut]);
        assert_eq!(
            text.lines().nth(1),
            Some(
                "3,1,http,2023-11-14T22:13:20.000500000Z,10.0.0.1:1000,[::]:80,POST,a.test,/user/login,,text/html; charset=utf-8,,\
                 0.000400000,,,,4,12,true,,,,0,,unanswered,,,false"
            )
        );
        assert!(text.ends_with(",7,false,,0,,aborted,,,false\n"), "{text}");
    }

    #[test]
    fn a_response_before_the_end_of_its_request_has_no_negative_time() {
        let mut early = call();
        early.exchange.request.as_mut().expect("a request").last.time += 20_000_000;
        let row = |format| print(format, vec![early.clone()]);
        let text = row(RecordFormat::Text(None));
        let row_end = text.lines().nth(1).and_then(|row| row.get(row.len() - 30..)).map(|row| row.trim_start());
        assert!(row_end.is_some_and(|row| row.ends_with("early    300 µs    1.5 ms")), "{text}");
        assert!(row(RecordFormat::Json(JsonFraming::Ndjson)).contains(r#""ttfb":null,"#));
        assert!(row(RecordFormat::Csv).ends_with(",7,true,0.018800000,0,,success,,,false\n"));
        early.exchange.request.as_mut().expect("a request").first.time += 20_000_000;
        let row = |format| print(format, vec![early.clone()]);
        assert!(row(RecordFormat::Text(None)).ends_with("early    300 µs     early\n"));
        assert!(row(RecordFormat::Json(JsonFraming::Ndjson)).contains(r#""total":null,"#));
    }

    #[test]
    fn control_characters_of_a_uri_never_reach_the_terminal() {
        let mut hostile = call();
        hostile.exchange.target = "/\x1b[2J\r\n".into();
        for format in [RecordFormat::Text(None), RecordFormat::Csv, RecordFormat::Json(JsonFraming::Ndjson)] {
            let text = print(format, vec![hostile.clone()]);
            assert!(!text.contains(['\x1b', '\r']), "{text:?}");
        }
    }
}
