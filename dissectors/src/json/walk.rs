//! An iterative JSON parser: one step for each token, with an explicit stack.

use super::*;
use crate::content::LossyText;
use crate::packet::Payload;
use crate::tree::Slice;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Maximum depth of recorded objects and arrays.
const MAX_DEPTH: usize = 48;
/// Maximum number of recorded values.
const MAX_VALUES: usize = 50_000;
/// Maximum number of bytes of recorded paths and values.
const MAX_WRITTEN: usize = 4 << 20;

/// An object or array being parsed.
struct Container<'b> {
    is_object: bool,
    // The member whose value it is; its key and path are recorded after it.
    member: Option<Member<'b>>,
    // Length of the path before it.
    path: usize,
}

/// A member whose key has been read.
struct Member<'b> {
    key: Cow<'b, [u8]>,
    key_span: Slice,
    start: usize,
    node: Option<usize>,
}

enum WalkError {
    Malformed,
    Limit,
}

struct JsonWalker<'b, 't> {
    payload: Payload<'b>,
    at: usize,
    path: Vec<u8>,
    stack: Vec<Container<'b>>,
    values: usize,
    written_bytes: usize,
    tree: &'t mut Tree,
}

/// Records the values of `payload`, which may contain several texts in sequence.
pub(super) fn walk(payload: Payload<'_>, tree: &mut Tree) {
    let (path, stack) = (Vec::new(), Vec::new());
    let mut walk = JsonWalker { payload, at: 0, path, stack, values: 0, written_bytes: 0, tree };
    let result = walk.texts();
    while let Some(container) = walk.stack.pop() {
        walk.close_container(container);
    }
    let rest = walk.payload.from(walk.at).all();
    match result {
        Ok(()) => {}
        Err(WalkError::Malformed) => walk.tree.note(&MALFORMED, rest, format_args!("{}", MALFORMED.title)),
        Err(WalkError::Limit) => walk.tree.note(&LIMIT, rest, format_args!("{}", LIMIT.title)),
    }
}

