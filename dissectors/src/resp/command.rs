//! Commands: their words, names with subcommands, and which of their arguments are passwords.

use super::value::Token;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Maximum number of words of a command that are shown.
const MAX_WORDS: usize = 256;
/// Maximum number of bytes of the text of the arguments.
const MAX_ARGUMENTS: usize = 1024;
/// Replaces a password.
pub(super) const REDACTED: &str = "(redacted)";

/// The words of a command, as far as they are shown.
pub(super) struct Command<'b> {
    pub(super) words: Vec<Cow<'b, [u8]>>,
    /// Passwords are not replaced.
    pub(super) shows_secrets: bool,
}

/// Commands whose first argument is a subcommand.
const CONTAINERS: [&str; 14] = [
    "ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT",
    "PUBSUB", "SCRIPT", "SLOWLOG",
];
/// Further ones, of which the next argument is a key or a name.
const CONTAINERS_OF_KEYS: [&str; 3] = ["SENTINEL", "XGROUP", "XINFO"];
/// Returns whether the first argument of a command is a subcommand, which is a part of its name.
pub fn has_subcommand(name: &[u8]) -> bool {
    let is = |own: &&str| name.eq_ignore_ascii_case(own.as_bytes());
    CONTAINERS.iter().chain(&CONTAINERS_OF_KEYS).any(is)
}

/// Commands whose first argument is not a key.
const WITHOUT_KEY: [&str; 35] = [
    "AUTH",
    "BGREWRITEAOF",
    "BGSAVE",
    "DBSIZE",
    "DISCARD",
    "ECHO",
    "EVAL",
    "EVALSHA",
    "EVALSHA_RO",
    "EVAL_RO",
    "EXEC",
    "FAILOVER",
    "FCALL",
    "FCALL_RO",
    "FLUSHALL",
    "FLUSHDB",
    "HELLO",
    "INFO",
    "LASTSAVE",
    "LMPOP",
    "MIGRATE",
    "MONITOR",
    "MULTI",
    "PING",
    "PSYNC",
    "QUIT",
    "REPLCONF",
    "REPLICAOF",
    "RESET",
    "SCAN",
    "SELECT",
    "SHUTDOWN",
    "TIME",
    "WAIT",
    "XREAD",
];

