//! XML: recognized by its media type and shown unparsed.

use crate::content::{MessageBody, joined_name};
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "xml";
    /// Extensible Markup Language.
    XML: Protocol "xml" "eXtensible Markup Language";
}

/// Registry entry for XML.
pub static PROTOCOL: Protocol = Protocol {
    short: "XML",
    fields: FIELDS,
    claims: &[
        Claim::MediaType("text/xml"),
        Claim::MediaType("application/xml"),
        Claim::MediaType("+xml"),
        Claim::MediaType("application/vnd.wv.csp.xml"),
        Claim::MediaType("text/vnd.wap.si"),
        Claim::MediaType("text/vnd.wap.sl"),
    ],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("xml");
    if body.depth == 0 && tree.wants_columns() {
        tree.columns_mut().protocol = joined_name(body.carrier, PROTOCOL.short);
    }
    if tree.wants_any(&XML) {
        let all = body.payload.all();
        tree.put(&XML, all, Value::Bytes(all));
    }
}
