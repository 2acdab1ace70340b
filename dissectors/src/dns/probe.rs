//! Recognition of messages by their structure.

use super::message::{Entry, HEADER, Header, OPT, Record};
use super::name::NameError;
use super::names::{self, OPCODES, lookup};
use super::stateful;
use crate::session::{Hint, Probe};
use core::cmp::Ordering;

/// Ports of DNS, mDNS and LLMNR.
pub(super) const PORT: u16 = 53;
pub(super) const MDNS_PORT: u16 = 5353;
pub(super) const LLMNR_PORT: u16 = 5355;

/// Maximum number of questions of a message on another port than 53. mDNS has several, DNS one.
const MAX_QUESTIONS: u16 = 32;

/// Length of the first message of a side whose first segment does not have its header. A padded response has 468 bytes
/// (RFC 8467 4.1).
const MAX_FIRST: usize = 1024;

/// How well bytes fit the structure of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// They are none.
    No,
    /// A header that is possible; what follows is not valid, or is nothing.
    Header,
    /// On the port of the protocol: as `Cut` or `Whole`, but an operation, a type or a class is not known.
    Unknown,
    /// Valid as far as they go, a whole question or record at least.
    Cut,
    /// Exactly one message.
    Whole,
}

/// Returns the port that names the dialect: as in Wireshark the lower, since a client may use any.
fn named_port(hint: &Hint<'_>) -> Option<u16> {
    hint.ports.into_iter().filter(|port| matches!(*port, PORT | MDNS_PORT | LLMNR_PORT)).min()
}

/// Probes a datagram of DNS on any port but those of its dialects.
pub(super) fn datagram(hint: &Hint<'_>) -> Probe {
    match named_port(hint) {
        Some(MDNS_PORT | LLMNR_PORT) => Probe::No,
        named => probe(hint.bytes, named.is_some()),
    }
}

/// Probes a datagram on the port of a dialect.
pub(super) fn dialect(hint: &Hint<'_>, port: u16) -> Probe {
    if named_port(hint) == Some(port) { probe(hint.bytes, true) } else { Probe::No }
}

fn probe(message: &[u8], is_port: bool) -> Probe {
    match fit(message, is_port) {
        Fit::Whole => Probe::Yes,
        Fit::Cut | Fit::Unknown => Probe::Likely,
        Fit::Header if is_port => Probe::Likely,
        Fit::Header | Fit::No => Probe::No,
    }
}

/// Probes the first bytes of a side of a TCP connection: a length of two bytes, and a message (RFC 1035 4.2.2).
pub(super) fn stream(hint: &Hint<'_>) -> Probe {
    let (length, message) = hint.bytes.split_at_checked(2).unwrap_or((hint.bytes, &[]));
    let length = length.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let message = message.get(..length).unwrap_or(message);
    let Some(header) = Header::read(message) else {
        let begins = begins_message(hint.bytes, length, hint.ports.contains(&PORT));
        return if hint.is_first && begins { Probe::Perhaps } else { Probe::No };
    };
    let is_port = hint.ports.contains(&PORT);
    if !is_possible(header, length, is_port) {
        return Probe::No;
    }
    match fit(message, is_port) {
        Fit::Whole => Probe::Yes,
        Fit::Unknown if message.len() < length => Probe::Perhaps,
        Fit::Unknown => Probe::Likely,
        Fit::Cut if message.len() < length => Probe::Likely,
        // The first question or value is not complete yet.
        Fit::Header if message.len() < length && (header.counts != [0; 4] || stateful::has_values(header)) => {
            Probe::Perhaps
        }
        _ => Probe::No,
    }
}

/// Whether the bytes before the end of a header can be the first of a short message with one question. Other protocols
/// would be delayed if less were required, and their bytes joined with the end of those before.
fn begins_message(bytes: &[u8], length: usize, is_port: bool) -> bool {
    let is_short = bytes.first().is_none_or(|&high| usize::from(high) < MAX_FIRST >> 8)
        && (bytes.len() < 2 || (HEADER..MAX_FIRST).contains(&length));
    let is_stateful = is_port && bytes.get(4).is_some_and(|flags| flags >> 3 & 15 == stateful::OPCODE);
    let count = u8::from(!is_stateful);
    let has_one_question = bytes.get(6).is_none_or(|&high| high == 0) && bytes.get(7).is_none_or(|&low| low == count);
    is_short && has_one_question && bytes.get(4..6).is_none_or(has_valid_flags)
}

