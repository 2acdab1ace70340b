//! The terminal's modes: taken when the screen begins, given back however it ends.

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

/// Whether the terminal is in the screen's modes.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// What is told when the program ends at once.
static LAST_WORDS: OnceLock<String> = OnceLock::new();

/// As long as is waited for a terminal that takes nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a program ends with that panics.
const PANICKED: i32 = 101;

static HOOK: Once = Once::new();

/// The terminal in the screen's modes, until this is dropped.
#[derive(Debug)]
pub(super) struct Terminal(());

impl Terminal {
    /// Takes the terminal. A panic, be it of another thread, gives it back before it is told, and ends the program: half
    /// of it could only keep somebody waiting.
    pub(super) fn take(last_words: Option<String>) -> io::Result<Terminal> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                let was_taken = restore_in_time();
                before(panic);
                if was_taken {
                    say_last_words();
                    std::process::exit(PANICKED);
                }
            }));
        });
        last_words.map(|words| LAST_WORDS.set(words));
        let terminal = Terminal(());
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes the terminal again, after [`leave`](Terminal::leave).
    pub(super) fn enter(&self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
    }

    /// Gives the terminal to the shell for a while.
    pub(super) fn leave(&self) {
        restore();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back and does what the signal does where nobody waits for it, whatever the others do meanwhile.
pub(super) fn die(signal: i32) {
    restore_in_time();
    say_last_words();
    let _ = emulate_default_handler(signal);
}

fn restore() {
    give_back(&mut io::stdout().lock());
}

/// Gives the terminal back for good, but waits no longer than this for one that takes nothing. Whether it was taken.
fn restore_in_time() -> bool {
    let (tell, told) = channel();
    let restore = move || {
        let _ = tell.send(restore_for_good());
    };
    let begun = thread::Builder::new().name("restore".into()).spawn(restore);
    let was_taken = begun.ok().and_then(|_| told.recv_timeout(PATIENCE).ok());
    was_taken.unwrap_or_else(|| {
        let _ = disable_raw_mode();
        TAKEN.swap(false, Ordering::SeqCst)
    })
}

/// Gives the terminal back, whatever thread this is: no other draws on it any more. Whether it was taken.
fn restore_for_good() -> bool {
    let mut out = io::stdout().lock();
    let was_taken = give_back(&mut out);
    std::mem::forget(out);
    was_taken
}

/// Gives the terminal back, once; whether it was taken. That it cannot be written to is no matter any more.
fn give_back(out: &mut io::StdoutLock<'_>) -> bool {
    let was_taken = TAKEN.swap(false, Ordering::SeqCst);
    if was_taken {
        let _ = execute!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
    was_taken
}

fn say_last_words() {
    if let Some(words) = LAST_WORDS.get() {
        let _ = writeln!(io::stderr(), "{words}");
    }
}
