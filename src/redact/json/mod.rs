//! Secrets in JSON: values by the names around and beside them. What has marks is JSON as before.

mod fields;
mod indexes;
mod members;
mod output;
mod pairs;
mod tokens;
mod words;

use super::Redactor;
use super::names::{Rule, SecretKind};
use super::text::{Scope, Spans};
pub(super) use fields::JsonTexts;
use members::Roles;
pub(super) use members::{is_named, is_naming};
use output::{Edit, Output};
use pairs::NamedGroup;
use std::borrow::Cow;
use std::ops::Range;
use tokens::{End, Token, TokenKind, Tokens};

/// Length from which a name with a digit among secrets is one itself, as in `{"tokens":{"3f9a2c1d08e7":"phone"}}`.
const KEY_LEN: usize = 8;

/// Member in which Elasticsearch has a key with its name, in base 64, and the rule of its values.
const ENCODED: &[u8] = b"encoded";
const ENCODED_RULE: Rule = Rule { kind: SecretKind::Key, least: 16, is_count: false };

/// An open object or array.
struct Group {
    /// Rule of the values in it.
    rule: Option<Rule>,
    /// Rule of the objects and arrays in it.
    inner: Option<Rule>,
    /// Members for values alone have these rules, and those for arguments of a function.
    values_only: bool,
    names_arguments: bool,
    /// Rule of the text that names the others.
    outer: Option<Rule>,
    /// Place of that text.
    name: Option<usize>,
    /// The name of an array, if it is that of secrets.
    key: Option<Vec<u8>>,
    /// Numbers in it are places in the array around it.
    has_places: bool,
}

impl Group {
    /// Returns whether a member is one for a value that a text beside it names.
    fn is_value(&self, key: &[u8]) -> bool {
        if self.rule.is_none() && self.inner.is_none() {
            return false;
        }
        let roles = Roles::of(key);
        roles.is_value || self.names_arguments && roles.is_arguments
    }
}

/// JSON in a text.
pub(super) struct EmbeddedJson {
    /// The text without secrets of the JSON. `None` if it has none.
    pub text: Option<Vec<u8>>,
    /// Places in it of the objects and arrays that are read.
    pub whole: Vec<Range<usize>>,
}

