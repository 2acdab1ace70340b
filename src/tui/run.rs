//! Main loop: terminal input, signals, redraw timing and queries to the capture.

use crate::browse::{BrowseEvent, BrowseRequest};
use crate::tui::basic_terminal::SixteenColorWriter;
use crate::tui::clipboard::Multiplexer;
use crate::tui::model::Model;
use crate::tui::model::message::{Effect, Msg};
use crate::tui::terminal::{TerminalGuard, exit_by_signal};
use crate::tui::update::update;
use crate::tui::view::view;
use crate::tui::{basic_terminal, clipboard};
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

/// Minimum time between two draws.
const DRAW_INTERVAL: Duration = Duration::from_millis(16);

/// Error code of the operating system for a terminal that is gone.
const EIO: i32 = 5;

/// Interval between checks whether the terminal still exists, while idle.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Maximum number of messages applied per draw.
const MAX_MESSAGES: usize = 1000;

/// Event of the main loop.
enum LoopEvent {
    Msg(Box<Msg>),
    Signal(i32),
    /// Reading the terminal failed: no more keys.
    InputFailed(io::Error),
}

/// Sender of results to the main loop; may be cloned into other threads.
#[derive(Clone)]
pub struct ResultSender(Sender<LoopEvent>);

impl ResultSender {
    /// Sends a result. Ignores that the loop has ended.
    pub fn send(&self, event: BrowseEvent) {
        let _ = self.0.send(LoopEvent::Msg(Msg::QueryResult(event).into()));
    }
}

/// Queue of events for [`run`].
pub struct Inbox {
    sender: Sender<LoopEvent>,
    events: Receiver<LoopEvent>,
}

/// Creates a queue and a sender of results.
#[must_use]
pub fn inbox() -> (ResultSender, Inbox) {
    let (sender, events) = channel();
    (ResultSender(sender.clone()), Inbox { sender, events })
}

/// Reason why the terminal UI ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenEnd {
    /// The user quit.
    Quit,
    /// This signal; SIGHUP also if the terminal is gone.
    Signal(i32),
}

/// Shows a capture until the user quits. Calls `ask` with each query; the results arrive through the inbox.
///
/// # Errors
///
/// The terminal cannot be read or written.
pub fn run(model: Model, inbox: Inbox, on_request: impl FnMut(BrowseRequest)) -> io::Result<ScreenEnd> {
    main_loop(model, inbox, on_request).or_else(|error| match error.raw_os_error() {
        Some(EIO) => Ok(ScreenEnd::Signal(SIGHUP)),
        _ => Err(error),
    })
}

fn main_loop(mut model: Model, inbox: Inbox, mut on_request: impl FnMut(BrowseRequest)) -> io::Result<ScreenEnd> {
    let Inbox { sender, events } = inbox;
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT, SIGTSTP, SIGCONT])?;
    let (signal_sender, copy_sender) = (sender.clone(), sender.clone());
    thread::Builder::new().name("signals".into()).spawn(move || forward_signals(signals, &signal_sender))?;
    let terminal = TerminalGuard::acquire(model.exit_message())?;
    let (width, height) = crossterm::terminal::size()?;
    thread::Builder::new().name("keys".into()).spawn(move || forward_input(&sender))?;
    let mut effects = update(&mut model, Msg::Resize(width, height));
    let out = SixteenColorWriter::new(io::stdout(), model.theme.has_256_colors());
    // Never dropped: dropping writes to the terminal, and panics if the terminal is gone.
    let mut screen = ManuallyDrop::new(ratatui::Terminal::new(CrosstermBackend::new(out))?);
    let is_ascii = basic_terminal::is_ascii(|name| std::env::var_os(name));
    let mut drawn: Option<Instant> = None;
    // Whether the screen shows outdated contents.
    let mut is_old = true;
    // Messages from the loop to itself.
    let mut queued = Vec::new();
    loop {
        effects.extend(std::mem::take(&mut queued).into_iter().flat_map(|msg| update(&mut model, msg)));
        for effect in effects.drain(..) {
            match effect {
                Effect::Query(query) => on_request(query),
                Effect::Continue => queued.push(Msg::Continue),
                Effect::Copy(text) => copy(text, &copy_sender)?,
                Effect::Suspend => {
                    suspend(&terminal)?;
                    queued.push(redraw(&mut screen)?);
                }
                Effect::Redraw => queued.push(redraw(&mut screen)?),
                Effect::Quit => return Ok(ScreenEnd::Quit),
            }
        }
        // A key is drawn at once; bursts of updates at most every `DRAW_INTERVAL`.
        let due = drawn.map_or(Duration::ZERO, |drawn| DRAW_INTERVAL.saturating_sub(drawn.elapsed()));
        if is_old && due.is_zero() {
            screen.draw(|frame| {
                view(&model, frame);
                if is_ascii {
                    basic_terminal::replace_non_ascii(frame.buffer_mut());
                }
            })?;
            drawn = Some(Instant::now());
            is_old = false;
        }
        let timeout = match () {
            () if !queued.is_empty() => Duration::ZERO,
            () if is_old => due,
            () => CHECK_INTERVAL,
        };
        let mut event = next_event(&events, timeout)?;
        // A read from a terminal that is gone may block forever, and not every program gets a signal.
        if event.is_none() && !io::stdout().is_terminal() {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        is_old |= event.is_some() || !queued.is_empty();
        let mut applied = 0;
        while let Some(now) = event {
            match now {
                LoopEvent::Msg(msg) => effects.extend(update(&mut model, *msg)),
                LoopEvent::Signal(SIGTSTP) => effects.push(Effect::Suspend),
                // Other programs may have written to the terminal while this one was stopped.
                LoopEvent::Signal(SIGCONT) => queued.push(redraw(&mut screen)?),
                LoopEvent::Signal(signal) => return Ok(ScreenEnd::Signal(signal)),
                LoopEvent::InputFailed(error) => return Err(error),
            }
            applied += 1;
            event = if applied < MAX_MESSAGES { events.try_recv().ok() } else { None };
        }
    }
}

