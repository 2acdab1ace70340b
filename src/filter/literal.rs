//! Literals: parsed as the type of the operand that they are compared with.

use super::ast::{Operand, OperandKind};
use super::diagnostic::Diagnostic;
use super::kind::{OperandType, ValueType, limits};
use super::plan::{FilterValue, owned_bytes};
use super::timestamp;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Parses a word, text or character as a value of the given type.
pub(super) fn parse_literal(operand: &Operand, expected: OperandType) -> Result<FilterValue<'static>, Diagnostic> {
    let value = match &operand.kind {
        OperandKind::Word(word) => self::parse_word(word, expected),
        OperandKind::Text(bytes) => parse_text(bytes, expected),
        OperandKind::Char(char) => parse_character(*char, expected),
        _ => Err("expected a value".into()),
    };
    value.map_err(|message| Diagnostic::new(operand.span, message))
}

/// Parses a value with a minus sign.
pub(super) fn parse_negative(
    operand: &Operand,
    inner: &Operand,
    expected: OperandType,
) -> Result<FilterValue<'static>, Diagnostic> {
    match &inner.kind {
        OperandKind::Word(word)
            if matches!(expected.kind, ValueType::Integer | ValueType::Duration | ValueType::Decimal) =>
        {
            self::parse_word(&format!("-{word}"), expected).map_err(|message| Diagnostic::new(operand.span, message))
        }
        _ => Err(Diagnostic::new(
            operand.span,
            format!("{} is {}: it cannot be negative", expected.name(), expected.kind.description()),
        )),
    }
}

fn parse_word(word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    let mismatch = || format!("{}: expected {}, found {word}", expected.name(), expected.kind.description());
    match expected.kind {
        ValueType::Integer => parse_integer(word, expected),
        ValueType::Bool => parse_boolean(word, expected),
        ValueType::Text => Ok(owned_bytes(word.as_bytes().to_vec())),
        ValueType::Bytes => Ok(owned_bytes(parse_bytes(word))),
        ValueType::Ether => match parse_hexadecimal(word) {
            Some(bytes) if bytes.len() == 6 => Ok(owned_bytes(bytes)),
            Some(bytes) => Err(format!("{} ({} bytes instead of 6)", mismatch(), bytes.len())),
            None => Err(mismatch()),
        },
        ValueType::Ipv4 => parse_ipv4(word, expected),
        ValueType::Ipv6 => parse_ipv6(word, expected),
        ValueType::Time => timestamp::parse_timestamp(word).map(|nanos| FilterValue::Number(nanos.into())),
        ValueType::Duration => parse_duration(word).ok_or_else(|| format!("{}; use seconds, such as 0.25", mismatch())),
        ValueType::Decimal => parse_decimal(word).ok_or_else(mismatch),
    }
}

fn parse_text(bytes: &[u8], expected: OperandType) -> Result<FilterValue<'static>, String> {
    let shown = || String::from_utf8_lossy(bytes).into_owned();
    match expected.kind {
        ValueType::Text | ValueType::Bytes => Ok(owned_bytes(bytes.to_vec())),
        ValueType::Time => timestamp::parse_timestamp(&shown()).map(|nanos| FilterValue::Number(nanos.into())),
        ValueType::Integer | ValueType::Bool => match named_value(&shown(), expected) {
            Some(number) => Ok(FilterValue::Number(number)),
            None => Err(unknown_value(&format!("\"{}\"", shown()), expected)),
        },
        _ => Err(format!("{}: expected {}, found text \"{}\"", expected.name(), expected.kind.description(), shown())),
    }
}

fn parse_character(char: char, expected: OperandType) -> Result<FilterValue<'static>, String> {
    let code = u32::from(char);
    match expected.kind {
        ValueType::Integer => check_limits(code.into(), &format!("'{char}'"), expected),
        ValueType::Text => Ok(owned_bytes(char.to_string().into_bytes())),
        ValueType::Bytes => {
            Ok(owned_bytes(u8::try_from(code).map_or_else(|_| char.to_string().into_bytes(), |byte| vec![byte])))
        }
        kind => Err(format!("{}: expected {}, found character '{char}'", expected.name(), kind.description())),
    }
}

/// Returns the number that a value name stands for, ignoring case.
fn named_value(name: &str, expected: OperandType) -> Option<i128> {
    let found = expected.field.and_then(|field| {
        field.values.iter().find(|(_, word)| word.eq_ignore_ascii_case(name)).map(|&(number, _)| number.into())
    });
    let words = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(name));
    match expected.kind {
        ValueType::Bool if words(["set", "yes", "true"]) => Some(1),
        ValueType::Bool if words(["not set", "no", "false"]) => Some(0),
        _ => found,
    }
}

