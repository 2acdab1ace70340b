//! Secrets in JSON: values by the names around them. What has marks is JSON as before.

use super::Redactor;
use super::names::SecretKind;
use dissectors::content::MessageBody;
use dissectors::packet::{Payload, ProtocolPath};
use dissectors::tree::Node;
use dissectors::{Tree, Value, Wants};
use std::collections::HashMap;

/// Fields of the dissector.
const OBJECT: &str = "json.object";
const MEMBER: &str = "json.member";
const STRING: &str = "json.value.string";
const NUMBER: &str = "json.value.number";
const MALFORMED: &str = "json.malformed";
const LIMIT: &str = "json.limit";

/// Values with their kinds, by the first bytes of their places.
pub(super) type PairedValues = HashMap<u32, SecretKind>;

/// Names of members whose value names the member `value` beside them.
const NAMING: [&[u8]; 2] = [b"name", b"key"];

/// Adds the fields by which [`paired_values`] are found.
pub(super) fn add_wants(wants: &mut Wants) {
    [OBJECT, MEMBER, STRING].into_iter().filter_map(dissectors::field).for_each(|field| wants.add(field));
}

/// Names of an object whose values are beside them, at most.
const MAX_NAMES: usize = 16;

/// Returns the values of members such as `{"value": "x", "name": "token"}`, by their places.
pub(super) fn paired_values(redactor: &Redactor, tree: &Tree) -> PairedValues {
    let nodes = tree.nodes();
    let mut found = HashMap::new();
    for (at, _) in nodes.iter().enumerate().filter(|(_, node)| node.field.name == OBJECT) {
        let inside = subtree(nodes, at);
        let depth = nodes.get(at).map_or(0, |node| node.depth) + 1;
        let members = inside.iter().enumerate().filter(|(_, node)| node.depth == depth && node.field.name == MEMBER);
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for (nth, member) in members.filter(|(_, member)| matches!(text(member, tree).len(), 3..=5)) {
            let own = text(member, tree).to_ascii_lowercase();
            let inside = subtree(inside, nth);
            match inside.iter().find(|node| node.field.name == STRING && node.depth == depth + 1) {
                Some(first) if NAMING.contains(&&*own) && names.len() < MAX_NAMES => names.push(text(first, tree)),
                _ if own == b"value" => values.push(inside),
                _ => {}
            }
        }
        // Any of the names may be that of any of the values.
        for node in values.into_iter().flatten().filter(|node| is_value(node)) {
            if let Some(kind) = names.iter().find_map(|name| redactor.kind_of(name, text(node, tree))) {
                found.insert(node.span.start, kind);
            }
        }
    }
    found
}

/// Returns the nodes below a node.
fn subtree(nodes: &[Node], at: usize) -> &[Node] {
    let depth = nodes.get(at).map_or(0, |node| node.depth);
    let rest = nodes.get(at + 1..).unwrap_or_default();
    let len = rest.iter().position(|node| node.depth <= depth).unwrap_or(rest.len());
    rest.get(..len).unwrap_or_default()
}

fn text<'t>(node: &Node, tree: &'t Tree) -> &'t [u8] {
    match node.value {
        Value::Text(slice) => tree.bytes(slice),
        _ => &[],
    }
}

fn is_value(node: &Node) -> bool {
    node.field.name == STRING || node.field.name == NUMBER
}

/// What is known of a text of JSON.
struct JsonRedaction<'r> {
    redactor: &'r Redactor,
    tree: Tree,
    paired: PairedValues,
    out: Vec<u8>,
    /// Number of bytes that are copied or replaced.
    copied: usize,
}

