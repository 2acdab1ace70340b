//! Facts about a capture file, as lines for people and as JSON.

use super::file_facts::FileFacts;
use crate::report::{TimeFormatter, escaped};
use crate::source::{InterfaceDescription, SectionDescription, Time};
use dissectors::frame::link_name;
use serde_json::{Value, json};
use std::fmt::Write;

/// Width of the names of lines.
const NAME_WIDTH: usize = 22;

/// Returns the facts as lines of a name and a value.
#[must_use]
pub fn facts_text(facts: &FileFacts) -> String {
    let mut lines = Lines(String::new());
    let frames = &facts.frames;
    let format = match &facts.compression {
        Some(compression) => format!("{}, compressed with {compression}", facts.format),
        None => facts.format.to_owned(),
    };
    lines.push("File", &facts.name);
    lines.push("Type", &format);
    lines.push("Encapsulation", &encapsulation(facts));
    lines.push("Time precision", &joined(facts.resolutions().into_iter().map(resolution_text)));
    lines.push("Snapshot length", &snapshot_text(facts));
    lines.push("Packets", &frames.packets.to_string());
    if frames.other_blocks > 0 {
        lines.push("Other blocks", &frames.other_blocks.to_string());
    }
    lines.push("File size", &format!("{} bytes", facts.stored_bytes));
    lines.push("Data size", &format!("{} bytes", frames.wire_bytes));
    if frames.captured_bytes != frames.wire_bytes {
        lines.push("Captured size", &format!("{} bytes", frames.captured_bytes));
    }
    let mut clock = TimeFormatter::local();
    let mut time = |time: Option<Time>| time.map_or("none".to_owned(), |time| timestamp(&mut clock, time));
    let [is_first_clipped, is_last_clipped] = frames.clipped();
    let or = |is_clipped: bool, text| if is_clipped { text } else { "" };
    let more = or(is_first_clipped || is_last_clipped, " or more");
    let duration = frames.duration().map(|nanos| format!("{} s{more}", decimal(nanos)));
    lines.push("Duration", &duration.unwrap_or("none".to_owned()));
    let (earliest, latest) = (frames.times.map(|times| times.0), frames.times.map(|times| times.1));
    lines.push("Earliest packet", &format!("{}{}", time(earliest), or(is_first_clipped, " or earlier")));
    lines.push("Latest packet", &format!("{}{}", time(latest), or(is_last_clipped, " or later")));
    let order = match frames.first_out_of_order {
        None => "in order of time".to_owned(),
        Some(frame) => format!("not in order of time: frame {frame} is earlier than the frame before it"),
    };
    lines.push("Order", &order);
    if let (Some(bytes), Some(packets)) = (frames.per_second(frames.wire_bytes), frames.per_second(frames.packets)) {
        lines.push("Data rate", &format!("{bytes:.0} bytes/s, {:.0} bits/s", bytes * 8.0));
        lines.push("Packet rate", &format!("{packets:.2} packets/s"));
    }
    if let Some(mean) = frames.mean_size() {
        lines.push("Mean packet size", &format!("{mean:.2} bytes"));
    }
    for (name, count) in counts(facts).into_iter().filter(|&(_, count)| count > 0) {
        lines.push(name, &count.to_string());
    }
    lines.push("Complete", &completeness(facts));
    push_sections(&mut lines, facts);
    lines.0
}

