//! Values as they are written in a filter, read as what they are compared with.

use super::ast::{Operand, What};
use super::fault::Fault;
use super::kind::{Like, Type, limits};
use super::moment;
use super::plan::Val;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Reads a word, text or character as a value like `like`.
pub(super) fn literal(operand: &Operand, like: Like) -> Result<Val<'static>, Fault> {
    let value = match &operand.what {
        What::Word(word) => self::word(word, like),
        What::Text(bytes) => text(bytes, like),
        What::Char(char) => character(*char, like),
        _ => Err("a value was wanted here".into()),
    };
    value.map_err(|message| Fault::new(operand.span, message))
}

/// Reads a value with its minus sign.
pub(super) fn negative(operand: &Operand, inner: &Operand, like: Like) -> Result<Val<'static>, Fault> {
    match &inner.what {
        What::Word(word) if matches!(like.kind, Type::Integer | Type::Duration) => {
            self::word(&format!("-{word}"), like).map_err(|message| Fault::new(operand.span, message))
        }
        _ => Err(Fault::new(operand.span, format!("{} is {}, which has no sign", like.name(), like.kind.words()))),
    }
}

fn word(word: &str, like: Like) -> Result<Val<'static>, String> {
    let is = || format!("{} is {}; {word} is none", like.name(), like.kind.words());
    match like.kind {
        Type::Integer => integer(word, like),
        Type::Bool => boolean(word, like),
        Type::Text => Ok(owned(word.as_bytes().to_vec())),
        // What is no hexadecimal number can only be meant as text.
        Type::Bytes => Ok(owned(hexadecimal(word).unwrap_or_else(|| word.as_bytes().to_vec()))),
        Type::Ether => match hexadecimal(word) {
            Some(bytes) if bytes.len() == 6 => Ok(owned(bytes)),
            Some(bytes) => Err(format!("{}: it has 6 bytes, not {}", is(), bytes.len())),
            None => Err(is()),
        },
        Type::Ipv4 => ipv4(word, like),
        Type::Ipv6 => ipv6(word, like),
        Type::Time => moment::read(word).map(|nanos| Val::Number(nanos.into())),
        Type::Duration => duration(word).ok_or_else(|| format!("{}, in seconds, such as 0.25", is())),
    }
}

fn text(bytes: &[u8], like: Like) -> Result<Val<'static>, String> {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    match like.kind {
        Type::Text | Type::Bytes => Ok(owned(bytes.to_vec())),
        Type::Time => moment::read(&shown()).map(|nanos| Val::Number(nanos.into())),
        Type::Integer | Type::Bool => match named(&shown(), like) {
            Some(number) => Ok(Val::Number(number)),
            None => Err(not_named(&format!("\"{}\"", shown()), like)),
        },
        _ => Err(format!("{} is {}; \"{}\" is text", like.name(), like.kind.words(), shown())),
    }
}

fn character(char: char, like: Like) -> Result<Val<'static>, String> {
    let code = u32::from(char);
    match like.kind {
        Type::Integer => within(code.into(), &format!("'{char}'"), like),
        Type::Text => Ok(owned(char.to_string().into_bytes())),
        Type::Bytes => Ok(owned(u8::try_from(code).map_or_else(|_| char.to_string().into_bytes(), |byte| vec![byte]))),
        kind => Err(format!("{} is {}; '{char}' is a character", like.name(), kind.words())),
    }
}

pub(super) fn owned(bytes: Vec<u8>) -> Val<'static> {
    Val::Bytes(Cow::Owned(bytes))
}

/// The number of a value's name, whatever its case.
fn named(name: &str, like: Like) -> Option<i128> {
    let found = like.field.and_then(|field| {
        field.values.iter().find(|(_, word)| word.eq_ignore_ascii_case(name)).map(|&(number, _)| number.into())
    });
    let words = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(name));
    match like.kind {
        Type::Bool if words(["set", "yes", "true"]) => Some(1),
        Type::Bool if words(["not set", "no", "false"]) => Some(0),
        _ => found,
    }
}

/// What to say of a word that is no value of a number's field.
fn not_named(word: &str, like: Like) -> String {
    let is = format!("{} is {}; {word} is not", like.name(), like.kind.words());
    let names: Vec<_> = like.field.into_iter().flat_map(|field| field.values).take(5).map(|(_, name)| *name).collect();
    match (names.is_empty(), word.starts_with('"')) {
        (false, _) => format!("{is}, nor is it the name of a value ({}, ...)", names.join(", ")),
        (true, true) => format!("{} is {}; {word} is text", like.name(), like.kind.words()),
        (true, false) => is,
    }
}

