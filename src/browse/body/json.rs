//! JSON laid out: a line for each value.

use super::MOST_LINES;

/// Levels that JSON may nest in; deeper, it is told as it is.
const DEPTH: usize = 512;

/// Levels that are seen as such; deeper ones begin where the last of these does.
const SEEN_DEPTH: usize = 32;

/// JSON with a line for each value, all else as it was sent: the order, the digits of numbers, the escapes; no more lines
/// than are told. None if it is no JSON, nor the beginning of any.
pub(super) fn laid_out(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut open = Vec::new();
    let mut breaks = 0;
    let mut rest = bytes.trim_ascii();
    let indent = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', 2 * depth.min(SEEN_DEPTH)));
    };
    while let Some((&byte, after)) = rest.split_first() {
        let mut taken = 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'{' | b'[' => {
                out.push(byte);
                let closing = if byte == b'{' { b'}' } else { b']' };
                let inner = after.trim_ascii_start();
                if inner.first() == Some(&closing) {
                    out.push(closing);
                    taken += after.len() - inner.len() + 1;
                } else if open.len() == DEPTH {
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
                taken = string(rest);
                out.extend_from_slice(rest.get(..taken)?);
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                taken = rest.iter().take_while(|byte| is_part(byte)).count();
                out.extend_from_slice(rest.get(..taken)?);
            }
            _ => return None,
        }
        rest = rest.get(taken..)?;
        breaks += usize::from(b"{[]},".contains(&byte));
        if breaks > 2 * MOST_LINES {
            break;
        }
    }
    Some(out)
}

/// How many bytes the text between quotes has that begins here, the quotes with it; all of them if it does not end.
fn string(bytes: &[u8]) -> usize {
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
    use super::super::lines;
    use super::*;

    fn json(text: &str) -> Vec<String> {
        let laid_out = laid_out(text.as_bytes());
        let text = laid_out.map_or(text.into(), |bytes| String::from_utf8(bytes).expect("it is text"));
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn json_is_laid_out_and_otherwise_as_it_was_sent() {
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
    fn no_more_of_json_is_laid_out_than_is_told() {
        let many = "[".repeat(DEPTH) + &"1,".repeat(10_000_000);
        let out = laid_out(many.as_bytes()).expect("JSON");
        assert!(out.len() < 2 * MOST_LINES * (2 * SEEN_DEPTH + 4), "{} bytes", out.len());
        assert_eq!(lines(&out).len(), MOST_LINES + 1);
    }
}