/// Returns numbers that most captures do not have, with their names.
fn counts(facts: &FileFacts) -> [(&'static str, u64); 6] {
    let frames = &facts.frames;
    let [ipv4, ipv6] = facts.names;
    [
        ("Packets without time", frames.without_time),
        ("Packets dropped", frames.drops),
        ("Packet comments", frames.comments),
        ("Names of IPv4", ipv4 as u64),
        ("Names of IPv6", ipv6 as u64),
        ("Blocks of secrets", facts.secrets as u64),
    ]
}

fn push_sections(lines: &mut Lines, facts: &FileFacts) {
    let Some(log) = &facts.log else { return };
    for section in &log.sections {
        lines.0.push_str(&format!("Section {}\n", section.number));
        let texts =
            [("Hardware", &section.hardware), ("System", &section.system), ("Application", &section.application)];
        for (name, text) in texts {
            text.iter().for_each(|text| lines.push_indented(name, text));
        }
        section.comments.iter().for_each(|comment| lines.push_indented("Comment", comment));
        for described in &section.interfaces {
            push_interface(lines, described, packets_of(facts, section, described));
        }
    }
    if log.omitted > 0 {
        lines.push("Not shown", &format!("{} sections and interfaces", log.omitted));
    }
}

fn push_interface(lines: &mut Lines, described: &InterfaceDescription, packets: u64) {
    let interface = &described.interface;
    let snaplen = match interface.snaplen {
        0 => "no snapshot length".to_owned(),
        snaplen => format!("snapshot length {snaplen}"),
    };
    let (link, resolution) = (link_text(interface.link), resolution_text(interface.resolution));
    let statistics = if described.statistics > 0 { ", with statistics" } else { "" };
    let plural = if packets == 1 { "" } else { "s" };
    let summary = format!("{link}, {resolution}, {snaplen}, {packets} packet{plural}{statistics}");
    lines.push_indented(&format!("Interface {}", interface.id), &summary);
    let texts = [
        ("Name", &interface.name),
        ("Description", &interface.description),
        ("Filter", &interface.filter),
        ("System", &interface.os),
    ];
    for (name, text) in texts {
        text.iter().for_each(|text| lines.push_indented(&format!("  {name}"), text));
    }
    described.comments.iter().for_each(|comment| lines.push_indented("  Comment", comment));
}

fn packets_of(facts: &FileFacts, section: &SectionDescription, described: &InterfaceDescription) -> u64 {
    facts.frames.interfaces.get(&(section.number, described.interface.id)).copied().unwrap_or(0)
}

/// Lines of a name and a value.
struct Lines(String);

impl Lines {
    fn push(&mut self, name: &str, value: &str) {
        let _ = write!(self.0, "{:NAME_WIDTH$}", format!("{name}:"));
        escaped(&mut self.0, value.as_bytes());
        self.0.push('\n');
    }

    fn push_indented(&mut self, name: &str, value: &str) {
        self.push(&format!("  {name}"), value);
    }
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn link_text(link: u16) -> String {
    link_name(link).map_or_else(|| format!("link type {link}"), str::to_owned)
}

/// Returns the encapsulations of the file, each with its number of packets if there are several.
fn encapsulation(facts: &FileFacts) -> String {
    let (links, of_frames) = (facts.link_types(), &facts.frames.links);
    let has_several = links.len() > 1;
    joined(links.into_iter().map(|link| match has_several {
        true => format!("{} ({})", link_text(link), of_frames.get(&link).copied().unwrap_or(0)),
        false => link_text(link),
    }))
}

/// Returns the unit of a resolution as in [`crate::source::Interface::resolution`].
fn resolution_text(resolution: u8) -> String {
    match resolution {
        0 => "seconds".to_owned(),
        3 => "milliseconds".to_owned(),
        6 => "microseconds".to_owned(),
        9 => "nanoseconds".to_owned(),
        binary if binary & 0x80 != 0 => format!("2^-{} seconds", binary & 0x7f),
        decimal => format!("10^-{decimal} seconds"),
    }
}

fn snapshot_text(facts: &FileFacts) -> String {
    let lengths = facts.snapshot_lengths();
    let stated = match lengths.is_empty() {
        true => "not stated".to_owned(),
        false => format!("{} bytes", joined(lengths.iter().map(u32::to_string))),
    };
    match facts.frames.truncated {
        None => stated,
        Some(range) if range.min == range.max => format!("{stated}; truncated packets have {} bytes", range.min),
        Some(range) => format!("{stated}; truncated packets have {} to {} bytes", range.min, range.max),
    }
}

fn completeness(facts: &FileFacts) -> String {
    match &facts.error {
        None => "yes".to_owned(),
        Some(error) if facts.is_truncated() => format!("no: at byte {}: {}", error.offset, error.cause),
        Some(error) => format!("no, the file is damaged: at byte {}: {}", error.offset, error.cause),
    }
}

fn timestamp(clock: &mut TimeFormatter, time: Time) -> String {
    let mut text = String::new();
    clock.write_rfc3339(&mut text, time.0);
    text
}

fn decimal(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// Returns the facts as an object.
#[must_use]
pub fn facts_json(facts: &FileFacts) -> Value {
    let frames = &facts.frames;
    let mut clock = TimeFormatter::local();
    let mut time = |time: Option<Time>| time.map(|time| timestamp(&mut clock, time));
    let links = facts.link_types().into_iter().map(|link| {
        let packets = frames.links.get(&link).copied().unwrap_or(0);
        json!({ "link_type": link, "name": link_name(link), "packets": packets })
    });
    json!({
        "file": facts.name,
        "type": facts.format,
        "compression": facts.compression,
        "encapsulations": links.collect::<Vec<_>>(),
        "time_precision": facts.resolutions().into_iter().map(resolution_text).collect::<Vec<_>>(),
        "snapshot_lengths": facts.snapshot_lengths(),
        "truncated_packet_sizes": frames.truncated.map(|range| json!({ "min": range.min, "max": range.max })),
        "packets": frames.packets,
        "other_blocks": frames.other_blocks,
        "file_size": facts.stored_bytes,
        "data_size": frames.wire_bytes,
        "captured_size": frames.captured_bytes,
        "duration_ns": frames.duration(),
        "earliest": time(frames.times.map(|(earliest, _)| earliest)),
        "latest": time(frames.times.map(|(_, latest)| latest)),
        "times_beyond_range": frames.clipped().contains(&true),
        "in_order": frames.first_out_of_order.is_none(),
        "first_out_of_order": frames.first_out_of_order,
        "bytes_per_second": frames.per_second(frames.wire_bytes),
        "packets_per_second": frames.per_second(frames.packets),
        "mean_packet_size": frames.mean_size(),
        "packets_without_time": frames.without_time,
        "packets_dropped": frames.drops,
        "packet_comments": frames.comments,
        "names": { "ipv4": facts.names[0], "ipv6": facts.names[1] },
        "blocks_of_secrets": facts.secrets,
        "complete": facts.error.is_none(),
        "truncated": facts.is_truncated(),
        "error": facts.error.as_ref().map(|error| json!({ "offset": error.offset, "message": error.cause.to_string() })),
        "sections": facts.log.as_ref().map(|log| {
            log.sections.iter().map(|section| section_json(facts, section)).collect::<Vec<_>>()
        }),
        "omitted_sections_and_interfaces": facts.log.as_ref().map_or(0, |log| log.omitted),
    })
}

fn section_json(facts: &FileFacts, section: &SectionDescription) -> Value {
    let interfaces = section.interfaces.iter().map(|described| {
        let interface = &described.interface;
        json!({
            "id": interface.id,
            "name": interface.name,
            "description": interface.description,
            "filter": interface.filter,
            "system": interface.os,
            "comments": described.comments,
            "link_type": interface.link,
            "encapsulation": link_name(interface.link),
            "snapshot_length": interface.snaplen,
            "time_precision": resolution_text(interface.resolution),
            "statistics": described.statistics,
            "packets": packets_of(facts, section, described),
        })
    });
    json!({
        "number": section.number,
        "hardware": section.hardware,
        "system": section.system,
        "application": section.application,
        "comments": section.comments,
        "interfaces": interfaces.collect::<Vec<_>>(),
    })
}
