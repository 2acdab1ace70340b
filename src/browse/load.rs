//! Reading a capture once, from its first frame to its last, for what is kept of it.

use super::ask::{Answer, News};
use super::index::{Fact, NO_STREAM, Note, Short, State};
use super::known::{Arrival, Group, Known, Marks, Seat, Talk};
use super::values::{Batch, KEPT};
use crate::analysis::{Analyzer, Event, Task};
use crate::source::{Capture, Frame, Manner, Place, Stop};
use dissectors::session::Side;
use dissectors::{Field, Kind, PROTOCOLS, Part, Protocol, Severity, Wants, http};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often news are told, and how soon the first are.
const NEWS: Duration = Duration::from_millis(50);
const FIRST_NEWS: Duration = Duration::from_millis(10);

/// Frames between two looks at the clock.
const STRIDE: u32 = 256;

/// Reads captures and tells what becomes known.
pub(super) struct Loader<H> {
    known: Known,
    stop: Stop,
    hear: H,
    analyzer: Analyzer,
    news: News,
    arrivals: Vec<Arrival>,
    values: Batch,
    /// The last frame whose connections were told.
    told: u32,
    frame: u32,
    start: i64,
    /// What could not be read.
    failed: Vec<String>,
}

/// What is looked for in every frame: the name of its protocol, and what is odd about it. What is odd about the content
/// of messages is not: to look into all bodies takes as long as all else together.
fn wants() -> Wants {
    let mut wants = Wants::only_names();
    let of_content = |protocol: &Protocol| matches!(protocol.part, Part::Content(_));
    let is_odd = |field: &&Field| match field.kind {
        Kind::Note(severity) => severity > Severity::Chat,
        _ => false,
    };
    let protocols = PROTOCOLS.iter().filter(|protocol| !of_content(protocol));
    for field in protocols.flat_map(|protocol| protocol.fields.iter().copied()).filter(is_odd) {
        if field.id != http::DECOMPRESSION_FAILED.id && field.id != http::BODY_LIMIT.id {
            wants.add(field);
        }
    }
    KEPT.iter().for_each(|field| wants.add(field));
    wants
}

impl<H: Fn(Answer)> Loader<H> {
    pub(super) fn new(known: Known, stop: Stop, hear: H) -> Loader<H> {
        let task = Task { wants: wants(), exchanges: true, streams: true, dialogues: true, ..Task::default() };
        let analyzer = Analyzer::new(task);
        let (news, arrivals, values, failed) = Default::default();
        Loader { known, stop, hear, analyzer, news, arrivals, values, told: 0, frame: 0, start: 0, failed }
    }

    /// Reads all of the captures.
    pub(super) fn run(mut self, mut paths: Vec<PathBuf>) {
        if let Some(mut capture) = self.open(&mut paths) {
            self.read(&mut capture);
        }
        if self.stop.is_set() {
            return;
        }
        self.analyzer.finish();
        self.events();
        let failed = std::mem::take(&mut self.failed);
        self.tell(State::Whole((!failed.is_empty()).then(|| failed.join("; "))));
    }

    /// Opens the captures. One that cannot be opened is left out if there are others.
    fn open(&mut self, paths: &mut Vec<PathBuf>) -> Option<Capture> {
        while !paths.is_empty() {
            let manner = Manner { shelf: Some(self.known.shelf.clone()), stop: self.stop.clone(), ..Manner::default() };
            match Capture::open_as(paths.iter().cloned(), manner) {
                Ok(capture) => return Some(capture),
                Err(error) => {
                    self.failed.push(error.to_string());
                    let wrong = paths.iter().position(|path| path.display().to_string() == error.file);
                    paths.remove(wrong.unwrap_or(0));
                }
            }
        }
        None
    }

    fn read(&mut self, capture: &mut Capture) {
        let mut last = Instant::now();
        let mut patience = FIRST_NEWS;
        loop {
            match capture.next() {
                Ok(Some(frame)) => self.frame(&frame),
                Ok(None) => return,
                Err(error) => {
                    self.failed.push(error.to_string());
                    continue;
                }
            }
            if let Some(arrival) = self.arrivals.last_mut() {
                arrival.seat.stand(capture.place());
            }
            if self.frame.is_multiple_of(STRIDE) {
                if self.stop.is_set() {
                    return;
                }
                if last.elapsed() >= patience {
                    (last, patience) = (Instant::now(), NEWS);
                    let progress = capture.progress();
                    let part = progress.total.map(|total| progress.read as f32 / total.max(1) as f32);
                    self.tell(State::Reading(part.map(|part| part.min(1.0))));
                }
            }
        }
    }

