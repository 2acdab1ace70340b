//! Recording of a message.

use super::cursor::{Budget, Cursor, DataError};
use super::fields::*;
use super::message::{Entry, Header, Message, OPT as OPT_TYPE, QUERY as QUERY_OPCODE, Question, Record, UPDATE};
use super::name::NameError;
use super::names::{self, Mnemonic, OPCODES, lookup};
use super::summary::{Summary, write_value};
use super::zone_text::{Hex, ZoneName};
use super::{Dialect, data, stateful};
use crate::field::Field;
use crate::frame::{MALFORMED as MALFORMED_PACKET, SHORT};
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};
use alloc::string::String;
use core::fmt::Write;

/// Type of a record with the host of a service.
const SRV: u16 = 33;

/// Whether any field of a message is recorded.
pub(super) fn is_wanted(dialect: &Dialect, tree: &Tree) -> bool {
    let is_own = tree.wants_any(&DNS) || tree.wants_any(dialect.field);
    is_own || tree.wants(&MALFORMED_PACKET) || tree.wants(&SHORT)
}

/// Whether any field of a record is recorded, or a note that all records are read for.
fn wants_records(tree: &Tree) -> bool {
    tree.wanted().any_between(&RESP_NAME, &LIMIT) || tree.wants(&MALFORMED_PACKET) || tree.wants(&SHORT)
}

/// Opens the node of a message's protocol.
pub(super) fn open(dialect: &Dialect, span: Slice, message: &[u8], tree: &mut Tree) {
    let node = tree.open(dialect.field, span, Value::Bytes(span));
    if !tree.wanted().labels {
        return;
    }
    let kind = if message.get(2).is_some_and(|flags| flags & 0x80 != 0) { "response" } else { "query" };
    tree.label(node, format_args!("{} ({kind})", dialect.field.title));
}

/// Records a message below the node of its protocol, which is open; only a note if its header is not complete.
pub(super) fn message(dialect: &'static Dialect, message: Option<&Message<'_>>, payload: Payload<'_>, tree: &mut Tree) {
    let Some(&Message { header, question, .. }) = message else {
        return note_truncated(dialect, payload, tree);
    };
    let writer = Writer { dialect, header, question, message: payload };
    writer.header(tree);
    writer.roles(tree);
    match stateful::has_values(header) {
        true => writer.values(tree),
        false => writer.sections(tree),
    }
}

/// Writes the Info column.
pub(super) fn info(dialect: &'static Dialect, message: Payload<'_>, appends: bool, tree: &mut Tree) {
    if !tree.wants_columns() {
        return;
    }
    tree.columns_mut().protocol = dialect.short;
    let header = Header::read(message.bytes);
    if let Some(header) = header {
        let summary = Summary { dialect, header, message: message.bytes };
        let separator = if appends || tree.has_fence() { ", " } else { "" };
        match appends {
            true => tree.append_info(format_args!("{separator}{summary}")),
            false => tree.set_info(format_args!("{separator}{summary}")),
        }
    }
    let is_cut = header.is_none_or(|header| is_cut(header, message.bytes));
    match is_cut {
        true if message.is_truncated() && dialect.is_body() => {}
        true if message.is_truncated() => tree.append_info(format_args!("[Packet size limited during capture]")),
        true => tree.append_info(format_args!("[Malformed Packet]")),
        false => {}
    }
}

/// Whether a message ends before its last record.
fn is_cut(header: Header, message: &[u8]) -> bool {
    if stateful::has_values(header) {
        return stateful::end(message) > message.len();
    }
    header.entries(message).any(|entry| match entry {
        Ok((_, Entry::Record(record))) => record.is_cut,
        Ok((_, Entry::Question(_))) => false,
        Err(error) => error == NameError::End,
    })
}

/// Notes that a message ends before its last record.
fn note_truncated(dialect: &Dialect, message: Payload<'_>, tree: &mut Tree) {
    match message.is_truncated() {
        true if dialect.is_body() => {}
        true => tree.note(&SHORT, message.all(), format_args!("{}", SHORT.title)),
        false => tree.note(&MALFORMED_PACKET, message.all(), format_args!("[Malformed packet: DNS]")),
    }
}

/// Returns the reply code of a response with the bits of its OPT record (RFC 6891 6.1.3).
pub(super) fn extended_rcode(header: Header, message: &[u8]) -> u16 {
    let [.., additional] = header.counts;
    if additional == 0 {
        return header.rcode();
    }
    let records = header.entries(message).filter_map(|entry| match entry {
        Ok((3, Entry::Record(record))) if record.owner.kind == OPT_TYPE => Some(record),
        _ => None,
    });
    let high = records.map(|record| (record.ttl >> 24) as u16).next().unwrap_or_default();
    high << 4 | header.rcode()
}

