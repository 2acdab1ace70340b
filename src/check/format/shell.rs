//! Commands that can be pasted into a shell.

use crate::check::verdict::{Frames, is_plain};
use std::fmt::Write as _;

/// The command that shows frames of a capture; without any, what a filter finds, or all of it.
#[must_use]
pub fn command(capture: &str, frames: &Frames, subject: Option<&str>) -> String {
    // A name that begins with a hyphen would be an option.
    let name = if capture.starts_with('-') && capture != "-" { format!("./{capture}") } else { capture.to_owned() };
    let mut command = format!("overhear print {}", word(&name));
    let numbers: Vec<_> = frames.first.iter().map(u32::to_string).collect();
    match (numbers.as_slice(), subject) {
        ([], None) => {}
        ([], Some(subject)) => command = format!("{command} {}", word(subject)),
        ([only], _) => command = format!("{command} 'frame.number == {only}'"),
        (numbers, _) => command = format!("{command} 'frame.number in {{{}}}'", numbers.join(", ")),
    }
    command
}

/// A word as a shell takes it for one: POSIX quotes, or the `$'...'` of newer shells for what cannot be shown.
fn word(text: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || "_./:=@%+,-".contains(char);
    if !text.is_empty() && text.chars().all(is_bare) {
        return text.to_owned();
    }
    if text.chars().all(is_plain) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::from("$'");
    for char in text.chars() {
        match char {
            '\'' | '\\' => word.extend(['\\', char]),
            _ if is_plain(char) => word.push(char),
            _ => char.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                let _ = write!(word, "\\x{byte:02x}");
            }),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_word_for_what_it_was() {
        let words =
            ["a.pcap", "a b", "it's", "", "$HOME `id`", "a\\b", "x\x1b[2J\n'\\", "{1, 2}", "ä", "!", "a;b", "~", "*"];
        for text in words {
            let script = format!("printf %s {}", word(text));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{script}");
        }
    }

    #[test]
    fn a_name_is_no_option() {
        let frames = Frames { first: vec![3, 7], more: 0 };
        assert_eq!(command("-x", &frames, None), "overhear print ./-x 'frame.number in {3, 7}'");
    }
}