impl Redactor {
    /// Returns a text of JSON with marks for its secrets, which is `None` if it has none; `None` if it is not JSON. It may be cut.
    pub(super) fn json(&self, source: &[u8]) -> Option<Option<Vec<u8>>> {
        if !matches!(source.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return None;
        }
        let mut wants = Wants::default();
        [NUMBER, MALFORMED, LIMIT].into_iter().filter_map(dissectors::field).for_each(|field| wants.add(field));
        add_wants(&mut wants);
        let mut tree = Tree::new(wants);
        tree.begin(source);
        let body = MessageBody::new(Payload::whole(source, 0), b"application/json", "");
        body.read(&mut ProtocolPath::default(), &mut tree);
        let end = tree.nodes().iter().find(|node| node.field.name == MALFORMED || node.field.name == LIMIT).copied();
        let read = end.map_or(source.len(), |end| end.span.start as usize);
        let rest = source.get(read..).unwrap_or_default();
        // A text that is cut ends in a string.
        let is_cut = rest.trim_ascii_start().first() == Some(&b'"') && string_len(rest.trim_ascii_start()).is_none();
        if end.is_some_and(|end| end.field.name == MALFORMED) && !is_cut && !rest.trim_ascii().is_empty() {
            return None;
        }
        let paired = paired_values(self, &tree);
        let (out, copied) = (Vec::with_capacity(source.len()), 0);
        let mut redaction = JsonRedaction { redactor: self, tree, paired, out, copied };
        let open = redaction.values(source);
        let mut rest = redaction.rest(source, read, &open);
        rest = self.patterns(&rest).unwrap_or(rest);
        Some((rest != source).then_some(rest))
    }
}

impl JsonRedaction<'_> {
    /// Replaces the values up to where the text is read. Returns the names around the last one.
    fn values(&mut self, source: &[u8]) -> Vec<Vec<u8>> {
        let nodes: Vec<Node> = self.tree.nodes().to_vec();
        let mut names: Vec<(u8, Vec<u8>)> = Vec::new();
        for node in nodes {
            // A note is beside what encloses the end.
            if node.field.name == MALFORMED || node.field.name == LIMIT {
                break;
            }
            while names.last().is_some_and(|(depth, _)| *depth >= node.depth) {
                names.pop();
            }
            let own = text(&node, &self.tree).to_vec();
            if node.field.name == MEMBER {
                // The node of a member begins with its key.
                if let Some(replaced) = self.redactor.text(&own) {
                    let start = node.span.start as usize;
                    let len = source.get(start..).and_then(string_len).unwrap_or_default();
                    self.replace(source, start, start + len, &quoted(&replaced));
                }
                names.push((node.depth, own));
            } else if is_value(&node) {
                let Some(replaced) = self.value(&node, &own, &names) else { continue };
                self.replace(source, node.span.start as usize, node.span.end() as usize, &quoted(&replaced));
            }
        }
        names.into_iter().map(|(_, name)| name).collect()
    }

    fn value(&self, node: &Node, own: &[u8], names: &[(u8, Vec<u8>)]) -> Option<Vec<u8>> {
        let redactor = self.redactor;
        if let Some(kind) = self.paired.get(&node.span.start) {
            return Some(redactor.mark(*kind, own));
        }
        let (direct, groups) = names.split_last().map_or((&b""[..], names), |((_, name), groups)| (&name[..], groups));
        match groups.iter().find_map(|(_, name)| redactor.kind_of(name, own)) {
            Some(kind) => Some(redactor.mark(kind, own)),
            // An array of values has their name around it.
            None => redactor.value(direct, own),
        }
    }

    /// Returns the text up to its end, which may be cut in a string.
    fn rest(mut self, source: &[u8], read: usize, open: &[Vec<u8>]) -> Vec<u8> {
        let cut = source.get(read..).unwrap_or_default();
        let quote = usize::from(cut.first() == Some(&b'"'));
        let content = cut.get(quote..).unwrap_or_default();
        let replaced = match open.iter().find_map(|name| self.redactor.kind_of(name, content)) {
            Some(kind) if !content.is_empty() => Some(self.redactor.mark(kind, content)),
            _ => self.redactor.plain_text(content),
        };
        let replaced = replaced.unwrap_or_else(|| content.to_vec());
        self.replace(source, read + quote, source.len(), &replaced);
        self.out
    }

    /// Replaces a part of the source, which begins after those that were replaced before.
    fn replace(&mut self, source: &[u8], start: usize, end: usize, replaced: &[u8]) {
        self.out.extend_from_slice(source.get(self.copied..start).unwrap_or_default());
        self.out.extend_from_slice(replaced);
        self.copied = end;
    }
}

