//! IPComp: compressed payloads of IP packets (RFC 3173).

use crate::field::DisplayBase;
use crate::packet::{Compressed, NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

crate::fields! { "ipcomp";
    /// IP payload compression.
    IPCOMP: Protocol "ipcomp" "IP Payload Compression";
    /// Protocol of the payload before compression.
    NEXT_HEADER: U8 "ipcomp.next_header" "Next Header" { base: DisplayBase::Hex, values: crate::names::IP_PROTOCOLS };
    /// Flags: always 0.
    FLAGS: U8 "ipcomp.flags" "IPComp Flags" { base: DisplayBase::Hex };
    /// Compression parameter index: the algorithm, or a number that the hosts agreed on.
    CPI: U16 "ipcomp.cpi" "IPComp CPI" { base: DisplayBase::Hex, values: ALGORITHMS };
    /// The decompressed payload exceeds the maximum length of an IP packet; the rest is not read.
    LIMIT: Note(Warn) "ipcomp.limit" "Limit reached" { ours: true };
}

const ALGORITHMS: &[(u64, &str)] = &[(1, "OUI"), (2, "DEFLATE"), (3, "LZS")];

/// Registry entry for IPComp.
pub static PROTOCOL: Protocol = Protocol {
    short: "IPComp",
    fields: FIELDS,
    claims: &[Claim::IpProto(108)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

/// Maximum length of a decompressed payload in bytes: that of an IP packet.
const MAX_LEN: usize = 65_535;

/// Reads the header (RFC 3173 3).
///
/// ```text
///  0       1       2       4
///  | next  | flags |  CPI  | compressed payload
/// ```
fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ipcomp");
    let is_quoted = packet.quoted;
    if tree.wants_columns() && !is_quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
        tree.set_info(format_args!(""));
    }
    let mut reader = FieldReader::new(payload, tree);
    let node = reader.tree.open(&IPCOMP, payload.all(), Value::Bytes(payload.all()));
    let header = header(&mut reader);
    let (len, rest) = (reader.position(), reader.rest());
    tree.set(node, payload.span(0, len), Value::Bytes(payload.all()));
    if header.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    let Ok((protocol, index)) = header else { return NextLayer::End };
    if !is_quoted {
        tree.set_info(format_args!("IPComp (CPI={})", DisplayIndex(index)));
    }
    NextLayer::Compressed(Compressed { protocol, payload: rest, decompress: decompress_payload })
}

fn header(reader: &mut FieldReader<'_, '_>) -> Result<(u8, u16), UnexpectedEnd> {
    let protocol = reader.u8(&NEXT_HEADER)?;
    reader.u8(&FLAGS)?;
    Ok((protocol, reader.u16(&CPI)?))
}

/// Displays a compression parameter index.
struct DisplayIndex(u16);

impl fmt::Display for DisplayIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CPI.value_name(self.0.into()) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#06x}", self.0),
        }
    }
}

/// Returns the payload before compression with deflate (RFC 2394), as far as it was captured. Empty if it is compressed by
/// another algorithm. The index is not evaluated: it can be any number that the hosts agreed on.
fn decompress_payload(payload: Payload<'_>, tree: &mut Tree) -> Vec<u8> {
    let mut bytes = vec![0; MAX_LEN];
    for flags in [0, TINFL_FLAG_PARSE_ZLIB_HEADER] {
        let mut decoder = Box::<DecompressorOxide>::default();
        let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, _, len) = decompress(&mut decoder, payload.bytes, &mut bytes, 0, flags);
        let is_truncated = matches!(status, TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput);
        let is_limited = status == TINFLStatus::HasMoreOutput;
        if len > 0 && (status == TINFLStatus::Done || is_truncated || is_limited) {
            if is_limited {
                let text = format_args!("more than {MAX_LEN} bytes, the maximum of an IP packet");
                tree.note(&LIMIT, payload.all(), text);
            }
            bytes.truncate(len);
            return bytes;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    #[test]
    fn deflate_is_decompressed_up_to_the_maximum_length() {
        let decompress = |bytes: &[u8]| {
            let mut tree = Tree::new(Wants::everything());
            tree.begin(bytes);
            let bytes = decompress_payload(Payload::whole(bytes, 0), &mut tree);
            (bytes, tree.first(&LIMIT).is_some())
        };
        assert_eq!(decompress(&compress_to_vec(b"hello", 6)), (b"hello".to_vec(), false));
        assert_eq!(decompress(&compress_to_vec_zlib(b"hello", 6)), (b"hello".to_vec(), false));
        let (bytes, is_limited) = decompress(&compress_to_vec(&vec![7; 1 << 20], 6));
        assert_eq!((bytes.len(), is_limited), (65_535, true));
        for other in [&b""[..], b"garbage garbage", &[0x9c, 0x40, 0, 0x50]] {
            assert_eq!(decompress(other), (Vec::new(), false), "{other:?}");
        }
    }

    #[test]
    fn the_header_names_the_algorithm() {
        for (index, info) in [(2, &b"IPComp (CPI=DEFLATE)"[..]), (0x80, b"IPComp (CPI=0x0080)")] {
            let bytes = [6, 0, 0, index, 1];
            let mut tree = Tree::new(Wants::everything());
            tree.begin(&bytes);
            let next = read(&Payload::whole(&bytes, 0), &mut Packet::default(), &mut tree);
            assert!(matches!(next, NextLayer::Compressed(Compressed { protocol: 6, .. })), "{next:?}");
            assert_eq!(tree.bytes(tree.columns().info), info);
        }
    }
}
