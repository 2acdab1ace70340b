//! Filters and texts to copy, derived from the selection.

use crate::capture::{Connection, Endpoint};
use crate::filter::needs_parentheses;
use crate::tui::model::frames::FramePane;
use crate::tui::model::keys::FilterMode;
use crate::tui::model::menu::{Menu, MenuChoice, MenuItem};
use crate::tui::model::message::Effect;
use crate::tui::model::{
    Model, View, call, calls, connections, display_filter, follow, frames, journey, menu, notes, streams,
};
use crate::tui::panes::statistics;
use crate::tui::widgets::text::sanitize;
use dissectors::packet::Address;
use dissectors::{Field, MessageFields, Protocol, frame, message_fields};
use std::fmt::Write;

/// Quotes a text as a filter literal. A byte that was not UTF-8 appears in the text as `\xe9`, and stays that way.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for (at, char) in text.char_indices() {
        match char {
            '\\' if escaped_byte(text, at).is_some() => out.push(char),
            '"' | '\\' => out.extend(['\\', char]),
            char if (char as u32) < 0x20 || char as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", char as u32);
            }
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

/// Returns the hexadecimal digits of a byte that was not UTF-8, which appears at `at` as `\xe9`.
fn escaped_byte(text: &str, at: usize) -> Option<&str> {
    let digits = text.get(at..)?.strip_prefix("\\x")?.get(..2)?;
    digits
        .bytes()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        .then_some(digits)
        .filter(|digits| *digits >= "80")
}

/// Encodes what a URI cannot contain (RFC 3986 2.1), so that it can be pasted anywhere.
fn percent_encode(url: &str) -> String {
    let mut out = String::new();
    let mut rest = url.char_indices();
    while let Some((at, char)) = rest.next() {
        match escaped_byte(url, at) {
            Some(digits) => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
                rest.nth(2);
            }
            None if char.is_ascii_graphic() && !r#""<>\^`{|}"#.contains(char) => out.push(char),
            None => {
                let _ = char.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(out, "%{byte:02X}"));
            }
        }
    }
    out
}

/// Returns the filter for packets from or to an address.
fn endpoint_filter(end: &Endpoint) -> Option<String> {
    let mut out = String::new();
    match end.address {
        Address::None => return None,
        Address::V4([a, b, c, d]) => {
            let _ = write!(out, "ip.addr == {a}.{b}.{c}.{d}");
        }
        Address::V6(bytes) => {
            out.push_str("ipv6.addr == ");
            let _ = dissectors::format::ipv6(&mut out, bytes);
        }
    }
    Some(out)
}

/// Returns the filter for an address of a row.
pub(crate) fn address_filter(text: &str, side: &str) -> Option<String> {
    let family = match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => "ip",
        Ok(std::net::IpAddr::V6(_)) => "ipv6",
        Err(_) if text.len() == 17 && text.matches(':').count() == 5 => "eth",
        Err(_) => return None,
    };
    Some(format!("{family}.{side} == {text}"))
}

/// Returns the fields of the messages of a protocol, if it declares them.
fn messages_of(protocol: &str) -> Option<&'static MessageFields> {
    let is_named = |of: &Protocol| of.fields.first().is_some_and(|own| own.name == protocol);
    message_fields().find(|(of, _)| is_named(of)).map(|(_, fields)| fields)
}

