//! JSON pretty-printer: one line per value.

use super::MAX_LINES;

/// Maximum nesting depth. Deeper JSON is not pretty-printed.
const MAX_DEPTH: usize = 512;

/// Maximum indentation, in levels.
const MAX_INDENT: usize = 32;

/// Pretty-prints JSON with one line per value. Order, digits of numbers and escapes stay as sent. The output is cut off
/// soon after the line limit. Returns `None` unless the bytes are JSON, or the beginning of it.
pub(super) fn pretty_print(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut open = Vec::new();
    let mut breaks = 0;
    let mut rest = bytes.trim_ascii();
    let indent = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 2 * depth.min(MAX_INDENT)));
    };
    while let Some((&byte, after)) = rest.split_first() {
        let mut consumed = 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                let closing = if byte == b'{' { b'}' } else { b']' };
                let inner = after.trim_ascii_start();
                if inner.first() == Some(&closing) {
                    out.push(closing);
                    consumed += after.len() - inner.len() + 1;
                } else if open.len() == MAX_DEPTH {
                    return None;
                } else {
                    open.push(closing);
                    indent(&mut out, open.len());
                }
            }
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    return None;
                }
                indent(&mut out, open.len());
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                indent(&mut out, open.len());
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                consumed = string_len(rest);
                out.extend_from_slice(rest.get(..consumed)?);
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                consumed = rest.iter().take_while(|byte| is_part(byte)).count();
                out.extend_from_slice(rest.get(..consumed)?);
            }
            _ => return None,
        }
        rest = rest.get(consumed..)?;
        breaks += usize::from(b"{[]},".contains(&byte));
        if breaks > 2 * MAX_LINES {
            break;
        }
    }
    Some(out)
}

/// Returns the length of the string at the start, with its quotes; all bytes if the string is not terminated.
fn string_len(bytes: &[u8]) -> usize {
    let mut escaped = false;
    let end = bytes.iter().skip(1).position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(bytes.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::super::text_lines;
    use super::*;

    fn json(text: &str) -> Vec<String> {
        let pretty = pretty_print(text.as_bytes());
        let text = pretty.map_or(text.into(), |bytes| String::from_utf8(bytes).expect("UTF-8"));
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn json_is_pretty_printed_and_otherwise_unchanged() {
        assert_eq!(
            json(r#" {"b":1.50e+3,"a":[1,"x\"}",{}, [ ]],"b":null}"#),
            [
                "{",
                r#"  "b": 1.50e+3,"#,
                r#"  "a": ["#,
                "    1,",
                r#"    "x\"}","#,
                "    {},",
                "    []",
                "  ],",
                r#"  "b": null"#,
                "}"
            ]
        );
        assert_eq!(json("{\"a\":\"half"), ["{", "  \"a\": \"half"]);
        for text in ["{]", "{'a': 1}", "<html>"] {
            assert_eq!(json(text), [text]);
        }
        let deep = "[".repeat(100_000);
        assert_eq!(json(&deep), [deep]);
    }

    #[test]
    fn pretty_printing_stops_at_the_line_limit() {
        let many = "[".repeat(MAX_DEPTH) + &"1,".repeat(10_000_000);
        let out = pretty_print(many.as_bytes()).expect("JSON");
        assert!(out.len() < 2 * MAX_LINES * (2 * MAX_INDENT + 4), "{} bytes", out.len());
        assert_eq!(text_lines(&out).len(), MAX_LINES + 1);
    }
}
