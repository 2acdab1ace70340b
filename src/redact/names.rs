//! Names of secrets: of headers, parameters, form fields and members.

use std::fmt;

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
const PARTS: [(&str, SecretKind); 24] = [
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
];

/// Whole names, and the length from which their values are secrets.
const WHOLE: [(&str, usize, SecretKind); 14] = [
    ("pwd", 0, SecretKind::Password),
    ("pass", 0, SecretKind::Password),
    ("pin", 0, SecretKind::Password),
    ("otp", 0, SecretKind::Password),
    ("auth", 0, SecretKind::Token),
    ("sid", 0, SecretKind::Token),
    ("jwt", 0, SecretKind::Token),
    ("sig", 0, SecretKind::Token),
    ("samlresponse", 0, SecretKind::Token),
    ("session", 8, SecretKind::Token),
    ("code", 8, SecretKind::Token),
    ("state", 16, SecretKind::Token),
    ("nonce", 16, SecretKind::Token),
    ("key", 16, SecretKind::Key),
];

/// Returns a name in lower case, without signs.
pub(super) fn normalized(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

/// Returns an own name as it is compared: in lower case, without signs.
pub(super) fn normalized_own(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    name.chars().filter(|own| own.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Returns the kind of the value of a name, if it is a secret of this length.
pub(super) fn kind_of(name: &[u8], len: usize) -> Option<SecretKind> {
    let name = normalized(name.get(..256).unwrap_or(name));
    let contains = |part: &str| memchr::memmem::find(&name, part.as_bytes()).is_some();
    let part = PARTS.iter().find(|(part, _)| contains(part)).map(|&(_, kind)| kind);
    let whole = WHOLE.iter().find(|(whole, least, _)| name == whole.as_bytes() && len >= *least);
    let ends = name.ends_with(b"pwd").then_some(SecretKind::Password);
    part.or(whole.map(|&(.., kind)| kind)).or(ends)
}
