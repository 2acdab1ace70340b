//! `export parquet` and `export arrow`: tables of captures, each capture read once and by itself.

use crate::args::{CaptureArgs, ExportArrowArgs, ExportParquetArgs, RunArgs, TableArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent, escape_paths};
use crate::command::overwrite::{is_within, refuse_captures};
use crate::command::pass_loop::{FrameFinder, PassConsumer};
use crate::command::{CommandOutcome, finish_output, print_message};
use dissectors::session::FirstPass;
use overhear::analysis::{Analyzer, DecodeOptions, Event, Task};
use overhear::export::dataset::{
    ArrowStream, BatchWriter, DatasetSettings, ParquetDataset, TableKind, TableRows, ThreadedWriter, Written,
    capture_folder, capture_name,
};
use overhear::report::{DissectedFrame, Selection};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::thread;

pub(super) fn run_export_parquet(args: ExportParquetArgs) -> io::Result<CommandOutcome> {
    let ExportParquetArgs { captures, folder, tables, table, merge_as, replace, threads, count } = args;
    let mut tables: Vec<TableKind> = tables.into_iter().map(TableKind::from).collect();
    tables.sort_unstable();
    tables.dedup();
    let opened = open(captures, &table, tables, RunArgs::complete(count, None));
    let named = opened.and_then(|(run, settings, paths)| {
        let captures = named_captures(paths, merge_as)?;
        refuse_existing(&folder, &captures, &settings.tables, replace)?;
        Ok((run, settings, captures))
    });
    let (run, settings, captures) = match named {
        Ok(named) => named,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let is_threaded = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)) > 1;
    let mut has_errors = false;
    let mut written = Written::default();
    for capture in captures {
        let mut rows = TableRows::new(settings.clone());
        let Some(mut reader) = run.read(capture.paths, &rows) else {
            has_errors = true;
            continue;
        };
        let mut dataset = ParquetDataset::create(&folder, &capture.name, &rows, replace)?;
        if is_threaded {
            let mut writer = ThreadedWriter::new(dataset)?;
            let result = reader.run(&mut rows, &mut writer);
            // An error of the writer is the cause of that of the reader.
            dataset = writer.finish()?;
            result?;
        } else {
            reader.run(&mut rows, &mut dataset)?;
        }
        has_errors |= reader.has_errors;
        let own = dataset.finish()?;
        written.files += own.files;
        own.rows.into_iter().for_each(|(table, count)| *written.rows.entry(table).or_default() += count);
        rows.limit_notes().iter().for_each(|note| print_message(note));
    }
    let rows = written.rows.iter().map(|(table, count)| format!("{} {count}", table.name())).collect::<Vec<_>>();
    if !rows.is_empty() {
        let name = escape_paths([folder.as_path()]);
        print_message(&format!("{} files written to {name}; rows: {}", written.files, rows.join(", ")));
    }
    Ok(if has_errors { CommandOutcome::Reported } else { CommandOutcome::Done })
}