/// Forwards signals to the main loop. A second signal to end means that the loop did not react to the first, and
/// ends the program at once. So do SIGQUIT and SIGABRT, which are for a program that hangs.
fn forward_signals(mut signals: Signals, sender: &Sender<LoopEvent>) {
    let mut is_ending = false;
    for signal in signals.forever() {
        let ends = !matches!(signal, SIGTSTP | SIGCONT);
        let is_forwarded = !(ends && is_ending || matches!(signal, SIGQUIT | SIGABRT))
            && sender.send(LoopEvent::Signal(signal)).is_ok();
        if !is_forwarded {
            exit_by_signal(signal);
        }
        is_ending |= ends;
    }
}

/// Returns the next event, or `None` after the timeout.
fn next_event(events: &Receiver<LoopEvent>, timeout: Duration) -> io::Result<Option<LoopEvent>> {
    match events.recv_timeout(timeout) {
        Ok(event) => Ok(Some(event)),
        Err(RecvTimeoutError::Timeout) => Ok(None),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// Forwards terminal input to the main loop until reading fails.
fn forward_input(sender: &Sender<LoopEvent>) {
    loop {
        let event = match event::read() {
            Ok(Event::Key(key)) => LoopEvent::Msg(Msg::Key(key).into()),
            Ok(Event::Mouse(mouse)) => LoopEvent::Msg(Msg::Mouse(mouse).into()),
            Ok(Event::Paste(text)) => LoopEvent::Msg(Msg::Paste(text).into()),
            Ok(Event::Resize(width, height)) => LoopEvent::Msg(Msg::Resize(width, height).into()),
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(error) => LoopEvent::InputFailed(error),
        };
        let last = matches!(event, LoopEvent::InputFailed(_));
        if sender.send(event).is_err() || last {
            return;
        }
    }
}

/// Copies a text to the clipboard, through the terminal and tmux.
fn copy(text: String, sender: &Sender<LoopEvent>) -> io::Result<()> {
    let multiplexer = Multiplexer::detect(|name| std::env::var_os(name));
    let mut out = io::stdout().lock();
    out.write_all(multiplexer.copy_sequence(&text).as_bytes())?;
    out.flush()?;
    if multiplexer == Multiplexer::Tmux {
        let sender = sender.clone();
        let work = move || {
            if clipboard::copy_to_tmux(&text) {
                let _ = sender.send(LoopEvent::Msg(Msg::CopiedToTmux.into()));
            }
        };
        thread::Builder::new().name("copy".into()).spawn(work)?;
    }
    Ok(())
}

/// Stops the program, and sets up the terminal again when the shell resumes it.
fn suspend(terminal: &TerminalGuard) -> io::Result<()> {
    terminal.leave();
    emulate_default_handler(SIGTSTP)?;
    terminal.enter()
}

/// Returns the message that redraws the whole screen. The cursor position is not queried: only the input thread would
/// receive the response.
fn redraw(screen: &mut ratatui::Terminal<CrosstermBackend<SixteenColorWriter<io::Stdout>>>) -> io::Result<Msg> {
    let (width, height) = crossterm::terminal::size()?;
    screen.resize(Rect::new(0, 0, width, height))?;
    Ok(Msg::Resize(width, height))
}