fn integer(word: &str, like: Like) -> Result<Val<'static>, String> {
    match number(word) {
        Some(number) => within(number, word, like),
        None => named(word, like).map(Val::Number).ok_or_else(|| not_named(word, like)),
    }
}

/// A whole number in base ten, `0x` sixteen, `0b` two, or eight with a leading zero.
fn number(word: &str) -> Option<i128> {
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |digits| (-1, digits));
    let prefixed = |prefixes: [&str; 2]| prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix));
    let (digits, base) = match (prefixed(["0x", "0X"]), prefixed(["0b", "0B"])) {
        (Some(digits), _) => (digits, 16),
        (_, Some(digits)) => (digits, 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (digits, 8),
        _ => (digits, 10),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    i128::from_str_radix(digits, base).ok().filter(|_| plain).map(|number| sign * number)
}

/// The number, if the field can have it.
fn within(number: i128, word: &str, like: Like) -> Result<Val<'static>, String> {
    let Some(field) = like.field else { return Ok(Val::Number(number)) };
    let (least, most) = limits(field);
    match number {
        _ if number > most => Err(format!("{word} is too great: {} is at most {most}", field.name)),
        _ if number < least => Err(format!("{word} is too small: {} is at least {least}", field.name)),
        _ => Ok(Val::Number(number)),
    }
}

fn boolean(word: &str, like: Like) -> Result<Val<'static>, String> {
    if matches!(word, "True" | "TRUE" | "true") {
        return Ok(Val::Number(1));
    }
    match number(word) {
        Some(number) => Ok(Val::Number((number != 0).into())),
        None => named(word, like)
            .map(Val::Number)
            .ok_or_else(|| format!("{} is true or false; {word} is neither", like.name())),
    }
}

/// Bytes as hexadecimal digits: pairs with `:`, `-` or `.` between, or without; with `0x` before.
pub(super) fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let pairs = |part: &str| -> Option<Vec<u8>> {
        let digits = |at: usize| u8::from_str_radix(part.get(at..at + 2)?, 16).ok();
        match part.len() {
            1 => Some(vec![u8::from_str_radix(part, 16).ok()?]),
            length if length > 0 && length % 2 == 0 => (0..length).step_by(2).map(digits).collect(),
            _ => None,
        }
    };
    if !word.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'-' | b'.' | b'x' | b'X')) {
        return None;
    }
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return pairs(digits);
    }
    let separator = word.chars().find(|char| matches!(char, ':' | '-' | '.'));
    let word = word.strip_suffix(separator.unwrap_or(':')).unwrap_or(word);
    let parts: Option<Vec<Vec<u8>>> = match separator {
        Some(separator) => word.split(separator).map(pairs).collect(),
        None => Some(vec![pairs(word)?]),
    };
    parts.map(|parts| parts.concat())
}

/// An address and the bits of its network, if they are written.
fn network(word: &str, most: u32) -> Result<(&str, u32), String> {
    let Some((address, bits)) = word.split_once('/') else { return Ok((word, most)) };
    match bits.parse() {
        Ok(bits) if bits <= most => Ok((address, bits)),
        _ => Err(format!("a network has at most {most} bits, not {bits}")),
    }
}

fn ipv4(word: &str, like: Like) -> Result<Val<'static>, String> {
    let (address, bits) = network(word, 32)?;
    let address: Ipv4Addr = address.parse().map_err(|_| no_address(word, like))?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Ok(Val::Address(u32::from(address).into(), mask.into()))
}

fn ipv6(word: &str, like: Like) -> Result<Val<'static>, String> {
    let (address, bits) = network(word, 128)?;
    let address: Ipv6Addr = address.parse().map_err(|_| no_address(word, like))?;
    Ok(Val::Address(u128::from(address), u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
}

fn no_address(word: &str, like: Like) -> String {
    let hint = if word.contains(char::is_alphabetic) && !word.contains(':') { "; names are not looked up" } else { "" };
    format!("{} is {}; {word} is none{hint}", like.name(), like.kind.words())
}

/// Seconds with decimals, and perhaps an s behind them.
fn duration(word: &str) -> Option<Val<'static>> {
    let word = word.strip_suffix('s').unwrap_or(word);
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |word| (-1, word));
    let (whole, part) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || !digits(whole) || !digits(part) {
        return None;
    }
    let nanos =
        part.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let whole: i128 = whole.parse().ok()?;
    Some(Val::Number(sign * (whole * 1_000_000_000 + nanos)))
}