pub(super) fn run_export_arrow(args: ExportArrowArgs) -> io::Result<CommandOutcome> {
    let ExportArrowArgs { captures, kind, table, output } = args;
    let (run_args, kind) = (output.run(), TableKind::from(kind));
    if !run_args.writes_file() && io::stdout().is_terminal() {
        return Ok(CommandOutcome::Error("a stream of Arrow is not for a terminal; use -o FILE or a pipe".into()));
    }
    let decode = captures.decode.clone();
    let opened = open(captures, &table, vec![kind], output.run()).and_then(|(run, settings, paths)| {
        refuse_captures("-o", run_args.output.as_deref(), &paths, &decode)?;
        let captures = named_captures(paths, None)?;
        let out = Output::open(&run_args, OutputContent::Text, false)?;
        Ok((run, DatasetSettings { by_hour: false, ..settings }, captures, out))
    });
    let (run, settings, captures, out) = match opened {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let mut stream = ArrowStream::new(out, kind, &TableRows::new(settings.clone()))?;
    let mut has_errors = false;
    for capture in captures {
        let mut rows = TableRows::new(settings.clone());
        let Some(mut reader) = run.read(capture.paths, &rows) else {
            has_errors = true;
            continue;
        };
        stream.capture = capture.name;
        reader.run(&mut rows, &mut stream)?;
        has_errors |= reader.has_errors;
        rows.limit_notes().iter().for_each(|note| print_message(note));
    }
    finish_output(stream.finish()?, has_errors)
}

/// Captures that are read together, and their name in the dataset.
struct NamedCapture {
    name: String,
    paths: Vec<PathBuf>,
}

/// Returns the captures by the names of their files; all of them as one, if a name is given.
fn named_captures(paths: Vec<PathBuf>, merged: Option<String>) -> Result<Vec<NamedCapture>, String> {
    if let Some(name) = merged {
        return Ok(vec![NamedCapture { name, paths }]);
    }
    let names = file_names(paths.iter().map(PathBuf::as_path));
    let captures: Vec<NamedCapture> =
        names.into_iter().zip(paths).map(|(name, path)| NamedCapture { name, paths: vec![path] }).collect();
    let mut names: Vec<&str> = captures.iter().map(|capture| capture.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
        Some(twice) => Err(format!("{}: duplicate capture", escape_paths([Path::new(twice)]))),
        None => Ok(captures),
    }
}

/// Returns the names of files, with their folders if several have the same name.
fn file_names<'p>(paths: impl Iterator<Item = &'p Path> + Clone) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    paths.clone().for_each(|path| *counts.entry(capture_name(path, false)).or_default() += 1);
    let is_ambiguous = |path: &Path| counts.get(&capture_name(path, false)).is_some_and(|&count| count > 1);
    paths.map(|path| capture_name(path, is_ambiguous(path))).collect()
}

/// Refuses to replace rows unless that is allowed, and in no case a capture that is read.
fn refuse_existing(
    folder: &Path,
    captures: &[NamedCapture],
    tables: &[TableKind],
    replaces: bool,
) -> Result<(), String> {
    if folder == Path::new("-") {
        return Err("-o -: expected a folder; tables are written to files, not to standard output".into());
    }
    let targets = captures.iter().flat_map(|capture| {
        let own = capture_folder(&capture.name);
        tables.iter().map(move |table| folder.join(table.name()).join(&own))
    });
    for target in targets.filter(|target| target.symlink_metadata().is_ok()) {
        let name = escape_paths([target.as_path()]);
        if !replaces {
            return Err(format!("{name}: exists; --replace replaces it"));
        }
        if captures.iter().flat_map(|capture| &capture.paths).any(|path| is_within(path, &target)) {
            return Err(format!("{name}: has a capture that is read; name another folder to write"));
        }
    }
    Ok(())
}

/// Options of all captures of a run.
struct DatasetRun {
    run: RunArgs,
    decode: DecodeOptions,
    filter: FilterMatcher,
}

fn open(
    captures: CaptureArgs,
    table: &TableArgs,
    tables: Vec<TableKind>,
    run: RunArgs,
) -> Result<(DatasetRun, DatasetSettings, Vec<PathBuf>), String> {
    let decode = decode_options(&captures.decode)?;
    let CaptureInput { paths, filter } = CaptureInput::of(captures)?;
    if table.digest && decode.redactor.is_some() {
        return Err("--digest is of the captured bytes, from which what --redact replaces can be guessed".into());
    }
    // A table has each column once.
    let mut names: Vec<&String> = Vec::new();
    table.fields.iter().for_each(|field| {
        if !names.contains(&field) {
            names.push(field)
        }
    });
    let fields = match names.as_slice() {
        [] => None,
        fields => {
            let unknown = |unknown| format!("{unknown}; search with `overhear fields TEXT`");
            Some(Selection::new(fields).map_err(unknown)?)
        }
    };
    if fields.is_some() && !tables.contains(&TableKind::Frames) {
        return Err("-e selects columns of the table frames, which is not written".into());
    }
    let unit = if tables.iter().any(|&table| has_calls(table)) { MatchUnit::Calls } else { MatchUnit::Frames };
    let filter = FilterMatcher::new(filter.map(|filter| filter.0), unit);
    let body_limit = table.body_limit as usize;
    let settings = DatasetSettings {
        tables,
        fields,
        occurrence: table.occurrence.into(),
        body_limit,
        has_digest: table.digest,
        by_hour: true,
    };
    Ok((DatasetRun { run, decode, filter }, settings, paths))
}

