//! PROXY protocol of HAProxy, versions 1 and 2: a header with the addresses of a proxied connection, before its data.
//!
//! A session reads the header. What follows on both sides is detected as if the connection began there.

use crate::field::DisplayBase;
use crate::packet::Payload;
use crate::protocol::{Dissector, Protocol, SessionKind};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::session::{
    Chunk, Consumed, Context, Event, Handover, Hint, Input, Lane, Missing, Pdu, Probe, Session, SideEnd, Successor,
    Transition,
};
use crate::tree::{Slice, Tree, Value};
use alloc::boxed::Box;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

crate::fields! { "proxy";
    /// Header of the PROXY protocol.
    PROXY: Protocol "proxy" "PROXY Protocol";
    /// Version of the protocol.
    VERSION: U8 "proxy.version" "Version";
    /// Source address of the proxied connection.
    SRC_IPV4: Ipv4 "proxy.src.ipv4" "Source Address";
    /// Destination address of the proxied connection.
    DST_IPV4: Ipv4 "proxy.dst.ipv4" "Destination Address";
    /// Source address of the proxied connection.
    SRC_IPV6: Ipv6 "proxy.src.ipv6" "Source Address";
    /// Destination address of the proxied connection.
    DST_IPV6: Ipv6 "proxy.dst.ipv6" "Destination Address";
    /// Source port of the proxied connection.
    SRCPORT: U16 "proxy.srcport" "Source Port";
    /// Destination port of the proxied connection.
    DSTPORT: U16 "proxy.dstport" "Destination Port";
    /// Protocol and family of the proxied connection, in version 1.
    V1_PROTO: Text "proxy.v1.proto" "Protocol";
    /// Text after UNKNOWN, in version 1.
    V1_UNKNOWN: Text "proxy.v1.unknown" "Unknown data";
    /// Signature of version 2.
    V2_MAGIC: Bytes "proxy.v2.magic" "Magic";
    /// Version in the header of version 2.
    V2_VERSION: U8 "proxy.v2.version" "Version";
    /// Command: 0 for a connection of the proxy itself, 1 for a proxied one.
    V2_COMMAND: U8 "proxy.v2.cmd" "Command";
    /// Address family and protocol.
    V2_FAMILY_PROTOCOL: U8 "proxy.v2.addr_family_protocol" "Address Family Protocol" { base: DisplayBase::Hex };
    /// Address family.
    V2_FAMILY: U8 "proxy.v2.addr_family" "Address Family" { base: DisplayBase::Hex };
    /// Transport protocol.
    V2_PROTOCOL: U8 "proxy.v2.protocol" "Protocol" { base: DisplayBase::Hex };
    /// Length of the addresses and of what follows them, in bytes.
    V2_LENGTH: U16 "proxy.v2.length" "Length";
    /// Source path of a socket of the file system.
    V2_SRC_UNIX: Bytes "proxy.v2.src.unix" "Source Address";
    /// Destination path of a socket of the file system.
    V2_DST_UNIX: Bytes "proxy.v2.dst.unix" "Destination Address";
    /// A value with its type and its length.
    V2_TLV: Label "proxy.v2.tlv" "TLV";
    /// Type of a value.
    V2_TLV_TYPE: U8 "proxy.v2.tlv.type" "Type" { base: DisplayBase::Hex };
    /// Length of a value in bytes.
    V2_TLV_LENGTH: U16 "proxy.v2.tlv.length" "Length";
    /// The value.
    V2_TLV_VALUE: Bytes "proxy.v2.tlv.value" "Value";
    /// The header ends within a value.
    BAD_FORMAT: Note(Warn) "proxy.bad_format" "Badly formatted PROXY header";
}

/// Registry entry for the PROXY protocol.
pub static PROTOCOL: Protocol = Protocol {
    short: "PROXY",
    fields: FIELDS,
    claims: &[],
    aliases: &[],
    dissectors: &[Dissector::Session(SessionKind {
        input: Input::Stream,
        probe,
        open: |_, _| Box::new(Proxy),
        derived_title: "",
        reassembly: None,
        messages: None,
    })],
};

/// Maximum length of a header of version 1, with CR LF.
const MAX_LINE: usize = 107;
/// Signature of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Length of a header of version 2 without addresses.
const FIXED: usize = 16;

/// Length of a header at the beginning of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderLength {
    Known(usize),
    NeedsMore,
    /// They begin with no header.
    None,
}

fn probe(hint: &Hint<'_>) -> Probe {
    match header_length(hint.bytes) {
        _ if !hint.is_first => Probe::No,
        HeaderLength::Known(_) => Probe::Yes,
        HeaderLength::NeedsMore => Probe::Perhaps,
        HeaderLength::None => Probe::No,
    }
}

