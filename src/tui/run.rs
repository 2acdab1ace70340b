//! The edge: the terminal, signals and time, and who answers questions.

use super::clipboard::{self, Between};
use super::model::Model;
use super::msg::{Effect, Msg};
use super::plain::{self, Sixteen};
use super::terminal::{Terminal, die};
use super::{update, view};
use crate::browse::{Answer, Ask};
use crossterm::event::{self, Event};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGABRT, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The least time between two drawings.
const BEAT: Duration = Duration::from_millis(16);

/// What the system says of a terminal that is gone.
const EIO: i32 = 5;

/// How often it is looked whether the terminal is there, while nothing happens.
const LOOK: Duration = Duration::from_secs(1);

/// Messages that are taken in before the screen is drawn, at most.
const MOST: usize = 1000;

/// What wakes the loop.
enum Wake {
    Msg(Box<Msg>),
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
        let _ = self.0.send(Wake::Msg(Msg::Answer(answer).into()));
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

/// How the screen has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user has left.
    Left,
    /// This signal has ended it; SIGHUP where the terminal is gone.
    Signal(i32),
}

/// Shows a capture until the user leaves; questions go to `ask`, whose answers come by `mail`.
///
/// # Errors
///
/// The terminal cannot be read or written.
pub fn run(model: Model, mail: Mail, ask: impl FnMut(Ask)) -> io::Result<Ended> {
    show(model, mail, ask).or_else(|error| match error.raw_os_error() {
        Some(EIO) => Ok(Ended::Signal(SIGHUP)),
        _ => Err(error),
    })
}

fn show(mut model: Model, mail: Mail, mut ask: impl FnMut(Ask)) -> io::Result<Ended> {
    let Mail { send, wakes } = mail;
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGTSTP, SIGCONT])?;
    let (of_signals, tell) = (send.clone(), send.clone());
    thread::Builder::new().name("signals".into()).spawn(move || obey(signals, &of_signals))?;
    let terminal = Terminal::take(model.last_words())?;
    let (width, height) = crossterm::terminal::size()?;
    thread::Builder::new().name("keys".into()).spawn(move || listen(&send))?;
    let mut effects = update(&mut model, Msg::Resize(width, height));
    let out = Sixteen::new(io::stdout(), model.theme.has_many());
    // Dropped, it would write to a terminal that may be gone, and panic when it cannot tell that.
    let mut screen = ManuallyDrop::new(ratatui::Terminal::new(CrosstermBackend::new(out))?);
    let is_ascii = plain::is_ascii(|name| std::env::var_os(name));
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
                Effect::Copy(text) => copy(text, &tell)?,
                Effect::Suspend => {
                    suspend(&terminal)?;
                    owed.push(again(&mut screen)?);
                }
                Effect::Redraw => owed.push(again(&mut screen)?),
                Effect::Quit => return Ok(Ended::Left),
            }
        }
        // A key is shown at once, a flood of news not more often than anybody can see.
        let due = drawn.map_or(Duration::ZERO, |drawn| BEAT.saturating_sub(drawn.elapsed()));
        if is_old && due.is_zero() {
            screen.draw(|frame| {
                view(&model, frame);
                if is_ascii {
                    plain::ascii(frame.buffer_mut());
                }
            })?;
            drawn = Some(Instant::now());
            is_old = false;
        }
        let patience = match () {
            () if !owed.is_empty() => Duration::ZERO,
            () if is_old => due,
            () => LOOK,
        };
        let mut wake = next(&wakes, patience)?;
        // Who reads keys of a terminal that is gone may wait for ever, and not every program is told by a signal.
        if wake.is_none() && !io::stdout().is_terminal() {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        is_old |= wake.is_some() || !owed.is_empty();
        let mut taken = 0;
        while let Some(now) = wake {
            match now {
                Wake::Msg(msg) => effects.extend(update(&mut model, *msg)),
                Wake::Signal(SIGTSTP) => effects.push(Effect::Suspend),
                // Somebody else may have written on the terminal meanwhile.
                Wake::Signal(SIGCONT) => owed.push(again(&mut screen)?),
                Wake::Signal(signal) => return Ok(Ended::Signal(signal)),
                Wake::Deaf(error) => return Err(error),
            }
            taken += 1;
            wake = if taken < MOST { wakes.try_recv().ok() } else { None };
        }
    }
}

/// Tells the screen of signals. It ends by the first that asks it to; where there is a second, it was too slow for
/// that. SIGQUIT and SIGABRT are for a program that is stuck.
fn obey(mut signals: Signals, send: &Sender<Wake>) {
    let mut is_asked = false;
    for signal in signals.forever() {
        let ends = !matches!(signal, SIGTSTP | SIGCONT);
        let is_heard =
            !(ends && is_asked || matches!(signal, SIGQUIT | SIGABRT)) && send.send(Wake::Signal(signal)).is_ok();
        if !is_heard {
            die(signal);
        }
        is_asked |= ends;
    }
}

/// What comes before patience ends.
fn next(wakes: &Receiver<Wake>, patience: Duration) -> io::Result<Option<Wake>> {
    match wakes.recv_timeout(patience) {
        Ok(wake) => Ok(Some(wake)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// Sends what the terminal says, for as long as it says anything.
fn listen(send: &Sender<Wake>) {
    loop {
        let wake = match event::read() {
            Ok(Event::Key(key)) => Wake::Msg(Msg::Key(key).into()),
            Ok(Event::Mouse(mouse)) => Wake::Msg(Msg::Mouse(mouse).into()),
            Ok(Event::Paste(text)) => Wake::Msg(Msg::Paste(text).into()),
            Ok(Event::Resize(width, height)) => Wake::Msg(Msg::Resize(width, height).into()),
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(error) => Wake::Deaf(error),
        };
        let last = matches!(wake, Wake::Deaf(_));
        if send.send(wake).is_err() || last {
            return;
        }
    }
}

/// Puts a text into the clipboard, so far as that can be done from here.
fn copy(text: String, tell: &Sender<Wake>) -> io::Result<()> {
    let between = Between::of(|name| std::env::var_os(name));
    let mut out = io::stdout().lock();
    out.write_all(between.sequence(&text).as_bytes())?;
    out.flush()?;
    if between == Between::Tmux {
        let tell = tell.clone();
        let work = move || {
            if clipboard::into_tmux(&text) {
                let _ = tell.send(Wake::Msg(Msg::Copied.into()));
            }
        };
        thread::Builder::new().name("copy".into()).spawn(work)?;
    }
    Ok(())
}

/// Gives the terminal to the shell, stops, and takes it again when the shell says so.
fn suspend(terminal: &Terminal) -> io::Result<()> {
    terminal.leave();
    emulate_default_handler(SIGTSTP)?;
    terminal.enter()
}

/// Draws all of the screen anew, whatever stands there. The cursor is not asked for, as only the thread that reads keys
/// would hear where it is.
fn again(screen: &mut ratatui::Terminal<CrosstermBackend<Sixteen<io::Stdout>>>) -> io::Result<Msg> {
    let (width, height) = crossterm::terminal::size()?;
    screen.resize(Rect::new(0, 0, width, height))?;
    Ok(Msg::Resize(width, height))
}
