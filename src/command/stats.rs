//! `stats`: tables of numbers about captures, collected in one pass.

use super::capture_run::CaptureRun;
use super::decode::decode_options;
use super::filter_matcher::{FilterMatcher, MatchUnit};
use super::input::CaptureInput;
use super::output::{Output, escape_paths};
use super::overwrite::refuse_captures;
use super::pass_loop::PassConsumer;
use super::{CommandOutcome, finish_output, print_message, terminal_width};
use crate::args::{StatsArgs, StatsFormat, TableName};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::report::{DissectedFrame, JsonFraming, RecordFormat};
use overhear::statistics::{CaptureStatistics, TableKind};
use std::convert::Infallible;
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
    let mut kinds: Vec<TableKind> = args.tables.iter().copied().flat_map(TableName::kinds).collect();
    if kinds.is_empty() {
        kinds.push(TableKind::Summary);
    }
    kinds.sort_unstable();
    kinds.dedup();
    let mut statistics = CaptureStatistics::new(&kinds, args.interval, format);
    if format == RecordFormat::Csv && (statistics.len() > 1 || kinds == [TableKind::Summary]) {
        let message = "-T csv has one table: -z protocols, conversations, endpoints, sql, tls, io, tcp or notes";
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
    let text = filter.as_ref().map(|(_, text)| text.clone());
    let again = text.map(|text| overhear::filter::Filter::new(&text).map_err(|fault| fault.display(&text).to_string()));
    let calls = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Calls);
    let streams = FilterMatcher::new(again.transpose()?, MatchUnit::Streams);
    let capture_run = CaptureRun::new(paths, &run, decode_options(&decode)?).merged();
    Ok((capture_run, [calls, streams], Output::create(run.output.as_deref())?))
}

fn print_statistics(statistics: CaptureStatistics, (run, matchers, mut out): Opened) -> io::Result<CommandOutcome> {
    let (passes, decode, has_errors) = run.open_passes(1, out.is_file());
    let Some(mut passes) = passes else {
        out.keep_existing();
        return finish_output(out, true);
    };
    let mut task = Task { decode, ..statistics.task() };
    let (halves, owners) = (task.halves, task.owners);
    matchers.iter().for_each(|matcher| matcher.extend_task(&mut task));
    let [calls, _] = &matchers;
    // The matcher of calls needs halves and owners, that of connections neither.
    let mut of_calls = Task::default();
    calls.extend_task(&mut of_calls);
    (task.halves, task.owners) = (halves || of_calls.halves, owners || of_calls.owners);
    let mut pass = StatisticsPass { statistics, matchers };
    let Ok(()) = passes.run(&mut Analyzer::new(task), None, &mut pass);
    let mut statistics = pass.statistics;
    statistics.write(&mut out)?;
    let outcome = finish_output(out, has_errors || passes.has_errors)?;
    passes.note_order();
    statistics.limit_notes().iter().for_each(|note| print_message(note));
    Ok(outcome)
}

/// Consumer of the pass.
struct StatisticsPass {
    statistics: CaptureStatistics,
    /// Matchers of the filter for calls and for connections.
    matchers: [FilterMatcher; 2],
}

impl PassConsumer for StatisticsPass {
    type Error = Infallible;

    fn frame(&mut self, frame: &DissectedFrame<'_>, analyzer: &Analyzer) -> Result<bool, Infallible> {
        for connection in analyzer.connections().iter().filter(|connection| !connection.messages.is_empty()) {
            self.statistics.messages(&connection.messages, frame.tree);
        }
        let [calls, streams] = &mut self.matchers;
        let is_match = calls.matches_frame(frame.frame.number, analyzer);
        streams.matches_frame(frame.frame.number, analyzer);
        if is_match {
            self.statistics.frame(frame, analyzer);
        }
        Ok(is_match)
    }

    fn events(&mut self, analyzer: &mut Analyzer) -> Result<(), Infallible> {
        let [calls, streams] = &mut self.matchers;
        for event in analyzer.events() {
            if let Event::Unfinished(unfinished) = &event {
                self.statistics.messages(&unfinished.messages, &unfinished.tree);
            }
            let is_match = [calls.matches_event(&event), streams.matches_event(&event)];
            match (&event, is_match) {
                (Event::Call(_), [true, _]) | (Event::Stream(_), [_, true]) => self.statistics.event(&event),
                (Event::Call(_), _) => self.statistics.other_call(),
                _ => {}
            }
        }
        Ok(())
    }
}