impl EmbeddedJson {
    /// Returns the place of a secret with all of the objects and arrays that begin in it: what is before them names them. `None` if
    /// it is within one, which is read by its own names.
    pub(super) fn joined(&self, mut place: Range<usize>) -> Option<Range<usize>> {
        let after = self.whole.partition_point(|own| own.start < place.start);
        let around = after.checked_sub(1).and_then(|before| self.whole.get(before));
        if around.is_some_and(|own| place.end <= own.end) {
            return None;
        }
        for own in self.whole.iter().skip(after) {
            if own.start >= place.end {
                break;
            }
            place.end = place.end.max(own.end);
        }
        Some(place)
    }
}

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

    /// Returns a text without the secrets of the JSON in it, with what is before and after it.
    pub(super) fn embedded_json(&self, source: &[u8], scope: Scope) -> EmbeddedJson {
        let mut out = Output::new(source, scope);
        let mut whole = Vec::new();
        let mut at = 0;
        let joined = joined_lines(source);
        let text = &*joined;
        while let Some(start) = next_group(text, at) {
            let begin = out.place(start);
            at = self.json_edits(text, start, true, scope, &mut |edit| out.add(&edit)).max(start + 1);
            let is_closed = at > start + 1 && matches!(source.get(at - 1), Some(b'}' | b']'));
            if is_closed || at == source.len() {
                whole.push(begin..out.place(at));
            }
        }
        EmbeddedJson { text: out.finish(), whole }
    }

    /// Calls a function for each replacement in the JSON that begins at a place, in order. Returns where the JSON ends.
    fn json_edits(&self, source: &[u8], at: usize, is_single: bool, scope: Scope, add: &mut dyn FnMut(Edit)) -> usize {
        let (named, places) = pairs::named_groups(self, source, at, is_single);
        let (mut named, mut places) = (named.into_iter().peekable(), places.into_iter().peekable());
        let has_places = places.len() > 0;
        let mut tokens = Tokens::new(source, at);
        let mut groups: Vec<Group> = Vec::new();
        let mut key: Option<Cow<'_, [u8]>> = None;
        while let Some(token) = tokens.next() {
            let raw = source.get(token.range.clone()).unwrap_or_default();
            let edit = |text, is_key| Edit { range: token.range.clone(), text, is_key, is_cut: token.is_cut };
            let around = groups.last();
            let mut place = None;
            while has_places && let Some(found) = places.next_if(|place| place.start <= token.range.start) {
                place = Some(found).filter(|found| found.start == token.range.start);
            }
            match token.kind {
                TokenKind::Object | TokenKind::Array => {
                    let pair = named.next_if(|group| group.start == token.range.start);
                    let group = self.group(&token, around, key.take(), pair);
                    groups.push(Group { has_places: place.is_some_and(|place| place.rule.is_none()), ..group });
                }
                TokenKind::Close => {
                    groups.pop();
                }
                TokenKind::Key => {
                    let own = unescaped(raw, token.is_cut);
                    let rule = around.and_then(|group| group.outer);
                    if let Some(replaced) = self.json_key(&own, rule, scope) {
                        add(edit(replaced, true));
                    }
                    key = Some(own);
                }
                TokenKind::Deep => {
                    key = None;
                    add(edit(self.mark(SecretKind::Token, raw), false));
                }
                TokenKind::Word => key = None,
                TokenKind::String | TokenKind::Number => {
                    let own = if token.kind == TokenKind::String { unescaped(raw, token.is_cut) } else { raw.into() };
                    let own_key = key.take();
                    if token.kind == TokenKind::Number && around.is_some_and(|group| group.has_places) {
                        continue;
                    }
                    let encoded = (own_key.as_deref() == Some(ENCODED)).then_some(ENCODED_RULE);
                    let rule = place.and_then(|place| place.rule).or(encoded).filter(|rule| rule.applies_to(&own));
                    let replaced = match rule {
                        Some(rule) => Some(self.mark(rule.kind, &own)),
                        None => self.json_value(&token, &own, around, own_key, scope),
                    };
                    if let Some(replaced) = replaced.filter(|replaced| *replaced != *own) {
                        add(edit(replaced, false));
                    }
                }
            }
            if is_single && tokens.depth() == 0 {
                return tokens.at();
            }
        }
        // What is not JSON in a group of secrets belongs to it.
        let secret = groups.iter().position(|group| group.rule.is_some());
        if tokens.end() == End::Malformed
            && let Some(depth) = secret
        {
            let range = tokens.at()..tokens.close_of(depth).saturating_sub(1).max(tokens.at());
            let end = range.end;
            let text = self.mark(SecretKind::Token, source.get(range.clone()).unwrap_or_default());
            add(Edit { range, text, is_key: false, is_cut: false });
            return end;
        }
        tokens.at()
    }

    /// Returns what is known of the values of an object or array that begins.
    fn group(
        &self,
        token: &Token,
        around: Option<&Group>,
        key: Option<Cow<'_, [u8]>>,
        pair: Option<NamedGroup>,
    ) -> Group {
        let key = key.map(Cow::into_owned).or_else(|| around.and_then(|group| group.key.clone()));
        let own = key.as_deref().and_then(|key| self.rule_of(key));
        let is_array = token.kind == TokenKind::Array;
        let is_value = around.zip(key.as_deref()).is_some_and(|(around, key)| around.is_value(key));
        let around = around.map(|group| {
            if group.values_only && !is_value { (group.outer, group.outer) } else { (group.rule, group.inner) }
        });
        let (texts, groups) = around.unwrap_or_default();
        let with_own = |inherited| if is_array { inherited } else { Rule::either(inherited, own) };
        let outer = with_own(if is_array || is_value { texts } else { groups });
        let outer_groups = with_own(if is_value { texts } else { groups });
        let named = pair.map(|pair| pair.rule);
        Group {
            rule: Rule::either(outer, named),
            inner: Rule::either(outer_groups, named.filter(|_| pair.is_some_and(|pair| pair.names_groups))),
            values_only: pair.is_some_and(|pair| pair.values_only),
            names_arguments: pair.is_some_and(|pair| pair.names_arguments),
            outer,
            name: pair.and_then(|pair| pair.name),
            key: key.filter(|_| is_array && own.is_some()),
            has_places: false,
        }
    }

    fn json_key(&self, key: &[u8], rule: Option<Rule>, scope: Scope) -> Option<Vec<u8>> {
        let is_secret = key.len() >= KEY_LEN && key.iter().any(u8::is_ascii_digit) && !super::is_mark(key);
        match rule {
            Some(rule) if is_secret => Some(self.mark(rule.kind, key)),
            _ => self.nested_text(key, scope.inside()),
        }
    }

    fn json_value(
        &self,
        token: &Token,
        own: &[u8],
        around: Option<&Group>,
        key: Option<Cow<'_, [u8]>>,
        scope: Scope,
    ) -> Option<Vec<u8>> {
        let is_name = around.is_some_and(|group| group.name == Some(token.range.start));
        let is_other = |group: &Group| group.values_only && !key.as_deref().is_some_and(|key| group.is_value(key));
        let rule = around.and_then(|group| if is_name || is_other(group) { group.outer } else { group.rule });
        if let Some(rule) = rule.filter(|rule| rule.applies_to(own)) {
            return Some(self.mark(rule.kind, own));
        }
        // An array of values has their name around it.
        let key = key.as_deref().or_else(|| around.and_then(|group| group.key.as_deref())).unwrap_or_default();
        self.nested_value(key, own, scope.inside())
    }

    /// Returns JSON with marks for what own patterns match; `None` if none does. Numbers and strings are replaced, and not what
    /// is between them.
    fn json_patterns(&self, source: &[u8], start: usize, scope: Scope) -> Option<Vec<u8>> {
        let mut matches: Vec<Range<usize>> = Vec::new();
        let mut spans = self.pattern_spans(source);
        spans.sort_by_key(|(span, _)| span.start);
        for (span, _) in spans.into_iter().filter(|(span, _)| !span.is_empty()) {
            match matches.last_mut().filter(|last| last.end >= span.start) {
                Some(last) => last.end = last.end.max(span.end),
                None => matches.push(span),
            }
        }
        let mut first = 0;
        let mut out = Output::new(source, scope);
        for token in Tokens::new(source, start) {
            let range = &token.range;
            first += matches.iter().skip(first).take_while(|own| own.end <= range.start).count();
            let touched = matches.iter().skip(first).take_while(|own| own.start < range.end);
            let raw = source.get(range.clone()).unwrap_or_default();
            let is_string = matches!(token.kind, TokenKind::String | TokenKind::Key);
            let text = if is_string && !raw.contains(&b'\\') {
                let content = range.start + 1..range.end - usize::from(!token.is_cut);
                let inside = touched.map(|own| own.start.max(content.start)..own.end.min(content.end));
                let inside = inside.filter(|own| own.start < own.end);
                let inside = inside.map(|own| own.start - content.start..own.end - content.start);
                self.replace(source.get(content.clone()).unwrap_or_default(), with_kind(inside))
            } else {
                // It is not known which of its characters are matched.
                let own = if is_string { unescaped(raw, token.is_cut) } else { raw.into() };
                let is_value = is_string || token.kind == TokenKind::Number;
                (is_value && touched.count() > 0).then(|| self.mark(SecretKind::OwnPattern, &own))
            };
            if let Some(text) = text {
                out.add(&Edit { range: range.clone(), text, is_key: false, is_cut: token.is_cut });
            }
        }
        out.finish()
    }
}

fn with_kind(spans: impl Iterator<Item = Range<usize>>) -> Spans {
    spans.map(|span| (span, SecretKind::OwnPattern)).collect()
}

/// Returns a text with blanks for the names of the lines of an event that continue another one: JSON may be in several of them.
fn joined_lines(text: &[u8]) -> Cow<'_, [u8]> {
    let mut own = Cow::Borrowed(text);
    for line in memchr::memmem::find_iter(text, b"\ndata:") {
        own.to_mut().get_mut(line + 1..line + 6).into_iter().for_each(|name| name.fill(b' '));
    }
    own
}

/// Returns the place of the next object or array of JSON in a text.
fn next_group(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'{', b'[', text.get(at..)?)?;
        let next = text.get(at + 1..)?.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if matches!(next, b'"' | b'{' | b'[' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return Some(at);
        }
        at += 1;
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
