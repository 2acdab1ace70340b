//! Reading a capture once, from its first frame to its last, for what is kept of it.

use super::ask::{Answer, News};
use super::index::{End, Fact, NO_STREAM, Note, Short, State, Times};
use super::known::{Arrival, Group, Known, Marks, Seat, Talk};
use super::pairs::Pairs;
use super::stacks::Stacks;
use super::values::{Batch, KEPT};
use crate::analysis::{Analyzer, Event, Task};
use crate::pace;
use crate::source::{Capture, Frame, Manner, Place, Stop};
use dissectors::session::Side;
use dissectors::{Field, Kind, PROTOCOLS, Part, Protocol, Severity, Wants, http};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often news are told, and how soon the first are.
const NEWS: Duration = Duration::from_millis(50);
const FIRST_NEWS: Duration = Duration::from_millis(10);

/// Frames between two looks at the clock.
const STRIDE: u32 = 256;

/// As long as news wait where frames come slowly.
const SLOW_NEWS: Duration = Duration::from_millis(100);

/// How often that is looked at.
const BEAT: Duration = Duration::from_millis(50);

/// How often connections that are listened to are looked at for those that are over.
const AGE: Duration = Duration::from_secs(1);

/// What is listened to, frames lost so far (to the kernel, the interface, ourselves), and what has ended it.
#[derive(Debug, Default)]
pub(super) struct Listened {
    pub(super) name: String,
    pub(super) lost: [AtomicU64; 3],
    pub(super) end: OnceLock<End>,
}

impl Listened {
    fn lost(&self) -> [u64; 3] {
        self.lost.each_ref().map(|lost| lost.load(Relaxed))
    }
}

/// How captures are loaded.
#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) paths: Vec<PathBuf>,
    /// The last has no end until that is said.
    pub(super) live: Option<Arc<Listened>>,
    /// Ends what has no end.
    pub(super) ends: Stop,
    /// Nobody wants to know any more.
    pub(super) stop: Stop,
}

/// What is known and not told yet, and what it takes to know more.
pub(super) struct Intake<H> {
    known: Known,
    hear: H,
    analyzer: Analyzer,
    news: News,
    arrivals: Vec<Arrival>,
    pairs: Pairs,
    stacks: Stacks,
    values: Batch,
    /// The last frame whose connections were told.
    told: u32,
    pub(super) frame: u32,
    start: i64,
    times: Option<Times>,
    /// What could not be read.
    failed: Vec<String>,
    /// When news were told last.
    last: Option<Instant>,
    state: State,
    /// As it was told last.
    said: State,
}

