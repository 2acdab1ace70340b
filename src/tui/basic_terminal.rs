//! Output for basic terminals: sixteen colours by their original codes, and ASCII in place of other symbols.

use ratatui::buffer::Buffer;
use std::ffi::OsString;
use std::io::{self, Write};

/// Writer that replaces the codes `38;5;N` of the sixteen colours by 30 to 37 and 90 to 97, and the background codes by
/// 40 to 47 and 100 to 107. Not every terminal supports the long codes. Output is buffered until it is flushed.
pub(super) struct SixteenColorWriter<W> {
    pub(super) out: W,
    /// Whether colours are left unchanged.
    pub(super) is_unchanged: bool,
    buffered: Vec<u8>,
}

impl<W> SixteenColorWriter<W> {
    pub(super) fn new(out: W, is_unchanged: bool) -> SixteenColorWriter<W> {
        SixteenColorWriter { out, is_unchanged, buffered: Vec::new() }
    }
}

impl<W: Write> Write for SixteenColorWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffered.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = match self.is_unchanged {
            true => self.out.write_all(&self.buffered),
            false => self.out.write_all(&convert_colors(&self.buffered)),
        };
        self.buffered.clear();
        written?;
        self.out.flush()
    }
}

/// Start of a control sequence.
const CONTROL_SEQUENCE: &[u8] = b"\x1b[";

/// Returns the bytes with the colour codes replaced. Text never contains an escape character.
fn convert_colors(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, CONTROL_SEQUENCE) {
        let (before, after) = rest.split_at(at + CONTROL_SEQUENCE.len());
        out.extend_from_slice(before);
        let end = after.iter().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(after.len());
        let (parameters, after) = after.split_at(end);
        match after.first() {
            Some(b'm') => out.extend_from_slice(convert_color_codes(parameters).as_bytes()),
            _ => out.extend_from_slice(parameters),
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

/// Converts the parameters of a colour sequence (ECMA-48 8.3.117); the sixteen colours get their original codes.
fn convert_color_codes(parameters: &[u8]) -> String {
    let text = String::from_utf8_lossy(parameters);
    let parameters: Vec<&str> = text.split(';').collect();
    let mut out: Vec<String> = Vec::new();
    let mut rest = parameters.as_slice();
    while let [first, after @ ..] = rest {
        rest = after;
        let ground = match *first {
            "38" => 30,
            "48" => 40,
            _ => {
                out.push((*first).to_owned());
                continue;
            }
        };
        match after {
            ["5", color, after @ ..] => {
                rest = after;
                match color.parse::<u8>() {
                    Ok(color @ 0..=7) => out.push((ground + color).to_string()),
                    Ok(color @ 8..=15) => out.push((ground + 60 + color - 8).to_string()),
                    _ => out.push(format!("{first};5;{color}")),
                }
            }
            _ => out.push((*first).to_owned()),
        }
    }
    out.join(";")
}

/// Returns whether the variables `LC_ALL`, `LC_CTYPE` or `LANG` name a character encoding other than UTF-8. Unset
/// variables mean UTF-8.
pub(super) fn is_ascii(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let named = set.map(|value| value.to_string_lossy().to_ascii_lowercase());
    named.is_some_and(|named| !named.contains("utf-8") && !named.contains("utf8"))
}

/// Replaces non-ASCII symbols in a buffer. The cell after a symbol two columns wide is empty.
pub(super) fn replace_non_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let sign = ascii_symbol(cell.symbol());
            cell.set_symbol(sign);
        }
    }
}

fn ascii_symbol(symbol: &str) -> &'static str {
    match symbol.chars().next().unwrap_or(' ') {
        '─' | '╌' | '═' | '━' | '–' => "-",
        '│' | '┃' => "|",
        '\u{250c}'..='\u{254b}' => "+",
        '→' | '▸' | '►' => ">",
        '←' | '◄' => "<",
        '↑' | '▴' | '▲' => "^",
        '↓' | '▾' => "v",
        '…' => "~",
        '·' => ".",
        '×' | '✗' => "x",
        '●' => "*",
        'µ' => "u",
        '░' => ".",
        '▒' => "=",
        '▓' => "%",
        '▉'..='▏' | '▁'..='█' => "#",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteen_colours_have_their_original_codes() {
        let rows = [
            ("\x1b[38;5;1mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[38;5;15;48;5;4mx", "\x1b[97;44mx"),
            ("\x1b[39;49m\x1b[48;5;8m", "\x1b[39;49m\x1b[100m"),
            ("\x1b[1;38;5;9;7m", "\x1b[1;91;7m"),
            ("\x1b[38;5;245m\x1b[38;2;1;5;3m", "\x1b[38;5;245m\x1b[38;2;1;5;3m"),
            ("\x1b[38;5;1Htext 38;5;1m", "\x1b[38;5;1Htext 38;5;1m"),
            ("\x1b[38;5", "\x1b[38;5"),
        ];
        for (given, expected) in rows {
            let mut out = Vec::new();
            let mut writer = SixteenColorWriter::new(&mut out, false);
            // Written in small pieces.
            given.as_bytes().chunks(2).for_each(|part| writer.write_all(part).expect("memory"));
            writer.flush().expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn the_locale_names_a_terminal_without_utf_8() {
        let ascii_for = |set: &[(&str, &str)]| {
            is_ascii(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        assert!(!ascii_for(&[]) && !ascii_for(&[("LANG", "")]));
        assert!(ascii_for(&[("LANG", "C")]) && ascii_for(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!ascii_for(&[("LANG", "C.UTF-8")]) && !ascii_for(&[("LANG", "C"), ("LC_CTYPE", "en_US.utf8")]));
        assert!(ascii_for(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
    }

    #[test]
    fn ascii_replacements_keep_the_columns() {
        let mut buffer = Buffer::with_lines(["┌─ é日 ─┐", "│░▒▓█▌ …│"]);
        replace_non_ascii(&mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["+- ??  -+", "|.=%## ~|"]));
    }
}