impl<'b> JsonWalker<'b, '_> {
    fn texts(&mut self) -> Result<(), WalkError> {
        // RFC 8259 8.1: a byte order mark may be ignored.
        if self.payload.bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        loop {
            match (self.peek(), self.stack.last().map(|container| container.is_object)) {
                (None, None) => return Ok(()),
                (Some(b'}'), Some(true)) | (Some(b']'), Some(false)) => {
                    self.at += 1;
                    if let Some(container) = self.stack.pop() {
                        self.close_container(container);
                    }
                }
                // RFC 7464: a record separator may precede each text.
                (Some(0x1e), None) => self.at += 1,
                (Some(b','), Some(_)) => self.at += 1,
                (Some(b'"'), Some(true)) => {
                    let member = self.key()?;
                    self.value(Some(member))?;
                }
                (Some(_), Some(false) | None) => self.value(None)?,
                _ => return Err(WalkError::Malformed),
            }
        }
    }

    /// Returns the next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.payload.bytes.get(self.at..)?;
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.payload.bytes.get(self.at).copied()
    }

    fn key(&mut self) -> Result<Member<'b>, WalkError> {
        let start = self.at;
        let (key, key_span) = self.string()?;
        if self.peek() != Some(b':') {
            return Err(WalkError::Malformed);
        }
        self.at += 1;
        let text = self.text(&key, key_span);
        let node = self.tree.open(&MEMBER, key_span, Value::Text(text));
        self.path.push(b'/');
        self.path.extend_from_slice(&key);
        Ok(Member { key, key_span, start, node })
    }

    fn value(&mut self, member: Option<Member<'b>>) -> Result<(), WalkError> {
        self.values += 1;
        let path = self.path.len() - member.as_ref().map_or(0, |member| member.key.len() + 1);
        if member.is_none() && !self.stack.is_empty() {
            self.path.extend_from_slice(b"/[]");
        }
        if self.values > MAX_VALUES || self.stack.len() >= MAX_DEPTH || self.written_bytes > MAX_WRITTEN {
            self.close_value(member, path);
            return Err(WalkError::Limit);
        }
        let start = self.at;
        match self.peek() {
            Some(open @ (b'{' | b'[')) => {
                let field = if open == b'{' { &OBJECT } else { &ARRAY };
                self.tree.open(field, self.payload.span(self.at, 1), Value::Present);
                self.at += 1;
                self.stack.push(Container { is_object: open == b'{', member, path });
                return Ok(());
            }
            Some(b'"') => match self.string() {
                Ok((text, span)) => {
                    self.record_with_path(&text, span, member.as_ref());
                    let text = self.text(&text, span);
                    self.tree.put(&STRING, span, Value::Text(text));
                }
                Err(error) => {
                    self.close_value(member, path);
                    return Err(error);
                }
            },
            _ => {
                let rest = self.payload.bytes.get(self.at..).unwrap_or_default();
                let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let len = rest.iter().take_while(is_part).count();
                let (word, span) = (rest.get(..len).unwrap_or_default(), self.payload.span(self.at, len));
                let field = match word {
                    b"true" => &TRUE,
                    b"false" => &FALSE,
                    b"null" => &NULL,
                    [b'-' | b'0'..=b'9', ..] => &NUMBER,
                    _ => {
                        self.at = start;
                        self.close_value(member, path);
                        return Err(WalkError::Malformed);
                    }
                };
                self.at += len;
                self.record_with_path(word, span, member.as_ref());
                let value = if field.id == NUMBER.id { Value::Text(span) } else { Value::Present };
                self.tree.put(field, span, value);
            }
        }
        self.close_value(member, path);
        Ok(())
    }

    /// Records a value together with its path and its key.
    fn record_with_path(&mut self, value: &[u8], span: Slice, member: Option<&Member<'_>>) {
        if self.tree.wants(&PATH_WITH_VALUE) || self.tree.wants(&MEMBER_WITH_VALUE) {
            self.written_bytes += self.path.len() + value.len() * 2;
            let whole = if self.path.is_empty() { &b"/"[..] } else { &self.path };
            self.tree.put_text(&PATH_WITH_VALUE, span, format_args!("{}:{}", LossyText(whole), LossyText(value)));
            let key = member.map_or(&b"[]"[..], |member| &member.key);
            self.tree.put_text(&MEMBER_WITH_VALUE, span, format_args!("{}:{}", LossyText(key), LossyText(value)));
        }
    }

    /// Ends an object or array.
    fn close_container(&mut self, container: Container<'b>) {
        self.tree.close();
        self.close_value(container.member, container.path);
    }

    /// Ends a value. The key and the path of its member follow it.
    fn close_value(&mut self, member: Option<Member<'b>>, path: usize) {
        if let Some(member) = member {
            let text = self.text(&member.key, member.key_span);
            self.tree.put(&KEY, member.key_span, Value::Text(text));
            let span = self.payload.span(member.start, self.at.saturating_sub(member.start));
            if self.tree.wants(&PATH) {
                self.written_bytes += self.path.len();
                let path = self.tree.store_bytes(&self.path);
                self.tree.put(&PATH, span, Value::Text(path));
            }
            let name = self.text(&member.key, member.key_span);
            self.tree.set(member.node, span, Value::Text(name));
            self.tree.close();
        }
        self.path.truncate(path);
    }

    /// Reads a string. Returns it unescaped, and its position with the quotes.
    fn string(&mut self) -> Result<(Cow<'b, [u8]>, Slice), WalkError> {
        let rest = self.payload.bytes.get(self.at + 1..).unwrap_or_default();
        let mut end = 0;
        let mut is_plain = true;
        loop {
            end += memchr::memchr2(b'"', b'\\', rest.get(end..).unwrap_or_default()).ok_or(WalkError::Malformed)?;
            if rest.get(end) == Some(&b'"') {
                break;
            }
            is_plain = false;
            end += 2;
        }
        let raw = rest.get(..end).unwrap_or_default();
        let span = self.payload.span(self.at, end + 2);
        self.at += end + 2;
        let text = if is_plain { Cow::Borrowed(raw) } else { Cow::Owned(unescape(raw)) };
        Ok((text, span))
    }

    /// Returns the position of a string: within its quotes, or in the store if it was unescaped.
    #[allow(clippy::ptr_arg, reason = "whether it is owned or borrowed decides its position")]
    fn text(&mut self, text: &Cow<'_, [u8]>, span: Slice) -> Slice {
        match text {
            Cow::Borrowed(_) => Slice::new(span.start + 1, span.len.saturating_sub(2)),
            Cow::Owned(text) => {
                self.written_bytes += text.len();
                self.tree.store_bytes(text)
            }
        }
    }
}

