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
    /// The text has a word of [`WORDS`].
    has_word: bool,
}

/// First sets of the forms that have no word.
const WITHOUT_WORD: [&str; 7] = ["@", "%", "/", ":", "J", "K", "_-z9"];

/// Words that texts with names of secrets have, with those of commands and schemes.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(concat!(
        "(?i-u)pass|secret|token|key|auth|cred|cookie|csrf|xsrf|sess|sign|assert|saml|otp|pin|pwd|pw|code|jwt|sig|cvv|cvc|mfa|",
        "hmac|bearer|sid|state|nonce|senha|kennwort|contrase|motde|wachtwoord|-bin|basic|negotiate|ntlm|mysql|mariadb"
    ))
});

/// Forms in which a name and its value stand apart, and tokens that are known by their form. The last group is the secret.
static FORMS: LazyLock<Vec<FormPattern>> = LazyLock::new(|| {
    let forms: [(&str, Form, &'static [&'static str]); 27] = [
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
        // scheme://user:password@host, and the same without a scheme.
        (r#"(?-u)//[^\s/?#@"'<>]*?:([^\s/?#"'<>]+)@"#, Form::Secret(SecretKind::Password), &["@", ":", "/"]),
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
        // Webhooks of Slack and Discord, and bots of Telegram.
        (
            r"(?-u)(?:hooks\.slack\.com/services/|/api/webhooks/[0-9]+/)([\w/\-]+)",
            Form::Secret(SecretKind::Token),
            &["/"],
        ),
        (r"(?-u)bot[0-9]{6,}:([A-Za-z0-9_\-]{30,})", Form::Secret(SecretKind::Token), &[":"]),
        // Options of commands: --password x, curl -u user:x, mysql -px, sshpass -p x.
        (r#"(?-u)(?:\A|[\s"'])--?([A-Za-z][\w\-]{1,63})(?:[ \t]+|=)["']?([^\s"'\-][^\s"']*)"#, Form::Named, &["-"]),
        (
            r#"(?-u)\s(?:-u|--user|--proxy-user)[ =]+["']?[^\s:"']+:([^\s"']+)"#,
            Form::Secret(SecretKind::Password),
            &[":", "-"],
        ),
        (
            r#"(?-u)\b(?:mysql\w*|mariadb\w*|sshpass)\b[^\n]*?\s-p ?([^\s"']+)"#,
            Form::Secret(SecretKind::Password),
            &["-"],
        ),
        // setItem('token', 'x'), define("PASSWORD", "x").
        (
            r#"(?-u)\(\s*\\?["']([\w.$\-]{1,64})\\?["']\s*,\s*\\?["']((?:[^"'\\\n]|\\[^"'])+)"#,
            Form::Named,
            &["(", ",", "'\""],
        ),
        // Serialized objects of PHP.
        (r#"(?-u)"([\w.\-]{1,64})";s:[0-9]+:"([^"]*)"#, Form::Named, &[";", "\""]),
        // The name of a source of the database driver of Go.
        (r#"(?-u):([^\s:@/"']+)@(?:tcp|unix|udp)\("#, Form::Secret(SecretKind::Password), &["@", "("]),
        // Lines of a name and a value.
        (
            r"(?im-u)^[ \t]*(password|passwd|passphrase|passcode|secret|token|pass|pin|otp|apikey|auth)[ \t]+([^\s:=][^\s]*)[ \t\r]*$",
            Form::Named,
            &[" \t"],
        ),
        (r"(?i-u)\blogin\s+\S+\s+password\s+(\S+)", Form::Secret(SecretKind::Password), &[" \t\n"]),
        // A sentence such as "Your password is x".
        (
            r#"(?i-u)\b(?:password|passcode|passphrase|pin|code|token|secret|key)\s+is:?\s+["']?([^\s"'<>]+)"#,
            Form::Sentence,
            &[" "],
        ),
        // An element of AUTH in a list of commands.
        (r"(?i-u)\bauth\s+(?:plain|login|xoauth2|cram-md5)\s+(\S+)", Form::Secret(SecretKind::Password), &[" "]),
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
            r"(?-u)\b(gh[pousr]_[A-Za-z0-9]{20,}|[sr]k_live_[A-Za-z0-9]{8,}|glpat-[\w\-]{16,}|npm_[A-Za-z0-9]{30,}|AIza[\w\-]{35}|ya29\.[\w\-]{16,}|sk-[\w\-]{20,}|xox[abprs]-[A-Za-z0-9\-]{8,})",
            Form::Secret(SecretKind::Key),
            &["_-z9"],
        ),
    ];
    let compiled = forms.into_iter().map(|(pattern, form, bytes)| {
        let has_word = !bytes.first().is_some_and(|first| WITHOUT_WORD.contains(first));
        Some(FormPattern { regex: regex(pattern)?, form, bytes, has_word })
    });
    compiled.flatten().collect()
});

#[derive(Clone, Copy, Debug)]
enum Form {
    /// The first group is a name, the second its value.
    Named,
    /// The first group is a value, the second its name.
    NamedLast,
    Secret(SecretKind),
    /// The first group is a secret, if it is no usual word.
    Sentence,
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
        let has_word = !self.names.is_empty() || WORDS.as_ref().is_none_or(|words| words.is_match(text));
        let may_have = |pattern: &&FormPattern| (has_word || !pattern.has_word) && pattern.bytes.iter().all(has_any);
        for pattern in FORMS.iter().filter(may_have) {
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
                    (Form::Sentence, Some(word), _) if !is_usual(word.as_bytes()) => {
                        spans.push((word.range(), SecretKind::Password));
                    }
                    (Form::Secret(kind), Some(secret), _) => spans.push((secret.range(), kind)),
                    _ => {}
                }
            }
        }
    }
}

/// Words that follow "the password is" and are no secrets.
const USUAL: [&[u8]; 26] = [
    b"a",
    b"an",
    b"the",
    b"not",
    b"no",
    b"required",
    b"invalid",
    b"incorrect",
    b"wrong",
    b"missing",
    b"expired",
    b"empty",
    b"too",
    b"set",
    b"valid",
    b"weak",
    b"correct",
    b"used",
    b"unknown",
    b"your",
    b"being",
    b"only",
    b"now",
    b"already",
    b"needed",
    b"mandatory",
];

fn is_usual(word: &[u8]) -> bool {
    let word = word.trim_ascii_end();
    let len = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = word.get(len..).unwrap_or_default();
    let own = word.get(..len).unwrap_or_default();
    rest.iter().all(u8::is_ascii_punctuation) && USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(own))
}
