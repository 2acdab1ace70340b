//! Media: bodies of a media type without a dissector.

use crate::content::Body;
use crate::packet::Path;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "media";
    /// A body of a media type without a dissector.
    MEDIA: Protocol "media" "Media Type";
    /// The bytes.
    TYPE: Bytes "media.type" "Media type";
}

/// Registry entry for media.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[Claim::MediaType("*/*")], dissector: Dissector::Content(read) };

fn read(body: &Body<'_>, path: &mut Path, tree: &mut Tree) {
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
