//! PPP over Ethernet, discovery stage (RFC 2516 5).

use crate::field::{DisplayBase, Field};
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::{FieldReader, UnexpectedEnd};
use crate::tree::{Tree, Value};

crate::fields! { "pppoe::discovery";
    /// PPP over Ethernet, discovery stage.
    PPPOED: Protocol "pppoed" "PPP-over-Ethernet Discovery";
    /// Tags of the packet.
    TAGS: Label "pppoed.tags" "PPPoE Tags";
    /// Type of an unknown tag.
    TAG: U16 "pppoed.tag" "Tag" { base: DisplayBase::Hex };
    /// Length of an unknown tag in bytes.
    TAG_LENGTH: U16 "pppoed.tag_length" "Tag Length";
    /// Value of an unknown tag.
    TAG_UNKNOWN_DATA: Bytes "pppoed.tag.unknown_data" "Unknown Data";
    /// Requested or offered service; empty for any.
    TAGS_SERVICE_NAME: Text "pppoed.tags.service_name" "Service-Name";
    /// Name of an access concentrator.
    TAGS_AC_NAME: Text "pppoed.tags.ac_name" "AC-Name";
    /// Value by which the host matches replies to its requests.
    TAGS_HOST_UNIQ: Bytes "pppoed.tags.host_uniq" "Host-Uniq";
    /// Value by which the access concentrator recognizes the host.
    TAGS_AC_COOKIE: Bytes "pppoed.tags.ac_cookie" "AC-Cookie";
    /// Value by which a relay recognizes the session.
    TAGS_RELAY_SESSION_ID: Bytes "pppoed.tags.relay_session_id" "Relay-Session-Id";
    /// Vendor of a vendor-specific tag.
    TAGS_VENDOR_ID: U32 "pppoed.tags.vendor_id" "Vendor id";
    /// Value of a vendor-specific tag.
    TAGS_VENDOR_UNSPECIFIED: Bytes "pppoed.tags.vendor_unspecified" "Vendor unspecified";
    /// Reason why the service is refused.
    TAGS_SERVICE_NAME_ERROR: Text "pppoed.tags.service_name_error" "Service-Name-Error";
    /// Error in the access concentrator.
    TAGS_AC_SYSTEM_ERROR: Text "pppoed.tags.ac_system_error" "AC-System-Error";
    /// Any other error.
    TAGS_GENERIC_ERROR: Text "pppoed.tags.generic_error" "Generic-Error";
}

/// Registry entry for PPP over Ethernet, discovery stage.
pub static PROTOCOL: Protocol = Protocol {
    short: "PPPoED",
    fields: FIELDS,
    claims: &[Claim::EtherType(0x8863)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&payload: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("pppoed");
    let quoted = packet.quoted;
    if tree.wants_columns() && !quoted {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(payload, tree);
    reader.tree.open(&PPPOED, payload.all(), Value::Bytes(payload.all()));
    let header = super::header(&mut reader);
    let rest = reader.rest();
    let read = header.and_then(|(code, len)| {
        if !quoted {
            tree.set_info(format_args!("{}", super::CODE.value_name(code.into()).unwrap_or("Unknown")));
        }
        tree.open(&TAGS, rest.first(len.into()).all(), Value::Present);
        let read = tags(rest.first(len.into()), quoted, tree);
        tree.close();
        read
    });
    if read.is_err() {
        crate::padding::note_truncated_unless_quoted(payload, packet, tree);
    }
    tree.close();
    NextLayer::End
}

/// Reads tags (RFC 2516 5, appendix A): a type, a length, and as many bytes.
fn tags(payload: Payload<'_>, quoted: bool, tree: &mut Tree) -> Result<(), UnexpectedEnd> {
    let mut reader = FieldReader::new(payload, tree);
    while reader.rest().bytes.len() >= 4 {
        let head = reader.span(4);
        let [a, b, c, d] = reader.read_array()?;
        let (number, len) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        match number {
            // End of the list.
            0 => return Ok(()),
            0x0101 => drop(reader.text(&TAGS_SERVICE_NAME, len)?),
            0x0102 => {
                let name = reader.text(&TAGS_AC_NAME, len)?;
                if !quoted {
                    reader.tree.append_info(format_args!(" AC-Name='{}'", DisplayText(name)));
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
                let fields: [(&'static Field, u64); 2] = [(&TAG, number.into()), (&TAG_LENGTH, len as u64)];
                for (field, value) in fields {
                    reader.tree.put(field, head, Value::Uint(value));
                }
                reader.bytes(&TAG_UNKNOWN_DATA, len)?;
            }
        }
    }
    Ok(())
}

/// Displays text of the sender, with control characters escaped.
struct DisplayText<'b>(&'b [u8]);

impl core::fmt::Display for DisplayText<'_> {
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
        assert!(matches!(read(&Payload::whole(bytes, 0), &mut Packet::default(), &mut tree), NextLayer::End));
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
    fn no_prefix_panics() {
        let bytes = b"\x11\x09\0\0\0\x0c\x01\x05\0\x04abcd\x12\x34\0\0";
        for len in 0..bytes.len() {
            dissect(bytes.get(..len).unwrap_or_default());
        }
    }
}
