//! A browser that is asked, and answers one question at a time.

use overhear::analysis::DecodeOptions;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, FrameDetail, FrameRow, Index, LoadState};
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser, what is known, and its answers.
pub struct Desk {
    pub browser: Browser,
    pub index: Index,
    pub answers: Receiver<BrowseEvent>,
}

impl Desk {
    /// Opens captures and waits until they are read.
    pub fn open(paths: &[PathBuf]) -> Desk {
        Desk::open_with(paths, DecodeOptions::default())
    }

    /// The same with decode options.
    pub fn open_with(paths: &[PathBuf], decode: DecodeOptions) -> Desk {
        let (tell, answers) = channel();
        let browser = Browser::open_with(paths.to_vec(), decode, move |answer| drop(tell.send(answer)));
        let mut desk = Desk { browser, index: Index::default(), answers };
        while !matches!(desk.index.state, LoadState::Complete(_)) {
            desk.hear();
        }
        desk
    }

    /// Asks, and does not wait.
    pub fn post(&self, ask: BrowseRequest) {
        self.browser.send(ask);
    }

    /// The next answer that is no news.
    pub fn hear(&mut self) -> Option<BrowseEvent> {
        match self.answers.recv_timeout(Duration::from_secs(60)).expect("an answer") {
            BrowseEvent::IndexUpdate(news) => {
                self.index.apply(*news);
                None
            }
            answer => Some(answer),
        }
    }

    pub fn ask(&mut self, ask: BrowseRequest) -> BrowseEvent {
        self.browser.send(ask);
        loop {
            if let Some(answer) = self.hear() {
                return answer;
            }
        }
    }

    pub fn rows(&mut self, frames: &[u32]) -> Vec<FrameRow> {
        match self.ask(BrowseRequest::Rows { frames: frames.to_vec(), fields: Vec::new() }) {
            BrowseEvent::Rows(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// The frames, calls and connections that a filter lets through.
    pub fn sift(&mut self, filter: &str) -> [Vec<u32>; 3] {
        self.browser.send(BrowseRequest::Filter { filter: filter.into(), id: 7 });
        let mut all: [Vec<u32>; 3] = Default::default();
        loop {
            match self.hear() {
                Some(BrowseEvent::FilterResult { id: 7, frames, calls, streams, done, .. }) => {
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

    pub fn frame(&mut self, frame: u32) -> FrameDetail {
        match self.ask(BrowseRequest::Frame(frame)) {
            BrowseEvent::Frame(dissected) => *dissected,
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
