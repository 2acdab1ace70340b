//! `export parquet` and `export arrow`: tables of captures, each capture read once and by itself.

use crate::args::{CaptureArgs, ExportArrowArgs, ExportParquetArgs, RunArgs, TableArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::extraction::Extractor;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::interrupt::StagingFolder;
use crate::command::output::{Output, OutputContent, error_of, escape_paths};
use crate::command::overwrite::{is_within, refuse_captures};
use crate::command::shard_queue::ItemStore;
use crate::command::{CommandOutcome, finish_output, print_message};
use overhear::analysis::{Analyzer, DecodeOptions, Event, Task};
use overhear::export::dataset::{
    ArrowStream, BatchWriter, DatasetSettings, ExtractedRows, ParquetDataset, RowExtractor, TableKind, TableRows,
    TableWriter, Written, capture_folder, capture_name,
};
use overhear::report::{DissectedFrame, Selection};
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

pub(super) fn run_export_parquet(args: ExportParquetArgs) -> io::Result<CommandOutcome> {
    let ExportParquetArgs { captures, folder, tables, table, merge_as, replace, threads, count } = args;
    let mut tables = tables;
    tables.sort_unstable();
    tables.dedup();
    let opened = open(captures, &table, tables, RunArgs::complete(count, None).on(threads));
    let named = opened.and_then(|(run, settings, paths)| {
        let captures = named_captures(paths, merge_as)?;
        refuse_existing(&folder, &captures, &settings.tables, replace)?;
        Ok((run, settings, captures))
    });
    let (run, settings, captures) = match named {
        Ok(named) => named,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let staging = StagingFolder::install_handler();
    let with_path = |error| error_of(&folder, error);
    let mut has_errors = false;
    let mut written = Written::default();
    for NamedCapture { name, paths } in captures {
        let create = |rows: &TableRows| {
            let dataset = staging.begin(|| ParquetDataset::create(&folder, &name, rows, replace)).map_err(with_path)?;
            if threads.is_one() { Ok(TableWriter::Direct(dataset)) } else { TableWriter::threaded(dataset) }
        };
        let Some((dataset, failed)) = run.read(paths, &settings, create).map_err(with_path)? else {
            has_errors = true;
            continue;
        };
        has_errors |= failed;
        let own = dataset.finish().and_then(ParquetDataset::finish).map_err(with_path)?;
        written.files += own.files;
        own.rows.into_iter().for_each(|(table, count)| *written.rows.entry(table).or_default() += count);
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
    let run_args = output.run();
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
    let mut stream = ArrowStream::new(out, kind, &TableRows::new(&settings))?;
    let mut has_errors = false;
    for NamedCapture { name, paths } in captures {
        stream.capture = name;
        let read = run.read(paths, &settings, |_| Ok(&mut stream))?;
        has_errors |= read.is_none_or(|(_, has_errors)| has_errors);
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
    let body_limit = table.body_limit.0;
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
    /// Reads captures, which are merged in the order of time if there are several, into tables. `create` creates the output, once a
    /// capture is open. Returns the output with whether there were errors; none if no capture can be read, which is reported.
    fn read<W: BatchWriter + Send>(
        &self,
        paths: Vec<PathBuf>,
        settings: &DatasetSettings,
        create: impl FnOnce(&TableRows) -> io::Result<W>,
    ) -> io::Result<Option<(W, bool)>> {
        let mut run = CaptureRun::new(paths, &self.run, self.decode.clone());
        if run.paths().len() > 1 {
            run = run.merged();
        }
        let mut task = RowExtractor::new(settings, Vec::new()).task();
        for matcher in self.matchers() {
            let mut own = Task::default();
            matcher.extend_task(&mut own);
            task.wants.add_all(&own.wants);
            task.ends |= own.ends;
            task.halves |= own.halves;
            task.owners |= own.owners;
        }
        let Some(mut passes) = run.open_twice(&task, !self.filter.has_filter(), true) else { return Ok(None) };
        let mut rows = TableRows::new(settings);
        let mut out = create(&rows)?;
        let files = file_names(passes.files().iter().map(Path::new));
        let extractor =
            || DatasetExtractor { rows: RowExtractor::new(settings, files.clone()), matchers: self.matchers() };
        passes.run(&task, &extractor, &mut |items: &mut ExtractedRows| rows.take(items, &mut out))?;
        rows.finish(&mut out)?;
        rows.limit_notes().iter().for_each(|note| print_message(note));
        Ok(Some((out, passes.has_errors)))
    }

    /// Returns matchers of the filter for frames and calls, and for connections.
    fn matchers(&self) -> [FilterMatcher; 2] {
        [self.filter.fork(), self.filter.of_unit(MatchUnit::Streams)]
    }
}

/// Extracts what the rows of tables are made of.
struct DatasetExtractor {
    rows: RowExtractor,
    matchers: [FilterMatcher; 2],
}

impl ItemStore for ExtractedRows {
    fn added(&self) -> usize {
        ExtractedRows::added(self)
    }

    fn size(&self) -> usize {
        ExtractedRows::size(self)
    }

    fn clear(&mut self) {
        ExtractedRows::clear(self);
    }
}

impl Extractor for DatasetExtractor {
    type Store = ExtractedRows;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer, items: &mut ExtractedRows) -> bool {
        self.rows.frame_messages(analyzer.connections(), frame.tree, items);
        let [frames, streams] = &mut self.matchers;
        let is_match = frames.matches_frame(frame.frame.number, analyzer);
        streams.matches_frame(frame.frame.number, analyzer);
        if is_match {
            self.rows.frame(frame, analyzer, items);
        }
        is_match
    }

    fn event(&mut self, event: Event, items: &mut ExtractedRows) {
        let [frames, streams] = &mut self.matchers;
        let is_match = [frames.matches_event(&event), streams.matches_event(&event)];
        match (event, is_match) {
            (Event::Call(call), [is_match, _]) => self.rows.call(call, is_match, items),
            (Event::Stream(stream), [_, true]) => self.rows.stream(stream, items),
            // No frame has its notes: a filter does not select them.
            (Event::Unfinished(unfinished), _) => self.rows.unfinished(&unfinished, !frames.has_filter(), items),
            _ => {}
        }
    }
}
