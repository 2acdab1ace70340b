//! Media: content of a type that nobody here reads.

use crate::content::Content;
use crate::packet::Path;
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "media";
    /// Content of a media type that is not read further.
    MEDIA: Protocol "media" "Media Type";
    /// The bytes.
    TYPE: Bytes "media.type" "Media type";
}

/// Media in the list of protocols.
pub static PROTOCOL: Protocol =
    Protocol { short: "", fields: FIELDS, claims: &[Claim::MediaType("*/*")], part: Part::Content(read) };

fn read(content: &Content<'_>, path: &mut Path, tree: &mut Tree) {
    path.push("media");
    tree.more_info(format_args!(" ({})", content.media_type_text()));
    if !tree.wants_any(&MEDIA) {
        return;
    }
    let all = content.piece.all();
    tree.open(&MEDIA, all, Value::Bytes(all));
    let place = tree.put(&TYPE, all, Value::Bytes(all));
    tree.label(place, format_args!("{}: {} ({} bytes)", TYPE.title, content.media_type_text(), all.len));
    tree.close();
}