fn has_valid_flags(flags: &[u8]) -> bool {
    // The reserved bit is 0 (RFC 1035 4.1.1).
    matches!(flags, &[high, low] if lookup(OPCODES, u16::from(high >> 3 & 15)).is_some() && low & 0x40 == 0)
}

/// Whether a message of this length can have the counts of its header, and its flags on another port than that of the
/// protocol.
fn is_possible(header: Header, length: usize, is_port: bool) -> bool {
    // The shortest question has 5 bytes, the shortest record 11.
    let [questions, records @ ..] = header.counts;
    let records: usize = records.into_iter().map(usize::from).sum();
    (is_port || has_valid_flags(&header.flags.to_be_bytes()))
        && questions <= MAX_QUESTIONS
        && HEADER + usize::from(questions) * 5 + records * 11 <= length
}

/// How well a message fits. On another port than that of the protocol it must have a question, a known operation, known
/// types, and names without control characters.
fn fit(message: &[u8], is_port: bool) -> Fit {
    let Some(header) = Header::read(message) else { return Fit::No };
    let mut is_known = has_valid_flags(&header.flags.to_be_bytes());
    if !is_known && !is_port {
        return Fit::No;
    }
    if stateful::has_values(header) && is_port {
        return fit_values(message);
    }
    let mut entries = header.entries(message);
    let mut found = 0;
    let end = loop {
        match entries.next() {
            None => break None,
            Some(Err(error)) => break Some(error),
            Some(Ok((_, entry))) => {
                let is_cut = matches!(&entry, Entry::Record(record) if record.is_cut);
                if is_netbios(&entry) {
                    return Fit::No;
                }
                is_known &= is_plausible(&entry, is_port);
                if !is_known && !is_port {
                    return Fit::No;
                }
                found += 1;
                if is_cut {
                    break Some(NameError::End);
                }
            }
        }
    };
    let [questions, ..] = header.counts;
    match end {
        _ if !is_known && (found == 0 || questions > MAX_QUESTIONS) => Fit::No,
        _ if found == 0 || questions > MAX_QUESTIONS || questions == 0 && !is_port => Fit::Header,
        None if entries.at == message.len() && !is_known => Fit::Unknown,
        Some(NameError::End) if !is_known => Fit::Unknown,
        None | Some(NameError::Invalid) if !is_known => Fit::No,
        None if entries.at == message.len() => Fit::Whole,
        Some(NameError::End) => Fit::Cut,
        None | Some(NameError::Invalid) => Fit::Header,
    }
}

/// How well the values of a stateful operation fit.
fn fit_values(message: &[u8]) -> Fit {
    let whole = stateful::values(message).take_while(|value| value.end() <= message.len()).count();
    match stateful::end(message).cmp(&message.len()) {
        _ if whole == 0 => Fit::Header,
        Ordering::Equal => Fit::Whole,
        Ordering::Greater => Fit::Cut,
        Ordering::Less => Fit::Header,
    }
}

/// Whether a question or a record has a class that is in use, and a question a known type. On other ports, a record
/// needs a known type too, and the name has no control characters.
fn is_plausible(entry: &Entry<'_>, is_port: bool) -> bool {
    let (owner, needs_type) = match entry {
        Entry::Question(question) => (question, true),
        Entry::Record(record) => (&record.owner, !is_port),
    };
    // mDNS uses the highest bit (RFC 6762 5.4, 10.2). The class of OPT is a length.
    let has_class = matches!(owner.class & 0x7fff, 1 | 3 | 4 | 254 | 255) || owner.kind == OPT;
    let is_known = owner.kind >= 0xff00 || owner.kind != 0 && names::is_known_type(owner.kind);
    let has_type = !needs_type || is_known;
    let is_text = is_port || !owner.name.labels().flatten().any(u8::is_ascii_control);
    has_class && has_type && is_text && owner.name.is_valid
}

/// Whether the name of a question or a record is that of a NetBIOS name service, whose messages have the format of DNS
/// (RFC 1002 4.2).
fn is_netbios(entry: &Entry<'_>) -> bool {
    let (Entry::Question(owner) | Entry::Record(Record { owner, .. })) = entry;
    let first = owner.name.labels().next().unwrap_or_default();
    matches!(owner.kind, 32 | 33) && first.len() == 32 && first.iter().all(|byte| (b'A'..=b'P').contains(byte))
}
