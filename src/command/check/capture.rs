//! One capture read and judged.

use super::plan::{Due, Job};
use crate::command::output::{Output, shown};
use dissectors::session::Foresight;
use overhear::analysis::{Analyzer, Task};
use overhear::check::format::{Finding, Outcome, command};
use overhear::check::{Frames, Judge, Verdict, plain, task};
use overhear::source::{Capture, Cause, Error, Manner};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Judges a capture by all its checks in one reading; in two if a check asks for what later frames tell. What it says
/// of the capture itself comes first. An error is one of a snapshot that cannot be written.
pub(super) fn judge(job: &Job<'_>, lost: u64, bless: bool) -> Result<Vec<Finding>, String> {
    let task = task(job.checks.iter().map(|due| &due.check.rule));
    let mut judge = Judge::new(job.checks.iter().map(|due| (&due.check.rule, expected(due))));
    let mut findings = Vec::new();
    if lost > 0 && !job.allow.truncated {
        let found = format!("{lost} frames were not heard: there were too many at once");
        findings.push(of_capture(job, Outcome::Fails, "it is whole", &found, 0));
    }
    match read(job, task, &mut judge) {
        Ok(0) if !job.allow.empty => {
            findings.push(of_capture(job, Outcome::Fails, "it has a frame", "the capture is empty", 0));
        }
        Ok(_) => {}
        Err((error, frames)) => match excuse(&error, job) {
            Excuse::Absent => return Ok(Vec::new()),
            Excuse::Allowed => {}
            Excuse::Fails => {
                let name = if matches!(error.cause, Cause::Empty) { "it has a frame" } else { "it is whole" };
                findings.push(of_capture(job, Outcome::Fails, name, &cause(&error), frames));
            }
            Excuse::Unread => {
                let is_pattern = is_absent(&error) && job.name.contains(['*', '?', '[']);
                let found = if is_pattern { "no file is called so".into() } else { cause(&error) };
                findings.push(of_capture(job, Outcome::Unread, "it can be read", &found, frames));
                if frames == 0 {
                    return Ok(findings);
                }
            }
        },
    }
    // What a capture says that is not as it may be is nobody's snapshot.
    let bless = bless && findings.is_empty();
    for (due, verdict) in job.checks.iter().zip(judge.verdicts()) {
        findings.push(finding(job, due, verdict, bless)?);
    }
    Ok(findings)
}

/// What is made of a capture that cannot be read to its end.
enum Excuse {
    /// It is not there, and need not be.
    Absent,
    /// It is judged as far as it goes.
    Allowed,
    /// It is judged as far as it goes, and fails.
    Fails,
    /// It cannot be read.
    Unread,
}

fn excuse(error: &Error, job: &Job<'_>) -> Excuse {
    let allow = |allowed| if allowed { Excuse::Allowed } else { Excuse::Fails };
    match &error.cause {
        _ if is_absent(error) && job.allow.missing => Excuse::Absent,
        Cause::Empty => allow(job.allow.empty),
        Cause::CutShort { .. } => allow(job.allow.truncated),
        Cause::Packed(_, error) if error.kind() == io::ErrorKind::UnexpectedEof => allow(job.allow.truncated),
        _ => Excuse::Unread,
    }
}

fn is_absent(error: &Error) -> bool {
    matches!(&error.cause, Cause::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

/// What is wrong with a capture, without its name.
fn cause(error: &Error) -> String {
    let at = if error.offset > 0 { format!("at byte {}: ", error.offset) } else { String::new() };
    plain(&format!("{at}{}", error.cause))
}

/// Reads a capture to its end, or to an error; says how many frames were read.
fn read(job: &Job<'_>, task: Task, judge: &mut Judge<'_>) -> Result<u32, (Error, u32)> {
    let learn = task.wants.asks_later();
    let manner = Manner { keep: learn, ..Manner::default() };
    let mut capture = Capture::open_as([job.path.clone()], manner).map_err(|error| (error, 0))?;
    let mut foresight = Foresight::default();
    if learn {
        let mut analyzer = Analyzer::new(Task { learn, ..Task::default() });
        // What is wrong with it is told in the second reading.
        while let Ok(Some(frame)) = capture.next() {
            analyzer.dissect(&frame);
            analyzer.events();
        }
        analyzer.finish();
        foresight = analyzer.into_foresight();
        capture.rewind().map_err(|error| (error, 0))?;
    }
    let mut analyzer = Analyzer::with_foresight(task, foresight);
    let mut frames = 0;
    let mut failed = None;
    loop {
        match capture.next() {
            Ok(Some(frame)) => {
                analyzer.dissect(&frame);
                judge.frame(&frame, &mut analyzer);
                frames += 1;
            }
            Ok(None) => break,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    analyzer.finish_each(|analyzer| judge.events(analyzer));
    failed.map_or(Ok(frames), |error| Err((error, frames)))
}

fn expected(due: &Due<'_>) -> Option<String> {
    due.snapshot.as_ref().and_then(|(_, expected)| expected.clone())
}

/// The command that shows frames; none of a capture that is gone.
fn show(job: &Job<'_>, frames: &Frames, subject: Option<&str>) -> String {
    if job.passes || job.name == "-" { String::new() } else { command(&job.name, frames, subject) }
}

/// What is said of the capture itself.
fn of_capture(job: &Job<'_>, outcome: Outcome, name: &str, found: &str, last: u32) -> Finding {
    let first = if last > 0 { vec![last] } else { Vec::new() };
    let frames = Frames { first, more: 0 };
    let show = if last > 0 { show(job, &frames, None) } else { String::new() };
    let capture = plain(&job.name);
    let (rule, found) = (String::new(), found.to_owned());
    Finding { capture, name: name.into(), rule, place: None, outcome, found, detail: Vec::new(), frames, show }
}

fn finding(job: &Job<'_>, due: &Due<'_>, verdict: Verdict, bless: bool) -> Result<Finding, String> {
    let Verdict { mut holds, mut found, mut detail, mut frames, snapshot } = verdict;
    if let (true, Some((path, before)), Some(text)) = (bless, &due.snapshot, snapshot)
        && before.as_deref() != Some(text.as_str())
    {
        write(path, &text).map_err(|error| format!("{}: it cannot be written: {error}", shown([path.as_path()])))?;
        (holds, found, detail, frames) = (true, "the snapshot is written".into(), Vec::new(), Frames::default());
    }
    if holds {
        frames = Frames::default();
    }
    let rule = &due.check.rule;
    let show = if holds { String::new() } else { show(job, &frames, rule.subject()) };
    Ok(Finding {
        capture: plain(&job.name),
        name: plain(&due.check.name),
        rule: plain(&rule.text),
        place: due.file.zip(due.check.line).map(|(file, line)| (plain(file), line)),
        outcome: if holds { Outcome::Holds } else { Outcome::Fails },
        found,
        detail,
        frames,
        show,
    })
}

/// Writes a snapshot, with the folder it lies in.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut out = Output::to(Some(path)).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())?;
    out.finish()
}
