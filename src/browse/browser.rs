//! The threads that read a capture, and those that answer.

use super::ask::{Answer, Ask};
use super::find::Search;
use super::known::Known;
#[cfg(feature = "live")]
use super::listen::{Left, Listening, Running};
use super::load::{Source, load};
use super::post::Post;
use super::save::{self, Order};
use super::sift::Sifting;
use super::teller::Teller;
use crate::source::Stop;
use std::path::PathBuf;
#[cfg(feature = "live")]
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

/// A capture that is read, and can be asked about. Dropping it ends its threads soon, but for what is to be saved: that is
/// waited for.
#[derive(Default)]
pub struct Browser {
    known: Known,
    /// Ends the reading.
    stop: Stop,
    /// Of who answers at once.
    desk: Post,
    /// Of who sifts.
    sieve: Post,
    /// Of who looks for something.
    search: Post,
    /// Of who writes.
    saver: Post,
    saving: Option<JoinHandle<()>>,
    #[cfg(feature = "live")]
    listening: Option<Running>,
    /// Packets that nobody wants, as many as there are at most.
    #[cfg(feature = "live")]
    unwanted: AtomicU64,
}

impl Browser {
    /// Begins to read captures, in a thread of its own; what becomes known, and the answers, are told to `hear`.
    pub fn open(paths: Vec<PathBuf>, hear: impl Fn(Answer) + Send + Clone + 'static) -> Browser {
        let mut browser = Browser::default();
        let read = paths.clone();
        let source = Source { paths, ends: browser.stop.clone(), stop: browser.stop.clone(), live: None };
        let (known, tell) = (browser.known.clone(), hear.clone());
        start("load", &hear, move || load(&known, source, tell));
        browser.answer(read, hear);
        browser
    }

    /// Begins to listen to interfaces that are open. What is captured is written to a file of this name, or else to one
    /// in a temporary folder, which stays: see [`close`](Browser::close).
    #[cfg(feature = "live")]
    pub fn listen(
        opened: crate::live::Opened,
        write: Option<PathBuf>,
        limits: crate::live::Limits,
        hear: impl Fn(Answer) + Send + Clone + 'static,
    ) -> Result<Browser, String> {
        let mut browser = Browser::default();
        let (listening, source) = Listening::begin(opened, write, limits, browser.stop.clone())?;
        let (known, tell, read) = (browser.known.clone(), hear.clone(), source.paths.clone());
        start("load", &hear, move || load(&known, source, tell));
        browser.listening = Some(listening.run(browser.known.clone())?);
        browser.answer(read, hear);
        Ok(browser)
    }

    /// The temporary file that what is captured is written to, if nobody gave it a name.
    #[cfg(feature = "live")]
    #[must_use]
    pub fn spool(&self) -> Option<&std::path::Path> {
        self.listening.as_ref().and_then(Running::spool)
    }

    /// Ends listening, and says what is left of it. A temporary file is removed only if there is no packet in it, or if
    /// it was [discarded](Ask::Discard).
    #[cfg(feature = "live")]
    pub fn close(mut self) -> Left {
        self.save_the_rest();
        self.stop.stop();
        let unwanted = self.unwanted.load(Relaxed);
        self.listening.take().map_or_else(Left::default, |mut listening| listening.end(unwanted))
    }

    /// Waits for what is to be saved.
    fn save_the_rest(&mut self) {
        self.saver.close_when_done();
        self.saving.take().map(JoinHandle::join);
    }

    /// Begins to answer questions about what these files say.
    fn answer(&mut self, read: Vec<PathBuf>, hear: impl Fn(Answer) + Send + Clone + 'static) {
        let (known, desk, tell) = (self.known.clone(), self.desk.clone(), hear.clone());
        start("desk", &hear, move || {
            let mut teller = Teller::new(known);
            while let Some((ask, _)) = desk.next() {
                tell(teller.answer(ask));
            }
        });
        let (known, sieve, tell) = (self.known.clone(), self.sieve.clone(), hear.clone());
        start("sift", &hear, move || {
            while let Some((ask, count)) = sieve.next() {
                let Ask::Sift { filter, turn } = &ask else { continue };
                let sifting = Sifting::new(known.clone(), filter, *turn, &sieve, count);
                if let Err(why) = sifting.and_then(|sifting| sifting.run(&tell)) {
                    tell(Answer::Unread { ask, why });
                }
            }
        });
        let (known, search, tell) = (self.known.clone(), self.search.clone(), hear.clone());
        start("find", &hear, move || {
            while let Some((ask, count)) = search.next() {
                let Ask::Find { what, place, from, back, among, turn } = ask.clone() else { continue };
                let found = Search { what, place, from, back, among, turn }.run(&known, &search, count, &tell);
                if let Err(why) = found {
                    tell(Answer::Unread { ask, why });
                }
            }
        });
        let (known, saver, tell) = (self.known.clone(), self.saver.clone(), hear.clone());
        self.saving = start("save", &hear, move || {
            while let Some((ask, count)) = saver.next() {
                let Ask::Save { path, frames, over } = ask else { continue };
                let order = Order { path, frames: frames.as_ref().map(|frames| frames.as_slice()), over };
                save::answer(&known, &read, order, (&saver, count)).map(&tell);
            }
        });
    }

    /// Asks. The answer comes when it is found.
    pub fn ask(&self, ask: Ask) {
        match ask {
            Ask::Sift { .. } => self.sieve.put(ask),
            Ask::Find { .. } => self.search.put(ask),
            Ask::Save { .. } => self.saver.add(ask),
            Ask::EndSift => self.sieve.clear(),
            Ask::EndFind => self.search.clear(),
            #[cfg(feature = "live")]
            Ask::Discard(count) => self.unwanted.store(count, Relaxed),
            #[cfg(not(feature = "live"))]
            Ask::Discard(_) => {}
            _ => self.desk.put(ask),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.save_the_rest();
        self.stop.stop();
        [&self.desk, &self.sieve, &self.search].into_iter().for_each(Post::close);
    }
}

/// Begins a thread; that there is none to be had is told.
fn start(name: &str, hear: &impl Fn(Answer), work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let begun = thread::Builder::new().name(name.into()).spawn(work);
    begun.map_err(|error| hear(Answer::Failed(format!("no thread can be begun: {error}")))).ok()
}
