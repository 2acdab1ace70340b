//! Secrets in texts of any kind: header lines, URLs, forms, JSON, multipart bodies, markup, and tokens that are known by their form.

use super::database::is_statement;
use super::forms::regex;
use super::json::EmbeddedJson;
use super::names::SecretKind;
use super::{MARK, MARK_DIGITS, Redactor};
use regex::bytes::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

/// Secrets in a text, with their kinds.
pub(super) type Spans = Vec<(Range<usize>, SecretKind)>;

/// A value that is long enough to be a secret under each name.
pub(super) const LONG: &[u8] = &[b'x'; 16];

/// Maximum number of texts around a text. What is deeper is replaced as a whole.
const MAX_NESTING: u8 = 12;

/// Where a text is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope {
    /// Number of texts around it.
    nesting: u8,
    /// The text has as many lines afterwards.
    keeps_lines: bool,
}

impl Scope {
    /// Returns the scope of a text with escapes in this one.
    pub(super) fn inside(self) -> Scope {
        Scope { nesting: self.nesting + 1, keeps_lines: false }
    }

    /// Returns the scope of a part of this one.
    pub(super) fn within(self) -> Scope {
        Scope { nesting: self.nesting + 1, ..self }
    }

    /// Returns the line ends that follow the mark of a secret.
    pub(super) fn line_ends(self, secret: &[u8]) -> Vec<u8> {
        let count = if self.keeps_lines { memchr::memchr_iter(b'\n', secret).count() } else { 0 };
        b"\n".repeat(count)
    }
}

/// Parts of tokens that are known by their form and need no other sign.
static BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(concat!(
        r"(?-u)\.k8s\.|/services/T|eyJ|A[KS]IA|xox|xapp|gh|[kr]_(?:live|test)|whsec_|-----|gl[a-z]+-|npm_|AIza|ya29\.|sk-|SG\.|hv[sbr]\.|hf_|",
        r"shp|dop_v1|pypi-|dckr_|ATATT|lin_api|sq0|xkeysib|PMAK|tskey|figd_|gsk_|\$(?:[12567y]|apr1|md5|sha1|argon2|scrypt|pbkdf2)|v[1-4]\.(?:local|public)|AGE-|bot\d"
    ))
});

impl Redactor {
    /// Returns a text with marks for its secrets; `None` if it has none.
    pub(super) fn text(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.nested_text(text, Scope::default())
    }

    /// Returns a text that is in so many others with marks for its secrets; `None` if it has none.
    pub(super) fn nested_text(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        if self.is_plain(text) {
            let mut spans = Spans::new();
            self.add_paths(text, &mut spans);
            self.add_encoded(text, scope, &mut spans);
            return self.replace_in(text, spans, scope);
        }
        if scope.nesting > MAX_NESTING {
            return Some(self.mark(SecretKind::Token, text));
        }
        // ASCII in UTF-16 has a zero in each character; other texts may end in one.
        if memchr::memchr(0, text).is_some() {
            let own: Vec<u8> = text.iter().copied().filter(|&byte| byte != 0).collect();
            return self.nested_text(&own, scope);
        }
        self.json(text, scope).unwrap_or_else(|| self.plain_text(text, scope))
    }

    /// Returns the lines of a text with marks for its secrets. `None` if it has none.
    pub(super) fn lines(&self, text: &[u8]) -> Option<Vec<Vec<u8>>> {
        let own = self.nested_text(text, Scope { keeps_lines: true, ..Scope::default() })?;
        let lines = |text: &[u8]| text.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (before, after) = (lines(text), lines(&own));
        if before.len() == after.len() {
            return Some(after);
        }
        // It is not known which line is which.
        Some(before.iter().map(|line| self.mark(SecretKind::Token, line)).collect())
    }

