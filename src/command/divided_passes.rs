//! Passes over captures by one or several threads: each reads all frames, and extracts items of its shard of the conversations. A
//! consumer gets the items of all shards in the order in which one thread would have extracted them.

use super::capture_run::CaptureRun;
use super::extraction::{Extractor, FrameConsumer, FrameSelector};
use super::frame_copies::{FrameCopier, FrameCopies};
use super::pass_loop::{PassConsumer, PassLoop};
use super::print_message;
use super::shard_queue::{ChunkWriter, Items, merge};
use dissectors::session::FirstPass;
use overhear::analysis::{
    Analyzer, DecodeOptions, Event, Place, RepeatedStatements, Shard, Task, unsupported_link_message,
    wants_repeated_statements,
};
use overhear::capture::Call;
use overhear::report::DissectedFrame;
use overhear::source::{Error, SharedFiles, core_count, reading_threads};
use std::convert::Infallible;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread::{self, ScopedJoinHandle};

/// Open captures, which one or several threads read.
pub(super) struct DividedPasses {
    /// One for each shard.
    loops: Vec<PassLoop>,
    /// Whether items are consumed on a further thread: that of the caller.
    has_consumer: bool,
    /// Options that all passes share.
    pub(super) decode: DecodeOptions,
    /// Whether a first pass collects what later frames decide about earlier ones.
    pub(super) has_first_pass: bool,
    /// Whether there were errors, which are printed.
    pub(super) has_errors: bool,
}

/// How much the consumer of what was read has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConsumerWork {
    /// Half of the work of the threads that read, or less: these take all cores.
    Little,
    /// It writes what was read, or reads copies of it, and takes a core: on two cores, several threads that read beside it take
    /// longer than one.
    Core,
}

/// Returns the number of threads that read captures for a task, unless the user names one. A frame costs little more than finding its
/// conversation, which all threads do, if its messages are not read.
pub(super) fn default_threads<'p>(
    task: &Task,
    paths: impl IntoIterator<Item = &'p Path> + Clone,
    consumer: ConsumerWork,
) -> usize {
    let threads = if task.reads_messages() { reading_threads(paths) } else { 1 };
    threads.saturating_sub(usize::from(consumer == ConsumerWork::Core)).max(1)
}

/// The same for a capture that is read by rules.
pub(super) fn default_rule_threads(task: &Task, path: &Path) -> usize {
    default_threads(task, [path], ConsumerWork::Core)
}

impl CaptureRun {
    /// Opens the captures for a pass that produces what a task needs. None if there is none that can be read, which is reported.
    pub(super) fn open_divided(
        self,
        task: &Task,
        displays_all_frames: bool,
        consumer: ConsumerWork,
        is_file: bool,
    ) -> Option<DividedPasses> {
        let threads = self.task_threads(task, displays_all_frames, consumer);
        self.open_shards(1, threads, is_file)
    }

    /// The same with a first pass, if the task needs fields that depend on later frames.
    pub(super) fn open_twice(self, task: &Task, displays_all_frames: bool, is_file: bool) -> Option<DividedPasses> {
        let threads = self.task_threads(task, displays_all_frames, ConsumerWork::Little);
        let has_first_pass = task.wants.needs_later_frames();
        let passes = self.open_shards(1 + u64::from(has_first_pass), threads, is_file)?;
        Some(DividedPasses { has_first_pass, ..passes })
    }

    /// Opens the captures for a number of passes about calls.
    pub(super) fn open_passes_of_calls(self, passes: u64, is_file: bool) -> Option<DividedPasses> {
        let task = Task { exchanges: true, ..Task::default() };
        let threads = self.task_threads(&task, true, ConsumerWork::Core);
        self.open_shards(passes, threads, is_file)
    }

    /// Returns the number of threads that read for a task.
    fn task_threads(&self, task: &Task, displays_all_frames: bool, consumer: ConsumerWork) -> usize {
        let task = Task { decode: self.decode.clone(), ..task.clone() };
        match self.threads {
            _ if self.has_pipe() || !task.is_divisible(displays_all_frames) => 1,
            Some(threads) => threads,
            None => default_threads(&task, self.paths.iter().map(PathBuf::as_path), consumer),
        }
    }

