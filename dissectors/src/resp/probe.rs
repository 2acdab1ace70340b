//! Detection of RESP: a command on any port, other messages on the port of Redis.

use super::command::is_name;
use super::value::{NoToken, Scan, Scanned, Token};
use crate::session::{Hint, Probe, Side};

/// The port of Redis.
pub(super) const PORT: u16 = 6379;
/// Maximum number of words of a first command.
const MAX_WORDS: i64 = 1 << 20;

/// Commands that begin conversations, or are frequent in them: for sides whose role is not known, and lines of text.
const FREQUENT: [&str; 64] = [
    "ACL",
    "APPEND",
    "ASKING",
    "AUTH",
    "BLPOP",
    "BRPOP",
    "CLIENT",
    "CLUSTER",
    "COMMAND",
    "CONFIG",
    "DBSIZE",
    "DECR",
    "DEL",
    "DISCARD",
    "ECHO",
    "EVAL",
    "EVALSHA",
    "EXEC",
    "EXISTS",
    "EXPIRE",
    "FLUSHALL",
    "FLUSHDB",
    "GET",
    "HDEL",
    "HELLO",
    "HGET",
    "HGETALL",
    "HMGET",
    "HMSET",
    "HSET",
    "INCR",
    "INCRBY",
    "INFO",
    "KEYS",
    "LLEN",
    "LPOP",
    "LPUSH",
    "LRANGE",
    "MGET",
    "MONITOR",
    "MSET",
    "MULTI",
    "PING",
    "PSUBSCRIBE",
    "PSYNC",
    "PUBLISH",
    "QUIT",
    "REPLCONF",
    "RPOP",
    "RPUSH",
    "SADD",
    "SCAN",
    "SELECT",
    "SET",
    "SETEX",
    "SISMEMBER",
    "SMEMBERS",
    "SUBSCRIBE",
    "TTL",
    "TYPE",
    "WATCH",
    "XADD",
    "ZADD",
    "ZRANGE",
];

/// Whether a word is the name of a frequent command.
pub(super) fn is_frequent(word: &[u8]) -> bool {
    FREQUENT.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// What the beginning of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'b> {
    /// A command, with its name.
    Command(&'b [u8]),
    /// It may become a command.
    Incomplete,
    /// Another value.
    Other,
    /// No value.
    None,
}

/// Reads the beginning of a message: a command is an array of bulk strings.
pub(super) fn start(bytes: &[u8]) -> Start<'_> {
    let array = match Token::read(bytes, 0) {
        Err(NoToken::Malformed) => return Start::None,
        Err(NoToken::Incomplete) if bytes.first().is_none_or(|&kind| kind == b'*') => return Start::Incomplete,
        Ok(token) if token.kind == b'*' && (1..=MAX_WORDS).contains(&token.count) => token,
        Err(NoToken::Incomplete) | Ok(_) => return Start::Other,
    };
    let word = match Token::read(bytes, array.end) {
        Ok(word) if word.kind == b'$' && (1..=40).contains(&word.count) => word,
        Err(NoToken::Incomplete) if bytes.get(array.end).is_none_or(|&kind| kind == b'$') => return Start::Incomplete,
        Err(NoToken::Malformed) => return Start::None,
        Ok(_) | Err(NoToken::Incomplete) => return Start::Other,
    };
    match bytes.get(word.data.clone()) {
        Some(name) if is_name(name) => Start::Command(name),
        Some(_) => Start::Other,
        None => {
            let begin = bytes.get(word.data.start.min(bytes.len())..).unwrap_or_default();
            if begin.is_empty() || is_name(begin) { Start::Incomplete } else { Start::Other }
        }
    }
}

/// Detects commands of a client. On the port of Redis also lines of text, and messages of a server.
pub(super) fn probe(hint: &Hint<'_>) -> Probe {
    let is_port = hint.ports.contains(&PORT);
    let Some(&first) = hint.bytes.first() else { return Probe::Perhaps };
    if first == b'*' {
        return match start(hint.bytes) {
            Start::Command(name) if hint.side == Side::Client || is_frequent(name) => Probe::Yes,
            Start::Command(_) | Start::Other if is_port => Probe::Likely,
            Start::Incomplete if hint.is_first || is_port => Probe::Perhaps,
            _ => Probe::No,
        };
    }
    if !is_port {
        return Probe::No;
    }
    if first.is_ascii_alphabetic() {
        return inline(hint.bytes);
    }
    match Scan::default().advance(hint.bytes) {
        Scanned::Message(_) => Probe::Likely,
        Scanned::Incomplete if Token::read(hint.bytes, 0).is_ok() => Probe::Likely,
        Scanned::Incomplete => Probe::Perhaps,
        Scanned::Malformed => Probe::No,
    }
}

/// Detects a frequent command in a line of text.
fn inline(bytes: &[u8]) -> Probe {
    let end = bytes.iter().position(|byte| !byte.is_ascii_alphabetic());
    let word = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let begins = |name: &&str| name.get(..word.len()).is_some_and(|begin| word.eq_ignore_ascii_case(begin.as_bytes()));
    match end {
        Some(end) if matches!(bytes.get(end), Some(b' ' | b'\r' | b'\n')) && is_frequent(word) => Probe::Likely,
        None if FREQUENT.iter().any(begins) => Probe::Perhaps,
        _ => Probe::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_detected_on_any_port_and_from_any_number_of_bytes() {
        let command = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
        assert_eq!(probe(&Hint::bytes(command)), Probe::Yes);
        for end in 0..13 {
            assert!(probe(&Hint::bytes(&command[..end])) >= Probe::Perhaps, "{end}");
        }
        let rows: [&[u8]; 9] = [
            b"GET / HTTP/1.1\r\n",
            b"+OK\r\n",
            b"* OK IMAP4rev1\r\n",
            b"*1\r\n+x\r\n",
            b"*2\r\n$3\r\n\x00\x01\x02\r\n",
            b"-ERR\r\n",
            b":1\r\n",
            b"$1\r\na\r\n",
            b"PING\r\n",
        ];
        for bytes in rows {
            assert_eq!(probe(&Hint::bytes(bytes)), Probe::No, "{bytes:?}");
        }
        let on_port = |bytes| probe(&Hint { ports: [1, PORT], ..Hint::bytes(bytes) });
        assert_eq!(on_port(b"PING\r\n"), Probe::Likely);
        assert_eq!(on_port(b"+OK\r\n"), Probe::Likely);
        assert_eq!(on_port(b"PI"), Probe::Perhaps);
        assert_eq!(on_port(b"GET / HTTP/1.1\r\n"), Probe::Likely);
    }
}