/// Returns a text as a string of JSON.
fn quoted(text: &[u8]) -> Vec<u8> {
    serde_json::to_vec(&String::from_utf8_lossy(text)).unwrap_or_default()
}

/// Returns the length of a string with its quotes; `None` if it has no last one.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.iter().skip(1).position(|&byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map(|end| end + 2)
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redactor;

    /// Checks texts, in which `«x»` is a secret, after its escapes are resolved.
    #[test]
    fn secrets_are_found_and_what_remains_is_json() {
        let own = redactor();
        for (marked, is_whole) in [
            (r#"{"GRÖSSE":"a","GRÖßE":"«b»","名前":"c"}"#, true),
            (r#"{"user":"bob","password":"«a b, c»","n":1}"#, true),
            (r#"{"token" : "«123»", "n":1, "password":null}"#, true),
            (r#"{"token" : «123», "n":1}"#, true),
            (r#"{"passwords":["«a]b»", {"c":"«d»"}],"n":1}"#, true),
            (r#"{"pass\u0077ord":"«x»","a":"b"}"#, true),
            (r#"[{"name":"token","value":"«x»"},{"value":["«y»"],"key":"pin"},{"name":"a","value":"b"}]"#, true),
            (r#"[{"key":"password","name":"Login","value":"«x»"},{"name":"token","value":"«y»","value":"«z»"}]"#, true),
            (r#"{"a":"Bearer «abcdefgh»","authorization":"Basic «YWxpY2U6eA==»"}"#, true),
            (r#"{"secret":{"a":{"b":«1.5»}},"city":"Paris"}"#, true),
            ("{\"password\":\n  \"«a b»\"}\n{\"pin\":«7»}", true),
            (r#"{"password":"«not closed"#, false),
            (r#"{"a":[1,{"secret":{"b":["«x»","«y"#, false),
            (r#"{"a":"see http://bob:«x»@host/ and"#, false),
            (r#"{"note":"deploy «ACME-12» now"}"#, true),
        ] {
            let text: String = marked.replace(['«', '»'], "");
            let mut expected = String::new();
            for (nth, part) in marked.split(['«', '»']).enumerate() {
                let is_number = part.starts_with(|char: char| char.is_ascii_digit()) && !expected.ends_with('"');
                let mark =
                    String::from_utf8(own.mark(crate::redact::SecretKind::Token, part.as_bytes())).expect("ASCII");
                match nth % 2 {
                    1 if is_number && !part.contains(' ') && !expected.ends_with("ACME-") => {
                        expected.push_str(&format!("\"{mark}\""));
                    }
                    1 => expected.push_str(&mark),
                    _ => expected.push_str(part),
                }
            }
            let found = own.text(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
            let found = String::from_utf8(found).expect("UTF-8");
            assert_eq!(found, expected, "{text}");
            let mut values = serde_json::Deserializer::from_str(&found).into_iter::<serde_json::Value>();
            assert_eq!(values.all(|value| value.is_ok()), is_whole, "{found}");
            // Marks are no secrets.
            assert_eq!(own.text(found.as_bytes()), None, "{found}");
        }
    }

    #[test]
    fn a_secret_in_an_escaped_text_is_found() {
        let own = redactor();
        let mark = String::from_utf8(own.mark(crate::redact::SecretKind::Token, b"a\"b")).expect("ASCII");
        let text = br#"{"body":"{\"pass\u0077ord\":\"a\\\"b\",\"n\":1}"}"#;
        let found = String::from_utf8(own.text(text).expect("a change")).expect("UTF-8");
        assert_eq!(found, format!(r#"{{"body":"{{\"password\":\"{mark}\",\"n\":1}}"}}"#));
        let value: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        let inner: serde_json::Value = serde_json::from_str(value["body"].as_str().expect("a text")).expect("JSON");
        assert_eq!(inner["password"], mark);
    }

    #[test]
    fn texts_in_brackets_are_not_json() {
        let own = redactor();
        for text in ["[error] password=x", "{a: 1}", "[12:03] hello]", "{\"a\" 1}", "\"x\"", ""] {
            assert!(own.json(text.as_bytes()).is_none(), "{text}");
        }
    }
}
