//! Secrets in JSON: values by the names around and beside them. What has marks is JSON as before.

mod embedded;
mod fields;
mod indexes;
mod members;
mod output;
mod pairs;
mod patterns;
mod tokens;
mod values;
mod words;

use super::Redactor;
use super::text::Scope;
pub(super) use embedded::EmbeddedJson;
pub(super) use fields::JsonTexts;
pub(super) use members::{is_named, is_naming};
use output::Output;
use std::borrow::Cow;
use tokens::{End, Tokens};

impl Redactor {
    /// Returns a text of JSON with marks for its secrets, which is `None` if it has none; `None` if it is not JSON. It may be cut.
    pub(super) fn json(&self, source: &[u8], scope: Scope) -> Option<Option<Vec<u8>>> {
        let start = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let content = source.get(start..).unwrap_or_default();
        let first = content.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0x1e);
        if !matches!(first, Some(b'{' | b'[')) {
            return None;
        }
        // What is no JSON at all is found before anything is replaced.
        let mut tokens = Tokens::new(source, start);
        tokens.by_ref().for_each(drop);
        if tokens.end() == End::Malformed {
            return None;
        }
        let mut out = Output::new(source, scope);
        self.json_edits(source, start, false, scope, &mut |edit| out.add(&edit));
        let out = out.finish();
        let patterns = if self.settings.patterns.is_empty() {
            None
        } else {
            self.json_patterns(out.as_deref().unwrap_or(source), start, scope)
        };
        Some(patterns.or(out))
    }
}

