//! A screen for terminals that know less: colours by their oldest codes, and ASCII for signs.

use ratatui::buffer::Buffer;
use std::ffi::OsString;
use std::io::{self, Write};

/// A writer that names the sixteen colours by 30 to 37 and 90 to 97 (and 40, 100 for what is behind text) in place of
/// `38;5;N`, which not every terminal knows. What is written goes out when it is flushed.
pub(super) struct Sixteen<W> {
    pub(super) to: W,
    /// Colours are left as they are.
    pub(super) passes: bool,
    held: Vec<u8>,
}

impl<W> Sixteen<W> {
    pub(super) fn new(to: W, passes: bool) -> Sixteen<W> {
        Sixteen { to, passes, held: Vec::new() }
    }
}

impl<W: Write> Write for Sixteen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = match self.passes {
            true => self.to.write_all(&self.held),
            false => self.to.write_all(&renamed(&self.held)),
        };
        self.held.clear();
        written?;
        self.to.flush()
    }
}

/// What begins a sequence of the terminal.
const BEGIN: &[u8] = b"\x1b[";

/// The same bytes with other names for colours. No text has an escape character.
fn renamed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, BEGIN) {
        let (before, after) = rest.split_at(at + BEGIN.len());
        out.extend_from_slice(before);
        let end = after.iter().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(after.len());
        let (words, after) = after.split_at(end);
        match after.first() {
            Some(b'm') => out.extend_from_slice(colors(words).as_bytes()),
            _ => out.extend_from_slice(words),
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

/// The numbers of a sequence for colours (ECMA-48 8.3.117), those of the sixteen by their own codes.
fn colors(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let words: Vec<&str> = text.split(';').collect();
    let mut out: Vec<String> = Vec::new();
    let mut rest = words.as_slice();
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

/// Whether these variables name a character encoding that is not UTF-8: `LC_ALL`, `LC_CTYPE`, `LANG`. Where none is set
/// nobody has said so.
pub(super) fn is_ascii(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let named = set.map(|value| value.to_string_lossy().to_ascii_lowercase());
    named.is_some_and(|named| !named.contains("utf-8") && !named.contains("utf8"))
}

/// Draws in ASCII what is drawn. The cell beside what was two columns wide is empty.
pub(super) fn ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let sign = sign(cell.symbol());
            cell.set_symbol(sign);
        }
    }
}

fn sign(symbol: &str) -> &'static str {
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
    fn the_sixteen_colours_have_their_oldest_codes() {
        let rows = [
            ("\x1b[38;5;1mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[38;5;15;48;5;4mx", "\x1b[97;44mx"),
            ("\x1b[39;49m\x1b[48;5;8m", "\x1b[39;49m\x1b[100m"),
            ("\x1b[1;38;5;9;7m", "\x1b[1;91;7m"),
            ("\x1b[38;5;245m\x1b[38;2;1;5;3m", "\x1b[38;5;245m\x1b[38;2;1;5;3m"),
            ("\x1b[38;5;1Htext 38;5;1m", "\x1b[38;5;1Htext 38;5;1m"),
            ("\x1b[38;5", "\x1b[38;5"),
        ];
        for (given, wanted) in rows {
            let mut out = Vec::new();
            let mut writer = Sixteen::new(&mut out, false);
            // In pieces, as it comes.
            given.as_bytes().chunks(2).for_each(|part| writer.write_all(part).expect("memory"));
            writer.flush().expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), wanted);
        }
    }

    #[test]
    fn a_terminal_without_utf_8_says_so_in_its_locale() {
        let of = |set: &[(&str, &str)]| {
            is_ascii(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        assert!(!of(&[]) && !of(&[("LANG", "")]));
        assert!(of(&[("LANG", "C")]) && of(&[("LANG", "de_DE.ISO-8859-1")]));
        assert!(!of(&[("LANG", "C.UTF-8")]) && !of(&[("LANG", "C"), ("LC_CTYPE", "en_US.utf8")]));
        assert!(of(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]));
    }

    #[test]
    fn what_is_drawn_in_ascii_has_the_same_places() {
        let mut buffer = Buffer::with_lines(["┌─ é日 ─┐", "│░▒▓█▌ …│"]);
        ascii(&mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["+- ??  -+", "|.=%## ~|"]));
    }
}
