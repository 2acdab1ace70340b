//! JSON (RFC 8259), parsed leniently and within limits: each member with its path and its value.

mod walk;

pub use walk::unescape;

use crate::content::{MessageBody, joined_name};
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
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
    /// Keys that lead to a member, each after a slash; `[]` stands for an element of an array.
    PATH: Text "json.path" "Path";
    /// Path of a value, a colon, and the value.
    PATH_WITH_VALUE: Text "json.path_with_value" "Path with value";
    /// Key of a value, a colon, and the value.
    MEMBER_WITH_VALUE: Text "json.member_with_value" "Member with value";
    /// A string, unescaped.
    STRING: Text "json.value.string" "String value";
    /// A number, as written.
    NUMBER: Text "json.value.number" "Number value";
    /// The value `true`.
    TRUE: Label "json.value.true" "True value";
    /// The value `false`.
    FALSE: Label "json.value.false" "False value";
    /// The value `null`.
    NULL: Label "json.value.null" "Null value";
    /// The rest is not valid JSON.
    MALFORMED: Note(Warn) "json.malformed" "Malformed JSON" { ours: true };
    /// The rest is not dissected: it is too deep or too long.
    LIMIT: Note(Note) "json.limit" "JSON too deep or too long: the rest is not dissected" { ours: true };
}

/// Registry entry for JSON.
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
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    path.push("json");
    body.append_info(tree, format_args!(", JSON ({})", body.media_type_text()));
    if body.depth == 0 && tree.wants_columns() {
        tree.columns_mut().protocol = joined_name(body.carrier, PROTOCOL.short);
    }
    if !tree.wants_any(&JSON) {
        return;
    }
    let all = body.payload.all();
    let node = tree.open(&JSON, all, Value::Bytes(all));
    tree.label(node, format_args!("{}: {}", JSON.title, body.media_type_text()));
    walk::walk(body.payload, tree);
    tree.close();
}