impl<'b> Command<'b> {
    /// The command, with its passwords if they are shown.
    pub(super) fn showing(self, shows_secrets: bool) -> Command<'b> {
        Command { shows_secrets, ..self }
    }

    /// Reads the words of an array of bulk strings; `None` for other values.
    pub(super) fn read(message: &'b [u8]) -> Option<Command<'b>> {
        let array = Token::read(message, 0).ok().filter(|token| token.kind == b'*' && token.count > 0)?;
        let mut words = Vec::with_capacity((array.count as usize).min(8));
        let mut at = array.end;
        for _ in 0..(array.count as usize).min(MAX_WORDS) {
            let Ok(word) = Token::read(message, at) else { break };
            if word.kind != b'$' || word.is_null() {
                return None;
            }
            let start = word.data.start.min(message.len());
            words.push(Cow::Borrowed(message.get(start..word.data.end.min(message.len())).unwrap_or_default()));
            at = word.end;
        }
        let is_name = words.first().is_some_and(|name| is_name(name));
        is_name.then_some(Command { words, shows_secrets: false })
    }

    /// Reads a line as typed into a terminal: words, or quoted texts.
    pub(super) fn inline(line: &'b [u8]) -> Command<'b> {
        let mut words = Vec::new();
        let mut rest = line.trim_ascii();
        while !rest.is_empty() && words.len() < MAX_WORDS {
            let (word, after) = match rest.split_first() {
                Some((&quote @ (b'"' | b'\''), inner)) => quoted(quote, inner),
                _ => {
                    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                    let (word, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    (Cow::Borrowed(word), after)
                }
            };
            words.push(word);
            rest = after.trim_ascii_start();
        }
        Command { words, shows_secrets: false }
    }

    /// The name in upper case, with its subcommand.
    pub(super) fn name(&self) -> CompactString {
        let mut name = CompactString::default();
        if let Some(first) = self.words.first() {
            push_upper(first, &mut name);
        }
        if self.has_subcommand(&name)
            && let Some(second) = self.words.get(1)
        {
            name.push(' ');
            push_upper(second, &mut name);
        }
        name
    }

    fn has_subcommand(&self, name: &str) -> bool {
        CONTAINERS.contains(&name) || CONTAINERS_OF_KEYS.contains(&name)
    }

    /// Number of words of the name.
    fn name_words(&self) -> usize {
        1 + usize::from(self.words.first().is_some_and(|first| has_subcommand(first)))
    }

    /// Whether the name is one of these.
    pub(super) fn is(&self, name: &str) -> bool {
        self.words.first().is_some_and(|first| first.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// An argument; 1 is the first.
    pub(super) fn argument(&self, nth: usize) -> Option<&[u8]> {
        self.words.get(nth).map(AsRef::as_ref)
    }

    /// The first key or channel, as far as its place is known.
    pub(super) fn key(&self) -> Option<&[u8]> {
        let is = |name: &&str| self.is(name);
        if WITHOUT_KEY.iter().any(is) || CONTAINERS.iter().any(is) {
            return None;
        }
        self.argument(self.name_words())
    }

    /// The arguments as text: words with spaces or other characters are quoted as MONITOR does, passwords replaced.
    pub(super) fn arguments(&self) -> CompactString {
        let name_words = self.name_words();
        let len: usize = self.words.iter().skip(name_words).map(|word| word.len() + 1).sum();
        let mut text = CompactString::with_capacity(len.min(MAX_ARGUMENTS));
        let mut secrets = SecretWords::of(self);
        for (nth, word) in self.words.iter().enumerate() {
            let is_secret = secrets.is_secret(word);
            if nth < name_words {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            if is_secret {
                text.push_str(REDACTED);
            } else {
                push_word(word, MAX_ARGUMENTS.saturating_sub(text.len()), &mut text);
            }
            if text.len() >= MAX_ARGUMENTS {
                text.push_str("...");
                break;
            }
        }
        text
    }
}

/// Whether a word can be the name of a command.
pub(super) fn is_name(word: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'|');
    (1..=40).contains(&word.len()) && word.first().is_some_and(u8::is_ascii_alphabetic) && word.iter().all(is_part)
}

fn push_upper(word: &[u8], name: &mut CompactString) {
    let mut upper = [b'?'; 40];
    for (upper, byte) in upper.iter_mut().zip(word).filter(|(_, byte)| byte.is_ascii_graphic()) {
        *upper = byte.to_ascii_uppercase();
    }
    let upper = upper.get(..word.len()).unwrap_or(&upper);
    name.push_str(core::str::from_utf8(upper).unwrap_or_default());
}

/// Reads a quoted text after its first quote; returns the rest, too.
fn quoted(quote: u8, text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let mut word = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        match (byte, text.get(at)) {
            (b'\\', Some(b'x')) if quote == b'"' => {
                let digits = text.get(at + 1..at + 3).and_then(|digits| core::str::from_utf8(digits).ok());
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => word.push(byte),
                    None => word.extend_from_slice(b"x"),
                }
                at += if digits.is_some() { 3 } else { 1 };
            }
            (b'\\', Some(&next)) if quote == b'"' || next == b'\'' => {
                word.push(match next {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                });
                at += 1;
            }
            _ if byte == quote => break,
            _ => word.push(byte),
        }
    }
    (Cow::Owned(word), text.get(at..).unwrap_or_default())
}

/// Appends a word of at most `limit` bytes, in quotes if it has other than plain characters.
pub(super) fn push_word(word: &[u8], limit: usize, text: &mut CompactString) {
    let shown = word.get(..limit).unwrap_or(word);
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'\'');
    let plain = core::str::from_utf8(shown).ok().filter(|_| !shown.is_empty() && shown.iter().all(is_plain));
    if let Some(plain) = plain {
        text.push_str(plain);
        return;
    }
    text.push('"');
    for chunk in shown.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '"' | '\\' => {
                    text.push('\\');
                    text.push(char);
                }
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\0'..=' ' | '\u{7f}' if char != ' ' => push_hex(char as u8, text),
                _ => text.push(char),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_hex(byte, text));
    }
    text.push('"');
}

fn push_hex(byte: u8, text: &mut CompactString) {
    let _ = core::fmt::Write::write_fmt(text, format_args!("\\x{byte:02x}"));
}

