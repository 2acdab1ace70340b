//! Text: bodies made of lines.

use crate::content::MessageBody;
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "text";
    /// A body made of lines of text.
    TEXT: Protocol "data-text-lines" "Line-based text data";
    /// A line of text, its line end included.
    LINE: Text "data-text-lines.line" "Line" { ours: true };
}

/// Registry entry for lines of text.
pub static PROTOCOL: Protocol = Protocol {
    short: "",
    fields: FIELDS,
    claims: &[
        Claim::MediaType("text/plain"),
        Claim::MediaType("text/html"),
        Claim::MediaType("text/css"),
        Claim::MediaType("text/javascript"),
        Claim::MediaType("text/x-javascript"),
        Claim::MediaType("text/richtext"),
        Claim::MediaType("text/enriched"),
        Claim::MediaType("text/parameters"),
        Claim::MediaType("text/vnd.wap.wml"),
        Claim::MediaType("text/x-ssl"),
        Claim::MediaType("text/x-wap.wml"),
        Claim::MediaType("application/x-javascript"),
        Claim::MediaType("application/x-wms-logplaystats"),
    ],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

/// Maximum number of recorded lines.
const MAX_LINES: usize = 10_000;

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("data-text-lines");
    body.append_info(tree, format_args!(" ({})", body.media_type_text()));
    if !tree.wants_any(&TEXT) {
        return;
    }
    let payload = body.payload;
    let parent = tree.open(&TEXT, payload.all(), Value::Bytes(payload.all()));
    let count = payload.bytes.split_inclusive(|&byte| byte == b'\n').count();
    tree.label(parent, format_args!("{}: {} ({count} lines)", TEXT.title, body.media_type_text()));
    let mut at = 0;
    for line in payload.bytes.split_inclusive(|&byte| byte == b'\n').take(MAX_LINES) {
        let span = payload.span(at, line.len());
        let node = tree.put(&LINE, span, Value::Text(span));
        tree.label(node, format_args!("{}", crate::content::LossyText(line.trim_ascii_end())));
        at += line.len();
    }
    tree.close();
}
