//! Detection of JSON in text without a media type.

/// Maximum nesting depth of a text that is detected.
const MAX_DEPTH: u32 = 64;

/// Whether a text is an object or an array of JSON (RFC 8259). Other values are as well words of a text.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let ends = matches!((text.first(), text.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    ends && core::str::from_utf8(text).is_ok() && Scanner { rest: text }.document()
}

/// What may follow in a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

struct Scanner<'b> {
    rest: &'b [u8],
}

impl Scanner<'_> {
    fn document(mut self) -> bool {
        // A bit for each open object or array, the innermost last: 1 for an object.
        let (mut objects, mut depth) = (0_u64, 0);
        let mut expected = Expected::Value;
        while let Some((byte, rest)) = self.rest.trim_ascii_start().split_first() {
            self.rest = rest;
            let is_object = objects & 1 == 1;
            expected = match (byte, expected) {
                (b'{' | b'[', Expected::Value | Expected::ValueOrEnd) if depth < MAX_DEPTH => {
                    depth += 1;
                    objects = objects << 1 | u64::from(*byte == b'{');
                    if *byte == b'{' { Expected::KeyOrEnd } else { Expected::ValueOrEnd }
                }
                (b'}', Expected::KeyOrEnd) | (b']', Expected::ValueOrEnd) | (b'}' | b']', Expected::CommaOrEnd)
                    if is_object == (*byte == b'}') =>
                {
                    (objects, depth) = (objects >> 1, depth - 1);
                    if depth == 0 {
                        return self.rest.is_empty();
                    }
                    Expected::CommaOrEnd
                }
                (b',', Expected::CommaOrEnd) if is_object => Expected::Key,
                (b',', Expected::CommaOrEnd) => Expected::Value,
                (b'"', Expected::Key | Expected::KeyOrEnd) if self.string() && self.colon() => Expected::Value,
                (b'"', Expected::Value | Expected::ValueOrEnd) if self.string() => Expected::CommaOrEnd,
                (_, Expected::Value | Expected::ValueOrEnd) if self.word(*byte) => Expected::CommaOrEnd,
                _ => return false,
            };
        }
        false
    }

    /// Reads the rest of a string.
    fn string(&mut self) -> bool {
        let mut is_escaped = false;
        for (at, &byte) in self.rest.iter().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return true;
                }
                0..0x20 => return false,
                _ => {}
            }
        }
        false
    }

    fn colon(&mut self) -> bool {
        let rest = self.rest.trim_ascii_start().strip_prefix(b":");
        self.rest = rest.unwrap_or_default();
        rest.is_some()
    }

    /// Reads the rest of a number or of a literal name.
    fn word(&mut self, first: u8) -> bool {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let len = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(len).unwrap_or_default();
        self.rest = rest;
        match first {
            b't' => word == b"rue",
            b'f' => word == b"alse",
            b'n' => word == b"ull",
            b'-' => word.first().is_some_and(u8::is_ascii_digit) && is_number(word),
            b'0'..=b'9' => is_number(word),
            _ => false,
        }
    }
}

fn is_number(rest: &[u8]) -> bool {
    rest.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn objects_and_arrays_are_json_and_texts_in_brackets_are_not() {
        let texts = ["{}", "[]", " [1, -2.5e+3, true, false, null]\n", r#"{"a": {"b": ["c\"}", {}]}, "d": ""}"#];
        assert!(texts.iter().all(|text| is_json(text.as_bytes())));
        let others = [
            "",
            "7",
            "\"text\"",
            "[12:03] hello]",
            "{a: 1}",
            "[1,]",
            "{\"a\"}",
            "[1] [2]",
            "{]",
            "[}",
            "[tru]",
            "{\"a\": 1,}",
            "[\"\n\"]",
        ];
        for text in others {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
        assert!(!is_json(b"[\"\xff\"]"));
    }
}