    /// Returns a text that is not JSON as a whole with marks for its secrets; `None` if it has none.
    fn plain_text(&self, text: &[u8], scope: Scope) -> Option<Vec<u8>> {
        // Texts in it, which are read by their own rules.
        let mut own = Cow::Borrowed(text);
        for replaced in [
            Redactor::escaped_text,
            Redactor::parts,
            Redactor::escaped_values,
            Redactor::entities,
            Redactor::character_data,
            Redactor::script_texts,
        ] {
            if let Some(replaced) = replaced(self, &own, scope) {
                own = replaced.into();
            }
        }
        // In a statement, all texts of JSON are literals.
        let inner = if memchr::memchr2(b'{', b'[', &own).is_some() && is_statement(&own) {
            EmbeddedJson { text: None, whole: Vec::new() }
        } else {
            self.embedded_json(&own, scope)
        };
        let whole = inner.text.as_deref().unwrap_or(&own);
        let spans = self.secrets(whole, scope).into_iter().filter_map(|(span, kind)| match kind {
            SecretKind::OwnPattern => Some((span, kind)),
            _ => Some((inner.joined(span)?, kind)),
        });
        let spans = spans.collect();
        let replaced = self.replace_in(whole, spans, scope);
        replaced.or(inner.text).or(if let Cow::Owned(own) = own { Some(own) } else { None })
    }

    /// Returns whether a text has none of the signs of secrets: it is a word, a number or the like.
    fn is_plain(&self, text: &[u8]) -> bool {
        let is_sign = |byte: &u8| byte.is_ascii_whitespace() || b"=:<@%\"'{[".contains(byte);
        self.settings.patterns.is_empty()
            && !text.iter().any(is_sign)
            && BEGINS.as_ref().is_none_or(|begins| !begins.is_match(text))
    }

    /// Returns the places of what own patterns match.
    pub(super) fn pattern_spans(&self, text: &[u8]) -> Spans {
        let mut spans = Vec::new();
        self.add_patterns(text, &mut spans);
        spans
    }

    /// Returns the value of a header, or of another name, with marks for its secrets; `None` if it has none.
    pub(super) fn value(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.nested_value(name, value, Scope::default())
    }

    /// Returns the value of a name in a text that is in so many others.
    pub(super) fn nested_value(&self, name: &[u8], value: &[u8], scope: Scope) -> Option<Vec<u8>> {
        let mut spans = Vec::new();
        if !self.add_value(name, value, 0..value.len(), &mut spans) {
            return self.nested_text(value, scope);
        }
        self.replace(value, spans)
    }

    /// Replaces spans of a text.
    pub(super) fn replace(&self, text: &[u8], spans: Spans) -> Option<Vec<u8>> {
        self.replace_in(text, spans, Scope::default())
    }

    /// Returns the mark of a secret, with its lines if they are kept.
    pub(super) fn mark_lines(&self, kind: SecretKind, secret: &[u8], scope: Scope) -> Vec<u8> {
        [self.mark(kind, secret), scope.line_ends(secret)].concat()
    }