    fn open_shards(mut self, passes: u64, threads: usize, is_file: bool) -> Option<DividedPasses> {
        let shards = Shard::divide(threads).count();
        let has_consumer = self.threads.unwrap_or_else(core_count) > 1;
        if shards > 1 {
            self.open_options.shared = SharedFiles::of(&self.paths);
        }
        let forks: Vec<CaptureRun> = (1..shards).map(|_| self.fork()).collect();
        let (first, decode, has_errors) = self.open_passes(passes, is_file);
        let mut loops = vec![first?];
        loops.extend(forks.into_iter().filter_map(|fork| fork.open_again(passes > 1)));
        if loops.len() < shards {
            // A file was removed in between.
            loops.truncate(1);
        }
        Some(DividedPasses { loops, has_consumer, decode, has_first_pass: false, has_errors })
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
    /// Returns passes over captures that are open: once, or once for each shard.
    pub(super) fn new(loops: Vec<PassLoop>, decode: DecodeOptions) -> DividedPasses {
        DividedPasses { has_consumer: loops.len() > 1, loops, decode, has_first_pass: false, has_errors: false }
    }

    /// Returns the loop of the first shard, for a pass on the calling thread.
    pub(super) fn first(&mut self) -> Option<&mut PassLoop> {
        self.loops.first_mut()
    }

    /// Returns the names of the files of the capture.
    #[cfg(feature = "parquet")]
    pub(super) fn files(&self) -> Vec<String> {
        self.loops.first().map(|passes| passes.files().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Prints a message if frames and calls have other numbers than in `print` and `calls`.
    pub(super) fn note_order(&self) {
        self.loops.iter().take(1).for_each(PassLoop::note_order);
    }

    /// Extracts items in one pass, or in a second one. Prints capture errors at the end.
    /// `consume` takes an item from the store at each call.
    pub(super) fn run<X: Extractor>(
        &mut self,
        task: &Task,
        extractor: &(impl Fn() -> X + Sync),
        consume: &mut (impl FnMut(&mut X::Store) -> io::Result<()> + Send),
    ) -> io::Result<()> {
        let mut notes = CaptureNotes::default();
        let mut from = 0;
        while let PassOutcome::UndividedFrom(frame) = self.run_from(task, from, &mut notes, extractor, consume)? {
            from = frame;
            self.undivide();
            notes = CaptureNotes::default();
        }
        self.finish(&notes);
        Ok(())
    }

    /// The same for the results of frames. What is noted about the captures is left to the caller.
    pub(super) fn run_frames<S: FrameSelector>(
        &mut self,
        task: &Task,
        selector: &(impl Fn() -> S + Sync),
        consumer: &mut impl FrameConsumer,
        notes: &mut CaptureNotes,
    ) -> io::Result<()> {
        let mut from = 0;
        if !self.task(task).is_divisible(false) {
            self.loops.truncate(1);
        }
        while self.loops.len() > 1 {
            let consume = &mut |copies: &mut FrameCopies| {
                copies.consume(consumer);
                Ok(())
            };
            match self.run_from(task, from, notes, &|| FrameCopier(selector()), consume)? {
                PassOutcome::Complete(_) => return Ok(()),
                PassOutcome::UndividedFrom(frame) => from = frame,
            }
            self.undivide();
            notes.clear();
        }
        // Without a copy of each frame.
        let first = self.first_pass(task)?.and_then(|first| first.into_iter().next()).unwrap_or_default();
        let selected = selector();
        let mut analyzer = Analyzer::with_first_pass(self.task(task), first).with_prefilter(selected.prefilter());
        let mut pass = DirectPass { selector: selected, consumer, from, notes };
        for passes in &mut self.loops {
            let Ok(()) = passes.run(&mut analyzer, None, &mut pass);
        }
        Ok(())
    }

    /// Prints what is noted about the captures.
    pub(super) fn finish(&mut self, notes: &CaptureNotes) {
        self.has_errors |= self.loops.iter().any(|passes| passes.has_errors);
        notes.print();
    }

    /// Returns a task with the options of all passes.
    fn task(&self, task: &Task) -> Task {
        Task { decode: self.decode.clone(), ..task.clone() }
    }

    /// Starts again with one thread.
    fn undivide(&mut self) {
        self.loops.truncate(1);
        self.start_again();
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
        match self.first_pass(task)? {
            Some(first) => self.pass(&self.task(task), first, notes, from, extractor, consume),
            None => Ok(PassOutcome::UndividedFrom(from)),
        }
    }

    /// Runs the first pass, if there is one. Returns what it collected by shard; none if the capture cannot be divided.
    fn first_pass(&mut self, task: &Task) -> io::Result<Option<Vec<FirstPass>>> {
        let none = vec![FirstPass::default(); self.loops.len()];
        if !self.has_first_pass {
            return Ok(Some(none));
        }
        let mut statements = wants_repeated_statements(&task.wants).then(RepeatedStatements::default);
        let exchanges = statements.is_some();
        let first_task = self.task(&Task { collect: true, exchanges, ..Task::default() });
        let mut add = |calls: &mut Items<Call>| {
            if let (Some(statements), Some(call)) = (&mut statements, calls.take()) {
                statements.add(&call);
            }
            Ok(())
        };
        let mut notes = CaptureNotes::default();
        match self.pass(&first_task, none, &mut notes, 0, &|| CallExtractor, &mut add)? {
            PassOutcome::UndividedFrom(_) => Ok(None),
            PassOutcome::Complete(mut first) => {
                if let Some(statements) = statements {
                    statements.finish(&mut first);
                }
                self.start_again();
                Ok(Some(first))
            }
        }
    }

    /// Starts again at frame 1.
    pub(super) fn start_again(&mut self) {
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
            if let Some(frame) = merge(received, |places, store| places.iter().try_for_each(|_| consume(store)))? {
                return Ok(PassOutcome::UndividedFrom(frame));
            }
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            Ok(PassOutcome::Complete(joined.collect::<io::Result<_>>()?))
        })
    }
}

/// What is noted about captures while they are read.
#[derive(Default)]
pub(super) struct CaptureNotes {
    /// Number of frames.
    pub(super) frames: u32,
    pub(super) notes: Vec<CaptureNote>,
}

/// A note about captures.
pub(super) enum CaptureNote {
    /// A link type that is not supported, and its first frame.
    UnsupportedLink(u16, u32),
    /// An error that ended a file.
    Error(Error),
}

impl CaptureNotes {
    fn print(&self) {
        for note in &self.notes {
            match note {
                CaptureNote::UnsupportedLink(link, _) => print_message(&unsupported_link_message(*link)),
                CaptureNote::Error(error) => print_message(&error.to_string()),
            }
        }
    }

