//! The clipboard, as far as a terminal lets programs at it: by a sequence of its own, and beside it as tmux wants it.

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use std::ffi::OsString;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// As long as tmux may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked whether it is done.
const TICK: Duration = Duration::from_millis(5);

/// Bytes of a string that GNU screen lets through at once; the least of its versions takes 256.
const PASSED: usize = 240;

/// What stands between this program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    Nothing,
    Tmux,
    /// GNU screen.
    Screen,
}

impl Between {
    /// As these variables say: `TMUX`, `STY`.
    pub(super) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Between {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        match (is_set("TMUX"), is_set("STY")) {
            (true, _) => Between::Tmux,
            (_, true) => Between::Screen,
            _ => Between::Nothing,
        }
    }

    /// What puts a text into the clipboard of a terminal that has one, and lets programs at it (OSC 52).
    pub(super) fn sequence(self, text: &str) -> String {
        let mut sequence = String::new();
        // A string takes all that is written to it.
        let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence);
        if self != Between::Screen {
            return sequence;
        }
        // Screen hands on what is in a device control string, in which no other may end.
        let inner = format!("{}\x07", sequence.trim_end_matches("\x1b\\").trim_end_matches('\x07'));
        let parts = inner.as_bytes().chunks(PASSED);
        parts.map(|part| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(part))).collect()
    }
}

/// Puts a text into tmux's buffer, and into the clipboard of the terminal that tmux is in. By default tmux ignores the
/// sequence of a program inside it.
pub(super) fn into_tmux(text: &str) -> bool {
    // What is older than tmux 3.2 has no -w.
    [&["load-buffer", "-w", "-"][..], &["load-buffer", "-"]].iter().any(|words| tmux(words, text).unwrap_or(false))
}

fn tmux(words: &[&str], text: &str) -> io::Result<bool> {
    // A file that has no name, as one who writes into a pipe may wait for ever.
    let mut input = tempfile::tempfile()?;
    input.write_all(text.as_bytes())?;
    input.rewind()?;
    let mut command = Command::new("tmux");
    command.args(words).stdin(Stdio::from(input)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended.success());
        }
        thread::sleep(TICK);
    }
    child.kill()?;
    child.wait().map(|_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_is_known_by_its_variable() {
        let of = |set: &[&str]| Between::of(|name| set.contains(&name).then(|| "x".into()));
        assert_eq!(of(&[]), Between::Nothing);
        assert_eq!(of(&["TMUX"]), Between::Tmux);
        assert_eq!(of(&["STY"]), Between::Screen);
        assert_eq!(Between::of(|_| Some("".into())), Between::Nothing);
    }

    #[test]
    fn screen_is_given_parts_that_it_hands_on() {
        assert_eq!(Between::Nothing.sequence("abc"), "\x1b]52;c;YWJj\x1b\\");
        assert_eq!(Between::Screen.sequence("abc"), "\x1bP\x1b]52;c;YWJj\x07\x1b\\");
        let long = Between::Screen.sequence(&"a".repeat(1000));
        let parts: Vec<&str> = long.split_terminator("\x1b\\").collect();
        assert!(parts.len() > 5 && parts.iter().all(|part| part.len() <= PASSED + 2));
        let inner: String = parts.iter().map(|part| part.strip_prefix("\x1bP").expect("a string")).collect();
        let plain = Between::Nothing.sequence(&"a".repeat(1000));
        assert_eq!(inner.trim_end_matches('\x07'), plain.trim_end_matches("\x1b\\"));
    }
}