/// Returns the content of a string, which may be cut, without its quotes and escapes.
fn unescaped(raw: &[u8], is_cut: bool) -> Cow<'_, [u8]> {
    let content = raw.get(1..raw.len() - usize::from(!is_cut && raw.len() > 1)).unwrap_or_default();
    if memchr::memchr(b'\\', content).is_none() { content.into() } else { dissectors::json_unescape(content).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::names::SecretKind;
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
            (
                r#"[{"key":"password","name":"«Login»","value":"«x»"},{"name":"token","value":"«y»","value":"«z»"}]"#,
                true,
            ),
            (r#"{"a":"Bearer «abcdefgh»","authorization":"Basic «YWxpY2U6eA==»"}"#, true),
            (r#"{"secret":{"a":{"b":«1.5»}},"city":"Paris"}"#, true),
            ("{\"password\":\n  \"«a b»\"}\n{\"pin\":«7»}", true),
            (r#"{"password":"«not closed"#, false),
            (r#"{"a":[1,{"secret":{"b":["«x»","«y"#, false),
            (r#"{"a":"see http://bob:«x»@host/ and"#, false),
            (r#"{"note":"deploy «ACME-12» now"}"#, true),
            (r#"{"query":"CREATE USER a PASSWORD '«S x»'","n":"SELECT b FROM c WHERE d = '«x'' y»'"}"#, true),
            (
                r#"{"query":"mutation { login(user: \"bob\", password: \"«a»\") { id } }","variables":{"pin":«1»}}"#,
                true,
            ),
            (r#"{"body":"user=bob&password=«x»&a=b","b":"{'pin': '«y»'}"}"#, true),
            (
                r#"[{"id":"password","x":"«a»"},{"field":"pin","v":«12»},{"k":"token","v":{"a":["«b»",true]}},{"k":"a","v":"b"}]"#,
                true,
            ),
            (r#"[["password","«a»"],["city","Paris"],{"header":"X-Api-Key","text":"«b»"},["a","b"]]"#, true),
            (r#"{"value":"«mysecret»","id":"password"}"#, true),
            (r#"{"confirm":"«a b, c»","password":"«a b, c»","a":["«a b, c»","a b","x a b, c"]}"#, true),
            (r#"{"pin":"«12345»","a":"12345"}"#, true),
            (
                r#"{"prompt_tokens":17,"maxTokens":18,"completion_tokens_details":{"reasoning_tokens":19},"reset_tokens":«20»}"#,
                true,
            ),
            (r#"{"refresh_token_expires_in":17,"max_tokens":"«x»","token":«18»}"#, true),
            (r#"{"title":"Token","items":[{"a":"b"}],"answers":["«x»"],"value":{"c":"«y»"}}"#, true),
            (r#"{"columns":["«name»","«password»"],"rows":[["«bob»","«a»"]]}"#, true),
            (r#"[{"x":[["«name»","«password»"],["«bob»","«a»"]]},{"a":"b"}]"#, true),
            (r#"["«auth»","«token»","«a»"]"#, true),
            (r#"{"error":"the password is too short","code":"a"}"#, true),
            (r#"{"tokens":{"«0123456789abcdef»":{"device":"«phone»"}},"ids":{"0123456789abcdef":1}}"#, true),
            (
                r#"{"displayName":"Paris","items":[{"a":"b"}],"keyName":"key1","method":"getUser","params":["bob"]}"#,
                true,
            ),
            (
                r#"{"sign":"aries","resume":"cv.pdf","insecure":"0","items":[{"id":1},{"id":2}],"points":[{"x":1},"y"]}"#,
                true,
            ),
            (r#"[{"user":1,"passwords":2},"bob",[3],"«x»"]"#, true),
            (r#"{"schema":{"fields":[{"name":"id"}]},"rows":[["x"]],"args":["ls","-p","x"]}"#, true),
            ("\u{feff}{\"password\":\"«x»\"}", false),
            ("\u{1e}{\"pin\":«7»}\n\u{1e}{\"a\":1}", false),
            (r#"[{"name":"city","value":"Par"#, false),
            (r#"[{"value":"«x"#, false),
            (r#"[{"id":«1»,"value":"«x»"#, false),
            (r#"{"a":"{\"password\":\"«x"#, false),
            (r#"{"a":"{\"b\":\"Paris\",\"c\":\"x\"#, false),
        ] {
            let text: String = marked.replace(['«', '»'], "");
            let mut expected = String::new();
            for (nth, part) in marked.split(['«', '»']).enumerate() {
                let is_number = part.starts_with(|char: char| char.is_ascii_digit()) && !expected.ends_with('"');
                let mark = String::from_utf8(own.mark(SecretKind::Token, part.as_bytes())).expect("ASCII");
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
        let mark = String::from_utf8(own.mark(SecretKind::Token, b"a\"b")).expect("ASCII");
        let text = br#"{"body":"{\"pass\u0077ord\":\"a\\\"b\",\"n\":1}"}"#;
        let found = String::from_utf8(own.text(text).expect("a change")).expect("UTF-8");
        assert_eq!(found, format!(r#"{{"body":"{{\"password\":\"{mark}\",\"n\":1}}"}}"#));
        let value: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        let inner: serde_json::Value = serde_json::from_str(value["body"].as_str().expect("a text")).expect("JSON");
        assert_eq!(inner["password"], mark);
    }

    #[test]
    fn what_is_too_deep_is_a_mark_and_what_remains_is_json() {
        let own = redactor();
        let inner = "[".repeat(904) + "{\"a\":\"S3CR3T\"}" + &"]".repeat(904);
        let deep = "[".repeat(4096) + &inner + &"]".repeat(4096);
        let mark = String::from_utf8(own.mark(SecretKind::Token, inner.as_bytes())).expect("ASCII");
        let expected = format!("{}\"{mark}\"{}", "[".repeat(4096), "]".repeat(4096));
        let found = String::from_utf8(own.text(deep.as_bytes()).expect("a change")).expect("UTF-8");
        assert!(found == expected, "{}", found.len());
        let text = format!("{{\"a\":{deep},\"password\":\"S3CR3T\",\"city\":\"Paris\"}}");
        let found = String::from_utf8(own.text(text.as_bytes()).expect("a change")).expect("UTF-8");
        assert!(
            !found.contains("S3CR3T")
                && found.contains(",\"password\":\"REDACTED-")
                && found.ends_with(",\"city\":\"Paris\"}")
        );
        // Texts in texts: each level doubles the backslashes.
        let mut text = r#"{"password":"S3CR3T"}"#.to_owned();
        for _ in 0..10 {
            text = format!("{{\"a\":{},\"city\":\"Paris\"}}", serde_json::to_string(&text).expect("a text"));
        }
        let found = String::from_utf8(own.text(text.as_bytes()).expect("a change")).expect("UTF-8");
        assert!(!found.contains("S3CR3T") && found.contains("Paris"));
    }

    #[test]
    fn many_values_are_read_in_linear_time() {
        let own = redactor();
        for part in [
            r#"{"name":"token","value":"S3CR3T"}"#,
            r#"["token","S3CR3T"]"#,
            r#"[["a","token"],["S3CR3T"]]"#,
            r#"{"secret":{"a":"S3CR3T"}}"#,
            r#"{"a":"b","password":"S3CR3T"}"#,
        ] {
            let text = format!("[{}{{\"city\":\"Paris\"}}]", format!("{part},").repeat(60_000));
            let found = String::from_utf8(own.text(text.as_bytes()).expect("a change")).expect("UTF-8");
            assert!(!found.contains("S3CR3T") && found.contains("Paris"), "{part}");
            serde_json::from_str::<serde_json::Value>(&found).expect("JSON");
        }
        for part in ["{\"a\":", "[", "[\"a", "{\"secret\":[", "{\"a\" ", "[1,", "{\"secret\":x ", "{\"value\":\"a\","] {
            own.text(part.repeat(100_000).as_bytes());
        }
    }

    #[test]
    fn own_patterns_leave_json_as_it_is() {
        let settings = "key = 'k'\npatterns = ['[0-9]{4}', '\"x\": *\"?([^,]*)', 'b.*c']";
        let settings = crate::redact::RedactSettings::parse(settings).expect("settings");
        let own = Redactor::new(settings).expect("random numbers");
        let text = r#"{"n":12345,"x":"a\"1234","s":"see 1234 and 5678","b":"1","c":[2,true]}"#;
        let found = String::from_utf8(own.text(text.as_bytes()).expect("a change")).expect("UTF-8");
        serde_json::from_str::<serde_json::Value>(&found).expect("JSON");
        assert!(
            found.ends_with("[2,true]}")
                && !found.contains("1234")
                && !found.contains("5678")
                && found.contains("see REDACTED-"),
            "{found}"
        );
    }

    #[test]
    fn texts_in_brackets_are_not_json() {
        let own = redactor();
        for text in ["[error] password=x", "{a: 1}", "[12:03] hello]", "{\"a\" 1}", "\"x\"", ""] {
            assert!(own.json(text.as_bytes(), Scope::default()).is_none(), "{text}");
        }
    }
}
