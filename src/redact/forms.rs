//! Secrets that are known by their form, and names that stand apart from their values.

use super::Redactor;
use super::names::SecretKind;
use super::text::Spans;
use regex::bytes::Regex;
use std::sync::LazyLock;

pub(super) fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// Length from which a user of a URL without a password is a token.
const TOKEN_LEN: usize = 20;

/// A form, with what a text has in which it is.
struct FormPattern {
    regex: Regex,
    form: Form,
    /// Sets of bytes: the text has one of each.
    bytes: &'static [&'static str],
}

/// Forms in which a name and its value stand apart, and tokens that are known by their form. The last group is the secret.
static FORMS: LazyLock<Vec<FormPattern>> = LazyLock::new(|| {
    let forms: [(&str, Form, &'static [&'static str]); 15] = [
        // {name: 'token', value: 'x'} in a text that is not JSON.
        (
            concat!(
                r#"(?i-u)["']?\b(?:name|key|id|field|k|n|header|label|param|property|variable)\\?["']?\s*(?:[:=]|=>)\s*\\?["']?([\w.$\- ]{1,64})\\?["']?"#,
                r#"\s*[,;][^{}]*?\b(?:value|v|val|content|default)\\?["']?\s*(?:[:=]|=>)\s*(?:\\?["'])?((?:[^"',}\n\\]|\\[^"'])+)"#
            ),
            Form::Named,
            &[",;", ":="],
        ),
        (
            concat!(
                r#"(?i-u)["']?\b(?:value|v|val|content|default)\\?["']?\s*(?:[:=]|=>)\s*(?:\\?["'])?((?:[^"',}\n\\]|\\[^"'])+)\\?["']?"#,
                r#"\s*[,;][^{}]*?\b(?:name|key|id|field|k|n|header|label|param|property|variable)\\?["']?\s*(?:[:=]|=>)\s*\\?["']?([\w.$\- ]{1,64})"#
            ),
            Form::NamedLast,
            &[",;", ":="],
        ),
        // scheme://user:password@host
        (r#"(?-u)://[^\s/?#@"'<>]*?:([^\s/?#"'<>]+)@"#, Form::Secret(SecretKind::Password), &["@", ":", "/"]),
        // scheme://user:password@host, with a slash in the password. What is before the slash is no port.
        (
            r#"(?-u)://[^\s/?#@:"'<>\[]*:([^\s/?#@"'<>]*[^\s/?#@"'<>0-9][^\s/?#@"'<>]*[/?#][^\s@"'<>]*)@"#,
            Form::Secret(SecretKind::Password),
            &["@", ":", "/"],
        ),
        // scheme://token@host
        (r#"(?-u)://([^\s/?#@:"'<>]+):?@"#, Form::User, &["@", ":", "/"]),
        // The target of CONNECT, and lines of authorities.
        (
            r#"(?i-u)(?:\bconnect |\b(?:authority|host)"?[:=]? ?"?)[^\s/?#@:"]*:([^\s/?#@"]+)@"#,
            Form::Secret(SecretKind::Password),
            &["@", ":"],
        ),
        // An authority alone.
        (r"(?-u)\A[^\s/?#@:]+:([^\s/?#@]+)@[A-Za-z0-9.\-\[\]:]+\z", Form::Secret(SecretKind::Password), &["@", ":"]),
        (r"(?i-u)%3A%2F%2F(?:[^&\s/]*?)%3A([^&\s]+?)%40", Form::Secret(SecretKind::Password), &["%"]),
        (
            r"(?i-u)\b(?:bearer|basic|negotiate|ntlm|apikey|token)(?:[ +,]|%20)+([A-Za-z0-9._~+/=\-]{8,})",
            Form::Secret(SecretKind::Authorization),
            &[" +,%"],
        ),
        // The subprotocol of WebSocket by which Kubernetes authorizes.
        (
            r"(?i-u)bearer\.authorization\.k8s\.io\.([A-Za-z0-9_\-]+)",
            Form::Secret(SecretKind::Authorization),
            &["8", "."],
        ),
        (
            r"(?-u)(eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?)",
            Form::Secret(SecretKind::Token),
            &["J", "."],
        ),
        (r"(?s-u)-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)(?:-----END|\z)", Form::Secret(SecretKind::Key), &["K", "-"]),
        // PASSWORD 'x' and IDENTIFIED BY 'x' in a part of a statement.
        (
            r#"(?i-u)\b(?:password|identified\s+(?:with\s+\S+\s+)?(?:by|as))\s+(?:password\s+)?\\?['"]((?:[^'"\\]|\\.|'')+)"#,
            Form::Secret(SecretKind::Password),
            &["'\""],
        ),
        (r"(?-u)\b(AKIA[0-9A-Z]{16})\b", Form::Secret(SecretKind::Key), &["K", "A"]),
        (
            r"(?-u)\b(gh[pousr]_[A-Za-z0-9]{20,}|sk_live_[A-Za-z0-9]{8,}|xox[abprs]-[A-Za-z0-9\-]{8,})",
            Form::Secret(SecretKind::Key),
            &["_-"],
        ),
    ];
    let compiled =
        forms.into_iter().map(|(pattern, form, bytes)| Some(FormPattern { regex: regex(pattern)?, form, bytes }));
    compiled.flatten().collect()
});

#[derive(Clone, Copy, Debug)]
enum Form {
    /// The first group is a name, the second its value.
    Named,
    /// The first group is a value, the second its name.
    NamedLast,
    Secret(SecretKind),
    /// The first group is a user without a password: a token, if it does not look like a name.
    User,
}

impl Redactor {
    /// Adds the secrets that are known by their form.
    pub(super) fn add_forms(&self, text: &[u8], spans: &mut Spans) {
        // Most texts have few signs, and so few forms.
        let mut has = [false; 256];
        text.iter().for_each(|&byte| has.get_mut(usize::from(byte)).into_iter().for_each(|has| *has = true));
        let has_any = |set: &&str| set.bytes().any(|byte| has.get(usize::from(byte)).is_some_and(|has| *has));
        for pattern in FORMS.iter().filter(|pattern| pattern.bytes.iter().all(has_any)) {
            for groups in pattern.regex.captures_iter(text) {
                match (pattern.form, groups.get(1), groups.get(2)) {
                    (Form::Named, Some(name), Some(value)) | (Form::NamedLast, Some(value), Some(name)) => {
                        let range = value.range();
                        if let Some(kind) = self.kind_of(name.as_bytes(), value.as_bytes()) {
                            spans.push((range, kind));
                        }
                    }
                    (Form::User, Some(user), _) if user.len() >= TOKEN_LEN || !user.as_bytes().contains(&b'.') => {
                        spans.push((user.range(), SecretKind::Token));
                    }
                    (Form::Secret(kind), Some(secret), _) => spans.push((secret.range(), kind)),
                    _ => {}
                }
            }
        }
    }
}