fn header_length(bytes: &[u8]) -> HeaderLength {
    let begins = |start: &[u8]| bytes.starts_with(start) || start.starts_with(bytes);
    match bytes {
        [] => HeaderLength::NeedsMore,
        [b'P', ..] if begins(b"PROXY ") => line_length(bytes),
        [b'\r', ..] if begins(&SIGNATURE) => match bytes.first_chunk::<FIXED>() {
            None => HeaderLength::NeedsMore,
            Some(&[.., version, family, high, low]) => {
                let addresses = match family >> 4 {
                    0 => 0,
                    1 => 12,
                    2 => 36,
                    3 => 216,
                    _ => return HeaderLength::None,
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                let is_header = matches!(version, 0x20 | 0x21) && family & 0x0f <= 2 && length >= addresses;
                if is_header { HeaderLength::Known(FIXED + length) } else { HeaderLength::None }
            }
        },
        _ => HeaderLength::None,
    }
}

/// Returns the length of a header of version 1.
fn line_length(bytes: &[u8]) -> HeaderLength {
    let line = bytes.get(..MAX_LINE).unwrap_or(bytes);
    match memchr::memchr(b'\n', line).and_then(|end| Some((end, line.get(..end)?.strip_suffix(b"\r")?))) {
        Some((end, text)) if Line::parse(text).is_some() => HeaderLength::Known(end + 1),
        None if memchr::memchr(b'\n', line).is_none() && bytes.len() < MAX_LINE => HeaderLength::NeedsMore,
        _ => HeaderLength::None,
    }
}

/// A header of version 1, without its line end.
struct Line<'b> {
    protocol: &'b [u8],
    /// Source and destination, then their ports; none of an unknown protocol.
    addresses: Option<[(&'b [u8], Value); 4]>,
    rest: &'b [u8],
}

impl Line<'_> {
    fn parse(text: &[u8]) -> Option<Line<'_>> {
        let text = text.strip_prefix(b"PROXY ")?;
        let end = memchr::memchr(b' ', text).unwrap_or(text.len());
        let (protocol, rest) = text.split_at_checked(end)?;
        let addresses = match protocol {
            b"UNKNOWN" => None,
            b"TCP4" => Some(addresses(rest, |text| Some(Value::Ipv4(parse::<Ipv4Addr>(text)?.octets())))?),
            b"TCP6" => Some(addresses(rest, |text| Some(Value::Ipv6(parse::<Ipv6Addr>(text)?.octets())))?),
            _ => return None,
        };
        Some(Line { protocol, addresses, rest })
    }
}

fn parse<T: FromStr>(text: &[u8]) -> Option<T> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

fn addresses(text: &[u8], address: impl Fn(&[u8]) -> Option<Value>) -> Option<[(&[u8], Value); 4]> {
    let mut words = text.strip_prefix(b" ")?.split(|&byte| byte == b' ');
    let port = |text: &[u8]| Some(Value::Uint(parse::<u16>(text)?.into()));
    let [source, destination] = [words.next()?, words.next()?];
    let [from, to] = [words.next()?, words.next()?];
    let all = [(source, address(source)?), (destination, address(destination)?), (from, port(from)?), (to, port(to)?)];
    words.next().is_none().then_some(all)
}

/// The session: it ends with the header.
#[derive(Clone, Debug)]
struct Proxy;

impl Session for Proxy {
    fn read(&mut self, lane: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
        let begin = || Transition::Replace(Box::new(Handover::to(Successor::Detect)));
        match header_length(chunk.bytes) {
            HeaderLength::Known(len) if chunk.bytes.len() >= len => {
                cx.events.push(Event::Pdu(Pdu { lane, first: cx.first, len: len as u64 }));
                describe(chunk.first(len), cx);
                Consumed { transition: begin(), ..Consumed::bytes(len) }
            }
            HeaderLength::None => Consumed { transition: begin(), ..Consumed::bytes(0) },
            HeaderLength::Known(_) | HeaderLength::NeedsMore => Consumed::bytes(0),
        }
    }

    fn gap(&mut self, _lane: Lane, _before: Chunk<'_>, _missing: Missing, _cx: &mut Context<'_>) {}

    fn end(&mut self, _lane: Lane, _rest: Chunk<'_>, _end: SideEnd, _cx: &mut Context<'_>) {}

    fn fork(&self) -> Box<dyn Session> {
        Box::new(self.clone())
    }
}

/// Records a header.
fn describe(chunk: Chunk<'_>, cx: &mut Context<'_>) {
    if cx.tree.skips_rest() {
        return;
    }
    cx.path.push("proxy");
    let version = if chunk.bytes.starts_with(b"P") { 1_u8 } else { 2 };
    if cx.tree.wants_columns() {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        cx.tree.set_info(format_args!("PROXY v{version}"));
    }
    if !cx.tree.wants_any(&PROXY) {
        return;
    }
    let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
    cx.tree.open(&PROXY, span, Value::Bytes(span));
    cx.tree.put(&VERSION, Slice::default(), Value::Uint(version.into()));
    let header = Payload::whole(chunk.bytes, span.start);
    if version == 1 {
        describe_line(header, cx.tree);
    } else if describe_binary(header, cx.tree).is_err() {
        cx.tree.note(&BAD_FORMAT, span, format_args!("{}", BAD_FORMAT.title));
    }
    cx.tree.close();
}

