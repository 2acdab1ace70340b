//! What can be taken from under the cursor: filters that find it, texts to copy.

use super::frames::Pane;
use super::keys::By;
use super::menu::{self, Choice, Item, Menu};
use super::model::{Model, View};
use super::msg::Effect;
use super::{sift, view};
use crate::capture::Endpoint;
use crate::filter::is_loose;
use dissectors::frame;
use dissectors::packet::Address;
use std::fmt::Write;

/// A text as a filter has it, between quotes. What was no UTF-8 stands in it as `\xe9`, and so it does in a filter.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let is_byte = |rest: &str| matches!(rest.as_bytes(), [b'\\', b'x', b'8'..=b'9' | b'a'..=b'f', low, ..] if low.is_ascii_hexdigit());
    for (at, char) in text.char_indices() {
        match char {
            '\\' if text.get(at..).is_some_and(is_byte) => out.push(char),
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

/// The filter for packets from and to an address and a port.
fn end(end: &Endpoint) -> Option<String> {
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

/// The filter for a row's address.
pub(crate) fn address(text: &str, side: &str) -> Option<String> {
    let family = match text.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => "ip",
        Ok(std::net::IpAddr::V6(_)) => "ipv6",
        Err(_) if text.len() == 17 && text.matches(':').count() == 5 => "eth",
        Err(_) => return None,
    };
    Some(format!("{family}.{side} == {text}"))
}

/// Filters that find what is under the cursor: the first is the one most likely meant.
fn filters(model: &Model) -> Vec<String> {
    let stream = model.stream_here().map(|stream| format!("tcp.stream == {stream}"));
    match model.view {
        View::Frames if model.frames.pane != Pane::List => model
            .frames
            .line()
            .map(|line| line.filter.clone())
            .filter(|filter| !filter.is_empty())
            .into_iter()
            .collect(),
        View::Frames => {
            let Some(frame) = model.frame_here() else { return Vec::new() };
            let row = model.frames.rows.get(&frame);
            let of = |row: &crate::browse::Row| {
                let protocol = row.protocol.to_ascii_lowercase();
                let protocol = dissectors::field(&protocol).map(|field| field.name.to_owned());
                [protocol, address(&row.source, "src"), address(&row.destination, "dst")]
            };
            let of_row = row.map(of).into_iter().flatten().flatten();
            of_row.chain(stream).chain([format!("frame.number == {frame}")]).collect()
        }
        View::Calls | View::Call(_) => {
            let Some(call) = model.call_here().and_then(|call| model.index.calls.get(call)) else { return Vec::new() };
            let exchange = &call.exchange;
            let text = |name: &str, text: &str| (!text.is_empty()).then(|| format!("{name} == {}", quoted(text)));
            let status = exchange.status.map(|status| format!("http.response.code == {status}"));
            let of_call = [
                text("http.request.uri", &exchange.uri),
                text("http.host", &exchange.host),
                text("http.request.method", &exchange.method),
                status,
                stream,
                end(&call.server),
                end(&call.client),
            ];
            of_call.into_iter().flatten().collect()
        }
        View::Streams | View::Ladder(_) | View::Follow(_) => {
            let row = model.stream_here().and_then(|stream| model.index.streams.get(stream as usize));
            let ends = row
                .into_iter()
                .flat_map(|row| [end(&row.server), end(&row.client), Some(format!("tcp.port == {}", row.server.port))]);
            stream.into_iter().chain(ends.flatten()).collect()
        }
        View::Notes => {
            let place = model.note_numbers().at(model.notes.roster.list.at);
            let Some(note) = place.and_then(|place| model.index.notes.get(place as usize)) else { return Vec::new() };
            let is_its = |(_, name): &&(u64, &str)| name.eq_ignore_ascii_case(note.severity.word());
            let severity = frame::EXPERT_SEVERITY.values.iter().find(is_its);
            let severity = severity.map(|(_, name)| format!("{} == {name}", frame::EXPERT_SEVERITY.name));
            [note.field.name.to_owned()].into_iter().chain(severity).chain(stream).collect()
        }
        View::Statistics => super::statistics::filters(model),
    }
}

/// A filter joined with the one that is applied.
fn joined(model: &Model, by: By, filter: &str) -> String {
    let applied = model.sifted.as_ref().map(|sifted| &*sifted.text);
    let applied = applied.map(|text| if is_loose(text) { format!("({text})") } else { text.to_owned() });
    match (by, applied) {
        (By::Not, None) => format!("!({filter})"),
        (By::Not, Some(applied)) => format!("{applied} and !({filter})"),
        (By::And, Some(applied)) => format!("{applied} and {filter}"),
        _ => filter.to_owned(),
    }
}

/// Filters by what is under the cursor; where several things could be meant, a menu asks.
pub(crate) fn filter_by(model: &mut Model, by: By) -> Vec<Effect> {
    if by == By::Conversation {
        return match conversation(model) {
            Some(filter) => sift::apply(model, &filter),
            None => {
                model.wrong("this belongs to no conversation that is known");
                Vec::new()
            }
        };
    }
    let filters: Vec<String> = filters(model).iter().map(|filter| joined(model, by, filter)).collect();
    if let [only] = filters.as_slice() {
        return sift::apply(model, only);
    }
    let item = |filter: String| Item { title: filter.clone(), about: String::new(), choice: Choice::Filter(filter) };
    let title = match by {
        By::Not => "Leave out",
        By::And => "Filter by this too",
        By::Only | By::Conversation => "Filter by",
    };
    menu::open(model, Menu::new(title, filters.into_iter().map(item).collect()));
    Vec::new()
}

/// The filter for the conversation of what is under the cursor: a connection, or two addresses.
fn conversation(model: &Model) -> Option<String> {
    if let Some(stream) = model.stream_here() {
        return Some(format!("tcp.stream == {stream}"));
    }
    let row = model.frames.rows.get(&model.frame_here()?)?;
    Some(format!("{} and {}", address(&row.source, "addr")?, address(&row.destination, "addr")?))
}

/// Opens the menu of what can be copied.
pub(crate) fn copy(model: &mut Model) {
    let mut items = Vec::new();
    let mut add = |title: &str, text: String| {
        if !text.is_empty() {
            items.push(Item { title: title.into(), about: text.clone(), choice: Choice::Copy(text) });
        }
    };
    match model.view {
        View::Frames => {
            if let Some(line) = model.frames.line().filter(|_| model.frames.pane != Pane::List) {
                add("value", line.value.clone());
                add("line", line.text.clone());
                add("field", line.field.name.into());
                let bytes = model.frames.opened.as_ref().and_then(|opened| opened.buffers.get(line.buffer));
                let bytes = bytes.and_then(|(_, bytes)| bytes.get(line.bytes.clone())).unwrap_or_default();
                let mut hex = String::new();
                let _ = dissectors::format::hex(&mut hex, bytes);
                add("bytes, in hexadecimal", hex);
            }
            let row = model.frame_here().and_then(|frame| model.frames.rows.get(&frame));
            if let Some(row) = row {
                add("info", row.info.clone());
                add("row", view::frames::text(model, row.frame));
                add("source", row.source.clone());
                add("destination", row.destination.clone());
            }
        }
        View::Calls | View::Call(_) => {
            if let View::Call(_) = model.view {
                add("line", view::call::text(model, model.opened.list(model.opened.pane).at));
            }
            if let Some((at, call)) = model.call_here().and_then(|at| Some((at, model.index.calls.get(at)?))) {
                let exchange = &call.exchange;
                add("URL", view::calls::url(call));
                add("row", view::calls::text(&model.index, at as u32));
                add("host", exchange.host.to_string());
                add("target", exchange.uri.to_string());
            }
        }
        View::Streams | View::Ladder(_) => {
            if let Some(stream) = model.stream_here() {
                add("row", view::streams::text(&model.index, stream));
            }
        }
        View::Follow(_) => add("line", view::follow::text(model, model.follow.list.at)),
        View::Notes => {
            if let Some(place) = model.note_numbers().at(model.notes.roster.list.at) {
                add("row", view::notes::text(&model.index, place));
            }
        }
        View::Statistics => {}
    }
    if let Some(filter) = filters(model).into_iter().next() {
        add("a filter that finds it", filter);
    }
    if let Some(sifted) = &model.sifted {
        add("the filter", sifted.text.to_string());
    }
    if let Some(call) = model.call_here() {
        items.push(Item {
            title: "curl command".into(),
            about: "makes the same request".into(),
            choice: Choice::Curl(call),
        });
    }
    menu::open(model, Menu::new("Copy", items));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;
    use crate::tui::theme::{Depth, Theme, Tone};
    use jiff::tz::TimeZone;

    #[test]
    fn what_is_quoted_is_a_filter() {
        for text in ["plain", "a \"b\" \\c", "\x1b[2J\r\n", "é日"] {
            let filter = format!("http.request.uri == {}", quoted(text));
            assert!(Filter::new(&filter).is_ok(), "{filter}");
        }
        assert_eq!(quoted("a\"\\\r"), r#""a\"\\\x0d""#);
        assert_eq!(quoted(r"caf\xe9 \x41"), r#""caf\xe9 \\x41""#);
    }

    #[test]
    fn what_is_joined_is_joined_to_all_of_a_filter() {
        let mut model = Model::new("a.pcap", Theme::new(Depth::None, Tone::Dark), TimeZone::UTC);
        for (filter, with) in [
            ("tcp or udp", "(tcp or udp) and ip"),
            ("(tcp)or(udp)", "((tcp)or(udp)) and ip"),
            ("tcp^^udp", "(tcp^^udp) and ip"),
            ("http.host contains \" or \"", "http.host contains \" or \" and ip"),
            ("tcp and udp", "tcp and udp and ip"),
        ] {
            sift::apply(&mut model, filter);
            assert_eq!(joined(&model, By::And, "ip"), with);
        }
    }

    #[test]
    fn an_address_is_known_by_its_form() {
        assert_eq!(address("10.0.0.1", "src").as_deref(), Some("ip.src == 10.0.0.1"));
        assert_eq!(address("fe80::1", "dst").as_deref(), Some("ipv6.dst == fe80::1"));
        assert_eq!(address("02:00:00:00:00:01", "addr").as_deref(), Some("eth.addr == 02:00:00:00:00:01"));
        assert_eq!(address("", "src"), None);
    }
}
