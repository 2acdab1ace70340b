//! The edge: the terminal, signals and time, and who answers questions.

use super::model::Model;
use super::msg::{Effect, Msg};
use super::terminal::Terminal;
use super::{update, view};
use crate::browse::{Answer, Ask};
use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{self, Event};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The least time between two drawings.
const BEAT: Duration = Duration::from_millis(16);

/// Messages that are taken in before the screen is drawn, at most.
const MOST: usize = 1000;

/// What wakes the loop.
enum Wake {
    Msg(Msg),
    Signal(i32),
    /// There are no more keys.
    Deaf(io::Error),
}

/// Takes answers; may be given to other threads.
#[derive(Clone)]
pub struct Hear(Sender<Wake>);

impl Hear {
    /// Takes an answer. That nobody listens any more is no matter.
    pub fn hear(&self, answer: Answer) {
        let _ = self.0.send(Wake::Msg(Msg::Answer(answer)));
    }
}

/// What comes for the screen, to be taken by [`run`].
pub struct Mail {
    send: Sender<Wake>,
    wakes: Receiver<Wake>,
}

/// Who takes answers, and what has come.
#[must_use]
pub fn mail() -> (Hear, Mail) {
    let (send, wakes) = channel();
    (Hear(send.clone()), Mail { send, wakes })
}

/// Shows a capture until the user leaves; questions go to `ask`, whose answers come by `mail`.
///
/// # Errors
///
/// The terminal cannot be read or written.
pub fn run(mut model: Model, mail: Mail, mut ask: impl FnMut(Ask)) -> io::Result<()> {
    let Mail { send, wakes } = mail;
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT])?;
    let of_signals = send.clone();
    thread::Builder::new().name("signals".into()).spawn(move || {
        signals.forever().all(|signal| of_signals.send(Wake::Signal(signal)).is_ok());
    })?;
    let terminal = Terminal::take()?;
    let (width, height) = crossterm::terminal::size()?;
    thread::Builder::new().name("keys".into()).spawn(move || listen(&send))?;
    let mut effects = update(&mut model, Msg::Resize(width, height));
    let mut screen = ratatui::Terminal::new(CrosstermBackend::new(io::stdout()))?;
    let mut drawn: Option<Instant> = None;
    // What is shown is not what is known.
    let mut is_old = true;
    // What the loop tells itself.
    let mut owed = Vec::new();
    loop {
        effects.extend(std::mem::take(&mut owed).into_iter().flat_map(|msg| update(&mut model, msg)));
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask(question) => ask(question),
                Effect::Continue => owed.push(Msg::Continue),
                Effect::Copy(text) => crossterm::execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?,
                Effect::Suspend => {
                    suspend(&terminal)?;
                    owed.push(again(&mut screen)?);
                }
                Effect::Redraw => owed.push(again(&mut screen)?),
                Effect::Quit => return Ok(()),
            }
        }
        // A key is shown at once, a flood of news not more often than anybody can see.
        let due = drawn.map_or(Duration::ZERO, |drawn| BEAT.saturating_sub(drawn.elapsed()));
        if is_old && due.is_zero() {
            screen.draw(|frame| view(&model, frame))?;
            drawn = Some(Instant::now());
            is_old = false;
        }
        let patience = match () {
            () if !owed.is_empty() => Some(Duration::ZERO),
            () if is_old => Some(due),
            () => None,
        };
        let mut wake = next(&wakes, patience)?;
        is_old |= wake.is_some() || !owed.is_empty();
        let mut taken = 0;
        while let Some(now) = wake {
            match now {
                Wake::Msg(msg) => effects.extend(update(&mut model, msg)),
                Wake::Signal(SIGTSTP) => effects.push(Effect::Suspend),
                // Somebody else may have written on the terminal meanwhile.
                Wake::Signal(SIGCONT) => owed.push(again(&mut screen)?),
                Wake::Signal(_) => return Ok(()),
                Wake::Deaf(error) => return Err(error),
            }
            taken += 1;
            wake = if taken < MOST { wakes.try_recv().ok() } else { None };
        }
    }
}

/// What comes before patience ends; it may have no end.
fn next(wakes: &Receiver<Wake>, patience: Option<Duration>) -> io::Result<Option<Wake>> {
    let come = match patience {
        Some(patience) => wakes.recv_timeout(patience),
        None => wakes.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match come {
        Ok(wake) => Ok(Some(wake)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// Sends what the terminal says, for as long as it says anything.
fn listen(send: &Sender<Wake>) {
    loop {
        let wake = match event::read() {
            Ok(Event::Key(key)) => Wake::Msg(Msg::Key(key)),
            Ok(Event::Mouse(mouse)) => Wake::Msg(Msg::Mouse(mouse)),
            Ok(Event::Paste(text)) => Wake::Msg(Msg::Paste(text)),
            Ok(Event::Resize(width, height)) => Wake::Msg(Msg::Resize(width, height)),
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(error) => Wake::Deaf(error),
        };
        let last = matches!(wake, Wake::Deaf(_));
        if send.send(wake).is_err() || last {
            return;
        }
    }
}

/// Gives the terminal to the shell, stops, and takes it again when the shell says so.
fn suspend(terminal: &Terminal) -> io::Result<()> {
    terminal.leave();
    emulate_default_handler(SIGTSTP)?;
    terminal.enter()
}

/// Draws all of the screen anew, whatever stands there. The cursor is not asked for, as only the thread that reads keys
/// would hear where it is.
fn again(screen: &mut ratatui::Terminal<CrosstermBackend<io::Stdout>>) -> io::Result<Msg> {
    let (width, height) = crossterm::terminal::size()?;
    screen.resize(Rect::new(0, 0, width, height))?;
    Ok(Msg::Resize(width, height))
}
