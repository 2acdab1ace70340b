//! XML: recognised by its media type and shown as it is.

use crate::content::{Content, joined};
use crate::packet::Path;
use crate::protocol::{Claim, Part, Protocol};
use crate::tree::{Tree, Value};

crate::fields! { "xml";
    /// Extensible Markup Language.
    XML: Protocol "xml" "eXtensible Markup Language";
}

/// XML in the list of protocols.
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
    part: Part::Content(read),
};

fn read(content: &Content<'_>, path: &mut Path, tree: &mut Tree) {
    path.push("xml");
    if tree.wants_columns() {
        tree.columns_mut().protocol = joined(content.carrier, PROTOCOL.short);
    }
    if tree.wants_any(&XML) {
        let all = content.piece.all();
        tree.put(&XML, all, Value::Bytes(all));
    }
}
