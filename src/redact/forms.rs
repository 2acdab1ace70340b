//! Secrets that are known by their form, and names that stand apart from their values.

use super::Redactor;
use super::named::content_range;
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
const WITHOUT_WORD: [&str; 11] = ["@", "%", "/", ":", "J", "K", "IA", "_-z9.", "$", "U", "-"];

/// Words that texts with names of secrets have, with those of commands and schemes.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(concat!(
        "(?i-u)pass|secret|token|key|auth|login|community|cred|cookie|csrf|xsrf|sess|sign|assert|saml|otp|pin|pwd|pw|code|jwt|sig|cvv|cvc|mfa|",
        "hmac|bearer|sid|state|nonce|senha|kennwort|contrase|motde|wachtwoord|-bin|identified|mnemonic|phrase|captcha|turnstile|ticket|dpop|plaintext|wresult|basic|negotiate|ntlm|mysql|mariadb"
    ))
});

/// Forms in which a name and its value stand apart, and tokens that are known by their form. The last group is the secret.
static FORMS: LazyLock<Vec<FormPattern>> = LazyLock::new(|| {
    let forms: [(&str, Form, &'static [&'static str]); 45] = [
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
        (r#"(?-u)//[^\s/?#"'<>]*?:([^\s/?#"'<>]+)@"#, Form::Secret(SecretKind::Password), &["@", ":", "/"]),
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
            r#"(?i-u)\b(?:bearer|basic|negotiate|ntlm|apikey|token)(?:[ +,]|%20)+["']?([A-Za-z0-9._~+/=\-]{8,})"#,
            Form::Secret(SecretKind::Authorization),
            &[" +,%"],
        ),
        // Webhooks of Slack and Discord, and bots of Telegram.
        (
            r"(?-u)(?:hooks\.slack\.com/\w+/|/services/T\w+/B\w+/|/api/webhooks/[0-9]+/)([\w/\-]+)",
            Form::Secret(SecretKind::Token),
            &["/"],
        ),
        (r"(?-u)bot[0-9]{6,}:([A-Za-z0-9_\-]{20,})", Form::Secret(SecretKind::Token), &[":"]),
        // A database of Oracle: user/password@host.
        (r"(?-u)jdbc:oracle:\w+:[^\s/@]+/([^\s@]+)@", Form::Secret(SecretKind::Password), &[":", "@"]),
        // Codes in messages.
        (
            r"(?i-u)\b(?:verification|security|access|login|confirmation|sign-?in|authentication|one-?time)\s+(?:pass)?code\s*(?:is)?:?\s+([A-Z0-9\-]*[0-9][A-Z0-9\-]*)",
            Form::Secret(SecretKind::Password),
            &[" "],
        ),
        (
            r"(?i-u)\b([A-Z0-9\-]*[0-9][A-Z0-9\-]*)\s+is\s+(?:your|the)\s+(?:[\w\-]+\s+){0,4}(?:code|pin|otp|password|passcode)\b",
            Form::Secret(SecretKind::Password),
            &[" "],
        ),
        (r"(?i-u)\bcode\s+([A-Z0-9\-]*[0-9][A-Z0-9\-]*)\s+to\s", Form::Secret(SecretKind::Password), &[" "]),
        (
            r#"(?i-u)\b(?:token|password|passcode|secret|api key)\s+(?:["']([^"'\n]{4,})["']|`([^`\n]{4,})`)"#,
            Form::Secret(SecretKind::Password),
            &["\"'`"],
        ),
        (
            r#"(?i-u)\b([a-z_][\w\-]{0,40}(?:password|passcode|passphrase|token|secret|key))[ \t]+["']([^"'\n]{4,})["']"#,
            Form::Named,
            &["\"'`"],
        ),
        // Serialized objects of PHP.
        (r#"(?-u)"([\w.\-]{1,64})";s:[0-9]+:"([^"]*)"#, Form::Named, &[";", "\""]),
        // The name of a source of the database driver of Go.
        (r#"(?-u):([^\s:@/"']+)@(?:tcp|unix|udp)\("#, Form::Secret(SecretKind::Password), &["@", "("]),
        // Lines of a name and a value.
        (
            concat!(
                r"(?im-u)^[ \t]*(password|passwd|passphrase|passcode|secret|token|pass|pin|otp|apikey|auth|requirepass|masterauth)",
                r#"[ \t]+["']?([^\s:="'](?:[^\s"']*|[^\n"']*["']))[ \t\r]*$"#
            ),
            Form::Line,
            &[" \t"],
        ),
        // A line of .netrc, whose words may be in several lines.
        (
            r"(?i-u)\b(?:login|machine)\s+\S+(?:\s+(?:login|account)\s+\S+)*\s+password\s+(\S+)",
            Form::Secret(SecretKind::Password),
            &[" \t\n"],
        ),
        // A line of .pgpass: host:port:database:user:password.
        (
            r"(?m-u)^[^\s:#/]+:(?:[0-9]{1,5}|\*):[^\s:]+:[A-Za-z_*][\w.@\-]*:((?:[^\s:\\]|\\.)+)[ \t\r]*$",
            Form::Secret(SecretKind::Password),
            &[":"],
        ),
        // Commands of mail and file transfer: a1 LOGIN user x, PASS x after USER, AUTH PLAIN x. What the server sends may be between them.
        (
            r#"(?im-u)(?:^|[:>])[ \t]*[A-Z]{0,8}[0-9]{1,9}[ \t]+login[ \t]+(?:"(?:[^"\\\n]|\\.)*"|\S+)[ \t]+("(?:[^"\\\n]|\\.)*"|[^\s"]\S*)[ \t\r]*$"#,
            Form::Quoted,
            &[" \t"],
        ),
        (
            r"(?m-u)\bUSER[ \t]+\S+[ \t\r]*\n(?:[^\n]*\n){0,2}?[^\n]{0,40}?\bPASS[ \t]+([^\s][^\r\n]*?)[ \t\r]*$",
            Form::Secret(SecretKind::Password),
            &["\n"],
        ),
        (
            concat!(
                r"(?im-u)\bauth(?:enticate)?[ \t]+(?:plain|login|xoauth2|oauthbearer|cram-md5)[ \t\r]*\n(?:[^\n]{0,40}?(?:\b334|\+)[^\n]*\n)?",
                r"[^\n]{0,40}?\b([A-Za-z0-9+/=]{8,})[ \t\r]*$"
            ),
            Form::Secret(SecretKind::Password),
            &["\n"],
        ),
        // The answer to "Password:" in base 64.
        (
            r"(?m-u)\b334[ \t]+UGFzc3dvcmQ6[ \t\r]*\n[^\n]{0,40}?\b([A-Za-z0-9+/=]{4,})[ \t\r]*$",
            Form::Secret(SecretKind::Password),
            &["U"],
        ),
        // Settings of routers: username x password 7 y, enable secret y, snmp-server community y.
        (
            concat!(
                r"(?im-u)^[ \t]*(?:enable|username[ \t]+\S+(?:[ \t]+privilege[ \t]+[0-9]+)?|neighbor[ \t]+\S+|(?:tacacs|radius)\S*(?:[ \t]+\S+){0,3}?)?",
                r"[ \t]*\b(?:secret|password|key|key-string|pre-shared-key)[ \t]+[0-9]{1,2}[ \t]+(\S+)[ \t\r]*$"
            ),
            Form::Secret(SecretKind::Password),
            &[" \t"],
        ),
        (
            r"(?im-u)^[ \t]*(?:enable|username[ \t]+\S+(?:[ \t]+privilege[ \t]+[0-9]+)?)[ \t]+(?:secret|password)[ \t]+(?:level[ \t]+[0-9]+[ \t]+)?(\S+)[ \t\r]*$",
            Form::Secret(SecretKind::Password),
            &[" \t"],
        ),
        (r"(?im-u)^[ \t]*snmp-server[ \t]+community[ \t]+(\S+)", Form::Secret(SecretKind::Password), &["-"]),
        (
            r"(?im-u)^[ \t]*user(?:name)?[ \t]+[\w.@\-]+[ \t]+password[ \t]+(\S+)[ \t\r]*$",
            Form::Secret(SecretKind::Password),
            &[" \t"],
        ),
        // A sentence such as "Your password is x".
        (
            concat!(
                r#"(?i-u)\b(?:password|passcode|passphrase|pin|code|token|secret|key)\s+"#,
                r#"(?:(?:for|of)\s+\S+\s+)?(?:(?:is|was)\s+(?:now|(?:set|changed|reset)\s+to)|is|was|will\s+be|has\s+been\s+\w+\s+to):?"#,
                r#"\s+["'`*]*([^\s"'`*<>]+)"#
            ),
            Form::Sentence,
            &[" "],
        ),
        // A variable of Terraform: variable "db_password" { default = "x" }.
        (
            concat!(
                r#"(?-u)\b(?:variable|resource|data|output|secret)[ \t]+"([\w.\-]{1,64})"(?:[ \t]+"[\w.\-]{1,64}")?"#,
                r#"[ \t]*\{[^{}]*?\b(?:default|value|content|data)[ \t]*=[ \t]*"?([\[{][^\n]*|[^"\n]+)"#
            ),
            Form::Named,
            &["{", "="],
        ),
        // Hashes of passwords, as crypt(3) writes them.
        (
            r"(?-u)(\$(?:2[abxy]?|[1567y]|apr1|md5|sha1|argon2\w*|scrypt|pbkdf2[\w\-]*)\$[\w./$+=,\-]{16,})",
            Form::Secret(SecretKind::Password),
            &["$"],
        ),
        // An element of AUTH in a list of commands.
        (
            r"(?i-u)\bauth(?:enticate)?[ \t]+(?:plain|login|xoauth2|oauthbearer|cram-md5)[ \t]+([A-Za-z0-9+/=]{8,}\S*)",
            Form::Secret(SecretKind::Password),
            &[" "],
        ),
        // The subprotocol of WebSocket by which Kubernetes authorizes.
        (
            r"(?i-u)bearer\.authorization\.k8s\.io\.([A-Za-z0-9_\-]+)",
            Form::Secret(SecretKind::Authorization),
            &["8", "."],
        ),
        (r"(?-u)(eyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){1,4})", Form::Secret(SecretKind::Token), &["J", "."]),
        (
            r"(?s-u)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END|\z)",
            Form::Secret(SecretKind::Key),
            &["K", "-"],
        ),
        (r"(?s-u)Private-Lines: [0-9]+\s+(.*?)(?:Private-MAC|\z)", Form::Secret(SecretKind::Key), &[":", "P"]),
        // PASSWORD 'x' and IDENTIFIED BY 'x' in a part of a statement.
        (
            r#"(?i-u)\b(?:password|identified\s+(?:with\s+\S+\s+)?(?:by|as))\s+(?:password\s+)?\\?['"]((?:[^'"\\]|\\.|'')+)"#,
            Form::Secret(SecretKind::Password),
            &["'\""],
        ),
        // The same without quotes, and SET name TO x.
        (
            r#"(?i-u)\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)?([^\s'"`;,()]+)"#,
            Form::Sentence,
            &["iI"],
        ),
        (r#"(?i-u)\bidentified\s+by\s+\S+\s+replace\s+["']?([^\s'";]+)"#, Form::Secret(SecretKind::Password), &["iI"]),
        (
            r#"(?i-u)\b(?:create|alter)\s+(?:role|user|login|group|database|server)\s[^;]*?\bpassword\s*=?\s*([^\s'"`;,()=]+)"#,
            Form::Sentence,
            &[" \t\n"],
        ),
        (
            r#"(?i-u)\bset\s+(?:(?:session|local|global|persist)\s+)?([@\w.`"\-]+)\s*(?::?=|\sto\s)\s*([^\s'";,]+)"#,
            Form::Named,
            &[" \t\n"],
        ),
        (r"(?-u)\b(A[KS]IA[0-9A-Z]{16})\b", Form::Secret(SecretKind::Key), &["IA", "A"]),
        (
            concat!(
                r"(?-u)\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{8,}|",
                r"whsec_[\w+/=]{8,}|gl[a-z]{1,8}-[\w\-]{16,}|npm_[A-Za-z0-9]{30,}|AIza[\w\-]{35}|",
                r"ya29\.[\w\-]{16,}|sk-[\w\-]{20,}|xox[abeoprs][.\-][A-Za-z0-9\-.]{8,}|xapp-[\w\-]{16,}|",
                r"SG\.[\w\-]{8,}\.[\w\-]{8,}|hv[sbr]\.[\w\-]{16,}|hf_[A-Za-z0-9]{20,}|",
                r"shp[a-z]{2}_[A-Za-z0-9]{16,}|dop_v1_\w{16,}|pypi-[\w\-]{16,}|dckr_[a-z]{3}_[\w\-]{16,}|",
                r"ATATT[\w\-=]{16,}|lin_api_\w{16,}|sq0[a-z]{3}-[\w\-]{16,}|xkeysib-[\w\-]{16,}|PMAK-[\w\-]{16,}|",
                r"tskey-[\w\-]{16,}|figd_[\w\-]{16,}|gsk_\w{16,}|v[1-4]\.(?:local|public)\.[\w\-]{16,}|",
                r"AGE-SECRET-KEY-\w{16,})",
            ),
            Form::Secret(SecretKind::Key),
            &["_-z9."],
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
    /// The second group is a secret, with a quote at its end or not.
    Line,
    /// The first group is a secret, in quotes or not.
    Quoted,
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
                    (Form::Line, _, Some(value)) => {
                        let quote = usize::from(matches!(value.as_bytes().last(), Some(b'"' | b'\'')));
                        spans.push((value.start()..value.end() - quote, SecretKind::Password));
                    }
                    (Form::Quoted, Some(value), _) => {
                        spans.push((content_range(text, value.range()), SecretKind::Password));
                    }
                    (Form::User, Some(user), _) if user.len() >= TOKEN_LEN || !user.as_bytes().contains(&b'.') => {
                        spans.push((user.range(), SecretKind::Token));
                    }
                    (Form::Sentence, Some(word), _) if !is_usual(word.as_bytes()) => {
                        // The sentence may end with the word.
                        let end = usize::from(word.as_bytes().last().is_some_and(|byte| b".,;".contains(byte)));
                        spans.push((word.start()..word.end() - end, SecretKind::Password));
                    }
                    (Form::Secret(kind), Some(secret), _) | (Form::Secret(kind), None, Some(secret)) => {
                        spans.push((secret.range(), kind))
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Words that follow "the password is" and are no secrets.
const USUAL: [&[u8]; 41] = [
    b"here",
    b"below",
    b"sent",
    b"stored",
    b"changed",
    b"reset",
    b"enabled",
    b"disabled",
    b"expire",
    b"null",
    b"random",
    b"values",
    b"password",
    b"for",
    b"default",
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

pub(super) fn is_usual(word: &[u8]) -> bool {
    let word = word.trim_ascii_end();
    let len = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = word.get(len..).unwrap_or_default();
    let own = word.get(..len).unwrap_or_default();
    rest.iter().all(u8::is_ascii_punctuation) && USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(own))
}
