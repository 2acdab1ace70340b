//! A browser that is asked, and answers one question at a time.

use overhear::browse::{Answer, Ask, Browser, Dissected, Index, Row, State};
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser, what is known, and its answers.
pub struct Desk {
    pub browser: Browser,
    pub index: Index,
    pub answers: Receiver<Answer>,
}

impl Desk {
    /// Opens captures and waits until they are read.
    pub fn open(paths: &[PathBuf]) -> Desk {
        let (tell, answers) = channel();
        let browser = Browser::open(paths.to_vec(), move |answer| drop(tell.send(answer)));
        let mut desk = Desk { browser, index: Index::default(), answers };
        while !matches!(desk.index.state, State::Whole(_)) {
            desk.hear();
        }
        desk
    }

    /// Asks, and does not wait.
    pub fn post(&self, ask: Ask) {
        self.browser.ask(ask);
    }

    /// The next answer that is no news.
    pub fn hear(&mut self) -> Option<Answer> {
        match self.answers.recv_timeout(Duration::from_secs(60)).expect("an answer") {
            Answer::News(news) => {
                self.index.take(*news);
                None
            }
            answer => Some(answer),
        }
    }

    pub fn ask(&mut self, ask: Ask) -> Answer {
        self.browser.ask(ask);
        loop {
            if let Some(answer) = self.hear() {
                return answer;
            }
        }
    }

    pub fn rows(&mut self, frames: &[u32]) -> Vec<Row> {
        match self.ask(Ask::Rows { frames: frames.to_vec(), fields: Vec::new() }) {
            Answer::Rows(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// The frames, calls and connections that a filter lets through.
    pub fn sift(&mut self, filter: &str) -> [Vec<u32>; 3] {
        self.browser.ask(Ask::Sift { filter: filter.into(), turn: 7 });
        let mut all: [Vec<u32>; 3] = Default::default();
        loop {
            match self.hear() {
                Some(Answer::Sifted { turn: 7, frames, calls, streams, done, .. }) => {
                    all.iter_mut().zip([frames, calls, streams]).for_each(|(all, more)| all.extend(more));
                    if done {
                        return all;
                    }
                }
                None => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn frame(&mut self, frame: u32) -> Dissected {
        match self.ask(Ask::Frame(frame)) {
            Answer::Frame(dissected) => *dissected,
            other => panic!("{other:?}"),
        }
    }
}

/// A file of these bytes, and where it is.
pub fn written(bytes: &[u8]) -> (tempfile::NamedTempFile, PathBuf) {
    let mut file = tempfile::NamedTempFile::new().expect("room");
    file.write_all(bytes).expect("room");
    let path = file.path().to_owned();
    (file, path)
}
