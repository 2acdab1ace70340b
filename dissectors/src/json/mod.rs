//! JSON (RFC 8259), read leniently and within bounds: each member with its path and its value.

mod walk;

use crate::content::{Content, joined};
use crate::packet::Path;
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "json";
    /// JavaScript Object Notation.
    JSON: Protocol "json" "JavaScript Object Notation";
    /// An object.
    OBJECT: Label "json.object" "Object";
    /// An array.
    ARRAY: Label "json.array" "Array";
    /// A member of an object, by its key.
    MEMBER: Text "json.member" "Member";
    /// The key of a member.
    KEY: Text "json.key" "Key";
    /// The keys that lead to a member, each after a slash; `[]` stands for an element of an array.
    PATH: Text "json.path" "Path";
    /// The path of a value, a colon, and the value.
    PATH_WITH_VALUE: Text "json.path_with_value" "Path with value";
    /// The key of a value, a colon, and the value.
    MEMBER_WITH_VALUE: Text "json.member_with_value" "Member with value";
    /// A text, its escapes undone.
    STRING: Text "json.value.string" "String value";
    /// A number, as written.
    NUMBER: Text "json.value.number" "Number value";
    /// The value `true`.
    TRUE: Label "json.value.true" "True value";
    /// The value `false`.
    FALSE: Label "json.value.false" "False value";
    /// The value `null`.
    NULL: Label "json.value.null" "Null value";
    /// It is not as JSON must be from here on.
    MALFORMED: Note(Warn) "json.malformed" "Malformed JSON" { ours: true };
    /// It goes on deeper or longer than is told.
    LIMIT: Note(Note) "json.limit" "More JSON than is told" { ours: true };
}

/// JSON in the list of protocols.
pub static PROTOCOL: Protocol = Protocol {
    short: "JSON",
    fields: FIELDS,
    claims: &[
        Claim::MediaType("application/json"),
        Claim::MediaType("+json"),
        Claim::MediaType("application/jsonrequest"),
        Claim::MediaType("application/json-rpc"),
        Claim::MediaType("application/x-ndjson"),
        Claim::MediaType("application/ndjson"),
        Claim::MediaType("application/json-seq"),
        Claim::MediaType("text/json"),
    ],
    part: Part::Content(read),
};

fn read(content: &Content<'_>, path: &mut Path, tree: &mut Tree) {
    path.push("json");
    content.more_info(tree, format_args!(", JSON ({})", content.media_type_text()));
    if content.depth == 0 && tree.wants_columns() {
        tree.columns_mut().protocol = joined(content.carrier, PROTOCOL.short);
    }
    if !tree.wants_any(&JSON) {
        return;
    }
    let all = content.piece.all();
    let place = tree.open(&JSON, all, Value::Bytes(all));
    tree.label(place, format_args!("{}: {}", JSON.title, content.media_type_text()));
    walk::walk(content.piece, tree);
    tree.close();
}
