//! SQL statements, which database protocols carry: their text, kind, and digest.

use crate::content::MessageBody;
use crate::packet::ProtocolPath;
use crate::protocol::{Claim, Dissector, Protocol};
use crate::sql_text::{DoubleQuotes, digest, operation};
use crate::tree::{Slice, Tree, Value};

crate::fields! { "sql";
    /// Statement of SQL that a client of a database executes.
    SQL: Protocol "sql" "SQL" { ours: true };
    /// Text of the statement, also where it was prepared before.
    STATEMENT: Text "sql.statement" "Statement" { ours: true };
    /// First word of the statement in upper case, such as SELECT; comments are skipped.
    OPERATION: Text "sql.operation" "Operation" { ours: true };
    /// Statement without its literals: numbers and texts are replaced by `?`, lists of them by one, white space by one space.
    /// Statements that differ in values only have the same digest. In MySQL, double quotes are those of texts.
    DIGEST: Text "sql.digest" "Digest" { ours: true };
}

/// Registry entry for SQL.
pub static PROTOCOL: Protocol = Protocol {
    short: "SQL",
    fields: FIELDS,
    claims: &[Claim::MediaType("application/sql")],
    aliases: &[],
    dissectors: &[Dissector::Content(read)],
};

fn read(body: &MessageBody<'_>, path: &mut ProtocolPath, tree: &mut Tree) {
    // Within a message of a database protocol, the statement is a part of that, as in Wireshark.
    if body.depth == 0 && body.carrier == "HTTP" {
        path.push("sql");
    }
    if !tree.wants_any(&SQL) {
        return;
    }
    let (all, text) = (body.payload.all(), body.payload.bytes);
    tree.open(&SQL, all, Value::Bytes(all));
    tree.put(&STATEMENT, all, Value::Text(all));
    if tree.wants(&OPERATION) {
        tree.put_text(&OPERATION, Slice::default(), format_args!("{}", operation(text)));
    }
    if tree.wants(&DIGEST) {
        // The carrier states whether texts are in double quotes, too.
        let quotes = match body.parameter("double-quotes") {
            Some(b"text") => DoubleQuotes::Text,
            _ => DoubleQuotes::Name,
        };
        let digest = tree.store_bytes(&digest(text, quotes));
        tree.put(&DIGEST, Slice::default(), Value::Text(digest));
    }
    tree.close();
}
