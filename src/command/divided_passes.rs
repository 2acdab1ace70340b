//! Passes over captures by one or several threads: each reads all frames, and extracts items of its shard of the conversations. A
//! consumer gets the items of all shards in the order in which one thread would have extracted them.

use super::capture_run::CaptureRun;
use super::pass_loop::{PassConsumer, PassLoop};
use super::print_message;
use super::shard_queue::{ChunkWriter, ItemStore, Items, merge};
use dissectors::session::FirstPass;
use overhear::analysis::{
    Analyzer, DecodeOptions, Event, Place, RepeatedStatements, Shard, Task, unsupported_link_message,
    wants_repeated_statements,
};
use overhear::capture::Call;
use overhear::report::DissectedFrame;
use overhear::source::{Error, core_count, reading_threads};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::thread::{self, ScopedJoinHandle};

/// Extracts items of frames and events, on the thread of a shard.
pub(super) trait Extractor {
    /// Items.
    type Store: ItemStore;

    /// Adds the items of a frame. Returns whether the frame is displayed.
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer, items: &mut Self::Store) -> bool;

    /// Adds the items of an event.
    fn event(&mut self, event: Event, items: &mut Self::Store);
}

/// Open captures, which one or several threads read.
pub(super) struct DividedPasses {
    /// One for each shard.
    loops: Vec<PassLoop>,
    /// Whether items are consumed on a further thread: that of the caller.
    has_consumer: bool,
    /// Options that all passes share.
    decode: DecodeOptions,
    /// Whether there were errors, which are printed.
    pub(super) has_errors: bool,
}

impl CaptureRun {
    /// Opens the captures for passes that produce what a task needs. None if there is none that can be read, which is reported.
    pub(super) fn open_divided(
        mut self,
        task: &Task,
        displays_all_frames: bool,
        is_file: bool,
    ) -> Option<DividedPasses> {
        let passes = 1 + u64::from(task.wants.needs_later_frames());
        let task = Task { decode: self.decode.clone(), ..task.clone() };
        let shards = match self.threads {
            _ if self.has_pipe() || !task.is_divisible(displays_all_frames) => 1,
            Some(threads) => threads,
            None => reading_threads(self.paths.iter().map(PathBuf::as_path)),
        };
        let shards = Shard::divide(shards).count();
        let has_consumer = self.threads.unwrap_or_else(core_count) > 1;
        // With a shard on each core, bytes that another core has read arrive later.
        self.open_options.without_read_ahead |= shards > 1 && shards >= core_count();
        let forks: Vec<CaptureRun> = (1..shards).map(|_| self.fork()).collect();
        let (first, decode, has_errors) = self.open_passes(passes, is_file);
        let mut loops = vec![first?];
        loops.extend(forks.into_iter().filter_map(|fork| fork.open_again(passes > 1)));
        if loops.len() < shards {
            // A file was removed in between.
            loops.truncate(1);
        }
        Some(DividedPasses { loops, has_consumer, decode, has_errors })
    }
}

/// Outcome of a pass of all shards.
enum PassOutcome {
    /// All items are consumed. What was collected for the next pass, by shard.
    Complete(Vec<FirstPass>),
    /// The items before this frame are consumed: the capture cannot be divided there.
    UndividedFrom(u32),
}