/// Reads all of the captures and tells what becomes known.
pub(super) fn load<H: Fn(Answer) + Send>(known: &Known, source: Source, hear: H) {
    // Keys are answered before more is read.
    pace::step_back();
    known.write().is_live = source.live.is_some();
    let intake = Mutex::new(Intake::new(known.clone(), hear));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Where frames come slowly, nobody else is there to tell them.
        let beats = thread::Builder::new().name("beat".into()).spawn_scoped(scope, || {
            let mut aged = Instant::now();
            while !over.load(Relaxed) && !source.stop.is_set() {
                thread::sleep(BEAT);
                if let Ok(mut intake) = intake.try_lock().map_err(drop) {
                    intake.beat(source.live.as_deref(), &mut aged);
                }
            }
        });
        let mut paths = source.paths.clone();
        if let Some(mut capture) = open(known, &source, &mut paths, &intake) {
            read(&mut capture, &source, &intake);
        }
        over.store(true, Relaxed);
        drop(beats);
    });
    if !source.stop.is_set() {
        lock(&intake).finish(source.live.as_deref());
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the captures. One that cannot be opened is left out if there are others.
fn open<H: Fn(Answer)>(
    known: &Known,
    source: &Source,
    paths: &mut Vec<PathBuf>,
    intake: &Mutex<Intake<H>>,
) -> Option<Capture> {
    while !paths.is_empty() {
        let manner = Manner {
            shelf: Some(known.shelf.clone()),
            stop: source.ends.clone(),
            follow: source.live.is_some(),
            ..Manner::default()
        };
        match Capture::open_as(paths.iter().cloned(), manner) {
            Ok(capture) => return Some(capture),
            Err(error) => {
                lock(intake).failed.push(error.to_string());
                let wrong = paths.iter().position(|path| path.display().to_string() == error.file);
                paths.remove(wrong.unwrap_or(0));
            }
        }
    }
    None
}

fn read<H: Fn(Answer)>(capture: &mut Capture, source: &Source, intake: &Mutex<Intake<H>>) {
    let mut frames = 0u32;
    loop {
        match capture.next() {
            Ok(Some(frame)) => lock(intake).frame(&frame),
            Ok(None) => return,
            Err(error) => {
                lock(intake).failed.push(error.to_string());
                continue;
            }
        }
        let place = capture.place();
        let mut intake = lock(intake);
        if !Seat::has_room(place) {
            intake.arrivals.pop();
            intake.news.frames.pop();
            intake.failed.push("it is more than can be looked through: a terabyte a file, 65,536 files".into());
            return;
        }
        intake.stand(place);
        frames = frames.wrapping_add(1);
        if frames.is_multiple_of(STRIDE) {
            if source.stop.is_set() {
                return;
            }
            let progress = capture.progress();
            let part = progress.total.map(|total| (progress.read as f32 / total.max(1) as f32).min(1.0));
            if source.live.is_none() {
                intake.state = State::Reading(part);
            }
            let patience = if intake.told == 0 { FIRST_NEWS } else { NEWS };
            if intake.is_late(patience) {
                intake.tell();
            }
        }
    }
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

impl<H: Fn(Answer)> Intake<H> {
    fn new(known: Known, hear: H) -> Intake<H> {
        let task = Task { wants: wants(), exchanges: true, streams: true, dialogues: true, ..Task::default() };
        let analyzer = Analyzer::new(task);
        let (news, arrivals, pairs, stacks, values, failed) = Default::default();
        let (told, frame, start, last, state) = (0, 0, 0, Some(Instant::now()), State::Begun);
        Intake {
            known,
            hear,
            analyzer,
            news,
            arrivals,
            pairs,
            stacks,
            values,
            told,
            frame,
            start,
            times: None,
            failed,
            last,
            state,
            said: State::Begun,
        }
    }

    /// Whether news have waited so long.
    fn is_late(&self, patience: Duration) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= patience)
    }

    /// Tells news that nobody else has told, and of interfaces that are listened to what was lost.
    fn beat(&mut self, live: Option<&Listened>, aged: &mut Instant) {
        let mut is_new = !self.arrivals.is_empty();
        if let Some(live) = live {
            if aged.elapsed() >= AGE {
                *aged = Instant::now();
                self.analyzer.age(now());
                self.events();
            }
            self.state = State::Live { name: live.name.clone(), lost: live.lost() };
            is_new |= self.state != self.said || !self.news.streams.is_empty();
        }
        if is_new && self.is_late(SLOW_NEWS) {
            self.tell();
        }
    }

    /// Ends the capture.
    fn finish(&mut self, live: Option<&Listened>) {
        self.analyzer.finish();
        self.events();
        let failed = std::mem::take(&mut self.failed);
        let failed = (!failed.is_empty()).then(|| failed.join("; "));
        self.state = match live {
            None => State::Whole(failed),
            Some(live) => {
                let by = failed.map(End::Failed).or_else(|| live.end.get().cloned()).unwrap_or(End::Stopped);
                State::Ended { name: live.name.clone(), lost: live.lost(), by }
            }
        };
        self.tell();
    }

    /// Learns where the last frame stands.
    fn stand(&mut self, place: Place) {
        if let Some(arrival) = self.arrivals.last_mut() {
            arrival.seat.stand(place);
        }
    }

    /// Takes in a frame, but for where it stands.
    fn frame(&mut self, frame: &Frame<'_>) {
        if self.frame == 0 {
            self.start = frame.time.0;
        }
        self.frame = frame.number;
        if frame.timed {
            self.times = Some(Times::with(self.times, frame.time.0));
        }
        self.analyzer.dissect(frame);
        let worst = self.notes();
        let analyzer = &self.analyzer;
        let met = analyzer.met().first();
        let columns = analyzer.tree().columns();
        let way = self.pairs.way(columns.source, columns.destination, &mut self.news.pairs);
        self.news.frames.push(Fact {
            time: frame.time.0,
            length: frame.length,
            stream: met.map_or(NO_STREAM, |met| met.stream),
            way,
            protocol: Short::new(columns.protocol),
            stack: self.stacks.of(analyzer.path(), &mut self.news.stacks),
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
                let note = Note { frame: self.frame, field: node.field, severity };
                // Some are said twice in a tree: among the flags of the analysis, and with the numbers beside it.
                let is_same = |last: &Note| last.frame == note.frame && last.field.id == note.field.id;
                if !self.news.notes.last().is_some_and(is_same) {
                    self.news.notes.push(note);
                }
            }
        }
        worst
    }

    fn events(&mut self) {
        for event in self.analyzer.events() {
            match event {
                Event::Call(call) => self.news.calls.push(call),
                Event::Stream(stream) => self.news.streams.push(*stream),
                Event::End(_) | Event::Chunk(_) | Event::Rest(_) => {}
            }
        }
    }

    /// Shares what has become known, and tells it.
    fn tell(&mut self) {
        self.last = Some(Instant::now());
        self.said = self.state.clone();
        let is_whole = self.state.is_whole();
        if !is_whole {
            self.news.streams.extend(self.analyzer.open_since(self.told));
        }
        let mut known = self.known.write();
        known.first = self.start;
        self.arrivals.drain(..).for_each(|arrival| known.push(arrival));
        known.talks.extend(self.news.calls.iter().map(|call| Talk::of(&call.exchange)));
        known.whole |= is_whole;
        known.values.extend(&mut self.values);
        for stream in &self.news.streams {
            known.belongs(stream.number, [stream.client, stream.server]);
        }
        drop(known);
        // So that each connection that is new is the next; of one that was told twice, the later row counts.
        self.news.streams.sort_by_key(|stream| stream.number);
        self.told = self.frame;
        let (times, state) = (self.times, self.state.clone());
        (self.hear)(Answer::News(Box::new(News { times, state, ..std::mem::take(&mut self.news) })));
    }
}

/// Nanoseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether the protocols are those of a TCP segment in an IP packet, and no tunnel is among them.
fn is_plain(path: &[&str]) -> bool {
    let count = |name: &str| path.iter().filter(|met| **met == name).count();
    // What else IPv6 has between may have addresses of its own.
    let is_extended = path.iter().any(|met| met.starts_with("ipv6."));
    count("ip") + count("ipv6") == 1 && count("tcp") == 1 && count("udp") == 0 && !is_extended
}
