//! Clipboard access through the terminal: OSC 52, and tmux's buffer.

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use std::ffi::OsString;
use std::io::{self, Seek, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Maximum time tmux may run.
const TMUX_TIMEOUT: Duration = Duration::from_secs(1);

/// Interval between checks whether tmux has exited.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Bytes per string that GNU screen passes through; its oldest versions accept 256.
const SCREEN_CHUNK: usize = 240;

/// Terminal multiplexer between this program and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Multiplexer {
    None,
    Tmux,
    /// GNU screen.
    Screen,
}

impl Multiplexer {
    /// Detects the multiplexer from the variables `TMUX` and `STY`.
    pub(super) fn detect(variable: impl Fn(&str) -> Option<OsString>) -> Multiplexer {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        match (is_set("TMUX"), is_set("STY")) {
            (true, _) => Multiplexer::Tmux,
            (_, true) => Multiplexer::Screen,
            _ => Multiplexer::None,
        }
    }

    /// Returns the escape sequence that copies a text to the terminal's clipboard, if the terminal allows it (OSC 52).
    pub(super) fn copy_sequence(self, text: &str) -> String {
        let mut sequence = String::new();
        // Writing to a string cannot fail.
        let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence);
        if self != Multiplexer::Screen {
            return sequence;
        }
        // Screen passes on the contents of a device control string, which cannot contain another terminator.
        let inner = format!("{}\x07", sequence.trim_end_matches("\x1b\\").trim_end_matches('\x07'));
        let parts = inner.as_bytes().chunks(SCREEN_CHUNK);
        parts.map(|part| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(part))).collect()
    }
}

/// Copies a text to tmux's buffer, and to the clipboard of the terminal around tmux. By default tmux ignores OSC 52
/// from a program inside it.
pub(super) fn copy_to_tmux(text: &str) -> bool {
    // Versions before tmux 3.2 do not have -w.
    [&["load-buffer", "-w", "-"][..], &["load-buffer", "-"]]
        .iter()
        .any(|arguments| run_tmux(arguments, text).unwrap_or(false))
}

fn run_tmux(arguments: &[&str], text: &str) -> io::Result<bool> {
    // An unnamed file: writing to a pipe could block forever.
    let mut input = tempfile::tempfile()?;
    input.write_all(text.as_bytes())?;
    input.rewind()?;
    let mut command = Command::new("tmux");
    command.args(arguments).stdin(Stdio::from(input)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let started = Instant::now();
    while started.elapsed() < TMUX_TIMEOUT {
        if let Some(ended) = child.try_wait()? {
            return Ok(ended.success());
        }
        thread::sleep(POLL_INTERVAL);
    }
    child.kill()?;
    child.wait().map(|_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multiplexer_is_detected_from_its_variable() {
        let of = |set: &[&str]| Multiplexer::detect(|name| set.contains(&name).then(|| "x".into()));
        assert_eq!(of(&[]), Multiplexer::None);
        assert_eq!(of(&["TMUX"]), Multiplexer::Tmux);
        assert_eq!(of(&["STY"]), Multiplexer::Screen);
        assert_eq!(Multiplexer::detect(|_| Some("".into())), Multiplexer::None);
    }

    #[test]
    fn screen_receives_strings_short_enough_to_pass_on() {
        assert_eq!(Multiplexer::None.copy_sequence("abc"), "\x1b]52;c;YWJj\x1b\\");
        assert_eq!(Multiplexer::Screen.copy_sequence("abc"), "\x1bP\x1b]52;c;YWJj\x07\x1b\\");
        let long = Multiplexer::Screen.copy_sequence(&"a".repeat(1000));
        let parts: Vec<&str> = long.split_terminator("\x1b\\").collect();
        assert!(parts.len() > 5 && parts.iter().all(|part| part.len() <= SCREEN_CHUNK + 2));
        let inner: String =
            parts.iter().map(|part| part.strip_prefix("\x1bP").expect("a device control string")).collect();
        let plain = Multiplexer::None.copy_sequence(&"a".repeat(1000));
        assert_eq!(inner.trim_end_matches('\x07'), plain.trim_end_matches("\x1b\\"));
    }
}