    fn clear(&mut self) {
        *self = CaptureNotes::default();
    }

    fn add_link(&mut self, link: u16) {
        self.notes.push(CaptureNote::UnsupportedLink(link, self.frames + 1));
    }
}

/// Consumer of a pass whose results are not copied.
struct DirectPass<'a, S, C> {
    selector: S,
    consumer: &'a mut C,
    /// The first frame that is wanted.
    from: u32,
    notes: &'a mut CaptureNotes,
}

impl<S: FrameSelector, C: FrameConsumer> PassConsumer for DirectPass<'_, S, C> {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        let selected = self.selector.frame(frame, analyzer);
        if selected.is_read && frame.frame.number >= self.from {
            self.consumer.frame(frame, &analyzer.results(), selected.is_displayed);
        }
        Ok(selected.is_displayed)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        for (place, event) in analyzer.placed_events() {
            let matches = self.selector.event(&event);
            if place.frame >= self.from {
                self.consumer.event(event, matches);
            }
        }
        Ok(())
    }

    fn end_frame(&mut self, frame: u32) -> Result<(), Infallible> {
        self.notes.frames = frame;
        Ok(())
    }

    fn unsupported_link(&mut self, link: u16) -> Result<(), Infallible> {
        self.notes.add_link(link);
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> Result<ControlFlow<()>, Infallible> {
        self.notes.notes.push(CaptureNote::Error(error));
        Ok(ControlFlow::Continue(()))
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
        let mut analyzer = Analyzer::with_first_pass(task, first).with_prefilter(self.extractor.prefilter());
        passes.run(&mut analyzer, None, &mut self)?;
        self.items.set_place(Place::LAST)?;
        self.items.finish()?;
        Ok(analyzer.into_first_pass())
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
        if let Some(notes) = &mut self.notes {
            notes.frames = frame;
        }
        self.items.set_place(Place::of_frame(frame.saturating_add(1)))
    }

    fn undividable(&mut self, frame: u32) -> io::Result<()> {
        self.items.end_undivided(frame)
    }

    fn unsupported_link(&mut self, link: u16) -> io::Result<()> {
        if let Some(notes) = &mut self.notes {
            notes.add_link(link);
        }
        Ok(())
    }

    fn read_error(&mut self, error: Error) -> io::Result<ControlFlow<()>> {
        if let Some(notes) = &mut self.notes {
            notes.notes.push(CaptureNote::Error(error));
        }
        Ok(ControlFlow::Continue(()))
    }
}