/// Returns the error for a word that is neither a number nor a value name of the field.
fn unknown_value(word: &str, expected: OperandType) -> String {
    let prefix = format!("{}: expected {}", expected.name(), expected.kind.description());
    let names: Vec<_> =
        expected.field.into_iter().flat_map(|field| field.values).take(5).map(|(_, name)| *name).collect();
    match (names.is_empty(), word.starts_with('"')) {
        (false, _) => format!("{prefix} or a value name ({}, ...), found {word}", names.join(", ")),
        (true, true) => format!("{prefix}, found text {word}"),
        (true, false) => format!("{prefix}, found {word}"),
    }
}

fn parse_integer(word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    match parse_number(word) {
        Some(number) => check_limits(number, word, expected),
        None => named_value(word, expected).map(FilterValue::Number).ok_or_else(|| unknown_value(word, expected)),
    }
}

/// Parses an integer: decimal, hexadecimal with `0x`, binary with `0b`, or octal with a leading zero.
fn parse_number(word: &str) -> Option<i128> {
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

/// Returns the number as a value, or an error if it is out of the field's range.
fn check_limits(number: i128, word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    let Some(field) = expected.field else { return Ok(FilterValue::Number(number)) };
    let (least, most) = limits(field);
    match number {
        _ if number > most => Err(format!("{word} is out of range: {} is at most {most}", field.name)),
        _ if number < least => Err(format!("{word} is out of range: {} is at least {least}", field.name)),
        _ => Ok(FilterValue::Number(number)),
    }
}

fn parse_boolean(word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    if matches!(word, "True" | "TRUE" | "true") {
        return Ok(FilterValue::Number(1));
    }
    match parse_number(word) {
        Some(number) => Ok(FilterValue::Number((number != 0).into())),
        None => named_value(word, expected)
            .map(FilterValue::Number)
            .ok_or_else(|| format!("{}: expected true or false, found {word}", expected.name())),
    }
}

/// Parses bytes: a decimal or binary number that fits into a byte, as in Wireshark since 4.2; else hexadecimal; else text.
fn parse_bytes(word: &str) -> Vec<u8> {
    let is_octal_or_hexadecimal = word.starts_with('0') && !word.starts_with("0b");
    let number = parse_number(word).filter(|_| !is_octal_or_hexadecimal).and_then(|number| u8::try_from(number).ok());
    let byte = number.map(|byte| vec![byte]);
    byte.or_else(|| parse_hexadecimal(word)).unwrap_or_else(|| word.as_bytes().to_vec())
}

/// Parses hexadecimal bytes: pairs of digits, separated by `:`, `-`, `.` or nothing; or digits after `0x`.
pub(super) fn parse_hexadecimal(word: &str) -> Option<Vec<u8>> {
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

/// Splits an address and its prefix length; without one, it is `most` bits.
fn split_network(word: &str, most: u32) -> Result<(&str, u32), String> {
    let Some((address, bits)) = word.split_once('/') else { return Ok((word, most)) };
    match bits.parse() {
        Ok(bits) if bits <= most => Ok((address, bits)),
        _ => Err(format!("invalid prefix length {bits}: at most {most}")),
    }
}

fn parse_ipv4(word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    let (address, bits) = split_network(word, 32)?;
    let address: Ipv4Addr = address.parse().map_err(|_| invalid_address(word, expected))?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Ok(FilterValue::Address(u32::from(address).into(), mask.into()))
}

fn parse_ipv6(word: &str, expected: OperandType) -> Result<FilterValue<'static>, String> {
    let (address, bits) = split_network(word, 128)?;
    let address: Ipv6Addr = address.parse().map_err(|_| invalid_address(word, expected))?;
    Ok(FilterValue::Address(u128::from(address), u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
}

fn invalid_address(word: &str, expected: OperandType) -> String {
    let hint =
        if word.contains(char::is_alphabetic) && !word.contains(':') { "; host names are not resolved" } else { "" };
    format!("{}: expected {}, found {word}{hint}", expected.name(), expected.kind.description())
}

/// Parses a duration in seconds: decimals and a final `s` are optional.
fn parse_duration(word: &str) -> Option<FilterValue<'static>> {
    parse_decimal(word.strip_suffix('s').unwrap_or(word))
}

/// Parses a decimal number into billionths.
fn parse_decimal(word: &str) -> Option<FilterValue<'static>> {
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |word| (-1, word));
    let (whole, part) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || !digits(whole) || !digits(part) {
        return None;
    }
    let billionths =
        part.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let whole: i128 = whole.parse().ok()?;
    Some(FilterValue::Number(sign * (whole * 1_000_000_000 + billionths)))
}
