//! Protocol Buffers: fields by number and wire type.

mod describe;
mod fields;
mod text;
mod value;
mod wire;

use crate::content::MessageBody;
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::schema::{MessageType, Schemas};
use crate::tree::{Tree, Value};
pub use fields::*;

/// Registry entry for Protocol Buffers.
pub static PROTOCOL: Protocol = Protocol {
    short: "PROTOBUF",
    fields: FIELDS,
    claims: &[
        Claim::MediaType("application/x-protobuf"),
        Claim::MediaType("application/protobuf"),
        Claim::MediaType("application/vnd.google.protobuf"),
        Claim::MediaType("+protobuf"),
    ],
    aliases: &[],
    dissectors: &[Dissector::Content(read), Dissector::Text(text::write)],
};

/// Returns the type of a body, if its media type or the service names one that is known.
fn type_of<'s>(body: &MessageBody<'_>, schemas: &'s Schemas) -> Option<&'s MessageType> {
    let name = body.parameter("messageType").or_else(|| body.parameter("proto"))?;
    schemas.message(core::str::from_utf8(name).ok()?)
}

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("protobuf");
    tree.append_info(format_args!(" (PROTOBUF)"));
    if !tree.wants_any(&PROTOBUF) {
        return;
    }
    let all = body.payload.all();
    let node = tree.open(&PROTOBUF, all, Value::Bytes(all));
    match body.target {
        "" => tree.label(node, format_args!("{}", PROTOBUF.title)),
        target => tree.label(node, format_args!("{}: {target},{}", PROTOBUF.title, body.half_text())),
    }
    let schemas = tree.schemas.clone();
    describe::message(body.payload, type_of(body, &schemas), &schemas, tree);
    tree.close();
}
