//! What is in a capture, on one screen: times, hosts, protocols, calls, errors, the slowest calls, losses.

use super::hosts::HostTraffic;
use super::protocols::ProtocolsTable;
use super::streams::StreamTotals;
use crate::analysis::{Event, FrameResults, Task};
use crate::capture::Call;
use crate::journey::text::count;
use crate::report::quantity::{duration, size};
use crate::report::records::{RecordFormat, address};
use crate::report::{DissectedFrame, DurationHistogram, JsonFraming, TimeFormatter, escape_markup, escaped, json_line};
use crate::statistics::table::StatisticsTable;
use crate::statistics::traffic::TrafficCount;
use dissectors::exchange::Outcome;
use dissectors::format;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Number of hosts, protocols and slow calls that are shown.
const SHOWN: usize = 5;

/// Maximum bytes of the target of a call.
const MAX_TARGET: usize = 60;

/// Collects the summary.
#[derive(Default)]
pub(crate) struct SummaryTable {
    total: TrafficCount,
    /// Earliest and latest time.
    times: Option<(i64, i64)>,
    drops: u64,
    hosts: HostTraffic,
    protocols: ProtocolsTable,
    streams: StreamTotals,
    calls: BTreeMap<&'static str, CallTotals>,
    slowest: Vec<SlowCall>,
    /// Rows of `calls` so far, whether they match or not.
    rows: u64,
}

/// Numbers of the calls of a protocol.
#[derive(Default)]
struct CallTotals {
    calls: u64,
    client_errors: u64,
    server_errors: u64,
    unanswered: u64,
    unknown: u64,
    times: DurationHistogram,
}

/// A call that took long.
struct SlowCall {
    nanos: i64,
    row: u64,
    text: String,
}

impl SummaryTable {
    fn add_call(&mut self, call: &Call) {
        let exchange = &call.exchange;
        self.rows += 1;
        let totals = self.calls.entry(exchange.named_protocol()).or_default();
        totals.calls += 1;
        match exchange.outcome {
            Outcome::ClientError => totals.client_errors += 1,
            Outcome::ServerError => totals.server_errors += 1,
            Outcome::Unknown => totals.unknown += 1,
            _ if call.is_unanswered() => totals.unanswered += 1,
            _ => {}
        }
        if exchange.is_one_way {
            return;
        }
        let Some(nanos) = exchange.total() else { return };
        u64::try_from(nanos).into_iter().for_each(|nanos| totals.times.add(nanos));
        let shortest = self.slowest.last().filter(|_| self.slowest.len() == SHOWN).map_or(i64::MIN, |call| call.nanos);
        if nanos <= shortest {
            return;
        }
        self.slowest.push(SlowCall { nanos, row: self.rows, text: call_text(call) });
        self.slowest.sort_by_key(|call| (Reverse(call.nanos), call.row));
        self.slowest.truncate(SHOWN);
    }

    /// Returns the innermost protocols with the most frames.
    fn top_protocols(&self) -> Vec<(&'static str, u64)> {
        let tree = self.protocols.tree();
        let mut totals: BTreeMap<&'static str, u64> = BTreeMap::new();
        for node in tree.sorted_nodes(|_, _| std::cmp::Ordering::Equal) {
            *totals.entry(tree.label(node)).or_default() += tree.counts(node).innermost.frames;
        }
        let mut rows: Vec<_> = totals.into_iter().filter(|&(_, frames)| frames > 0).collect();
        rows.sort_by_key(|&(name, frames)| (Reverse(frames), name));
        rows.truncate(SHOWN + 1);
        rows
    }

    fn to_text(&self) -> String {
        let mut lines = Lines(String::new());
        let mut clock = TimeFormatter::local();
        let mut time = |nanos: i64| {
            let mut text = String::new();
            clock.write_rfc3339(&mut text, nanos);
            text
        };
        match self.times {
            None => lines.push("Time", "no frames"),
            Some((first, last)) => {
                let span = text(|out| duration(out, last.saturating_sub(first)));
                lines.push("Time", &format!("{} to {}, {span}", time(first), time(last)));
            }
        }
        lines.push("Frames", &format!("{}, {}", self.total.frames, text(|out| size(out, self.total.bytes))));
        let hosts = self.hosts.sorted_hosts();
        let shown = hosts.iter().take(SHOWN);
        let shown = shown.map(|own| format!("{} {}", own.host, text(|out| size(out, own.total.bytes))));
        lines.push("Hosts", &format!("{}: {}", hosts.len(), joined(shown, hosts.len() > SHOWN)));
        let protocols = self.top_protocols();
        let shown = protocols.iter().take(SHOWN).map(|(name, frames)| format!("{name} {frames}"));
        lines.push("Protocols", &joined(shown, protocols.len() > SHOWN));
        let streams = &self.streams;
        let missing = text(|out| size(out, streams.missing_bytes));
        lines.push(
            "TCP",
            &format!(
                "{}, {}, {missing} missing in the capture",
                count(streams.connections, "connection"),
                count(streams.retransmissions, "retransmitted segment")
            ),
        );
        if self.drops > 0 {
            lines.push("Dropped", &format!("{} during the capture", count(self.drops, "packet")));
        }
        for (name, totals) in &self.calls {
            lines.push(&format!("Calls {name}"), &totals.to_text());
        }
        if self.calls.is_empty() {
            lines.push("Calls", "none");
        }
        for (nth, call) in self.slowest.iter().enumerate() {
            let name = if nth == 0 { "Slowest" } else { "" };
            lines.push(name, &format!("{}  call {}: {}", text(|out| duration(out, call.nanos)), call.row, call.text));
        }
        lines.0
    }

