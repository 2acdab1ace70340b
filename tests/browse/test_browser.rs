//! Browser for tests: sends requests and waits for the response of each.

use overhear::analysis::DecodeOptions;
use overhear::browse::{BrowseEvent, BrowseRequest, Browser, FrameDetail, FrameRow, Index, LoadState};
use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser, its index, and the events that it sends.
pub struct TestBrowser {
    pub inner: Browser,
    pub index: Index,
    pub events: Receiver<BrowseEvent>,
}

impl TestBrowser {
    /// Opens captures and waits until they are read.
    pub fn open(paths: &[PathBuf]) -> TestBrowser {
        TestBrowser::open_with(paths, DecodeOptions::default())
    }

    /// The same with decode options.
    pub fn open_with(paths: &[PathBuf], decode: DecodeOptions) -> TestBrowser {
        let (sender, events) = channel();
        let browser = Browser::open_with(paths.to_vec(), decode, move |event| drop(sender.send(event)));
        let mut browser = TestBrowser { inner: browser, index: Index::default(), events };
        while !matches!(browser.index.state, LoadState::Complete(_)) {
            browser.receive();
        }
        browser
    }

    /// Sends a request without waiting for its response.
    pub fn send(&self, request: BrowseRequest) {
        self.inner.send(request);
    }

    /// Returns the next event, or `None` if it is an index update, which is applied.
    pub fn receive(&mut self) -> Option<BrowseEvent> {
        match self.events.recv_timeout(Duration::from_secs(60)).expect("an event") {
            BrowseEvent::IndexUpdate(update) => {
                self.index.apply(*update);
                None
            }
            event => Some(event),
        }
    }

    pub fn request(&mut self, request: BrowseRequest) -> BrowseEvent {
        self.inner.send(request);
        loop {
            if let Some(event) = self.receive() {
                return event;
            }
        }
    }

    pub fn rows(&mut self, frames: &[u32]) -> Vec<FrameRow> {
        match self.request(BrowseRequest::Rows { frames: frames.to_vec(), fields: Vec::new() }) {
            BrowseEvent::Rows(rows) => rows,
            other => panic!("{other:?}"),
        }
    }

    /// Returns the frames, calls and connections that match a filter.
    pub fn select(&mut self, filter: &str) -> [Vec<u32>; 3] {
        self.inner.send(BrowseRequest::Filter { filter: filter.into(), id: 7 });
        let mut all: [Vec<u32>; 3] = Default::default();
        loop {
            match self.receive() {
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
        match self.request(BrowseRequest::Frame(frame)) {
            BrowseEvent::Frame(dissected) => *dissected,
            other => panic!("{other:?}"),
        }
    }
}

/// Returns a temporary file of these bytes, and its path.
pub fn written(bytes: &[u8]) -> (tempfile::NamedTempFile, PathBuf) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file");
    let path = file.path().to_owned();
    (file, path)
}
