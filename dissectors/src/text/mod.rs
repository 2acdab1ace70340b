//! Text: content that is made of lines.

use crate::content::Content;
use crate::packet::Path;
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "text";
    /// Content that is made of lines of text.
    TEXT: Protocol "data-text-lines" "Line-based text data";
    /// A line of text, its line end included.
    LINE: Text "data-text-lines.line" "Line" { ours: true };
}

/// Lines of text in the list of protocols.
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
    part: Part::Content(read),
};

/// As many lines are told.
const MAX_LINES: usize = 10_000;

fn read(content: &Content<'_>, path: &mut Path, tree: &mut Tree) {
    path.push("data-text-lines");
    tree.more_info(format_args!(" ({})", content.media_type_text()));
    if !tree.wants_any(&TEXT) {
        return;
    }
    let piece = content.piece;
    let place = tree.open(&TEXT, piece.all(), Value::Bytes(piece.all()));
    let count = piece.bytes.split_inclusive(|&byte| byte == b'\n').count();
    tree.label(place, format_args!("{}: {} ({count} lines)", TEXT.title, content.media_type_text()));
    let mut at = 0;
    for line in piece.bytes.split_inclusive(|&byte| byte == b'\n').take(MAX_LINES) {
        let span = piece.span(at, line.len());
        let node = tree.put(&LINE, span, Value::Text(span));
        tree.label(node, format_args!("{}", crate::content::Lossy(line.trim_ascii_end())));
        at += line.len();
    }
    tree.close();
}
