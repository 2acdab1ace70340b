//! Shell commands that print the frames of a finding.

use crate::analysis::{DecodeOptions, NameFlags, NameResolution};
use crate::check::verdict::{DecidingFrames, is_printable};
use std::fmt::Write as _;

/// Returns the command that prints frames of a capture. Without frames, it prints the matches of `subject`, or all.
/// `decode` are the options that the capture was read with.
#[must_use]
pub fn print_command(capture: &str, frames: &DecidingFrames, subject: Option<&str>, decode: &DecodeOptions) -> String {
    // A name that starts with a hyphen would be parsed as an option.
    let name = if capture.starts_with('-') && capture != "-" { format!("./{capture}") } else { capture.to_owned() };
    let rules: String = decode.decode_as.iter().map(|rule| format!(" -d {rule}")).collect();
    let mut command = format!("overhear print{rules}{} {}", name_options(&decode.names), quote_word(&name));
    let numbers: Vec<_> = frames.first.iter().map(u32::to_string).collect();
    match (numbers.as_slice(), subject) {
        ([], None) => {}
        ([], Some(subject)) => command = format!("{command} {}", quote_word(subject)),
        ([number], _) => command = format!("{command} 'frame.number == {number}'"),
        (numbers, _) => command = format!("{command} 'frame.number in {{{}}}'", numbers.join(", ")),
    }
    command
}

/// Returns the options for names of addresses.
fn name_options(names: &NameResolution) -> String {
    let mut options = match names.flags {
        NameFlags::DEFAULT => String::new(),
        NameFlags::NONE => " -n".into(),
        flags => format!(" -N {flags}"),
    };
    for path in &names.hosts_files {
        let _ = write!(options, " --hosts {}", quote_word(&path.to_string_lossy()));
    }
    options
}

/// Quotes a word for a shell: POSIX single quotes, or `$'...'` of newer shells for unprintable characters.
fn quote_word(text: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || "_./:=@%+,-".contains(char);
    if !text.is_empty() && text.chars().all(is_bare) {
        return text.to_owned();
    }
    if text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for char in text.chars() {
        match char {
            '\'' | '\\' => quoted.extend(['\\', char]),
            _ if is_printable(char) => quoted.push(char),
            _ => char.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                let _ = write!(quoted, "\\x{byte:02x}");
            }),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_restores_quoted_words() {
        let words =
            ["a.pcap", "a b", "it's", "", "$HOME `id`", "a\\b", "x\x1b[2J\n'\\", "{1, 2}", "ä", "!", "a;b", "~", "*"];
        for text in words {
            let script = format!("printf %s {}", quote_word(text));
            let output = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text, "{script}");
        }
    }

    #[test]
    fn file_names_are_not_parsed_as_options() {
        let frames = DecidingFrames { first: vec![3, 7], omitted: 0 };
        assert_eq!(
            print_command("-x", &frames, None, &DecodeOptions::default()),
            "overhear print ./-x 'frame.number in {3, 7}'"
        );
    }

    #[test]
    fn the_command_has_the_decode_options_of_the_run() {
        let decode_as = vec!["tcp.port==9000,http".parse().expect("a rule")];
        let names = NameResolution { flags: NameFlags::NONE, ..NameResolution::default() };
        let decode = DecodeOptions { decode_as, names, ..DecodeOptions::default() };
        let command = print_command("a.pcap", &DecidingFrames::default(), Some("http"), &decode);
        assert_eq!(command, "overhear print -d tcp.port==9000,http -n a.pcap http");
    }
}
