//! Reads one capture and evaluates its checks.

use super::bases::BaseProfiles;
use super::plan::{CaptureJob, PlannedCheck};
use crate::command::divided_passes::{CaptureNote, CaptureNotes, DividedPasses, default_rule_threads};
use crate::command::extraction::{FrameConsumer, FrameSelector, SelectedFrame};
use crate::command::output::{Output, escape_paths};
use crate::command::pass_loop::PassLoop;
use crate::command::progress::ReadProgressBar;
use overhear::analysis::{Analyzer, Event, FrameResults, Shard, Task, unsupported_link_message};
use overhear::check::format::{CheckOutcome, Finding, print_command};
use overhear::check::{DecidingFrames, Evaluation, Expected, Verdict, escape_unprintable, rules_task};
use overhear::report::DissectedFrame;
use overhear::sink::system_error_text;
use overhear::source::{Capture, Error, OpenOptions, ReadErrorCause, SharedFiles};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Evaluates all checks of a capture in one pass, or in two if a check needs fields that depend on later frames.
/// Findings about the capture itself come first. `threads` read the capture. Returns an error only if a snapshot cannot be written.
pub(super) fn evaluate_capture(
    job: &CaptureJob<'_>,
    bases: &BaseProfiles<'_>,
    dropped: u64,
    bless: bool,
    threads: Option<usize>,
) -> Result<Vec<Finding>, String> {
    let task = rules_task(job.checks.iter().map(|due| &due.check.rule));
    let task = Task { decode: job.decode.clone(), ..task };
    let base = |planned: &PlannedCheck<'_>| Some(bases.profile(planned.base.as_deref()?, &planned.check.rule));
    let bases: Vec<_> = job.checks.iter().map(base).collect();
    let expected = job.checks.iter().zip(&bases).map(|(planned, base)| {
        let snapshot = planned.snapshot.as_ref().and_then(|(_, expected)| expected.clone());
        (&planned.check.rule, Expected { snapshot, base: base.as_ref().and_then(|base| base.clone().ok()) })
    });
    let mut evaluation = Evaluation::new(expected);
    let mut findings = Vec::new();
    if dropped > 0 && !job.allow.truncated {
        let found = format!("{dropped} frames dropped during the capture");
        findings.push(capture_finding(job, CheckOutcome::Fails, "capture is complete", &found, 0));
    }
    let mut unsupported_links = Vec::new();
    let read = read_capture(&job.path, task, &mut evaluation, &mut unsupported_links, threads);
    for (link, frame) in unsupported_links.into_iter().filter(|_| !job.allow.unsupported) {
        let found = unsupported_link_message(link);
        findings.push(capture_finding(job, CheckOutcome::Fails, "link types are supported", &found, frame));
    }
    match read {
        Ok(0) if !job.allow.empty => {
            findings.push(capture_finding(
                job,
                CheckOutcome::Fails,
                "capture is not empty",
                "the capture has no frames",
                0,
            ));
        }
        Ok(_) => {}
        Err((error, frames)) => match read_error_effect(&error, job) {
            ReadErrorEffect::Skip => return Ok(Vec::new()),
            ReadErrorEffect::Allowed => {}
            ReadErrorEffect::Fails => {
                let is_empty = matches!(error.cause, ReadErrorCause::Empty);
                let name = if is_empty { "capture is not empty" } else { "capture is complete" };
                findings.push(capture_finding(job, CheckOutcome::Fails, name, &format_cause(&error), frames));
            }
            ReadErrorEffect::Unreadable => {
                let is_pattern = is_missing(&error) && job.name.contains(['*', '?', '[']);
                let found = if is_pattern { "no matching file".into() } else { format_cause(&error) };
                findings.push(capture_finding(job, CheckOutcome::Unreadable, "capture is readable", &found, frames));
                if frames == 0 {
                    return Ok(findings);
                }
            }
        },
    }
    // No snapshot is written from a defective capture.
    let bless = bless && findings.is_empty();
    for ((planned, base), mut verdict) in job.checks.iter().zip(bases).zip(evaluation.into_verdicts()) {
        if let Some(Err(message)) = base {
            (verdict.holds, verdict.found) = (false, message);
        }
        findings.push(check_finding(job, planned, verdict, bless)?);
    }
    Ok(findings)
}

/// Consequence of an error that ended the reading of a capture.
enum ReadErrorEffect {
    /// The file does not exist, which is allowed. The capture is skipped.
    Skip,
    /// The defect is allowed. The checks are evaluated on the frames read.
    Allowed,
    /// The defect is a failure. The checks are evaluated on the frames read.
    Fails,
    /// The capture cannot be read.
    Unreadable,
}

/// Returns the consequence of a read error, given the defects that the job allows.
fn read_error_effect(error: &Error, job: &CaptureJob<'_>) -> ReadErrorEffect {
    let allow = |allowed| if allowed { ReadErrorEffect::Allowed } else { ReadErrorEffect::Fails };
    match &error.cause {
        _ if is_missing(error) && job.allow.missing => ReadErrorEffect::Skip,
        ReadErrorCause::Empty => allow(job.allow.empty),
        ReadErrorCause::Truncated { .. } => allow(job.allow.truncated),
        ReadErrorCause::Compressed(_, error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            allow(job.allow.truncated)
        }
        _ => ReadErrorEffect::Unreadable,
    }
}

