//! Names of secrets: of headers, parameters, form fields and members.

use hashbrown::HashMap;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Kind of a secret, for the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum SecretKind {
    Authorization,
    Cookie,
    Password,
    Token,
    Key,
    SqlValue,
    RedisValue,
    ProtobufText,
    OwnName,
    OwnPattern,
}

impl SecretKind {
    /// Returns its name for a number of them.
    pub(super) fn name(self, count: usize) -> &'static str {
        let (one, several) = match self {
            SecretKind::Authorization => ("authorization", "authorizations"),
            SecretKind::Cookie => ("cookie", "cookies"),
            SecretKind::Password => ("password", "passwords"),
            SecretKind::Token => ("token", "tokens"),
            SecretKind::Key => ("key", "keys"),
            SecretKind::SqlValue => ("value of SQL", "values of SQL"),
            SecretKind::RedisValue => ("value of Redis", "values of Redis"),
            SecretKind::ProtobufText => ("text of Protocol Buffers", "texts of Protocol Buffers"),
            SecretKind::OwnName => ("value of an own name", "values of own names"),
            SecretKind::OwnPattern => ("match of an own pattern", "matches of own patterns"),
        };
        if count == 1 { one } else { several }
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name(1))
    }
}

/// Parts of names, without signs and in lower case.
const PARTS: [(&str, SecretKind); 94] = [
    ("pincode", SecretKind::Password),
    ("hmac", SecretKind::Token),
    ("applicationkey", SecretKind::Key),
    ("appkey", SecretKind::Key),
    ("masterkey", SecretKind::Key),
    ("sharedkey", SecretKind::Key),
    ("signingkey", SecretKind::Key),
    ("serverkey", SecretKind::Key),
    ("servicekey", SecretKind::Key),
    ("storagekey", SecretKind::Key),
    ("licensekey", SecretKind::Key),
    ("webhookkey", SecretKind::Key),
    ("mnemonic", SecretKind::Key),
    ("seedphrase", SecretKind::Key),
    ("recoveryphrase", SecretKind::Key),
    ("oauthverifier", SecretKind::Token),
    ("captcharesponse", SecretKind::Token),
    ("turnstileresponse", SecretKind::Token),
    ("wpnonce", SecretKind::Token),
    ("mfacode", SecretKind::Password),
    ("2facode", SecretKind::Password),
    ("factorcode", SecretKind::Password),
    ("logincode", SecretKind::Password),
    ("confirmationcode", SecretKind::Password),
    ("requirepass", SecretKind::Password),
    ("masterauth", SecretKind::Password),
    ("password", SecretKind::Password),
    ("passwd", SecretKind::Password),
    ("passphrase", SecretKind::Password),
    ("passcode", SecretKind::Password),
    ("credential", SecretKind::Password),
    ("authorization", SecretKind::Authorization),
    ("authbasic", SecretKind::Authorization),
    ("cookie", SecretKind::Cookie),
    ("secret", SecretKind::Token),
    ("token", SecretKind::Token),
    ("csrf", SecretKind::Token),
    ("xsrf", SecretKind::Token),
    ("sessionid", SecretKind::Token),
    ("sessionkey", SecretKind::Token),
    ("sessid", SecretKind::Token),
    ("signature", SecretKind::Token),
    ("assertion", SecretKind::Token),
    ("apikey", SecretKind::Key),
    ("authkey", SecretKind::Key),
    ("accesskey", SecretKind::Key),
    ("privatekey", SecretKind::Key),
    ("subscriptionkey", SecretKind::Key),
    ("encryptionkey", SecretKind::Key),
    ("xauth", SecretKind::Token),
    ("passkey", SecretKind::Key),
    ("sshkey", SecretKind::Key),
    ("deploykey", SecretKind::Key),
    ("wifikey", SecretKind::Password),
    ("rsskey", SecretKind::Key),
    ("fastlykey", SecretKind::Key),
    ("pusherkey", SecretKind::Key),
    ("mashapekey", SecretKind::Key),
    ("totp", SecretKind::Password),
    ("otpcode", SecretKind::Password),
    ("onetimecode", SecretKind::Password),
    ("verificationcode", SecretKind::Password),
    ("securitycode", SecretKind::Password),
    ("accesscode", SecretKind::Password),
    ("authcode", SecretKind::Password),
    ("recoverycode", SecretKind::Password),
    ("activationcode", SecretKind::Password),
    ("resetcode", SecretKind::Password),
    ("passwort", SecretKind::Password),
    ("kennwort", SecretKind::Password),
    ("contrase", SecretKind::Password),
    ("motdepasse", SecretKind::Password),
    ("wachtwoord", SecretKind::Password),
    ("codeverifier", SecretKind::Password),
    ("devicecode", SecretKind::Password),
    ("usercode", SecretKind::Password),
    ("oobcode", SecretKind::Password),
    ("smscode", SecretKind::Password),
    ("backupcode", SecretKind::Password),
    ("newpass", SecretKind::Password),
    ("oldpass", SecretKind::Password),
    ("userpass", SecretKind::Password),
    ("loginpass", SecretKind::Password),
    ("userpin", SecretKind::Password),
    ("registryauth", SecretKind::Key),
    ("functionskey", SecretKind::Key),
    ("customerkey", SecretKind::Key),
    ("accountkey", SecretKind::Key),
    ("clientkeydata", SecretKind::Key),
    ("appcheck", SecretKind::Key),
    ("pwd", SecretKind::Password),
    ("securejson", SecretKind::Key),
    ("phxsession", SecretKind::Token),
    ("phxstatic", SecretKind::Token),
];

