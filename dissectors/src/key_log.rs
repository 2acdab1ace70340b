//! Key logs: the text format of `SSLKEYLOGFILE` (RFC 9850).

use crate::derived_secrets::DerivedSecret;
use crate::session::{Secret, Secrets};
use alloc::string::String;
use core::fmt::Write;

/// Label of the master secret of a connection before TLS 1.3.
pub const CLIENT_RANDOM: &str = "CLIENT_RANDOM";

/// Maximum bytes of a secret: the longest hash has 64.
const MAX_SECRET: usize = 64;
/// Maximum bytes of a label; the longest in use has 31.
const MAX_LABEL: usize = 64;
/// Length of a master secret (RFC 5246 8.1).
const MASTER_SECRET: usize = 48;
/// Lengths of the secrets of TLS 1.3: of the hashes of its cipher suites (RFC 8446 B.4).
const HASHES: [usize; 2] = [32, 48];

/// Result of reading a key log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyLogCount {
    /// Lines with a secret.
    pub secrets: usize,
    /// Lines that are neither a secret nor empty nor a comment nor a premaster secret.
    pub malformed: usize,
}

/// Adds the secrets of a key log, which became known at a frame: 0 if before the capture. Skips malformed lines.
pub fn read(text: &[u8], at_frame: u32, secrets: &mut Secrets) -> KeyLogCount {
    let mut count = KeyLogCount::default();
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        rest = rest.get(end + 1..).unwrap_or_default();
        // A byte order mark, which editors add.
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        // Clients write the premaster secret of an RSA key exchange beside its master secret, which suffices.
        if line.is_empty() || line.starts_with(b"#") || line.starts_with(b"RSA ") {
            continue;
        }
        match read_line(line) {
            Some((label, client_random, secret)) => {
                secrets.insert(label, client_random, at_frame, secret);
                count.secrets += 1;
            }
            None => count.malformed += 1,
        }
    }
    count
}

/// Writes the secrets of a client random in the format of a key log.
#[must_use]
pub fn write(client_random: &[u8; 32], secrets: &Secrets) -> String {
    let mut text = String::new();
    for (label, secret) in secrets.of_client(client_random) {
        push_line(&mut text, label, client_random, secret);
    }
    text
}

/// Writes the master secrets that were derived, such as with private keys, in the format of a key log.
#[must_use]
pub fn write_derived(secrets: &Secrets) -> String {
    let mut text = String::new();
    for DerivedSecret { name, secret, .. } in secrets.derived.with_label(CLIENT_RANDOM) {
        push_line(&mut text, name.label, &name.id, secret);
    }
    text
}

fn push_line(text: &mut String, label: &str, client_random: &[u8; 32], secret: &Secret) {
    text.push_str(label);
    for bytes in [client_random.as_slice(), secret.bytes()] {
        text.push(' ');
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text.push('\n');
}

/// Reads a line: a label, the client random, and the secret, both in hexadecimal. Text after them is skipped.
fn read_line(line: &[u8]) -> Option<(&str, [u8; 32], Secret)> {
    let (label, rest) = split_word(line);
    let (random, rest) = split_word(rest);
    let (secret, _) = split_word(rest);
    let is_label = |&byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if label.len() > MAX_LABEL || !label.iter().all(is_label) {
        return None;
    }
    let mut client_random = [0; 32];
    let mut bytes = [0; MAX_SECRET];
    let random_len = read_hex(random, &mut client_random)?;
    let secret_len = read_hex(secret, &mut bytes)?;
    let secret = Secret::new(bytes.get(..secret_len)?);
    let is_permitted = match label {
        _ if label == CLIENT_RANDOM.as_bytes() => secret_len == MASTER_SECRET,
        _ if label.starts_with(b"CLIENT_") || label.starts_with(b"SERVER_") => HASHES.contains(&secret_len),
        _ => secret_len > 0,
    };
    (random_len == client_random.len() && is_permitted).then_some((
        core::str::from_utf8(label).ok()?,
        client_random,
        secret,
    ))
}

/// Splits a text after its first word.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = text.trim_ascii_start();
    text.split_at(memchr::memchr3(b' ', b'\t', b'\r', text).unwrap_or(text.len()))
}

/// Reads hexadecimal digits; returns the number of bytes.
fn read_hex(digits: &[u8], bytes: &mut [u8]) -> Option<usize> {
    let len = digits.len() / 2;
    let bytes = bytes.get_mut(..len).filter(|_| digits.len().is_multiple_of(2))?;
    // Without a branch for each digit, which the compiler reads several of at once.
    let mut all = 0;
    for (byte, &[high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let (high, low) = (digit_value(high), digit_value(low));
        *byte = high << 4 | low;
        all |= high | low;
    }
    (all < 16).then_some(len)
}

/// Returns the value of a hexadecimal digit; at least 16 for another byte.
fn digit_value(byte: u8) -> u8 {
    let (decimal, letter) = (byte.wrapping_sub(b'0'), (byte | 0x20).wrapping_sub(b'a'));
    match decimal < 10 {
        true => decimal,
        false if letter < 6 => letter + 10,
        false => u8::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_secrets_of_a_client_are_written_as_they_were_read() {
        let line = |label, byte: &str| format!("{label} {} {}\n", byte.repeat(32), "01".repeat(48));
        let (first, second) = (line("CLIENT_RANDOM", "0a"), line("SERVER_TRAFFIC_SECRET_0", "0a"));
        let mut secrets = Secrets::default();
        read([&first, &second, &*line("CLIENT_RANDOM", "0b")].concat().as_bytes(), 0, &mut secrets);
        assert_eq!(write(&[10; 32], &secrets), first + &second);
        assert_eq!(write(&[12; 32], &secrets), "");
    }

    #[test]
    fn malformed_lines_are_counted_and_the_others_are_read() {
        let random = "0a".repeat(32);
        let text = format!(
            "\u{feff}# comment\r\n\r\nRSA 0a0b0c0d0e0f0001 0303\r\nCLIENT_RANDOM {random} {} # text\r\nEXPORTER_SECRET {random} FFfe\n\
             SERVER_TRAFFIC_SECRET_0 {random} FFfe\nCLIENT_RANDOM {random}\nCLIENT_RANDOM {random} 0\nCLIENT_RANDOM 0a 0a\nCLIENT_RANDOM {random} 0g\n\
             CLIENT_RANDOM {random} 01 02\nbinary\0 {random} 01\nX {random} {}\nCLIENT_RAN",
            "01".repeat(48),
            "00".repeat(65),
        );
        let mut secrets = Secrets::default();
        let count = read(text.as_bytes(), 3, &mut secrets);
        assert_eq!(count, KeyLogCount { secrets: 2, malformed: 9 });
        let get = |label| secrets.get(label, &[10; 32], 3).map(|secret| secret.bytes().to_vec());
        assert_eq!(get("CLIENT_RANDOM"), Some([1; 48].to_vec()));
        assert_eq!(get("EXPORTER_SECRET"), Some([0xff, 0xfe].to_vec()));
        assert_eq!(secrets.get("CLIENT_RANDOM", &[10; 32], 2), None);
    }
}
