//! PPP over Ethernet, discovery stage (RFC 2516 5).

use crate::field::{Field, Form};
use crate::packet::{Next, Packet, Piece};
use crate::pppoes;
use crate::protocol::{Claim, Part, Protocol};
use crate::reader::{Reader, Short};
use crate::tree::{Tree, Value};

crate::fields! { "pppoed";
    /// PPP over Ethernet, looking for a session.
    PPPOED: Protocol "pppoed" "PPP-over-Ethernet Discovery";
    /// The tags of the packet.
    TAGS: Label "pppoed.tags" "PPPoE Tags";
    /// The number of a tag that is not known.
    TAG: U16 "pppoed.tag" "Tag" { form: Form::Hex };
    /// Bytes of a tag that is not known.
    TAG_LENGTH: U16 "pppoed.tag_length" "Tag Length";
    /// The value of a tag that is not known.
    TAG_UNKNOWN_DATA: Bytes "pppoed.tag.unknown_data" "Unknown Data";
    /// The service asked for or offered; empty for any.
    TAGS_SERVICE_NAME: Text "pppoed.tags.service_name" "Service-Name";
    /// The name of an access concentrator.
    TAGS_AC_NAME: Text "pppoed.tags.ac_name" "AC-Name";
    /// What the host gave to know the answer by.
    TAGS_HOST_UNIQ: Bytes "pppoed.tags.host_uniq" "Host-Uniq";
    /// What the access concentrator gave to know the host by.
    TAGS_AC_COOKIE: Bytes "pppoed.tags.ac_cookie" "AC-Cookie";
    /// What a relay gave to know the session by.
    TAGS_RELAY_SESSION_ID: Bytes "pppoed.tags.relay_session_id" "Relay-Session-Id";
    /// The vendor of a vendor's tag.
    TAGS_VENDOR_ID: U32 "pppoed.tags.vendor_id" "Vendor id";
    /// The value of a vendor's tag.
    TAGS_VENDOR_UNSPECIFIED: Bytes "pppoed.tags.vendor_unspecified" "Vendor unspecified";
    /// Why the service is refused.
    TAGS_SERVICE_NAME_ERROR: Text "pppoed.tags.service_name_error" "Service-Name-Error";
    /// What went wrong in the access concentrator.
    TAGS_AC_SYSTEM_ERROR: Text "pppoed.tags.ac_system_error" "AC-System-Error";
    /// What else went wrong.
    TAGS_GENERIC_ERROR: Text "pppoed.tags.generic_error" "Generic-Error";
}

/// PPP over Ethernet, discovery stage, in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "PPPoED", fields: FIELDS, claims: &[Claim::EtherType(0x8863)], part: Part::Layer(read) };

fn read<'b>(piece: Piece<'b>, packet: &mut Packet, tree: &mut Tree) -> Next<'b> {
    packet.path.push("pppoed");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = Reader::new(piece, tree);
    reader.tree.open(&PPPOED, piece.all(), Value::Bytes(piece.all()));
    let header = pppoes::header(&mut reader);
    let rest = reader.rest();
    let read = header.and_then(|(code, len)| {
        if !quoted {
            tree.info(format_args!("{}", pppoes::CODE.value_name(code.into()).unwrap_or("Unknown")));
        }
        tree.open(&TAGS, rest.first(len.into()).all(), Value::Present);
        let read = tags(rest.first(len.into()), quoted, tree);
        tree.close();
        read
    });
    if read.is_err() {
        crate::extent::note_cut(piece, packet, tree);
    }
    tree.close();
    Next::End
}

/// RFC 2516 5, appendix A: a number, a length, and as many bytes.
fn tags(piece: Piece<'_>, quoted: bool, tree: &mut Tree) -> Result<(), Short> {
    let mut reader = Reader::new(piece, tree);
    while reader.rest().bytes.len() >= 4 {
        let head = reader.span(4);
        let [a, b, c, d] = reader.take()?;
        let (number, len) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        match number {
            // The end of the list.
            0 => return Ok(()),
            0x0101 => drop(reader.text(&TAGS_SERVICE_NAME, len)?),
            0x0102 => {
                let name = reader.text(&TAGS_AC_NAME, len)?;
                if !quoted {
                    reader.tree.more_info(format_args!(" AC-Name='{}'", Name(name)));
                }
            }
            0x0103 => drop(reader.bytes(&TAGS_HOST_UNIQ, len)?),
            0x0104 => drop(reader.bytes(&TAGS_AC_COOKIE, len)?),
            0x0105 if len >= 4 => {
                reader.u32(&TAGS_VENDOR_ID)?;
                reader.bytes(&TAGS_VENDOR_UNSPECIFIED, len - 4)?;
            }
            0x0110 => drop(reader.bytes(&TAGS_RELAY_SESSION_ID, len)?),
            0x0201 => drop(reader.text(&TAGS_SERVICE_NAME_ERROR, len)?),
            0x0202 => drop(reader.text(&TAGS_AC_SYSTEM_ERROR, len)?),
            0x0203 => drop(reader.text(&TAGS_GENERIC_ERROR, len)?),
            _ => {
                let known: [(&'static Field, u64); 2] = [(&TAG, number.into()), (&TAG_LENGTH, len as u64)];
                for (field, value) in known {
                    reader.tree.put(field, head, Value::Uint(value));
                }
                reader.bytes(&TAG_UNKNOWN_DATA, len)?;
            }
        }
    }
    Ok(())
}

/// Text of the sender's, harmless to print.
struct Name<'b>(&'b [u8]);

impl core::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        crate::format::text(f, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wants::Wants;
    use alloc::string::String;

    fn dissect(bytes: &[u8]) -> (Tree, String) {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(bytes);
        assert!(matches!(read(Piece::whole(bytes, 0), &mut Packet::default(), &mut tree), Next::End));
        let info = String::from_utf8_lossy(tree.bytes(tree.columns().info)).into_owned();
        (tree, info)
    }

    #[test]
    fn an_offer_names_service_and_concentrator() {
        let bytes = b"\x11\x07\0\0\0\x14\x01\x01\0\x02hs\x01\x02\0\x02ac\x01\x04\0\x04cook";
        let (tree, info) = dissect(bytes);
        assert_eq!(info, "Active Discovery Offer (PADO) AC-Name='ac'");
        assert!(matches!(tree.first(&TAGS_SERVICE_NAME), Some(Value::Text(slice)) if tree.bytes(slice) == b"hs"));
        assert!(matches!(tree.first(&TAGS_AC_COOKIE), Some(Value::Bytes(slice)) if tree.bytes(slice) == b"cook"));
    }

    #[test]
    fn a_tag_that_runs_past_the_packet_is_noted() {
        let (tree, _) = dissect(b"\x11\x09\0\0\0\x05\x01\x01\0\x40a");
        assert!(tree.first(&crate::frame::MALFORMED).is_some());
    }

    #[test]
    fn every_prefix_is_survived() {
        let bytes = b"\x11\x09\0\0\0\x0c\x01\x05\0\x04abcd\x12\x34\0\0";
        for len in 0..bytes.len() {
            dissect(bytes.get(..len).unwrap_or_default());
        }
    }
}