/// Which words of a message are passwords, or hashes of them. The words are given in order.
pub(super) struct SecretWords {
    context: SecretContext,
    /// Words that follow and are secret.
    left: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SecretContext {
    #[default]
    None,
    /// AUTH: the last argument.
    Auth {
        last: usize,
    },
    /// HELLO: the second word after AUTH. MIGRATE: the word after AUTH, and the second one after AUTH2.
    Hello,
    Migrate,
    /// ACL SETUSER, and responses to ACL: words with the signs of passwords and hashes.
    Acl,
    /// CONFIG, SENTINEL, and responses to CONFIG GET: words after the name of a secret parameter.
    Parameters,
}

impl SecretWords {
    pub(super) fn new(context: SecretContext) -> SecretWords {
        SecretWords { context, left: 0 }
    }

    fn of(command: &Command<'_>) -> SecretWords {
        SecretWords::new(SecretContext::of(command))
    }

    /// Whether the next word is a password.
    pub(super) fn is_secret(&mut self, word: &[u8]) -> bool {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if self.left > 0 {
            self.left -= 1;
            return self.left == 0;
        }
        match &mut self.context {
            SecretContext::None => {}
            SecretContext::Auth { last } => {
                let is_last = *last == 0;
                *last = last.wrapping_sub(1);
                return is_last;
            }
            SecretContext::Hello if is("AUTH") => self.left = 2,
            SecretContext::Migrate if is("AUTH") => self.left = 1,
            SecretContext::Migrate if is("AUTH2") => self.left = 2,
            SecretContext::Hello | SecretContext::Migrate => {}
            SecretContext::Acl => {
                let is_hash = word.len() == 64 && word.iter().all(u8::is_ascii_hexdigit);
                let is_rule = matches!(word, [b'>' | b'<' | b'#' | b'!', _, ..]);
                return is_hash || is_rule || memchr::memmem::find(word, b" #").is_some();
            }
            SecretContext::Parameters => {
                let names = [
                    "requirepass",
                    "masterauth",
                    "auth-pass",
                    "sentinel-pass",
                    "tls-key-file-pass",
                    "tls-client-key-file-pass",
                ];
                self.left = u32::from(names.into_iter().any(is));
            }
        }
        false
    }
}

impl SecretContext {
    /// The passwords in a command.
    pub(super) fn of(command: &Command<'_>) -> SecretContext {
        match command.words.first().map(AsRef::as_ref) {
            _ if command.shows_secrets => SecretContext::None,
            Some(name) if name.len() > 8 => SecretContext::None,
            Some(_) if command.is("AUTH") => SecretContext::Auth { last: command.words.len().saturating_sub(1) },
            Some(_) if command.is("HELLO") => SecretContext::Hello,
            Some(_) if command.is("MIGRATE") => SecretContext::Migrate,
            Some(_) if command.is("ACL") => SecretContext::Acl,
            Some(_) if command.is("CONFIG") || command.is("SENTINEL") => SecretContext::Parameters,
            _ => SecretContext::None,
        }
    }

    /// The passwords in the response to a command.
    pub(super) fn of_response(self) -> SecretContext {
        match self {
            SecretContext::Acl | SecretContext::Parameters => self,
            _ => SecretContext::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    fn texts(line: &str) -> (String, String) {
        let command = Command::inline(line.as_bytes());
        (command.name().to_string(), command.arguments().to_string())
    }

    #[test]
    fn passwords_are_replaced_in_each_command_that_has_some() {
        for (line, name, arguments) in [
            ("AUTH secret", "AUTH", "(redacted)"),
            ("auth alice secret", "AUTH", "alice (redacted)"),
            ("HELLO 3 AUTH alice secret SETNAME x", "HELLO", "3 AUTH alice (redacted) SETNAME x"),
            ("ACL SETUSER bob on >secret ~* +@all", "ACL SETUSER", "bob on (redacted) ~* +@all"),
            ("CONFIG SET maxmemory 1 requirepass secret", "CONFIG SET", "maxmemory 1 requirepass (redacted)"),
            ("MIGRATE h 1 k 0 5 AUTH2 alice secret", "MIGRATE", "h 1 k 0 5 AUTH2 alice (redacted)"),
            ("SET AUTH secret", "SET", "AUTH secret"),
        ] {
            assert_eq!(texts(line), (name.to_string(), arguments.to_string()));
        }
    }

    #[test]
    fn words_are_quoted_and_unquoted_as_by_redis() {
        let (_, arguments) = texts(r#"SET "a b" 'it\'s' "\x00\n" "" Größe"#);
        assert_eq!(arguments, r#""a b" "it's" "\x00\n" "" "Größe""#);
        assert_eq!(Command::inline(b"set key 1").key(), Some(&b"key"[..]));
        assert_eq!(Command::inline(b"config get x").key(), None);
    }
}