    fn to_json(&self) -> Value {
        let hosts = self.hosts.sorted_hosts();
        let calls: serde_json::Map<String, Value> =
            self.calls.iter().map(|(name, totals)| ((*name).to_owned(), totals.to_json())).collect();
        let hosts_shown = hosts
            .iter()
            .take(SHOWN)
            .map(|own| json!({ "host": own.host.to_string(), "frames": own.total.frames, "bytes": own.total.bytes }));
        let slowest =
            self.slowest.iter().map(|call| json!({ "call": call.row, "total_ns": call.nanos, "text": call.text }));
        json!({
            "first_ns": self.times.map(|(first, _)| first),
            "last_ns": self.times.map(|(_, last)| last),
            "frames": self.total.frames,
            "bytes": self.total.bytes,
            "hosts": hosts.len(),
            "top_hosts": hosts_shown.collect::<Vec<_>>(),
            "top_protocols": self.top_protocols().iter().map(|(name, frames)| json!({ "protocol": name, "frames": frames })).collect::<Vec<_>>(),
            "connections": self.streams.connections,
            "retransmitted_segments": self.streams.retransmissions,
            "missing_bytes": self.streams.missing_bytes,
            "dropped_packets": self.drops,
            "calls": calls,
            "slowest": slowest.collect::<Vec<_>>(),
        })
    }
}

impl CallTotals {
    fn to_text(&self) -> String {
        let mut words = vec![self.calls.to_string()];
        let errors = [("client error", self.client_errors), ("server error", self.server_errors)];
        words.extend(errors.into_iter().filter(|&(_, errors)| errors > 0).map(|(name, errors)| count(errors, name)));
        if self.unanswered > 0 {
            words.push(format!("{} without a response", self.unanswered));
        }
        if self.unknown > 0 {
            words.push(format!("{} with an unknown outcome", self.unknown));
        }
        for percent in [50, 95] {
            if let Some(nanos) = self.times.percentile(percent) {
                words.push(format!(
                    "p{percent} {}",
                    text(|out| duration(out, i64::try_from(nanos).unwrap_or(i64::MAX)))
                ));
            }
        }
        words.join(", ")
    }

    fn to_json(&self) -> Value {
        json!({
            "calls": self.calls,
            "client_errors": self.client_errors,
            "server_errors": self.server_errors,
            "without_response": self.unanswered,
            "unknown": self.unknown,
            "p50_ns": self.times.percentile(50),
            "p95_ns": self.times.percentile(95),
            "p99_ns": self.times.percentile(99),
            "max_ns": self.times.max(),
        })
    }
}

/// Lines of a name and a value.
struct Lines(String);

impl Lines {
    fn push(&mut self, name: &str, value: &str) {
        let name = if name.is_empty() { String::new() } else { format!("{name}:") };
        self.0.push_str(&format!("{name:13} "));
        escaped(&mut self.0, value.as_bytes());
        self.0.push('\n');
    }
}

fn text(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}

fn joined(texts: impl Iterator<Item = String>, has_more: bool) -> String {
    let more = has_more.then(|| "…".to_owned());
    texts.chain(more).collect::<Vec<_>>().join(", ")
}

/// Returns the operation, the destination and the status of a call.
fn call_text(call: &Call) -> String {
    let exchange = &call.exchange;
    let mut host = String::new();
    if exchange.authority.is_empty() {
        address(&mut host, call.server.address);
    }
    let target = exchange.destination();
    let cut = format::prefix(&target, MAX_TARGET);
    let ellipsis = if cut.len() < target.len() { "…" } else { "" };
    let space = if host.is_empty() { "" } else { " " };
    let status = match exchange.status.as_str() {
        "" if exchange.has_unknown_response() => "unknown",
        "" => "no status",
        status => status,
    };
    format!("{} {host}{space}{cut}{ellipsis} → {status}", exchange.method)
}

impl StatisticsTable for SummaryTable {
    fn extend_task(&self, task: &mut Task) {
        HostTraffic::extend_task(task);
        self.protocols.extend_task(task);
        (task.exchanges, task.streams) = (true, true);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        self.total.add_frame(shown.frame.length);
        if shown.frame.has_time {
            let time = shown.frame.time.0;
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        self.drops = self.drops.saturating_add(shown.frame.options.drop_count().unwrap_or(0));
        self.hosts.frame(shown);
        self.protocols.frame(shown, results);
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Call(call) => self.add_call(call),
            Event::Stream(stream) => self.streams.add(stream),
            _ => {}
        }
    }

    fn other_call(&mut self) {
        self.rows += 1;
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        match format {
            RecordFormat::Html => writeln!(out, "<pre>{}</pre>", escape_markup(&self.to_text())),
            RecordFormat::Json(JsonFraming::Array) => out.write_all(json_line(&json!([self.to_json()])).as_bytes()),
            RecordFormat::Json(JsonFraming::Ndjson) => writeln!(out, "{}", json_line(&self.to_json())),
            _ => out.write_all(self.to_text().as_bytes()),
        }
    }
}
