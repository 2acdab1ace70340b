//! Terminal modes: set when the terminal UI starts, restored however it ends.

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::Duration;

/// Whether the terminal is in the modes of the terminal UI.
static MODES_SET: AtomicBool = AtomicBool::new(false);

/// Message printed to stderr if the program ends abruptly.
static EXIT_MESSAGE: OnceLock<String> = OnceLock::new();

/// Maximum time to wait for a terminal that does not accept output.
const RESTORE_TIMEOUT: Duration = Duration::from_millis(500);

/// Exit code after a panic.
const PANIC_EXIT_CODE: i32 = 101;

static PANIC_HOOK: Once = Once::new();

/// Terminal in the modes of the terminal UI, until this is dropped.
#[derive(Debug)]
pub(super) struct TerminalGuard(());

impl TerminalGuard {
    /// Sets the modes, and a panic hook for all threads. A panic restores the terminal, prints its message and ends the
    /// program: with a thread missing, the rest would only hang.
    pub(super) fn acquire(exit_message: Option<String>) -> io::Result<TerminalGuard> {
        PANIC_HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                let was_set = restore_with_timeout();
                before(panic);
                if was_set {
                    print_exit_message();
                    std::process::exit(PANIC_EXIT_CODE);
                }
            }));
        });
        exit_message.map(|message| EXIT_MESSAGE.set(message));
        let terminal = TerminalGuard(());
        terminal.enter()?;
        Ok(terminal)
    }

    /// Sets the modes again after [`leave`](TerminalGuard::leave).
    pub(super) fn enter(&self) -> io::Result<()> {
        MODES_SET.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
    }

    /// Restores the terminal while the program is suspended.
    pub(super) fn leave(&self) {
        restore();
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal and runs the signal's default action, even if other threads hang.
pub(super) fn exit_by_signal(signal: i32) {
    restore_with_timeout();
    print_exit_message();
    let _ = emulate_default_handler(signal);
}

fn restore() {
    reset_modes(&mut io::stdout().lock());
}

/// Restores the terminal for good, but waits at most [`RESTORE_TIMEOUT`]. Returns whether the modes were set.
fn restore_with_timeout() -> bool {
    let (sender, receiver) = channel();
    let restore = move || {
        let _ = sender.send(restore_permanently());
    };
    let started = thread::Builder::new().name("restore".into()).spawn(restore);
    let was_set = started.ok().and_then(|_| receiver.recv_timeout(RESTORE_TIMEOUT).ok());
    was_set.unwrap_or_else(|| {
        let _ = disable_raw_mode();
        MODES_SET.swap(false, Ordering::SeqCst)
    })
}

/// Restores the terminal, and keeps stdout locked so that no other thread draws. Returns whether the modes were set.
fn restore_permanently() -> bool {
    let mut out = io::stdout().lock();
    let was_set = reset_modes(&mut out);
    std::mem::forget(out);
    was_set
}

/// Restores the terminal once, and ignores write errors. Returns whether the modes were set.
fn reset_modes(out: &mut io::StdoutLock<'_>) -> bool {
    let was_set = MODES_SET.swap(false, Ordering::SeqCst);
    if was_set {
        let _ = execute!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
    was_set
}

fn print_exit_message() {
    if let Some(message) = EXIT_MESSAGE.get() {
        let _ = writeln!(io::stderr(), "{message}");
    }
}
