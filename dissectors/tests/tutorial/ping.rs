//! Ping: requests and replies (RFC 0000).

use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Claim, Dissector, Protocol};
use crate::reader::FieldReader;
use crate::tree::{Tree, Value};

crate::fields! { "ping";                       // the folder's name
    /// The ping protocol.
    PING: Protocol "ping" "Ping";              // the protocol itself comes first
    /// Identifier that the reply repeats.
    ID: U16 "ping.id" "Identifier";
    /// Frame of the reply.
    REPLY_IN: Frame "ping.reply_in" "Reply in frame" { later: true, ours: true };
    /// The reply has another identifier.
    BAD_ID: Note(Warn) "ping.bad_id" "Identifier differs" { ours: true };
}

/// Registry entry for ping.
pub static PROTOCOL: Protocol = Protocol {
    short: "PING",
    fields: FIELDS,
    claims: &[Claim::UdpPort(7777)],
    aliases: &[],
    dissectors: &[Dissector::Layer(read)],
};

fn read<'b>(&piece: &Payload<'b>, packet: &mut Packet, tree: &mut Tree) -> NextLayer<'b> {
    packet.path.push("ping"); // its name in frame.protocols
    if tree.wants_columns() {
        tree.columns_mut().protocol = PROTOCOL.short;
    }
    let mut reader = FieldReader::new(piece, tree);
    reader.tree.open(&PING, piece.all(), Value::Bytes(piece.all()));
    let id = reader.u16(&ID); // reads, records with its span, and returns the number
    let rest = reader.rest();
    if id.is_err() {
        crate::padding::note_truncated_unless_quoted(piece, packet, tree);
    }
    tree.close();
    id.map_or(NextLayer::End, |_| NextLayer::Data(rest)) // or EtherType, IpProto, UdpPort, ...
}
