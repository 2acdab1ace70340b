//! Screen without a terminal: sends keys to the model, runs its requests in a real browser, returns the text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use overhear::analysis::DecodeOptions;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser};
use overhear::redact::{RedactSettings, Redactor};
use overhear::tui::{Background, ColorDepth, Effect, Model, Msg, Theme, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Screen that shows a capture.
pub struct Screen {
    pub model: Model,
    browser: Browser,
    events: Receiver<BrowseEvent>,
    terminal: Terminal<TestBackend>,
    /// Texts copied to the clipboard.
    pub copied: Vec<String>,
    /// Times to update the model, to draw and to complete its requests, for each message except browse events.
    pub timings: Vec<[Duration; 3]>,
}

/// Whether a browse event completes a request.
fn completes(event: &BrowseEvent, request: &BrowseRequest) -> bool {
    match (event, request) {
        (BrowseEvent::Rows(_), BrowseRequest::Rows { .. })
        | (BrowseEvent::Frame(_), BrowseRequest::Frame(_))
        | (BrowseEvent::Ladder(_), BrowseRequest::Ladder { .. })
        | (BrowseEvent::Call { .. }, BrowseRequest::Call(_))
        | (BrowseEvent::Journey { .. }, BrowseRequest::Journey { .. })
        | (BrowseEvent::Trace { .. }, BrowseRequest::Trace { .. })
        | (BrowseEvent::Follow(_), BrowseRequest::Follow { .. })
        | (BrowseEvent::SaveResult { .. } | BrowseEvent::FileExists { .. }, BrowseRequest::Save { .. })
        | (BrowseEvent::Error(_) | BrowseEvent::RequestFailed { .. }, _) => true,
        (BrowseEvent::FilterResult { id: turn, done: true, .. }, BrowseRequest::Filter { id: requested, .. }) => {
            turn == requested
        }
        (BrowseEvent::FindResult { id: turn, .. }, BrowseRequest::Find { id: requested, .. }) => turn == requested,
        _ => false,
    }
}

impl Screen {
    /// Opens a capture and waits until it is read completely.
    pub fn open(path: &Path, size: (u16, u16)) -> Screen {
        Screen::open_with(path, size, DecodeOptions::default())
    }

    /// Opens a capture with secrets redacted. All runs have the same marks.
    pub fn open_redacted(path: &Path, size: (u16, u16)) -> Screen {
        let settings = RedactSettings::parse("key = 'a key'").expect("settings");
        let redactor = Redactor::new(settings).expect("no random numbers are needed");
        Screen::open_with(path, size, DecodeOptions { redactor: Some(Arc::new(redactor)), ..DecodeOptions::default() })
    }

    fn open_with(path: &Path, size: (u16, u16), decode: DecodeOptions) -> Screen {
        let (sender, events) = channel();
        let is_redacted = decode.redactor.is_some();
        let browser = Browser::open_with(vec![path.to_owned()], decode, move |event| drop(sender.send(event)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let model = Model::new(&name, Theme::new(ColorDepth::Sixteen, Background::Dark), jiff::tz::TimeZone::UTC);
        let model = model.with_redaction(is_redacted);
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a terminal");
        let mut screen = Screen { model, browser, events, terminal, copied: Vec::new(), timings: Vec::new() };
        screen.send(Msg::Resize(size.0, size.1));
        screen.timings.clear();
        while screen.model.is_growing() {
            let event = screen.receive();
            screen.send(Msg::QueryResult(event));
        }
        screen
    }

    fn receive(&self) -> BrowseEvent {
        self.events.recv_timeout(Duration::from_secs(120)).expect("a browse event")
    }

    /// Sends a message to the model, and waits until its requests are complete.
    pub fn send(&mut self, msg: Msg) {
        let start = Instant::now();
        let mut effects = update(&mut self.model, msg);
        let updated = start.elapsed();
        self.draw();
        let drawn = start.elapsed();
        self.run_effects(&mut effects);
        self.timings.push([updated, drawn - updated, start.elapsed() - drawn]);
    }

    /// Returns the longest of all update, draw or request times: `part` is 0, 1 or 2.
    pub fn max_time(&self, part: usize) -> Duration {
        self.timings.iter().map(|times| times[part]).max().unwrap_or_default()
    }

    /// Runs the effects, and waits until all requests are complete.
    fn run_effects(&mut self, effects: &mut Vec<Effect>) {
        while !effects.is_empty() {
            match effects.remove(0) {
                Effect::Copy(text) => self.copied.push(text),
                Effect::Query(request) => {
                    self.browser.send(request.clone());
                    let mut is_complete = matches!(
                        request,
                        BrowseRequest::CancelFilter | BrowseRequest::CancelFind | BrowseRequest::ShowNames(_)
                    );
                    while !is_complete {
                        let event = self.receive();
                        is_complete = completes(&event, &request);
                        effects.extend(update(&mut self.model, Msg::QueryResult(event)));
                    }
                }
                Effect::Continue => {
                    let start = Instant::now();
                    effects.extend(update(&mut self.model, Msg::Continue));
                    self.timings.push([start.elapsed(), Duration::ZERO, Duration::ZERO]);
                }
                Effect::Redraw | Effect::Suspend | Effect::Quit => {}
            }
        }
    }

    /// Presses keys, in the notation of `tests/screens`.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys.trim();
        while !rest.is_empty() {
            if let Some(typed) = rest.strip_prefix('"') {
                let (typed, after) = typed.split_once('"').expect("a quote at the end");
                typed.chars().for_each(|char| self.key(KeyCode::Char(char), KeyModifiers::NONE));
                rest = after.trim_start();
                continue;
            }
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            self.press(word);
            rest = after.trim_start();
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    fn press(&mut self, word: &str) {
        if let Some((action, numbers)) = word.split_once(':').filter(|(action, _)| !action.is_empty()) {
            let numbers: Vec<i32> = numbers.split(',').map(|number| number.parse().expect("a number")).collect();
            return self.mouse(action, &numbers);
        }
        if let Some(char) = word.strip_prefix("Ctrl-") {
            let char = char.chars().next().expect("a character").to_ascii_lowercase();
            return self.key(KeyCode::Char(char), KeyModifiers::CONTROL);
        }
        let code = match word {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "Shift-Tab" => KeyCode::BackTab,
            "Space" => KeyCode::Char(' '),
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "Left" => KeyCode::Left,
            "Right" => KeyCode::Right,
            "PgUp" => KeyCode::PageUp,
            "PgDn" => KeyCode::PageDown,
            "Home" => KeyCode::Home,
            "End" => KeyCode::End,
            "Backspace" => KeyCode::Backspace,
            _ => {
                assert_eq!(word.chars().count(), 1, "unknown key: {word}");
                KeyCode::Char(word.chars().next().expect("a character"))
            }
        };
        self.key(code, KeyModifiers::NONE);
    }

    fn mouse(&mut self, action: &str, numbers: &[i32]) {
        let (column, row) = (numbers[0] as u16, numbers[1] as u16);
        let mut send = |kind| self.send(Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        match action {
            "click" => {
                send(MouseEventKind::Down(MouseButton::Left));
                send(MouseEventKind::Up(MouseButton::Left));
            }
            "press" => send(MouseEventKind::Down(MouseButton::Left)),
            "drag" => {
                send(MouseEventKind::Drag(MouseButton::Left));
                send(MouseEventKind::Up(MouseButton::Left));
            }
            "wheel" => {
                let direction = if numbers[2] > 0 { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
                (0..numbers[2].abs()).for_each(|_| send(direction));
            }
            "resize" => {
                self.terminal = Terminal::new(TestBackend::new(column, row)).expect("a terminal");
                self.send(Msg::Resize(column, row));
            }
            _ => unreachable!("unknown mouse action: {action}"),
        }
    }

    /// Draws the screen and returns its text, one line per row, without trailing spaces.
    pub fn text(&mut self) -> String {
        self.draw();
        let buffer = self.terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                // A character two columns wide covers the next cell.
                x += (unicode_width::UnicodeWidthStr::width(symbol) as u16).max(1);
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// Draws the screen.
    pub fn draw(&mut self) {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).expect("drawn");
    }
}