/// The word for a password in languages with other letters, as [`normalized_own`] has it.
const FOREIGN: [&str; 12] = [
    "пароль",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "비밀번호",
    "passwört",
    "kennwört",
    "lösenord",
    "şifre",
    "hasło",
    "סיסמה",
];

/// Whole names, and the length from which their values are secrets.
const WHOLE: [(&str, u8, SecretKind); 44] = [
    ("rememberme", 16, SecretKind::Token),
    ("dataclipboardtext", 8, SecretKind::Token),
    ("secwebsocketprotocol", 0, SecretKind::Token),
    ("sesskey", 0, SecretKind::Token),
    ("psk", 0, SecretKind::Password),
    ("passw", 0, SecretKind::Password),
    ("xsid", 0, SecretKind::Token),
    ("primarykey", 16, SecretKind::Key),
    ("secondarykey", 16, SecretKind::Key),
    ("userkey", 16, SecretKind::Key),
    ("sharekey", 16, SecretKind::Key),
    ("samlart", 0, SecretKind::Token),
    ("wresult", 0, SecretKind::Token),
    ("cvv2", 0, SecretKind::Password),
    ("cvc2", 0, SecretKind::Password),
    ("plaintext", 16, SecretKind::Key),
    ("xkey", 16, SecretKind::Key),
    ("formkey", 16, SecretKind::Token),
    ("pass", 0, SecretKind::Password),
    ("pin", 0, SecretKind::Password),
    ("otp", 0, SecretKind::Password),
    ("auth", 0, SecretKind::Token),
    ("sid", 0, SecretKind::Token),
    ("jwt", 0, SecretKind::Token),
    ("samlresponse", 0, SecretKind::Token),
    ("mfa", 0, SecretKind::Password),
    ("cvv", 0, SecretKind::Password),
    ("cvc", 0, SecretKind::Password),
    ("pw", 0, SecretKind::Password),
    ("senha", 0, SecretKind::Password),
    ("bearer", 0, SecretKind::Token),
    ("pass1", 0, SecretKind::Password),
    ("pass2", 0, SecretKind::Password),
    ("psw", 0, SecretKind::Password),
    ("dpop", 0, SecretKind::Token),
    ("rspauth", 0, SecretKind::Token),
    ("xsession", 0, SecretKind::Token),
    ("ticket", 16, SecretKind::Token),
    ("sess", 8, SecretKind::Token),
    ("session", 8, SecretKind::Token),
    ("code", 8, SecretKind::Token),
    ("state", 16, SecretKind::Token),
    ("nonce", 16, SecretKind::Token),
    ("key", 16, SecretKind::Key),
];