    /// Takes in a frame, but for where it stands.
    fn frame(&mut self, frame: &Frame<'_>) {
        if self.frame == 0 {
            self.start = frame.time.0;
        }
        self.frame = frame.number;
        self.analyzer.dissect(frame);
        let worst = self.notes();
        let analyzer = &self.analyzer;
        let met = analyzer.met().first();
        self.news.frames.push(Fact {
            time: frame.time.0,
            length: frame.length,
            stream: met.map_or(NO_STREAM, |met| met.stream),
            protocol: Short::new(analyzer.tree().columns().protocol),
            worst,
        });
        let mut groups = met.map(|met| Group::stream(met.stream)).into_iter();
        let mut dialogues = analyzer.dialogues().iter().map(|&number| Group::dialogue(number));
        let group = groups.next().or_else(|| dialogues.next()).unwrap_or(Group::NONE);
        let more: Vec<Group> = dialogues.collect();
        let mut marks = Marks::default();
        let mut mark = |mark: u8, is_so: bool| marks.0 |= if is_so { mark } else { 0 };
        mark(Marks::FRAGMENT, analyzer.is_fragment());
        mark(Marks::MORE, !more.is_empty());
        if let Some(met) = met {
            let [client, server] = met.speaks;
            mark(Marks::FROM_CLIENT, met.side == Side::Client);
            mark(Marks::CLIENT_SPEAKS, client);
            mark(Marks::SERVER_SPEAKS, server);
            mark(Marks::REUSED, met.reused);
            mark(Marks::PLAIN, !met.quoted && is_plain(analyzer.path()));
        }
        self.arrivals.push(Arrival { seat: Seat::new(Place::default(), marks, group), more });
        self.events();
    }

    /// Takes in what is odd about the frame; returns how bad the worst is.
    fn notes(&mut self) -> Option<Severity> {
        let mut worst = None;
        let tree = self.analyzer.tree();
        for node in tree.nodes() {
            self.values.take(self.frame, node, tree);
            if let Kind::Note(severity) = node.field.kind {
                worst = worst.max(Some(severity));
                self.news.notes.push(Note { frame: self.frame, field: node.field, severity });
            }
        }
        worst
    }

    fn events(&mut self) {
        for event in self.analyzer.events() {
            match event {
                Event::Call(call) => self.news.calls.push(call),
                Event::Stream(stream) => self.news.streams.push(*stream),
                Event::End(_) | Event::Chunk(_) => {}
            }
        }
    }

    /// Shares what has become known, and tells it.
    fn tell(&mut self, state: State) {
        if !matches!(state, State::Whole(_)) {
            self.news.streams.extend(self.analyzer.open_since(self.told));
        }
        let mut known = self.known.write();
        known.first = self.start;
        self.arrivals.drain(..).for_each(|arrival| known.push(arrival));
        known.talks.extend(self.news.calls.iter().map(|call| Talk::of(&call.exchange)));
        known.whole |= matches!(state, State::Whole(_));
        known.values.extend(&mut self.values);
        for stream in &self.news.streams {
            known.belongs(stream.number, [stream.client, stream.server]);
        }
        drop(known);
        // So that each connection that is new is the next; of one that was told twice, the later row counts.
        self.news.streams.sort_by_key(|stream| stream.number);
        self.told = self.frame;
        (self.hear)(Answer::News(News { state, ..std::mem::take(&mut self.news) }));
    }
}

/// Whether the protocols are those of a TCP segment in an IP packet, and no tunnel is among them.
fn is_plain(path: &[&str]) -> bool {
    let count = |name: &str| path.iter().filter(|met| **met == name).count();
    // What else IPv6 has between may have addresses of its own.
    let is_extended = path.iter().any(|met| met.starts_with("ipv6."));
    count("ip") + count("ipv6") == 1 && count("tcp") == 1 && count("udp") == 0 && !is_extended
}