fn describe_line(header: Payload<'_>, tree: &mut Tree) {
    let Some(line) = Line::parse(header.bytes.trim_ascii_end()) else { return };
    let span_of = |part: &[u8]| {
        let at = (part.as_ptr() as usize).wrapping_sub(header.bytes.as_ptr() as usize);
        header.span(at, part.len())
    };
    let protocol = span_of(line.protocol);
    tree.put(&V1_PROTO, protocol, Value::Text(protocol));
    let Some(addresses) = line.addresses else {
        if !line.rest.is_empty() {
            let rest = span_of(line.rest);
            tree.put(&V1_UNKNOWN, rest, Value::Text(rest));
        }
        return;
    };
    let is_ipv6 = line.protocol == b"TCP6";
    let [source, destination] = if is_ipv6 { [&SRC_IPV6, &DST_IPV6] } else { [&SRC_IPV4, &DST_IPV4] };
    for (field, (text, value)) in [source, destination, &SRCPORT, &DSTPORT].into_iter().zip(addresses) {
        tree.put(field, span_of(text), value);
    }
}

fn describe_binary(header: Payload<'_>, tree: &mut Tree) -> Result<(), UnexpectedEnd> {
    let mut reader = FieldReader::new(header, tree);
    reader.bytes(&V2_MAGIC, SIGNATURE.len())?;
    let span = reader.span(1);
    let [version] = reader.read_array()?;
    reader.tree.put(&V2_VERSION, span, Value::Uint(u64::from(version >> 4)));
    reader.tree.put(&V2_COMMAND, span, Value::Uint(u64::from(version & 0x0f)));
    let span = reader.span(1);
    let family = reader.u8(&V2_FAMILY_PROTOCOL)?;
    reader.tree.put(&V2_FAMILY, span, Value::Uint(u64::from(family >> 4)));
    reader.tree.put(&V2_PROTOCOL, span, Value::Uint(u64::from(family & 0x0f)));
    reader.u16(&V2_LENGTH)?;
    match family >> 4 {
        1 => {
            reader.ipv4(&SRC_IPV4)?;
            reader.ipv4(&DST_IPV4)?;
        }
        2 => {
            reader.ipv6(&SRC_IPV6)?;
            reader.ipv6(&DST_IPV6)?;
        }
        3 => {
            reader.bytes(&V2_SRC_UNIX, 108)?;
            reader.bytes(&V2_DST_UNIX, 108)?;
        }
        _ => {}
    }
    if matches!(family >> 4, 1 | 2) {
        reader.u16(&SRCPORT)?;
        reader.u16(&DSTPORT)?;
    }
    while !reader.rest().bytes.is_empty() {
        let start = reader.position();
        let span = reader.span(reader.rest().bytes.len());
        let node = reader.tree.open(&V2_TLV, span, Value::Present);
        let value = describe_value(&mut reader);
        let len = reader.position() - start;
        reader.tree.set(node, header.span(start, len), Value::Present);
        reader.tree.close();
        value?;
    }
    Ok(())
}

fn describe_value(reader: &mut FieldReader<'_, '_>) -> Result<(), UnexpectedEnd> {
    reader.u8(&V2_TLV_TYPE)?;
    let len = reader.u16(&V2_TLV_LENGTH)?;
    reader.bytes(&V2_TLV_VALUE, len.into()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: [u8; 28] = *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\xdc\x04\0\x50";

    #[test]
    fn a_header_has_its_length_and_more_bytes_change_nothing() {
        let rows: &[(&[u8], HeaderLength)] = &[
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 80\r\nGET", HeaderLength::Known(44)),
            (b"PROXY TCP6 2001:db8::1 ::2 1 2\r\n", HeaderLength::Known(32)),
            (b"PROXY UNKNOWN and more\r\n", HeaderLength::Known(24)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 56324\r\n", HeaderLength::None),
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 80\n", HeaderLength::None),
            (b"PROXY /a HTTP/1.1\r\n", HeaderLength::None),
            (b"\r\n\r\nGET / HTTP/1.1\r\n", HeaderLength::None),
            (&V2, HeaderLength::Known(28)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b", HeaderLength::None),
            (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", HeaderLength::Known(16)),
        ];
        for &(bytes, expected) in rows {
            assert_eq!(header_length(bytes), expected, "{}", bytes.escape_ascii());
            for len in 1..bytes.len() {
                let found = header_length(bytes.get(..len).unwrap_or_default());
                assert!(found == expected || found == HeaderLength::NeedsMore, "{} of {}", len, bytes.escape_ascii());
            }
        }
    }
}