/// Writes the operation of a message: the type of its first question, or the name of another operation.
pub(super) fn write_method(header: Header, kind: Option<u16>, out: &mut impl Write) -> core::fmt::Result {
    match (header.opcode(), kind) {
        (QUERY_OPCODE, Some(kind)) => write!(out, "{}", names::record_type(kind)),
        (QUERY_OPCODE, None) => out.write_str("QUERY"),
        (1, _) => out.write_str("IQUERY"),
        (2, _) => out.write_str("STATUS"),
        (4, _) => out.write_str("NOTIFY"),
        (5, _) => out.write_str("UPDATE"),
        (stateful::OPCODE, _) => out.write_str("DSO"),
        (opcode, _) => write!(out, "OPCODE{opcode}"),
    }
}

/// What recording a message needs.
#[derive(Clone, Copy)]
struct Writer<'b> {
    dialect: &'static Dialect,
    header: Header,
    /// The first question.
    question: Option<Question<'b>>,
    message: Payload<'b>,
}

impl<'b> Writer<'b> {
    fn header(&self, tree: &mut Tree) {
        let wants = tree.wanted();
        let has_counts = wants.any_between(&COUNT_QUERIES, &COUNT_UPDATES) || wants.field(&COUNT_ADD_RR);
        if !has_counts && !wants.any_between(&ID, &FLAGS_RCODE) {
            return;
        }
        let at = |offset, len| self.message.span(offset, len);
        let header = self.header;
        tree.put(&ID, at(0, 2), Value::Uint(header.id.into()));
        let node = tree.open(&FLAGS, at(2, 2), Value::Uint(header.flags.into()));
        let operation = lookup(OPCODES, header.opcode().into()).unwrap_or("Unknown operation");
        let response = if header.is_response() { " response" } else { "" };
        tree.label(node, format_args!("Flags: 0x{:04x} {operation}{response}", header.flags));
        let bit = |tree: &mut Tree, field: &'static Field, mask: u16| {
            tree.put(field, at(2, 2), Value::Bool(header.flags & mask != 0));
        };
        let is_llmnr = self.dialect.is_llmnr();
        bit(tree, &FLAGS_RESPONSE, 0x8000);
        tree.put(&FLAGS_OPCODE, at(2, 2), Value::Uint(header.opcode().into()));
        match (is_llmnr, header.is_response()) {
            (true, _) => bit(tree, &FLAGS_CONFLICT, 0x400),
            (false, true) => bit(tree, &FLAGS_AUTHORITATIVE, 0x400),
            (false, false) => {}
        }
        bit(tree, &FLAGS_TRUNCATED, 0x200);
        bit(tree, if is_llmnr { &FLAGS_TENTATIVE } else { &FLAGS_RECDESIRED }, 0x100);
        if header.is_response() && !is_llmnr {
            bit(tree, &FLAGS_RECAVAIL, 0x80);
        }
        if !is_llmnr {
            bit(tree, &FLAGS_Z, 0x40);
            match header.is_response() {
                true => bit(tree, &FLAGS_AUTHENTICATED, 0x20),
                false if header.flags & 0x20 != 0 => bit(tree, &FLAGS_AD, 0x20),
                false => {}
            }
            bit(tree, &FLAGS_CHECKDISABLE, 0x10);
        }
        if header.is_response() {
            tree.put(&FLAGS_RCODE, at(2, 2), Value::Uint(header.rcode().into()));
        }
        tree.close();
        let counts = match header.opcode() {
            UPDATE => [&COUNT_ZONES, &COUNT_PREREQUISITES, &COUNT_UPDATES, &COUNT_ADD_RR],
            _ => [&COUNT_QUERIES, &COUNT_ANSWERS, &COUNT_AUTH_RR, &COUNT_ADD_RR],
        };
        for (nth, (field, count)) in counts.into_iter().zip(header.counts).enumerate() {
            tree.put(field, at(4 + 2 * nth, 2), Value::Uint(count.into()));
        }
    }

    /// Records the fields of a message by their role.
    fn roles(&self, tree: &mut Tree) {
        let (header, bytes) = (self.header, self.message.bytes);
        let none = Slice::default();
        if !header.is_response() {
            tree.put(&QUERY, none, Value::Bool(true));
        }
        if tree.wants(&SUMMARY) {
            let summary = Summary { dialect: self.dialect, header, message: bytes };
            tree.put_text(&SUMMARY, none, format_args!("{summary}"));
        }
        if tree.wants(&METHOD) {
            let mut method = String::new();
            let kind = self.question.map(|question| question.kind);
            let _ = write_method(header, kind, &mut method);
            tree.put_text(&METHOD, none, format_args!("{method}"));
        }
        if header.is_response() && tree.wants(&STATUS) {
            tree.put_text(&STATUS, none, format_args!("{}", names::rcode(extended_rcode(header, bytes))));
        }
    }

    /// Records the values of a stateful operation.
    fn values(&self, tree: &mut Tree) {
        stateful::describe(self.message, tree);
        let (end, len) = (stateful::end(self.message.bytes), self.message.bytes.len());
        if end > len {
            note_truncated(self.dialect, self.message, tree);
        }
        self.note_extraneous(end, tree);
    }

    /// Records the questions, if no field of a record and no note that all records are read for is recorded.
    fn questions(&self, tree: &mut Tree) {
        let Some(first) = &self.question else { return };
        self.open_section(0, tree);
        self.question(first, tree);
        if self.header.counts[0] > 1 {
            let entries = self.header.entries(self.message.bytes).only_questions();
            for entry in entries.skip(1).map_while(Result::ok) {
                if let (_, Entry::Question(question)) = entry {
                    self.question(&question, tree);
                }
            }
        }
        tree.close();
    }

    fn sections(&self, tree: &mut Tree) {
        if !wants_records(tree) {
            return self.questions(tree);
        }
        let mut budget = Budget::new();
        let mut entries = self.header.entries(self.message.bytes);
        let (mut open, mut has_error) = (None, false);
        loop {
            let start = entries.at;
            let Some(entry) = entries.next() else { break };
            let (section, entry) = match entry {
                Ok(found) => found,
                Err(error) => {
                    self.note_end(start, error, tree);
                    has_error = true;
                    break;
                }
            };
            if open != Some(section) {
                if open.is_some() {
                    tree.close();
                }
                open = Some(section);
                self.open_section(section, tree);
            }
            let read = match &entry {
                Entry::Question(question) => budget.take().map(|()| self.question(question, tree)),
                Entry::Record(record) => self.record(record, &mut budget, tree),
            };
            if read.is_err() {
                tree.note(&LIMIT, Slice::default(), format_args!("{}", LIMIT.title));
                break;
            }
        }
        if open.is_some() {
            tree.close();
        }
        if !has_error {
            self.note_rest(&entries, tree);
        }
    }

    fn open_section(&self, section: usize, tree: &mut Tree) {
        let node = tree.open(&SECTION, Slice::default(), Value::Present);
        if !tree.wanted().labels {
            return;
        }
        let titles = match self.header.opcode() {
            UPDATE => ["Zone", "Prerequisites", "Updates", "Additional records"],
            _ => ["Queries", "Answers", "Authoritative nameservers", "Additional records"],
        };
        tree.label(node, format_args!("{}", titles.get(section).copied().unwrap_or_default()));
    }

    /// Notes why the questions and records end before they should.
    fn note_end(&self, at: usize, error: NameError, tree: &mut Tree) {
        match error {
            NameError::End => note_truncated(self.dialect, self.message, tree),
            NameError::Invalid => {
                let span = self.message.span(at, self.message.bytes.len());
                tree.note(&BAD_NAME, span, format_args!("{} at offset {at}", BAD_NAME.title));
            }
        }
    }

    /// Notes bytes after the last record.
    fn note_rest(&self, entries: &super::message::Entries<'_>, tree: &mut Tree) {
        if entries.is_done() {
            self.note_extraneous(entries.at, tree);
        }
    }

    /// Notes bytes from an offset to the end of the message.
    fn note_extraneous(&self, at: usize, tree: &mut Tree) {
        let rest = self.message.bytes.len().saturating_sub(at);
        if rest == 0 {
            return;
        }
        let span = self.message.span(at, rest);
        tree.put(&EXTRANEOUS_LENGTH, span, Value::Int(rest as i64));
        tree.put(&EXTRANEOUS_DATA, span, Value::Bytes(span));
        tree.note(&EXTRANEOUS, span, format_args!("Extraneous data ({rest} bytes)"));
    }

    /// Notes a name whose pointers do not point backward.
    fn check_name(&self, question: &Question<'_>, tree: &mut Tree) {
        if !question.name.is_valid {
            let span = self.message.span(question.at, question.name_end - question.at);
            tree.note(&BAD_NAME, span, format_args!("{} at offset {}", BAD_NAME.title, question.at));
        }
    }

    fn question(&self, question: &Question<'_>, tree: &mut Tree) {
        let message = self.message;
        let all = message.span(question.at, question.name_end + 4 - question.at);
        let node = tree.open(&RECORD, all, Value::Present);
        if node.is_some() {
            let (kind, class) = self.kind_and_class(question);
            tree.label(node, format_args!("{}: type {kind}, class {class}", question.name));
        }
        let name = message.span(question.at, question.name_end - question.at);
        question.name.record(&QRY_NAME, name, tree);
        self.check_name(question, tree);
        if tree.wants(&QRY_NAME_LEN) || tree.wants(&COUNT_LABELS) {
            tree.put(&QRY_NAME_LEN, name, Value::Uint(question.name.len() as u64));
            tree.put(&COUNT_LABELS, name, Value::Uint(question.name.label_count() as u64));
        }
        tree.put(&QRY_TYPE, message.span(question.name_end, 2), Value::Uint(question.kind.into()));
        let span = message.span(question.name_end + 2, 2);
        tree.put(&QRY_CLASS, span, Value::Uint(self.class(question.class).into()));
        if self.dialect.is_mdns() {
            tree.put(&QRY_QU, span, Value::Bool(question.class & 0x8000 != 0));
        }
        if tree.wants(&LINE) {
            let (name, (kind, class)) = (ZoneName(question.name), self.kind_and_class(question));
            tree.put_text(&LINE, Slice::default(), format_args!(";{name} {class} {kind}"));
        }
        tree.close();
    }

    fn kind_and_class(&self, question: &Question<'_>) -> (Mnemonic, Mnemonic) {
        (names::record_type(question.kind), names::class(self.class(question.class)))
    }

    /// The class without the bit that mDNS uses otherwise.
    fn class(&self, class: u16) -> u16 {
        if self.dialect.is_mdns() { class & 0x7fff } else { class }
    }

    fn record(&self, record: &Record<'_>, budget: &mut Budget, tree: &mut Tree) -> Result<(), DataError> {
        budget.take()?;
        let (message, owner) = (self.message, &record.owner);
        let all = message.span(owner.at, record.data.end - owner.at);
        let node = tree.open(&RECORD, all, Value::Present);
        self.label_record(record, node, tree);
        self.owner(record, tree);
        let mut line = tree.wants(&LINE).then(|| self.line_start(record));
        let start = line.as_ref().map_or(0, String::len);
        let mut cursor = Cursor::new(message, record.data.clone(), tree, budget, line.as_mut());
        let read = data::read(owner.kind, owner.class, &mut cursor);
        let (at, has_invalid_name) = (cursor.at, cursor.has_invalid_name);
        let is_malformed = has_invalid_name || matches!(read, Err(DataError::End | DataError::Name));
        if let Some(mut line) = line {
            if is_malformed || record.is_cut || read.is_ok() && at < record.data.end {
                line.truncate(start);
                self.write_unparsed(record, &mut line);
            }
            tree.put_text(&LINE, Slice::default(), format_args!("{line}"));
        }
        let rest = message.span(at, record.data.end.saturating_sub(at));
        match read {
            _ if record.is_cut => note_truncated(self.dialect, message, tree),
            Err(DataError::End) => tree.note(&MALFORMED, rest, format_args!("Data end within a value")),
            Err(DataError::Name) => tree.note(&BAD_NAME, rest, format_args!("{} at offset {at}", BAD_NAME.title)),
            Err(DataError::Limit) | Ok(()) => {}
        }
        tree.close();
        if read == Err(DataError::Limit) { read } else { Ok(()) }
    }

    fn label_record(&self, record: &Record<'_>, node: Option<usize>, tree: &mut Tree) {
        if node.is_none() {
            return;
        }
        let mut value = String::new();
        let _ = write_value(", ", record, self.message.bytes, &mut value);
        let (kind, class) = (names::record_type(record.owner.kind), names::class(self.class(record.owner.class)));
        match record.owner.kind {
            OPT_TYPE => tree.label(node, format_args!("{}: type {kind}", record.owner.name)),
            _ => tree.label(node, format_args!("{}: type {kind}, class {class}{value}", record.owner.name)),
        }
    }

    fn line_start(&self, record: &Record<'_>) -> String {
        let mut line = String::new();
        let owner = &record.owner;
        let _ = match owner.kind {
            OPT_TYPE => write!(line, "; EDNS: version {}, udp {}", record.ttl >> 16 & 0xff, owner.class),
            kind => {
                let class = names::class(self.class(owner.class));
                write!(line, "{} {} {class} {}", ZoneName(owner.name), record.ttl, names::record_type(kind))
            }
        };
        line
    }

    /// Writes data that are not of the form of their type as those of an unknown type (RFC 3597 5), with a comment.
    fn write_unparsed(&self, record: &Record<'_>, line: &mut String) {
        let data = self.message.bytes.get(record.data.clone()).unwrap_or_default();
        let _ = write!(line, " \\# {}", data.len());
        if !data.is_empty() {
            let _ = write!(line, " {}", Hex(data));
        }
        line.push_str(if record.is_cut { " ; truncated" } else { " ; malformed" });
    }

    /// Records what precedes the data of a record.
    fn owner(&self, record: &Record<'_>, tree: &mut Tree) {
        let (message, owner) = (self.message, &record.owner);
        let name = message.span(owner.at, owner.name_end - owner.at);
        match owner.kind {
            SRV => self.service_name(record, name, tree),
            _ => owner.name.record(&RESP_NAME, name, tree),
        }
        self.check_name(owner, tree);
        let at = |offset, len| message.span(owner.name_end + offset, len);
        tree.put(&RESP_TYPE, at(0, 2), Value::Uint(owner.kind.into()));
        if owner.kind == OPT_TYPE {
            self.options_header(record, tree);
        } else {
            tree.put(&RESP_CLASS, at(2, 2), Value::Uint(self.class(owner.class).into()));
            if self.dialect.is_mdns() {
                tree.put(&RESP_CACHE_FLUSH, at(2, 2), Value::Bool(owner.class & 0x8000 != 0));
            }
            tree.put(&RESP_TTL, at(4, 4), Value::Uint(record.ttl.into()));
            if record.ttl >> 31 != 0 {
                tree.note(&TTL_HIGH_BIT, at(4, 4), format_args!("{}", TTL_HIGH_BIT.title));
            }
        }
        let len = message.bytes.get(owner.name_end + 8..).and_then(|rest| rest.first_chunk());
        let len = len.map_or(0, |&len| u16::from_be_bytes(len));
        tree.put(&RESP_LEN, at(8, 2), Value::Uint(len.into()));
    }

    /// Records the parts of an OPT record that other records use for class and TTL (RFC 6891 6.1.2).
    fn options_header(&self, record: &Record<'_>, tree: &mut Tree) {
        let at = |offset, len| self.message.span(record.owner.name_end + offset, len);
        let flags = record.ttl & 0xffff;
        tree.put(&RR_UDP_PAYLOAD_SIZE, at(2, 2), Value::Uint(self.class(record.owner.class).into()));
        if self.dialect.is_mdns() {
            tree.put(&RESP_CACHE_FLUSH, at(2, 2), Value::Bool(record.owner.class & 0x8000 != 0));
        }
        tree.put(&RESP_EXT_RCODE, at(4, 1), Value::Uint((record.ttl >> 24).into()));
        tree.put(&RESP_EDNS0_VERSION, at(5, 1), Value::Uint((record.ttl >> 16 & 0xff).into()));
        tree.open(&RESP_Z, at(6, 2), Value::Uint(flags.into()));
        tree.put(&RESP_Z_DO, at(6, 2), Value::Bool(flags & 0x8000 != 0));
        tree.put(&RESP_Z_RESERVED, at(6, 2), Value::Uint((flags & 0x7fff).into()));
        tree.close();
    }

    /// Records the parts of the name of an SRV record: service, protocol and domain, and an instance before them.
    fn service_name(&self, record: &Record<'_>, span: Slice, tree: &mut Tree) {
        let labels = || record.owner.name.labels();
        // As in Wireshark: an instance precedes the service if the third label begins as that of a protocol.
        let has_instance = labels().nth(2).is_some_and(|label| label.starts_with(b"_"));
        let fields: [&'static Field; 3] = [&SRV_INSTANCE, &SRV_SERVICE, &SRV_PROTO];
        let skipped = usize::from(!has_instance);
        let mut start = 0;
        for (field, label) in fields.into_iter().skip(skipped).zip(labels()) {
            tree.put_text(field, span, format_args!("{}", crate::content::LossyText(label)));
            start += 1;
        }
        let mut domain = String::new();
        for label in labels().skip(start) {
            let dot = if domain.is_empty() { "" } else { "." };
            let _ = write!(domain, "{dot}{}", crate::content::LossyText(label));
        }
        tree.put_text(&SRV_NAME, span, format_args!("{domain}"));
    }
}