/// Returns filters that match the selection, the most likely first.
fn filters(model: &Model) -> Vec<String> {
    let stream = model.selected_stream().map(|stream| format!("tcp.stream == {stream}"));
    match model.view {
        View::Frames if model.frames.pane != FramePane::List => model
            .frames
            .selected_line()
            .map(|line| line.filter.clone())
            .filter(|filter| !filter.is_empty())
            .into_iter()
            .collect(),
        View::Frames => {
            let Some(frame) = model.selected_frame() else { return Vec::new() };
            let row = model.frames.rows.get(&frame);
            let row_filters = |row: &crate::browse::FrameRow| {
                let protocol = row.protocol.to_ascii_lowercase();
                let protocol = dissectors::field(&protocol).map(|field| field.name.to_owned());
                [protocol, address_filter(&row.source, "src"), address_filter(&row.destination, "dst")]
            };
            let of_row = row.map(row_filters).into_iter().flatten().flatten();
            of_row.chain(stream).chain([format!("frame.number == {frame}")]).collect()
        }
        View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => {
            let Some(call) = model.selected_call().and_then(|call| model.index.calls.get(call)) else {
                return Vec::new();
            };
            let exchange = &call.exchange;
            let text =
                |field: &Field, text: &str| (!text.is_empty()).then(|| format!("{} == {}", field.name, quote(text)));
            let of_messages = messages_of(exchange.protocol).map(|fields| {
                [
                    text(fields.target, &exchange.target),
                    text(fields.authority, &exchange.authority),
                    text(fields.method, &exchange.method),
                    match exchange.code {
                        Some(code) => Some(format!("{} == {code}", fields.code.name)),
                        None => text(exchange.status_field().unwrap_or(fields.code), &exchange.status),
                    },
                ]
            });
            let of_connection = [stream, endpoint_filter(&call.server), endpoint_filter(&call.client)];
            of_messages.into_iter().flatten().chain(of_connection).flatten().collect()
        }
        View::Streams | View::Ladder(_) | View::Follow(_) => {
            let row = model.selected_stream().and_then(|stream| model.index.streams.get(stream as usize));
            let ends = row.into_iter().flat_map(|row| {
                [
                    endpoint_filter(&row.server),
                    endpoint_filter(&row.client),
                    Some(format!("tcp.port == {}", row.server.port)),
                ]
            });
            stream.into_iter().chain(ends.flatten()).collect()
        }
        View::Connections => {
            let Some(connection) = model.selected_connection() else { return Vec::new() };
            let number = connection_filter(connection);
            let ends = [endpoint_filter(&connection.server), endpoint_filter(&connection.client)];
            ends.into_iter().flatten().chain([number]).collect()
        }
        View::Notes => {
            let index = model.note_numbers().get(model.notes.sorted_list.list.cursor);
            let Some(note) = index.and_then(|index| model.index.notes.get(index as usize)) else { return Vec::new() };
            let is_its = |(_, name): &&(u64, &str)| name.eq_ignore_ascii_case(note.severity.name());
            let severity = frame::EXPERT_SEVERITY.values.iter().find(is_its);
            let severity = severity.map(|(_, name)| format!("{} == {name}", frame::EXPERT_SEVERITY.name));
            [note.field.name.to_owned()].into_iter().chain(severity).chain(stream).collect()
        }
        View::Statistics => statistics::filters(model),
    }
}

/// Combines a filter with the one that is applied.
fn combine(model: &Model, by: FilterMode, filter: &str) -> String {
    let applied = model.applied_filter.as_ref().map(|applied| &*applied.text);
    let applied = applied.map(|text| if needs_parentheses(text) { format!("({text})") } else { text.to_owned() });
    match (by, applied) {
        (FilterMode::Exclude, None) => format!("!({filter})"),
        (FilterMode::Exclude, Some(applied)) => format!("{applied} and !({filter})"),
        (FilterMode::And, Some(applied)) => format!("{applied} and {filter}"),
        _ => filter.to_owned(),
    }
}

/// Filters by the selection; opens a menu if several filters are possible.
pub(crate) fn filter_by(model: &mut Model, by: FilterMode) -> Vec<Effect> {
    if by == FilterMode::Conversation {
        return match conversation_filter(model) {
            Some(filter) => display_filter::apply(model, &filter),
            None => {
                model.show_error("No known conversation here");
                Vec::new()
            }
        };
    }
    let filters: Vec<String> = filters(model).iter().map(|filter| combine(model, by, filter)).collect();
    if let [only] = filters.as_slice() {
        return display_filter::apply(model, only);
    }
    let item = |filter: String| MenuItem {
        title: filter.clone(),
        description: String::new(),
        choice: MenuChoice::Filter(filter),
    };
    let title = match by {
        FilterMode::Exclude => "Exclude",
        FilterMode::And => "Add to filter (AND)",
        FilterMode::Only | FilterMode::Conversation => "Filter by",
    };
    menu::open(model, Menu::new(title, filters.into_iter().map(item).collect()));
    Vec::new()
}

/// Returns the filter for the packets of a connection in datagrams, on all its paths.
fn connection_filter(connection: &Connection) -> String {
    format!("quic.connection.number == {}", connection.facts.number)
}

/// Returns the filter for the conversation of the selection: a connection, or two addresses.
fn conversation_filter(model: &Model) -> Option<String> {
    if let Some(stream) = model.selected_stream() {
        return Some(format!("tcp.stream == {stream}"));
    }
    if model.view == View::Connections {
        return model.selected_connection().map(connection_filter);
    }
    let row = model.frames.rows.get(&model.selected_frame()?)?;
    Some(format!("{} and {}", address_filter(&row.source, "addr")?, address_filter(&row.destination, "addr")?))
}

