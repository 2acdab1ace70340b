//! HAR 1.2: calls of the web with their messages and timings, written one after the other.

mod entry;
mod lookups;
mod pages;
mod timings;

use super::call_collector::CollectedCall;
use super::call_form::CallForm;
use super::message::CapturedMessage;
use super::web_text::{authority, host};
use crate::capture::Call;
use crate::report::{JsonWriter, TimeFormatter, body_text};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use dissectors::exchange::Transfer;
use dissectors::session::{ConversationId, ExchangeId, Side};
use entry::entry;
use lookups::Lookups;
use pages::Pages;
use std::collections::HashMap;
use std::io::{self, Write};
use timings::Timings;

/// Maximum bytes of the messages of all entries whose connection is open; the last one may exceed it.
const MAX_HELD_BYTES: usize = 64 << 20;

/// Writes calls as a HAR.
pub struct HarForm {
    lookups: Lookups,
    pages: Pages,
    clock: TimeFormatter,
    /// Entries whose session carries messages, and messages whose entry is not written yet.
    held: HashMap<ExchangeId, HeldEntry>,
    /// Bytes of these entries and messages.
    held_bytes: usize,
    written: u64,
    /// Number of calls without a request.
    without_request: u64,
    /// Number of calls of protocols that a HAR cannot have.
    of_other_protocols: u64,
    /// Number of messages whose entry is not written, or was written before them.
    without_entry: u64,
    /// Number of messages beyond the limit of memory.
    omitted: u64,
}

/// An entry with the messages that its session carries.
#[derive(Default)]
struct HeldEntry {
    /// The entry; `None` before the call is reported.
    entry: Option<JsonWriter>,
    /// Array of the messages, open for more.
    messages: JsonWriter,
    /// Number of messages in it.
    count: u64,
    /// Number of messages beyond the limit of memory.
    omitted: u64,
}

impl Default for HarForm {
    fn default() -> HarForm {
        HarForm {
            lookups: Lookups::default(),
            pages: Pages::default(),
            clock: TimeFormatter::local(),
            held: HashMap::new(),
            held_bytes: 0,
            written: 0,
            without_request: 0,
            of_other_protocols: 0,
            without_entry: 0,
            omitted: 0,
        }
    }
}

impl HarForm {
    fn write_entry(&mut self, mut entry: JsonWriter, out: &mut dyn Write) -> io::Result<()> {
        entry.end('}');
        out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        out.write_all(entry.text.as_bytes())
    }

    /// Adds a message that the session of an entry carries.
    fn add_message(&mut self, carrier: ExchangeId, call: &CollectedCall) {
        let held = self.held.entry(carrier).or_default();
        let before = held.messages.text.len();
        if self.held_bytes > MAX_HELD_BYTES {
            held.omitted += 1;
            return;
        }
        held.count += 1;
        write_channel_message(&mut held.messages, call);
        self.held_bytes += held.messages.text.len() - before;
    }

    /// Writes an entry with its messages.
    fn write_held(&mut self, held: HeldEntry, out: &mut dyn Write) -> io::Result<()> {
        self.held_bytes -= held.messages.text.len();
        let Some(mut entry) = held.entry else {
            self.without_entry += held.count + held.omitted;
            return Ok(());
        };
        self.held_bytes -= entry.text.len();
        if held.omitted > 0 {
            self.omitted += held.omitted;
            entry.pair("comment", &format!("{} more messages are not exported", held.omitted));
        }
        if !held.messages.text.is_empty() {
            entry.pair("_resourceType", "websocket");
            entry.key("_webSocketMessages");
            entry.json(&format!("[{}]", held.messages.text));
        }
        self.write_entry(entry, out)
    }
}

/// Writes a message in the format of Chromium.
fn write_channel_message(json: &mut JsonWriter, call: &CollectedCall) {
    let exchange = &call.call.exchange;
    let (Some(message), Some(transfer)) = (&call.request, exchange.request) else { return };
    let opcode = match exchange.method.to_ascii_lowercase().as_str() {
        "text" => 1,
        "binary" => 2,
        "close" => 8,
        "ping" => 9,
        "pong" => 10,
        _ => 0,
    };
    let body = message.content();
    let data = match body_text(body, b"").filter(|_| opcode != 2).map(|text| String::from_utf8(text.into_owned())) {
        Some(Ok(text)) => text,
        _ => BASE64_STANDARD.encode(body),
    };
    json.begin('{');
    json.pair("type", if exchange.requester == Some(Side::Server) { "receive" } else { "send" });
    json.key("time");
    json.json(&format!("{:.6}", transfer.last.time as f64 / 1e9));
    json.key("opcode");
    json.number(opcode);
    json.pair("data", &data);
    json.key("_frame");
    json.number(transfer.completed_in);
    let comment = channel_comment(message, transfer);
    if !comment.is_empty() {
        json.pair("comment", &comment);
    }
    json.end('}');
}