    fn replace_in(&self, text: &[u8], mut spans: Spans, scope: Scope) -> Option<Vec<u8>> {
        spans.retain(|(span, _)| !span.is_empty());
        if spans.is_empty() {
            return None;
        }
        spans.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut out = Vec::with_capacity(text.len());
        let mut copied = 0;
        for (span, kind) in spans {
            // A secret in a secret is a part of it; one that exceeds it ends with a mark of its own.
            let start = span.start.max(copied);
            if start >= span.end {
                continue;
            }
            out.extend_from_slice(text.get(copied..start).unwrap_or_default());
            out.extend(self.mark_lines(kind, text.get(start..span.end).unwrap_or_default(), scope));
            copied = span.end;
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some(out)
    }

    pub(super) fn secrets(&self, text: &[u8], scope: Scope) -> Spans {
        let mut spans = Vec::new();
        self.add_named(text, &mut spans);
        self.add_queries(text, &mut spans);
        self.add_forms(text, &mut spans);
        self.add_commands(text, &mut spans);
        self.add_paths(text, &mut spans);
        self.add_statements(text, &mut spans);
        self.add_markup(text, &mut spans);
        self.add_settings(text, &mut spans);
        // A line alone is no table.
        if scope.nesting == 0 {
            self.add_columns(text, &mut spans);
        }
        self.add_encoded(text, scope, &mut spans);
        self.add_patterns(text, &mut spans);
        spans
    }

    fn add_patterns(&self, text: &[u8], spans: &mut Spans) {
        // A part of a mark is no secret.
        let starts = |text| memchr::memmem::find_iter(text, MARK.as_bytes());
        let marks: Vec<usize> = if self.settings.patterns.is_empty() { Vec::new() } else { starts(text).collect() };
        let is_mark = |span: &Range<usize>| {
            let before = marks.partition_point(|start| *start <= span.start).checked_sub(1);
            before.and_then(|at| marks.get(at)).is_some_and(|start| span.end <= start + MARK.len() + MARK_DIGITS)
        };
        for pattern in &self.settings.patterns {
            for groups in pattern.captures_iter(text) {
                let secret = groups.get(1).or(groups.get(0));
                if let Some(secret) = secret.filter(|secret| !is_mark(&secret.range())) {
                    spans.push((secret.range(), SecretKind::OwnPattern));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::redact::tests::redactor;

    /// Checks texts, in which `«x»` is a secret.
    #[test]
    fn secrets_are_found_in_texts_of_all_kinds() {
        let own = redactor();
        for marked in [
            "Authorization: Bearer «abc.def-ghi»\r\n",
            "authorization: Basic «YWxpY2U6eA==»\r\nHost: a\r\n",
            "Proxy-Authorization: Digest «username=\"a\", response=\"x y\"»\r\n",
            "Cookie: sid=«a b»; theme=«dark»; «lone»\r\n",
            "Set-Cookie: sid=«abc»; Path=/; HttpOnly\r\n",
            "X-API-Key: «abc def»\r\n",
            "X-Own: «a value»\r\n",
            r#"x = {"GRÖSSE":"a","GRÖßE":"«b»","名前":"c"}"#,
            "x = {\"GRO\u{308}SSE\":\"a\",\"gro\u{308}ße\":\"«b»\"}",
            "GET /login?user=bob&password=«a,(b)'c»&next=/ HTTP/1.1",
            "/a?access_token=«x%20y#top»",
            "user=bob&password=«a%26b%2626»&next=%2Fa%3Ftoken%3D«x»%26b%3Dc",
            "/a?to=%2Fb%3Fpassword%3D«x»%26c%3Dd",
            "user=bob&user%5Bpassword%5D=«x»&a=b",
            r#"x = {"user":"bob","password":"«a b, c»","n":1}"#,
            r#"42["auth",{"token":"«a»"}] and )]}' {"pin":"«1»"}"#,
            "x = {\"token\" : \"«123»\", \"n\":1, \"pin\":\n  \"«x»\", \"password\":null}",
            r#"x = {"passwords":["«a]b»", {"c":"«d»"}],"n":1}"#,
            r#"{\"secret\":{«\"a\":\"b}\"»},\"n\":1}"#,
            r#"x = {"secret":{"a":"«not closed»"#,
            r#"x = {"body":"{\"password\":\"«a b»\",\"n\":1}"}"#,
            "postgresql://bob:«x»@host/db?a=b",
            "http://bob:«x/PW»@host/a, http://bob:«p?w#d/»@host and http://host:80/a@b, http://[::1]:80/a@b",
            "bob:«x»@a.test:8080",
            "CONNECT bob:«x»@a.test:443 HTTP/1.1",
            "Header: :authority: bob:«x»@a.test",
            "see https://«tok»@a.test/ and https://«a.b.c.d.e.f.g.h.i.j.k»@a.test/",
            "https://bob.smith@a.test/",
            "/a?pass%77ord=«x»&b=c",
            "Cookie: sid=«a»;\r\n theme=«b»\r\nHost: a\r\n",
            "X-Secret: «a\r\n b»\r\nHost: a\r\n",
            "[db]\npassword = «two words»\nuser = bob",
            "url=http%3A%2F%2Fbob%3A«x»%40host",
            "host=h password='«a b»' user=bob",
            "see eyJ«»",
            "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«a\r\nb»\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nParis\r\n--b--",
            "--b\r\nContent-Disposition: form-data; filename=\"a.txt\"; name=\"token\"\r\n\r\n«x\r\n--\r\n-- y»\r\n--b--",
            "X-Part: 1\r\nContent-Disposition: form-data; filename=a; name=token\r\n\r\n«x»",
            "user[password]=«x»&user%5Bpin%5D=«y»&passwords[]=«z»&token%5B0%5D=«w»&a[b]=c",
            "user[credentials][x]=«y»",
            "<password><![CDATA[«a]b <c>»]]></password><a>b</a>",
            "<meta name=\"csrf-token\" content=\"«x y»\"><meta name=\"viewport\" content=\"width\">",
            "<input value=\"«x y»\" type=\"hidden\" name='csrf'><input name=\"a\" value=\"b\">",
            "<login><password type=\"p\">«a b»</password><name>bob</name></login>",
            "<input name=\"csrf\" value=\"«x y»\">",
            "<input name=csrf type=hidden value=«x\"y» /><input value='«it\"s»' id=token><input name=city value=Paris>",
            r#"x = [{"name":"token","value":"«x»"}, {"value":"«y»","name":"pin"}]"#,
            "deploy with «ACME-123» now",
            "-----BEGIN PRIVATE KEY-----«\nabc\n»-----END PRIVATE KEY-----",
            "password=«a\"b<c»&user=bob",
            "/a?token=«a\"b»&c=d",
            "GET /a?token=«a<b» HTTP/1.1",
            "https://a.test/a?pass%2Dword=«\"a\"b»&c=d",
            "<a href=\"/a?token=«x»\">b</a>",
            "DB_PASSWORD=«a&b <c>»\nexport API_TOKEN=\"«a b»\"\nA=b",
            "db:\n  password: «two words»\n  user: bob\n  token: «a\n    b»\n  c: d",
            "key=short&code=404&key=«0123456789abcdef»",
        ] {
            let text: String = marked.replace(['«', '»'], "");
            let mut expected = Vec::new();
            for (nth, part) in marked.split(['«', '»']).enumerate() {
                let mark = |part: &str| own.mark(crate::redact::SecretKind::Token, part.as_bytes());
                expected.extend(if nth % 2 == 1 && !part.is_empty() { mark(part) } else { part.as_bytes().to_vec() });
            }
            let found = own.text(text.as_bytes()).unwrap_or_else(|| text.clone().into_bytes());
            assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&expected), "{text}");
            // Marks are no secrets.
            assert_eq!(own.text(&found).unwrap_or_else(|| found.clone()), found, "{text}");
        }
    }

    #[test]
    fn lines_that_resemble_secrets_stay() {
        let own = redactor();
        for text in [
            "src/main.rs:10:5: warning: unused",
            "12:30:45:123:56",
            "00:11:22:33:44:55",
            "http://a.test:80/b:c:d",
            "root:x:0:0:root:/root:/bin/sh",
            "the user logs in, and the 2 login pages stay",
            "USER bob\nQUIT",
            "AUTH PLAIN LOGIN is offered by 250 servers",
            "enable the service 5 times",
            "an interface with a key 7 of 9 and a switch",
            "x=secret1&y=secret1",
        ] {
            assert_eq!(own.text(text.as_bytes()).map(|own| String::from_utf8_lossy(&own).into_owned()), None, "{text}");
        }
    }

    #[test]
    fn only_ampersands_separate_the_values_of_a_form() {
        let own = redactor();
        let form = own.form(b"a=b c&password=\"a\" <b&pass%2Dword=\"a\" <b&c=d").expect("a change");
        let mark = own.mark(crate::redact::SecretKind::Token, b"\"a\" <b");
        assert_eq!(form, [&b"a=b c&password="[..], &mark, b"&pass%2Dword=", &mark, b"&c=d"].concat());
    }

    #[test]
    fn texts_of_any_length_are_read_once() {
        let own = redactor();
        for part in [
            "a=\"",
            "name=\"a\r\n",
            "<a b",
            "password=\"a\\",
            "://a:",
            "\"name\":\"a\",",
            "-----BEGIN PRIVATE KEY-----",
            "a=b;",
            "a:b,",
            "{\"a\":",
            "\"a\":[",
            "key=",
            "\"token\":[",
            "password=%26",
            "name=a,",
            "value=a,",
            "- value: a\n",
            "password:\n",
            "password: a\n  b\n",
            "a,password\n",
            "select ",
            "select '",
            "insert into ",
            "--b\n",
            "--b\n\n",
            "&lt;",
            "a=%41&",
            "[secret]\n",
            "<password>",
            "<key>password</key>",
            "--token \"",
            "--token 'a\\",
            "--token \\\n",
            " --token a'",
            "curl -u ",
            "curl -u a:\"b\" ",
            "mysql -p\n",
            "login -p \\\n",
            "echo a | ",
            "ENV token \\\n",
            "f('token',\"",
            "token:{",
            "token:{'",
            "key:[a ",
            "\"token: a",
            "'key=",
            "\\u0022token\\u0022:",
            "\\x22a",
            "/reset/",
            "/reset/0123456789abcdef",
            "x=%7B%22token%22%3A%22a%22%7D&",
            "create user ",
            "identified by ",
            "set token to ",
            "<p name=token><x>",
            "<p name=a v=b>",
            "<param name=a>",
            ";password=a ",
            "password: Some(\"",
            "token=a(b(",
            "setToken(\"",
            ":token \\",
            "1-1 is your ",
            "code 1-",
            "code 1 to ",
            "token \"a",
            "$token: String! = ",
            "/reset/17/",
            "/reset/17/0123456789abcdef",
            "Private-Lines: 1 ",
            "eyJaaaaaaaa.",
            "v1.local.",
            "smb -U a%",
            "a\\\n",
            "password=a\\\n",
            "identified by a replace ",
            "{\"title\":\"token\",\"a\":[",
            "\\\\\"token: a",
            "{\"op\":\"add\",\"path\":\"/a/token/b\",\"value\":[",
            "variable \"token\" {",
            "password for a ",
            "token = a ? ",
            "token = a + 'b' + ",
            "user  token\n",
            "a  token  ",
            "+--+\n",
            "$2b$0123456789abcdef",
            "password ?= ",
            "token ||= 'a",
            "[{\"a\":1},\"b\",",
            "{\"method\":\"login\",\"params\":[",
            "[\"-p\",\"-",
            "\ndata: {",
            "token=a\\\n ",
            "? token\n",
            "<methodName>login</methodName>",
            "#define token \"",
            "a=b; c=d?token=",
            "USER a\n",
            "USER a\nPASS ",
            "auth plain\n",
            "334 UGFzc3dvcmQ6\n",
            "1 login \"a",
            "1 login a 1 login ",
            "machine a login b ",
            "machine a password ",
            "a:1:b:c:",
            "a:1:b:c:d\n",
            "username a password 7 ",
            "enable secret 5 a\n",
            "password=secret&a=secret&",
            "--b\ncontent-disposition: form-data; name=token\n\nsecret\n",
        ] {
            own.text(part.repeat(20_000).as_bytes());
        }
    }
}