/// Resolves the escapes of RFC 8259 7; invalid escapes stay unchanged.
#[must_use]
pub fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let [kind, after @ ..] = after else { break };
        rest = after;
        match kind {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let (char, len) = unicode(after);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                rest = after.get(len..).unwrap_or_default();
            }
            other => out.push(*other),
        }
    }
    out
}

/// Returns the character of `XXXX`, or of `XXXX\uXXXX` beyond 16 bits, and the length of the escape.
fn unicode(bytes: &[u8]) -> (char, usize) {
    let unit = |bytes: &[u8]| {
        let digits = bytes.get(..4).and_then(|digits| core::str::from_utf8(digits).ok())?;
        u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let Some(first) = unit(bytes) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    let second = bytes.get(4..).and_then(|rest| rest.strip_prefix(b"\\u")).and_then(unit);
    match (first, second) {
        (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
        }
        _ => (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn recorded(text: &str) -> Vec<String> {
        let mut tree = Tree::new(crate::Wants::everything());
        tree.begin(text.as_bytes());
        walk(Payload::whole(text.as_bytes(), 0), &mut tree);
        assert_eq!(tree.nodes().iter().map(|node| usize::from(node.depth)).min().unwrap_or(0), 0);
        let nodes = tree.nodes().iter().filter(|node| node.field.protocol == JSON.id);
        nodes
            .map(|node| {
                let mut line = String::from(node.field.name.strip_prefix("json.").unwrap_or_default());
                if let Value::Text(text) = node.value {
                    line.push(' ');
                    line.push_str(&String::from_utf8_lossy(tree.bytes(text)));
                }
                line
            })
            .collect()
    }

    #[test]
    fn members_are_recorded_as_in_wireshark() {
        let lines = recorded(r#"{"a":[1,{"b":"c\n\u00e9\ud83d\ude00"}],"e":{}}"#);
        let expected = [
            "object",
            "member a",
            "array",
            "path_with_value /a/[]:1",
            "member_with_value []:1",
            "value.number 1",
            "object",
            "member b",
            "path_with_value /a/[]/b:c\né😀",
            "member_with_value b:c\né😀",
            "value.string c\né😀",
            "key b",
            "path /a/[]/b",
            "key a",
            "path /a",
            "member e",
            "object",
            "key e",
            "path /e",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn invalid_json_is_recorded_up_to_the_fault() {
        for text in ["{\"a\":", "{\"a\" 1}", "[1,}", "\"x", "{]", "[tru]", ")]}'", "{\"a\":\"x"] {
            let lines = recorded(text);
            assert_eq!(lines.iter().filter(|line| *line == "malformed").count(), 1, "{text}: {lines:?}");
        }
        let deep = "[".repeat(1000);
        assert_eq!(recorded(&deep).last().map(String::as_str), Some("limit"));
    }

    #[test]
    fn several_texts_and_bare_values_are_read() {
        assert_eq!(recorded("1\n\"two\"\n[]").iter().filter(|line| line.starts_with("value")).count(), 2);
    }
}