/// Returns whether the capture file does not exist.
fn is_missing(error: &Error) -> bool {
    matches!(&error.cause, ReadErrorCause::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Formats a read error without the name of the capture.
fn format_cause(error: &Error) -> String {
    let at = if error.offset > 0 { format!("at byte {}: ", error.offset) } else { String::new() };
    escape_unprintable(&format!("{at}{}", error.cause))
}

/// Reads a capture to its end or to an error, on several threads if it can be divided. Returns the number of frames read in either
/// case. Adds each unsupported link type with its first frame to `unsupported_links`.
pub(super) fn read_capture(
    path: &Path,
    mut task: Task,
    evaluation: &mut Evaluation<'_>,
    unsupported_links: &mut Vec<(u16, u32)>,
    threads: Option<usize>,
) -> Result<u32, (Error, u32)> {
    let spool = task.wants.needs_later_frames() || task.decode.names.flags.network || task.decode.has_private_keys();
    let threads = threads.unwrap_or_else(|| default_rule_threads(&task, path));
    let is_divided = threads > 1 && path.is_file() && task.is_divisible(true);
    let shards = Shard::divide(if is_divided { threads } else { 1 }).count();
    let mut options = OpenOptions { spool, ..OpenOptions::default() };
    if shards > 1 {
        options.shared = SharedFiles::of(&[path.to_owned()]);
    }
    let open = |_| {
        let capture = Capture::open_with([path.to_owned()], options.clone()).map_err(|error| (error, 0))?;
        Ok(PassLoop::new(capture, ReadProgressBar::disabled()))
    };
    let mut loops = (0..shards).map(open).collect::<Result<Vec<_>, _>>()?;
    task.decode.add_block_secrets([path]);
    if let [passes] = &mut loops[..] {
        passes.collect_names(&mut task.decode);
        passes.collect_secrets(&mut task.decode);
    }
    let mut notes = CaptureNotes::default();
    let reads_frames = evaluation.reads_frames();
    let mut passes = DividedPasses::new(loops, task.decode.clone());
    passes.has_first_pass = task.wants.needs_later_frames();
    let result = passes.run_frames(&task, &|| RuleSelector { reads_frames }, &mut RuleConsumer(evaluation), &mut notes);
    let CaptureNotes { frames, notes } = notes;
    let mut failed = result.err().map(|error| {
        let file = path.display().to_string();
        Error { file, offset: 0, cause: ReadErrorCause::Io(error) }
    });
    for note in notes {
        match note {
            CaptureNote::UnsupportedLink(link, frame) => unsupported_links.push((link, frame)),
            CaptureNote::Error(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(frames), |error| Err((error, frames)))
}

/// Selects the frames that rules read: those with messages, or all of them.
struct RuleSelector {
    reads_frames: bool,
}

impl FrameSelector for RuleSelector {
    fn frame(&mut self, _: &DissectedFrame<'_>, analyzer: &Analyzer) -> SelectedFrame {
        let has_messages = || analyzer.connections().iter().any(|connection| !connection.messages.is_empty());
        SelectedFrame { is_displayed: true, is_read: self.reads_frames || has_messages() }
    }

    fn event(&mut self, _: &Event) -> [bool; 2] {
        [true; 2]
    }
}

/// Evaluates rules on frames and events.
struct RuleConsumer<'e, 'r>(&'e mut Evaluation<'r>);

impl FrameConsumer for RuleConsumer<'_, '_> {
    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>, _: bool) {
        self.0.add_frame(shown.frame, results);
    }

    fn event(&mut self, event: Event, _: [bool; 2]) {
        self.0.add_event(&event);
    }
}

/// Returns the command that prints the frames. Empty if the capture file is temporary or standard input.
fn show_command(job: &CaptureJob<'_>, frames: &DecidingFrames, subject: Option<&str>) -> String {
    if job.is_temporary || job.name == "-" {
        return String::new();
    }
    print_command(&job.name, frames, subject, job.decode)
}

/// Creates a finding about the capture itself.
fn capture_finding(job: &CaptureJob<'_>, outcome: CheckOutcome, name: &str, found: &str, last: u32) -> Finding {
    let first = if last > 0 { vec![last] } else { Vec::new() };
    let frames = DecidingFrames { first, omitted: 0 };
    let show_command = if last > 0 { show_command(job, &frames, None) } else { String::new() };
    let capture = escape_unprintable(&job.name);
    let (rule, found) = (String::new(), found.to_owned());
    Finding {
        capture,
        name: name.into(),
        rule,
        location: None,
        outcome,
        found,
        detail: Vec::new(),
        frames,
        show_command,
    }
}

/// Creates the finding of a check. Writes its snapshot if `bless` is set and the snapshot changed.
fn check_finding(
    job: &CaptureJob<'_>,
    planned: &PlannedCheck<'_>,
    verdict: Verdict,
    bless: bool,
) -> Result<Finding, String> {
    let Verdict { mut holds, mut found, mut detail, mut frames, snapshot, .. } = verdict;
    if let (true, Some((path, before)), Some(text)) = (bless, &planned.snapshot, snapshot)
        && before.as_deref() != Some(text.as_str())
    {
        write_snapshot(path, &text).map_err(|error| {
            format!("{}: cannot write: {}", escape_paths([path.as_path()]), system_error_text(&error))
        })?;
        (holds, found, detail, frames) = (true, "snapshot written".into(), Vec::new(), DecidingFrames::default());
    }
    if holds {
        frames = DecidingFrames::default();
    }
    let rule = &planned.check.rule;
    let show_command = if holds { String::new() } else { show_command(job, &frames, rule.subject_filter()) };
    Ok(Finding {
        capture: escape_unprintable(&job.name),
        name: escape_unprintable(&planned.check.name),
        rule: escape_unprintable(&rule.text),
        location: planned.file.zip(planned.check.line).map(|(file, line)| (escape_unprintable(file), line)),
        outcome: if holds { CheckOutcome::Holds } else { CheckOutcome::Fails },
        found,
        detail,
        frames,
        show_command,
    })
}

/// Writes a snapshot and creates its directory.
fn write_snapshot(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut out = Output::create(Some(path)).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())?;
    out.finish()
}
