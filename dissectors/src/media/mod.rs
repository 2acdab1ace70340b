//! Media: bodies of a media type without a dissector.

use crate::content::MessageBody;
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "media";
    /// A body of a media type without a dissector.
    MEDIA: Protocol "media" "Media Type";
    /// The bytes.
    TYPE: Bytes "media.type" "Media type";
}

/// Registry entry for media.
pub static PROTOCOL: Protocol = Protocol {
    short: "",
    fields: FIELDS,
    claims: &[Claim::MediaType("*/*")],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("media");
    body.append_info(tree, format_args!(" ({})", body.media_type_text()));
    if !tree.wants_any(&MEDIA) {
        return;
    }
    let all = body.payload.all();
    tree.open(&MEDIA, all, Value::Bytes(all));
    let node = tree.put(&TYPE, all, Value::Bytes(all));
    tree.label(node, format_args!("{}: {} ({} bytes)", TYPE.title, body.media_type_text(), all.len));
    tree.close();
}
