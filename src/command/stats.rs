//! `stats`: tables of numbers about captures, collected in one pass. Notes that later frames decide take a pass before it.

use super::capture_run::CaptureRun;
use super::decode::decode_options;
use super::divided_passes::{CaptureNotes, ConsumerWork};
use super::extraction::{FrameConsumer, FrameSelector, SelectedFrame};
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::input::CaptureInput;
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::{CommandOutcome, finish_output, print_message, terminal_width};
use crate::args::{StatsArgs, StatsFormat, TableName};
use clap::ValueEnum;
use overhear::analysis::{Analyzer, Event, FrameResults, Task};
use overhear::report::{DissectedFrame, JsonFraming, RecordFormat};
use overhear::statistics::{CaptureStatistics, TableKind, TableSelection};
use std::io::{self, IsTerminal};
use std::path::PathBuf;

pub(super) fn run_stats(args: StatsArgs) -> io::Result<CommandOutcome> {
    let format = match args.format {
        StatsFormat::Text => {
            RecordFormat::Text(terminal_width(args.output.output.is_none() && io::stdout().is_terminal()))
        }
        StatsFormat::Json => RecordFormat::Json(JsonFraming::Array),
        StatsFormat::Csv => RecordFormat::Csv,
        StatsFormat::Html => RecordFormat::Html,
    };
    let mut selected: Vec<TableSelection> = args.tables.iter().copied().flat_map(TableName::tables).collect();
    if selected.is_empty() {
        selected.push((TableKind::Summary, None));
    }
    let mut statistics = CaptureStatistics::new(&selected, args.interval, format);
    let has_summary = selected.iter().any(|&(kind, _)| kind == TableKind::Summary);
    if format == RecordFormat::Csv && (statistics.len() > 1 || has_summary) {
        let message = "-T csv has one table: -z protocols, conversations, endpoints, sql, tls, io or notes, or a part of \
                       another one, such as -z dns,name, latency,host or tcp,time";
        return Ok(CommandOutcome::Error(message.into()));
    }
    match open(args) {
        Ok(opened) if format == RecordFormat::Html => {
            statistics.names = escape_paths(opened.0.paths().iter().map(PathBuf::as_path));
            print_statistics(statistics, opened)
        }
        Ok(opened) => print_statistics(statistics, opened),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// Captures, the matchers of the filter for calls and for connections, and the output.
type Opened = (CaptureRun, [FilterMatcher; 2], Output);

fn open(args: StatsArgs) -> Result<Opened, String> {
    let (run, decode) = (args.output.run(), args.captures.decode.clone());
    let CaptureInput { paths, filter } = CaptureInput::of(args.captures)?;
    refuse_captures("-o", run.output.as_deref(), &paths, &decode)?;
    let is_table = |path: &&PathBuf| path.to_str().is_some_and(|name| TableName::from_str(name, true).is_ok());
    if let Some(name) = paths.iter().filter(|path| !path.exists()).find(is_table).map(|path| path.display()) {
        return Err(format!("{name}: no such file; the table {name} is printed with -z {name}"));
    }
    let text = filter.as_ref().map(|(_, text)| text.clone());
    let again = text.map(|text| overhear::filter::Filter::new(&text).map_err(|fault| fault.display(&text).to_string()));
    let calls = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Calls);
    let streams = FilterMatcher::new(again.transpose()?, MatchUnit::Streams);
    let capture_run = CaptureRun::new(paths, &run, decode_options(&decode)?).merged();
    Ok((capture_run, [calls, streams], Output::create(run.output.as_deref())?))
}

fn print_statistics(mut statistics: CaptureStatistics, (run, matchers, mut out): Opened) -> io::Result<CommandOutcome> {
    let mut task = statistics.task();
    let (halves, owners) = (task.halves, task.owners);
    matchers.iter().for_each(|matcher| matcher.extend_task(&mut task));
    let [calls, _] = &matchers;
    // The matcher of calls needs halves and owners, that of connections neither.
    let mut of_calls = Task::default();
    calls.extend_task(&mut of_calls);
    (task.halves, task.owners) = (halves || of_calls.halves, owners || of_calls.owners);
    let (displays_all, is_file) = (!calls.has_filter(), out.is_file());
    // Notes that later frames decide.
    let opened = match task.wants.needs_later_frames() {
        true => run.open_twice(&task, displays_all, is_file),
        false => run.open_divided(&task, displays_all, ConsumerWork::Core, is_file),
    };
    let Some(mut passes) = opened else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let selector = || StatisticsSelector { matchers: matchers.each_ref().map(FilterMatcher::fork) };
    let mut notes = CaptureNotes::default();
    passes.run_frames(&task, &selector, &mut statistics, &mut notes)?;
    passes.finish(&notes);
    statistics.write(&mut out)?;
    let outcome = finish_output(out, passes.has_errors)?;
    passes.note_order();
    statistics.limit_notes().iter().for_each(|note| print_message(note));
    Ok(outcome)
}

/// Selects frames, calls and connections that match the filter.
struct StatisticsSelector {
    /// Matchers of the filter for calls and for connections.
    matchers: [FilterMatcher; 2],
}

impl FrameSelector for StatisticsSelector {
    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame {
        let [calls, streams] = &mut self.matchers;
        let is_displayed = calls.matches_frame(frame.frame.number, analyzer);
        streams.matches_frame(frame.frame.number, analyzer);
        let is_read = is_displayed || analyzer.connections().iter().any(|connection| !connection.messages.is_empty());
        SelectedFrame { is_displayed, is_read }
    }

    fn event(&mut self, event: &Event) -> [bool; 2] {
        self.matchers.each_mut().map(|matcher| matcher.matches_event(event))
    }
}

impl FrameConsumer for CaptureStatistics {
    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>, is_displayed: bool) {
        for connection in results.connections.iter().filter(|connection| !connection.messages.is_empty()) {
            self.messages(&connection.messages, shown.tree);
        }
        if is_displayed {
            CaptureStatistics::frame(self, shown, results);
        }
    }

    fn event(&mut self, event: Event, matches: [bool; 2]) {
        if let Event::Unfinished(unfinished) = &event {
            self.messages(&unfinished.messages, &unfinished.tree);
        }
        match (&event, matches) {
            (Event::Call(_), [true, _]) | (Event::Stream(_), [_, true]) => CaptureStatistics::event(self, &event),
            (Event::Call(_), _) => self.other_call(),
            _ => {}
        }
    }
}