fn has_calls(table: TableKind) -> bool {
    matches!(table, TableKind::Calls | TableKind::Messages)
}

impl DatasetRun {
    /// Opens captures, which are merged in the order of time if there are several. None if there is none that can be read, which is
    /// reported.
    fn read(&self, paths: Vec<PathBuf>, rows: &TableRows) -> Option<DatasetReader> {
        let mut run = CaptureRun::new(paths, &self.run, self.decode.clone());
        if run.paths().len() > 1 {
            run = run.merged();
        }
        let matchers = [self.filter.fork(), self.filter.of_unit(MatchUnit::Streams)];
        let mut task = rows.task();
        for matcher in &matchers {
            let mut own = Task::default();
            matcher.extend_task(&mut own);
            task.wants.add_all(&own.wants);
            task.ends |= own.ends;
            task.halves |= own.halves;
            task.owners |= own.owners;
        }
        let is_twice = task.wants.needs_later_frames();
        let (passes, decode, has_errors) = run.open_passes(if is_twice { 2 } else { 1 }, true);
        task.decode = decode;
        Some(DatasetReader { passes: passes?, task, is_twice, matchers, has_errors })
    }
}

/// Captures that are open, and what is read of them.
struct DatasetReader {
    passes: crate::command::pass_loop::PassLoop,
    task: Task,
    /// Whether the captures are read twice: fields of frames depend on later frames.
    is_twice: bool,
    /// Matchers of the filter for frames and calls, and for connections.
    matchers: [FilterMatcher; 2],
    has_errors: bool,
}

impl DatasetReader {
    /// Reads the captures.
    fn run(&mut self, rows: &mut TableRows, out: &mut dyn BatchWriter) -> io::Result<()> {
        rows.set_files(file_names(self.passes.files().map(Path::new)));
        let mut first_pass = FirstPass::default();
        if self.is_twice {
            let mut finder = FrameFinder::before(&self.task.wants);
            let exchanges = finder.statements.is_some();
            let decode = self.task.decode.clone();
            let analyzer = Analyzer::new(Task { collect: true, exchanges, decode, ..Task::default() });
            first_pass = self.passes.run_first(analyzer, &mut finder);
        }
        let mut analyzer = Analyzer::with_first_pass(self.task.clone(), first_pass);
        let mut pass = DatasetPass { rows, out, matchers: &mut self.matchers };
        self.passes.run(&mut analyzer, None, &mut pass)?;
        self.has_errors |= self.passes.has_errors;
        rows.finish(out)
    }
}

/// Consumer of the pass.
struct DatasetPass<'a> {
    rows: &'a mut TableRows,
    out: &'a mut dyn BatchWriter,
    matchers: &'a mut [FilterMatcher; 2],
}

impl PassConsumer for DatasetPass<'_> {
    type Error = io::Error;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> io::Result<bool> {
        for connection in analyzer.connections().iter().filter(|connection| !connection.messages.is_empty()) {
            self.rows.messages(&connection.messages, frame.tree);
        }
        let [frames, streams] = &mut *self.matchers;
        let is_match = frames.matches_frame(frame.frame.number, analyzer);
        streams.matches_frame(frame.frame.number, analyzer);
        if is_match {
            self.rows.frame(frame, analyzer, self.out)?;
        }
        Ok(is_match)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> io::Result<()> {
        let [frames, streams] = &mut *self.matchers;
        for event in analyzer.events() {
            let is_match = [frames.matches_event(&event), streams.matches_event(&event)];
            match (event, is_match) {
                (Event::Call(call), [is_match, _]) => self.rows.call(call, is_match, self.out)?,
                (Event::Stream(stream), [_, true]) => self.rows.stream(&stream, self.out)?,
                (Event::Unfinished(unfinished), _) => {
                    self.rows.messages(&unfinished.messages, &unfinished.tree);
                    // No frame has them: a filter does not select them.
                    if !frames.has_filter() {
                        self.rows.unfinished(&unfinished, self.out)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