/// Returns what a message lacks; empty if it is whole.
fn channel_comment(message: &CapturedMessage, transfer: Transfer) -> String {
    let mut comments: Vec<String> = message.warnings.iter().map(|&title| title.to_owned()).collect();
    let (kept, coding) = (message.content().len(), message.coding());
    match (coding.is_empty(), message.is_limited()) {
        (true, true) => comments.push(format!("data are truncated to {kept} of {} bytes", transfer.body)),
        (false, true) if message.has_unknown_length => {
            comments.push(format!("data are {kept} of {} bytes as sent, compressed", transfer.body));
        }
        (false, true) => comments.push(format!("data are truncated to {kept} of {} bytes", message.body_len)),
        (_, false) => {}
    }
    comments.join("; ")
}

impl CallForm for HarForm {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        write!(
            out,
            "{{\"log\":{{\"version\":\"1.2\",\"creator\":{{\"name\":\"overhear\",\"version\":\"{version}\"}},\"entries\":["
        )
    }

    fn any_call(&mut self, call: &Call) {
        self.lookups.add(call);
    }

    fn call(&mut self, call: CollectedCall, out: &mut dyn Write) -> io::Result<()> {
        let exchange = &call.call.exchange;
        match exchange.parent {
            Some(carrier) if exchange.is_one_way => {
                self.add_message(carrier, &call);
                return Ok(());
            }
            // A session with calls of their own has no messages.
            Some(carrier) => {
                if let Some(tunnel) = self.held.remove(&carrier) {
                    self.write_held(tunnel, out)?;
                }
            }
            None => {}
        }
        let messages = [&call.request, &call.response];
        if !messages.into_iter().flatten().any(|message| message.is_web) {
            self.of_other_protocols += 1;
            return Ok(());
        }
        if exchange.request.is_none() {
            self.without_request += 1;
            return Ok(());
        }
        let id = exchange.id;
        let connection = call.connection.clone();
        let authority = authority(&call);
        let lookup = connection
            .as_ref()
            .and_then(|connection| self.lookups.take(call.call.client.address, host(&authority), connection.first));
        let timings = Timings::of(&call.call, connection, lookup);
        let page = self.pages.page_of(&call, timings.started, &mut self.clock);
        let entry = entry(&call, timings, page.as_deref(), &mut self.clock);
        let carries = exchange.opens_session && self.held_bytes <= MAX_HELD_BYTES || self.held.contains_key(&id);
        if !carries {
            return self.write_entry(entry, out);
        }
        self.held_bytes += entry.text.len();
        self.held.entry(id).or_default().entry = Some(entry);
        Ok(())
    }

    fn conversation_end(&mut self, conversation: ConversationId, out: &mut dyn Write) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let mut ended: Vec<ExchangeId> =
            self.held.keys().copied().filter(|id| id.conversation == conversation).collect();
        ended.sort_unstable();
        for id in ended {
            if let Some(held) = self.held.remove(&id) {
                self.write_held(held, out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut rest: Vec<(ExchangeId, HeldEntry)> = self.held.drain().collect();
        rest.sort_unstable_by_key(|(id, _)| *id);
        for (_, held) in rest {
            self.write_held(held, out)?;
        }
        let pages = std::mem::take(&mut self.pages).into_json();
        writeln!(out, "\n],\"pages\":[{pages}],\"comment\":\"{COMMENT}\"}}}}")
    }

    fn notes(&self) -> Vec<String> {
        let calls = |count: u64| format!("{count} call{}", if count == 1 { "" } else { "s" });
        let mut notes = vec![format!("{} written", calls(self.written))];
        if self.without_request > 0 {
            notes.push(format!("{} without a request in the capture not written", calls(self.without_request)));
        }
        if self.of_other_protocols > 0 {
            notes.push(format!("{} of protocols that a HAR cannot have not written", calls(self.of_other_protocols)));
        }
        let messages = |count: u64| format!("{count} message{}", if count == 1 { "" } else { "s" });
        if self.without_entry > 0 {
            notes.push(format!("{} not written: their call is not in the file", messages(self.without_entry)));
        }
        if self.omitted > 0 {
            let limit = MAX_HELD_BYTES >> 20;
            notes.push(format!(
                "{} not written: limit of {limit} MiB for open connections reached",
                messages(self.omitted)
            ));
        }
        notes
    }
}

/// Comment on the whole file.
const COMMENT: &str = "Entries are in the order in which calls completed. Times are those of the capture.";