impl DividedPasses {
    /// Returns the names of the files of the capture.
    #[cfg(feature = "parquet")]
    pub(super) fn files(&self) -> Vec<String> {
        self.loops.first().map(|passes| passes.files().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Prints a message if frames and calls have other numbers than in `print` and `calls`.
    pub(super) fn note_order(&self) {
        self.loops.iter().take(1).for_each(PassLoop::note_order);
    }

    /// Extracts items in one pass, or in two if the task needs fields that depend on later frames. Prints capture errors at the end.
    /// `consume` takes an item from the store at each call.
    pub(super) fn run<X: Extractor>(
        &mut self,
        task: &Task,
        extractor: &(impl Fn() -> X + Sync),
        consume: &mut (impl FnMut(&mut X::Store) -> io::Result<()> + Send),
    ) -> io::Result<()> {
        let mut notes = CaptureNotes::default();
        if let PassOutcome::UndividedFrom(frame) = self.run_from(task, 0, &mut notes, extractor, consume)? {
            self.loops.truncate(1);
            self.start_again();
            notes = CaptureNotes::default();
            self.run_from(task, frame, &mut notes, extractor, consume)?;
        }
        self.has_errors |= self.loops.iter().any(|passes| passes.has_errors);
        notes.print();
        Ok(())
    }

    /// Runs one pass or two. Only the items from a frame on are consumed.
    fn run_from<X: Extractor>(
        &mut self,
        task: &Task,
        from: u32,
        notes: &mut CaptureNotes,
        extractor: &(impl Fn() -> X + Sync),
        consume: &mut (impl FnMut(&mut X::Store) -> io::Result<()> + Send),
    ) -> io::Result<PassOutcome> {
        let task = Task { decode: self.decode.clone(), ..task.clone() };
        let mut first = vec![FirstPass::default(); self.loops.len()];
        if task.wants.needs_later_frames() {
            let mut statements = wants_repeated_statements(&task.wants).then(RepeatedStatements::default);
            let exchanges = statements.is_some();
            let first_task = Task { collect: true, exchanges, decode: self.decode.clone(), ..Task::default() };
            let mut add = |calls: &mut Items<Call>| {
                if let (Some(statements), Some(call)) = (&mut statements, calls.take()) {
                    statements.add(&call);
                }
                Ok(())
            };
            let outcome =
                self.pass(&first_task, first, &mut CaptureNotes::default(), 0, &|| CallExtractor, &mut add)?;
            let PassOutcome::Complete(collected) = outcome else { return Ok(PassOutcome::UndividedFrom(from)) };
            first = collected;
            if let Some(statements) = statements {
                statements.finish(&mut first);
            }
            self.start_again();
        }
        self.pass(&task, first, notes, from, extractor, consume)
    }

    fn start_again(&mut self) {
        self.loops.iter_mut().for_each(PassLoop::start_again);
    }

    /// Runs a pass of all shards.
    fn pass<X: Extractor>(
        &mut self,
        task: &Task,
        first: Vec<FirstPass>,
        notes: &mut CaptureNotes,
        from: u32,
        extractor: &(impl Fn() -> X + Sync),
        consume: &mut (impl FnMut(&mut X::Store) -> io::Result<()> + Send),
    ) -> io::Result<PassOutcome> {
        if !self.has_consumer
            && let ([passes], Some(first)) = (&mut self.loops[..], first.first().cloned())
        {
            let items = ChunkWriter::direct(|_, store: &mut X::Store| consume(store));
            let extraction = Extraction { extractor: extractor(), items, from, notes: Some(notes) };
            return Ok(PassOutcome::Complete(vec![extraction.run(passes, task.clone(), first)?]));
        }
        let is_divided = self.loops.len() > 1;
        let shards = Shard::divide(self.loops.len());
        thread::scope(|scope| {
            let mut threads: Vec<ScopedJoinHandle<'_, io::Result<FirstPass>>> = Vec::new();
            let mut received = Vec::new();
            let mut notes = Some(notes);
            for ((shard, passes), first) in shards.zip(&mut self.loops).zip(first) {
                let (items, own) = ChunkWriter::queue();
                let notes = notes.take();
                let task = Task { shard: is_divided.then_some(shard), ..task.clone() };
                // What a thread writes is allocated by it: apart from what others write.
                let work = move || Extraction { extractor: extractor(), items, from, notes }.run(passes, task, first);
                threads.push(thread::Builder::new().name("shard".into()).spawn_scoped(scope, work)?);
                received.push(own);
            }
            if let Some(frame) = merge(received, |_, store| consume(store))? {
                return Ok(PassOutcome::UndividedFrom(frame));
            }
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            Ok(PassOutcome::Complete(joined.collect::<io::Result<_>>()?))
        })
    }
}

/// What is printed about captures after they are read.
#[derive(Default)]
struct CaptureNotes(Vec<String>);

impl CaptureNotes {
    fn print(&self) {
        self.0.iter().for_each(|note| print_message(note));
    }
}

/// Extracts calls, for a first pass.
struct CallExtractor;

impl Extractor for CallExtractor {
    type Store = Items<Call>;

    fn frame(&mut self, _: &DissectedFrame<'_>, _: &Analyzer, _: &mut Items<Call>) -> bool {
        true
    }

    fn event(&mut self, event: Event, items: &mut Items<Call>) {
        if let Event::Call(call) = event {
            items.push(call, 0);
        }
    }
}

/// Consumer of the pass of a shard.
struct Extraction<'a, X: Extractor> {
    extractor: X,
    items: ChunkWriter<'a, X::Store>,
    /// The first frame whose items are wanted.
    from: u32,
    /// Notes about the captures. All shards find the same: one writes them.
    notes: Option<&'a mut CaptureNotes>,
}

impl<X: Extractor> Extraction<'_, X> {
    /// Runs the pass. Returns what it collected for the next one.
    fn run(mut self, passes: &mut PassLoop, task: Task, first: FirstPass) -> io::Result<FirstPass> {
        let mut analyzer = Analyzer::with_first_pass(task, first);
        passes.run(&mut analyzer, None, &mut self)?;
        self.items.set_place(Place::LAST)?;
        self.items.finish()?;
        Ok(analyzer.into_first_pass())
    }

    fn note(&mut self, text: String) {
        if let Some(notes) = &mut self.notes {
            notes.0.push(text);
        }
    }
}

impl<X: Extractor> PassConsumer for Extraction<'_, X> {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        let Extraction { extractor, items, .. } = self;
        Ok(items.add(|store| extractor.frame(frame, analyzer, store)))
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        let Extraction { extractor, items, .. } = self;
        for (place, event) in analyzer.placed_events() {
            items.set_place(place)?;
            items.add(|store| extractor.event(event, store));
        }
        Ok(())
    }

    fn end_frame(&mut self, frame: u32) -> io::Result<()> {
        if frame < self.from {
            self.items.clear();
        }
        self.items.set_place(Place::of_frame(frame.saturating_add(1)))
    }

    fn undividable(&mut self, frame: u32) -> io::Result<()> {
        self.items.end_undivided(frame)
    }

    fn unsupported_link(&mut self, link: u16) -> io::Result<()> {
        self.note(unsupported_link_message(link));
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> io::Result<ControlFlow<()>> {
        self.note(error.to_string());
        Ok(ControlFlow::Continue(()))
    }
}
