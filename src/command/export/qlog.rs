//! `export qlog`: reads captures, and writes the packets of the frames that match.

use crate::args::{CaptureArgs, ExportQlogArgs, RunArgs};
use crate::command::capture_run::CaptureRun;
use crate::command::decode::decode_options;
use crate::command::filter_matcher::{FilterMatcher, MatchUnit};
use crate::command::input::CaptureInput;
use crate::command::output::{Output, OutputContent};
use crate::command::overwrite::refuse_captures;
use crate::command::{CommandOutcome, finish_output, print_message};
use overhear::analysis::Task;
use overhear::export::QlogReport;
use std::io::{self, IsTerminal};

pub(super) fn run_export_qlog(args: ExportQlogArgs) -> io::Result<CommandOutcome> {
    let run_args = args.output.run();
    let (run, mut out) = match open(args.captures, &run_args) {
        Ok(opened) => opened,
        Err(message) => return Ok(CommandOutcome::Error(message)),
    };
    let mut report = QlogReport::new(!run_args.writes_file() && io::stdout().is_terminal());
    let task = Task { without_connections: true, wants: QlogReport::wants(), ..Task::default() };
    let has_errors = run.run(task, &mut report, &mut out)?;
    let outcome = finish_output(out, has_errors)?;
    print_message(&report.note());
    Ok(outcome)
}

fn open(captures: CaptureArgs, run: &RunArgs) -> Result<(CaptureRun, Output), String> {
    let decode = captures.decode.clone();
    let CaptureInput { paths, filter } = CaptureInput::of(captures)?;
    refuse_captures("-o", run.output.as_deref(), &paths, &decode)?;
    let matcher = FilterMatcher::new(filter.map(|filter| filter.0), MatchUnit::Frames);
    let capture_run = CaptureRun::new(paths, run, decode_options(&decode)?).merged().with_matcher(matcher);
    Ok((capture_run, Output::open(run, OutputContent::Text, false)?))
}