/// Maximum length of a text that is a name.
pub(super) const MAX_NAME: usize = 64;
/// Maximum number of words of a text that is a name, such as "New password".
const MAX_WORDS: usize = 3;

/// Returns whether a text may be a name: it is short, and has few words.
pub(super) fn is_name(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-[]$* ".contains(byte) || *byte >= 0x80;
    let name = text.strip_suffix(b":").unwrap_or(text);
    // A keyword of Clojure (`:password`), also in JSON of Transit (`~:password`).
    let name = [&b"~:"[..], b":"].iter().find_map(|sign| name.strip_prefix(*sign)).unwrap_or(name);
    name.len() <= MAX_NAME && name.iter().all(is_part) && name.iter().filter(|byte| **byte == b' ').count() < MAX_WORDS
}

/// Returns whether a text is a name of secrets and no more.
pub(super) fn is_whole_name(text: &[u8]) -> bool {
    let name = normalized(text);
    let is_part = PARTS.iter().any(|(part, _)| part.as_bytes() == name);
    is_part || WHOLE.iter().any(|(whole, least, _)| *least == 0 && whole.as_bytes() == name)
}

/// Parts of the names of functions whose arguments are secrets.
const LOGINS: [&str; 5] = ["login", "logon", "signin", "authenticat", "unlock"];

/// Returns whether a name is that of a function that authenticates.
pub(super) fn is_login(name: &[u8]) -> bool {
    let name = normalized(name);
    name.len() <= MAX_NAME && LOGINS.iter().any(|part| memchr::memmem::find(&name, part.as_bytes()).is_some())
}

/// Returns a name in lower case, without signs and other letters. A name of full-width letters has others.
pub(super) fn normalized(name: &[u8]) -> Vec<u8> {
    // A sign of several letters, such as a unit, is none of them.
    let own = composed(name);
    let is_whole = || own.is_ascii() && own.len() == String::from_utf8_lossy(name).chars().count();
    let name = if !name.is_ascii() && is_whole() { &own } else { name };
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

/// Returns an own name as it is compared: in lower case, without signs.
pub(super) fn normalized_own(name: &[u8]) -> String {
    let name = composed(name);
    String::from_utf8_lossy(&name).chars().filter(|own| own.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns a name in the normalization form KC of Unicode: a letter has its accents in it, and is not a full-width one.
fn composed(name: &[u8]) -> Cow<'_, [u8]> {
    if name.is_ascii() {
        return name.into();
    }
    String::from_utf8_lossy(name).nfkc().collect::<String>().into_bytes().into()
}

/// Rules of whole names.
static WHOLE_NAMES: LazyLock<HashMap<&[u8], Rule>> = LazyLock::new(|| {
    let rule =
        |(name, least, kind): (&'static str, u8, SecretKind)| (name.as_bytes(), Rule { kind, least, is_count: false });
    WHOLE.into_iter().map(rule).collect()
});

/// All parts of names, as one expression.
static ANY_PART: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
    Regex::new(&format!("(?-u){}", parts.join("|"))).ok()
});

/// Which values of a name are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub kind: SecretKind,
    /// Length from which they are.
    pub least: u8,
    /// Numbers are counts, and no secrets.
    pub is_count: bool,
}

impl Rule {
    /// All values are secrets, whatever their name.
    pub(super) const ANY: Rule = Rule { kind: SecretKind::Token, least: 0, is_count: false };