/// Opens the copy menu.
pub(crate) fn open_copy_menu(model: &mut Model) {
    let mut items = Vec::new();
    let mut add = |title: &str, text: String| {
        if !text.is_empty() {
            let text = sanitize(&text).into_owned();
            items.push(MenuItem { title: title.into(), description: text.clone(), choice: MenuChoice::Copy(text) });
        }
    };
    match model.view {
        View::Frames => {
            if let Some(line) = model.frames.selected_line().filter(|_| model.frames.pane != FramePane::List) {
                add("value", line.value.clone());
                add("line", line.text.clone());
                add("field", line.field.name.into());
                let bytes = model.frames.dissected.as_ref().and_then(|opened| opened.buffers.get(line.buffer));
                let bytes = bytes.and_then(|buffer| buffer.bytes.get(line.bytes.clone())).unwrap_or_default();
                let mut hex = String::new();
                let _ = dissectors::format::hex(&mut hex, bytes);
                add("bytes (hex)", hex);
            }
            let row = model.selected_frame().and_then(|frame| model.frames.rows.get(&frame));
            if let Some(row) = row {
                add("info", row.info.clone());
                add("row", frames::text(model, row.frame));
                add("source", row.source.clone());
                add("destination", row.destination.clone());
            }
        }
        View::Calls | View::Call(_) | View::Journey(_) | View::Trace(_) => {
            match model.view {
                View::Call(_) => add("line", call::text(model, model.call_view.list(model.call_view.pane).cursor)),
                View::Journey(_) | View::Trace(_) => add("line", journey::text(model, model.journey.list.cursor)),
                _ => {}
            }
            if let Some((at, call)) = model.selected_call().and_then(|at| Some((at, model.index.calls.get(at)?))) {
                let exchange = &call.exchange;
                add("URL", percent_encode(&calls::url(call)));
                add("row", calls::text(&model.index, at as u32));
                add("host", exchange.authority.to_string());
                add("target", exchange.target.to_string());
            }
        }
        View::Streams | View::Ladder(_) => {
            if let Some(stream) = model.selected_stream() {
                add("row", streams::text(&model.index, stream));
            }
        }
        View::Connections => {
            if let Some(row) = model.connection_numbers().get(model.connections.list.cursor) {
                add("row", connections::text(&model.index, row));
            }
        }
        View::Follow(_) => add("line", follow::text(model, model.follow.list.cursor)),
        View::Notes => {
            if let Some(index) = model.note_numbers().get(model.notes.sorted_list.list.cursor) {
                add("row", notes::text(&model.index, index));
            }
        }
        View::Statistics => {}
    }
    if let Some(filter) = filters(model).into_iter().next() {
        add("filter for this", filter);
    }
    if let Some(applied) = &model.applied_filter {
        add("applied filter", applied.text.to_string());
    }
    if let Some(call) = model.selected_call() {
        items.push(MenuItem {
            title: "curl command".into(),
            description: "repeats this request".into(),
            choice: MenuChoice::Curl(call),
        });
    }
    menu::open(model, Menu::new("Copy", items));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use crate::tui::widgets::theme::{Background, ColorDepth, Theme};
    use jiff::tz::TimeZone;

    #[test]
    fn a_quoted_text_is_a_valid_filter() {
        for text in ["plain", "a \"b\" \\c", "\x1b[2J\r\n", "é日"] {
            let filter = format!("http.request.uri == {}", quote(text));
            assert!(Filter::new(&filter).is_ok(), "{filter}");
        }
        assert_eq!(quote("a\"\\\r"), r#""a\"\\\x0d""#);
        assert_eq!(quote(r"caf\xe9 \x41"), r#""caf\xe9 \\x41""#);
    }

    #[test]
    fn a_copied_url_has_only_characters_of_a_uri() {
        let encoded = percent_encode("http://a:80/p?q=%41 \x1b[0m\u{e9}\\xe9\\x41\n\"#[::1]");
        assert_eq!(encoded, "http://a:80/p?q=%41%20%1B[0m%C3%A9%E9%5Cx41%0A%22#[::1]");
    }

    #[test]
    fn a_filter_is_combined_with_the_whole_applied_filter() {
        let mut model = Model::new("a.pcap", Theme::new(ColorDepth::None, Background::Dark), TimeZone::UTC);
        for (filter, with) in [
            ("tcp or udp", "(tcp or udp) and ip"),
            ("(tcp)or(udp)", "((tcp)or(udp)) and ip"),
            ("tcp^^udp", "(tcp^^udp) and ip"),
            ("http.host contains \" or \"", "http.host contains \" or \" and ip"),
            ("tcp and udp", "tcp and udp and ip"),
        ] {
            display_filter::apply(&mut model, filter);
            assert_eq!(combine(&model, FilterMode::And, "ip"), with);
        }
    }

    #[test]
    fn an_address_filter_follows_from_the_address_format() {
        assert_eq!(address_filter("10.0.0.1", "src").as_deref(), Some("ip.src == 10.0.0.1"));
        assert_eq!(address_filter("fe80::1", "dst").as_deref(), Some("ipv6.dst == fe80::1"));
        assert_eq!(address_filter("02:00:00:00:00:01", "addr").as_deref(), Some("eth.addr == 02:00:00:00:00:01"));
        assert_eq!(address_filter("", "src"), None);
    }
}
