//! The screen without a terminal: keys go in, text comes out, and a real browser answers.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use overhear::browse::{Answer, Ask, Browser};
use overhear::tui::{Depth, Effect, Model, Msg, Theme, Tone, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A screen of a capture.
pub struct Screen {
    pub model: Model,
    browser: Browser,
    answers: Receiver<Answer>,
    terminal: Terminal<TestBackend>,
    /// What was put into the clipboard.
    pub copied: Vec<String>,
    /// For each message but answers, how long it took to be taken in, to be drawn, and to be answered.
    pub spent: Vec<[Duration; 3]>,
}

/// Whether this answers that.
fn answers(answer: &Answer, ask: &Ask) -> bool {
    match (answer, ask) {
        (Answer::Rows(_), Ask::Rows { .. })
        | (Answer::Frame(_), Ask::Frame(_))
        | (Answer::Ladder(_), Ask::Ladder { .. })
        | (Answer::Call { .. }, Ask::Call(_))
        | (Answer::Follow { .. }, Ask::Follow(_))
        | (Answer::Saved { .. } | Answer::Exists { .. }, Ask::Save { .. })
        | (Answer::Failed(_) | Answer::Unread { .. }, _) => true,
        (Answer::Sifted { turn, done: true, .. }, Ask::Sift { turn: asked, .. }) => turn == asked,
        (Answer::Found { turn, .. }, Ask::Find { turn: asked, .. }) => turn == asked,
        _ => false,
    }
}

impl Screen {
    /// Opens a capture and waits until all of it is read.
    pub fn open(path: &Path, size: (u16, u16)) -> Screen {
        let (tell, answers) = channel();
        let browser = Browser::open(vec![path.to_owned()], move |answer| drop(tell.send(answer)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let model = Model::new(&name, Theme::new(Depth::Sixteen, Tone::Dark), jiff::tz::TimeZone::UTC);
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).expect("a terminal");
        let mut screen = Screen { model, browser, answers, terminal, copied: Vec::new(), spent: Vec::new() };
        screen.send(Msg::Resize(size.0, size.1));
        screen.spent.clear();
        while screen.model.is_growing() {
            let answer = screen.hear();
            screen.send(Msg::Answer(answer));
        }
        screen
    }

    fn hear(&self) -> Answer {
        self.answers.recv_timeout(Duration::from_secs(120)).expect("an answer")
    }

    /// Tells the model, and waits until all that it asks is answered.
    pub fn send(&mut self, msg: Msg) {
        let begun = Instant::now();
        let mut effects = update(&mut self.model, msg);
        let updated = begun.elapsed();
        self.draw();
        let drawn = begun.elapsed();
        self.settle(&mut effects);
        self.spent.push([updated, drawn - updated, begun.elapsed() - drawn]);
    }

    /// The longest that a part of what is `spent` took.
    pub fn most(&self, part: usize) -> Duration {
        self.spent.iter().map(|spent| spent[part]).max().unwrap_or_default()
    }

    /// Asks, and waits for all answers.
    fn settle(&mut self, effects: &mut Vec<Effect>) {
        while let Some(effect) = effects.pop() {
            match effect {
                Effect::Copy(text) => self.copied.push(text),
                Effect::Ask(ask) => {
                    self.browser.ask(ask.clone());
                    let mut is_answered = matches!(ask, Ask::EndSift | Ask::EndFind);
                    while !is_answered {
                        let answer = self.hear();
                        is_answered = answers(&answer, &ask);
                        effects.extend(update(&mut self.model, Msg::Answer(answer)));
                    }
                }
                Effect::Continue => {
                    let begun = Instant::now();
                    effects.extend(update(&mut self.model, Msg::Continue));
                    self.spent.push([begun.elapsed(), Duration::ZERO, Duration::ZERO]);
                }
                Effect::Redraw | Effect::Suspend | Effect::Quit => {}
            }
        }
    }

    /// Presses keys, written as in the texts of `tests/screens`.
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
            self.word(word);
            rest = after.trim_start();
        }
    }

    fn key(&mut self, code: KeyCode, modifiers: KeyModifiers) {
        self.send(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    fn word(&mut self, word: &str) {
        if let Some((what, places)) = word.split_once(':').filter(|(what, _)| !what.is_empty()) {
            let places: Vec<i32> = places.split(',').map(|place| place.parse().expect("a number")).collect();
            return self.mouse(what, &places);
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
                assert_eq!(word.chars().count(), 1, "{word} is no key");
                KeyCode::Char(word.chars().next().expect("a character"))
            }
        };
        self.key(code, KeyModifiers::NONE);
    }

    fn mouse(&mut self, what: &str, places: &[i32]) {
        let (column, row) = (places[0] as u16, places[1] as u16);
        let mut send = |kind| self.send(Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        match what {
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
                let turn = if places[2] > 0 { MouseEventKind::ScrollDown } else { MouseEventKind::ScrollUp };
                (0..places[2].abs()).for_each(|_| send(turn));
            }
            "resize" => {
                self.terminal = Terminal::new(TestBackend::new(column, row)).expect("a terminal");
                self.send(Msg::Resize(column, row));
            }
            _ => unreachable!("{what} is nothing that can be done"),
        }
    }

    /// Draws, and returns what is shown: a line a row, without spaces at their ends.
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
                // What is two columns wide covers the next cell.
                x += (unicode_width::UnicodeWidthStr::width(symbol) as u16).max(1);
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }

    /// Draws what is shown.
    pub fn draw(&mut self) {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).expect("drawn");
    }
}