    /// Returns the rule that has more secrets.
    pub(super) fn either(one: Option<Rule>, other: Option<Rule>) -> Option<Rule> {
        match (one, other) {
            (Some(one), Some(other)) if (other.least, other.is_count) < (one.least, one.is_count) => Some(other),
            (Some(one), _) => Some(one),
            (None, other) => other,
        }
    }

    /// Returns whether a value is a secret.
    pub(super) fn applies_to(self, value: &[u8]) -> bool {
        // MySQL states whether a password was sent: `(using password: YES)`.
        let is_empty = matches!(value, b"" | b"null" | b"true" | b"false" | b"YES)" | b"NO)");
        let is_count = self.is_count && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
        !is_empty && !is_count && value.len() >= usize::from(self.least)
    }
}

/// Returns whether a number with a name is a count of tokens, or a time after which a secret expires.
fn is_count(name: &[u8]) -> bool {
    let tokens = name.strip_suffix(b"tokens").filter(|before| !before.is_empty());
    let is_code = |before: &[u8]| CODES.iter().any(|code| before.ends_with(code.as_bytes()));
    tokens.is_some_and(|before| !is_code(before)) || COUNTS.iter().any(|end| name.ends_with(end.as_bytes()))
}

/// Ends of names of counts and times.
const COUNTS: [&str; 8] =
    ["tokencount", "tokensused", "tokenlimit", "expiresin", "expiresat", "expirein", "lifetime", "ttl"];
/// Ends of names whose tokens may be numbers.
const CODES: [&str; 8] = ["backup", "recovery", "reset", "sms", "otp", "mfa", "2fa", "verification"];

/// Words of names with signs between their words.
const WORDS: [&str; 3] = ["otp", "cvv", "cvc"];
/// Ends of names of what describes a token.
const NO_SECRETS: [&str; 4] = ["tokentype", "tokenendpoint", "tokenuri", "tokensdetails"];

/// Returns whether a name, in lower case and without signs, is that of what describes a token, such as `token_type`.
pub(super) fn describes_token(name: &[u8]) -> bool {
    NO_SECRETS.iter().any(|end| name.ends_with(end.as_bytes()))
}

/// Returns the rule of a name, if values of it are secrets.
pub(super) fn rule_of(name: &[u8]) -> Option<Rule> {
    if name.is_empty() {
        return None;
    }
    let is_word = |word: &[u8]| WORDS.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(word));
    if name.split(|byte| matches!(byte, b'_' | b'-')).any(is_word) {
        return Some(Rule { kind: SecretKind::Password, least: 0, is_count: false });
    }
    if !name.is_ascii() {
        let own = normalized_own(name);
        if FOREIGN.iter().any(|word| own.contains(word)) {
            return Some(Rule { kind: SecretKind::Password, least: 0, is_count: false });
        }
    }
    let name = normalized(name);
    if describes_token(&name) {
        return None;
    }
    if let Some(found) = ANY_PART.as_ref().and_then(|parts| parts.find(&name)) {
        let part = PARTS.iter().find(|(part, _)| part.as_bytes() == found.as_bytes());
        return part.map(|&(_, kind)| Rule { kind, least: 0, is_count: is_count(&name) });
    }
    let is_pass =
        name.ends_with(b"pass") && !["bypass", "compass", "surpass"].iter().any(|end| name.ends_with(end.as_bytes()));
    if is_pass || [&b"pw"[..], b"cvv", b"cvc"].iter().any(|end| name.ends_with(end)) {
        return Some(Rule { kind: SecretKind::Password, least: 0, is_count: false });
    }
    if name.ends_with(b"sig") {
        return Some(Rule { kind: SecretKind::Token, least: 0, is_count: false });
    }
    if name.len() > 5 && (name.ends_with(b"auth") || name.ends_with(b"nonce")) {
        return Some(Rule { kind: SecretKind::Token, least: 16, is_count: false });
    }
    WHOLE_NAMES.get(&name[..]).copied()
}
