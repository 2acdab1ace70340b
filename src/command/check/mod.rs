//! `check` command: evaluates captures against rules, prints the findings and returns an exit code.

mod bases;
mod capture;
#[cfg(feature = "live")]
mod command_capture;
mod files;
mod plan;

use super::output::Output;
use super::{CommandOutcome, print_message};
use crate::args::CheckArgs;
use bases::BaseProfiles;
use capture::evaluate_capture;
#[cfg(feature = "live")]
use command_capture::CommandCapture;
use overhear::check::check_file::SCHEMA;
use overhear::check::format::{self, Finding};
use overhear::source::core_count;
use plan::CheckPlan;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Exit code if a check fails.
const EXIT_FAILURE: u8 = 1;
/// Exit code if a capture cannot be read.
const EXIT_UNREADABLE: u8 = 3;

/// Runs the command.
pub(super) fn run_check(mut args: CheckArgs) -> io::Result<CommandOutcome> {
    if args.schema {
        let mut out = io::stdout();
        out.write_all(SCHEMA.as_bytes())?;
        return out.flush().map(|()| CommandOutcome::Done);
    }
    let plan = match CheckPlan::new(&mut args) {
        Ok(plan) => plan,
        Err(errors) => {
            errors.iter().for_each(|message| print_message(message));
            return Ok(CommandOutcome::Reported);
        }
    };
    match run_checks(plan, &args) {
        Ok((findings, result, out)) => write_findings(&findings, result, &args, out),
        Err(message) => Ok(CommandOutcome::Error(message)),
    }
}

/// Runs the command line's command, if any, and evaluates the checks. Opens the output first, so that nothing runs if
/// the findings cannot be written.
fn run_checks(plan: CheckPlan, args: &CheckArgs) -> Result<(Vec<Finding>, CommandResult, Output), String> {
    #[cfg(feature = "live")]
    plan.refuse_packets(args)?;
    #[cfg(feature = "live")]
    let command = CommandCapture::open(args)?;
    #[cfg(feature = "live")]
    let plan = match &command {
        Some(command) => plan.with_command_capture(command.capture()),
        None => plan,
    };
    let jobs = plan.create_jobs()?;
    plan.refuse_inputs(args.output.as_deref(), &jobs)?;
    let out = Output::create(args.output.as_deref())?;
    #[cfg(not(feature = "live"))]
    let result = CommandResult::default();
    #[cfg(feature = "live")]
    let (_file, result) = command.map(CommandCapture::run).transpose()?.unzip();
    #[cfg(feature = "live")]
    let result = result.unwrap_or_default();
    let bases = BaseProfiles::of_jobs(&jobs);
    let threads = args.threads.threads;
    let evaluate = |nth: usize| {
        let Some(job) = jobs.get(nth) else { return Ok(Vec::new()) };
        // Several captures are read at the same time.
        let threads = threads.or((jobs.len() > 1).then_some(1));
        evaluate_capture(job, &bases, result.dropped, plan.bless, threads)
    };
    let captures = if threads.is_some() { 1 } else { core_count() };
    Ok((run_jobs(jobs.len(), captures, evaluate)?, result, out))
}

/// Writes the findings and returns the outcome of the `check` command.
fn write_findings(
    findings: &[Finding],
    result: CommandResult,
    args: &CheckArgs,
    mut out: Output,
) -> io::Result<CommandOutcome> {
    let written =
        out.write_all(format::render(args.format.result_format(), findings).as_bytes()).and_then(|()| out.finish());
    match written {
        // A closed pipe does not change the exit code.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
        _ => {}
    }
    Ok(if result.exit_code == 0 { findings_outcome(findings) } else { CommandOutcome::Exit(result.exit_code) })
}

/// Result of the command that ran during the capture.
#[derive(Clone, Copy, Default)]
struct CommandResult {
    /// Exit code; 128 plus the signal's number if a signal ended the command, by shell convention.
    exit_code: u8,
    /// Frames dropped by the kernel and the interface.
    dropped: u64,
}

/// Returns the outcome of the findings.
fn findings_outcome(findings: &[Finding]) -> CommandOutcome {
    let any = |outcome| findings.iter().any(|finding| finding.outcome == outcome);
    match () {
        () if any(format::CheckOutcome::Unreadable) => CommandOutcome::Exit(EXIT_UNREADABLE),
        () if any(format::CheckOutcome::Fails) => CommandOutcome::Exit(EXIT_FAILURE),
        () => CommandOutcome::Done,
    }
}

/// Runs `work` for the numbers below `count`, a number of them at the same time. Returns the findings in the order of the numbers.
fn run_jobs(
    count: usize,
    at_once: usize,
    work: impl Fn(usize) -> Result<Vec<Finding>, String> + Sync,
) -> Result<Vec<Finding>, String> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                break;
            }
            let findings = work(nth);
            if let Ok(mut results) = results.lock() {
                results.push((nth, findings));
            }
        }
    };
    match at_once.min(count) {
        0 | 1 => worker(),
        threads => thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker)))),
    }
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_unstable_by_key(|(nth, _)| *nth);
    let findings: Result<Vec<_>, _> = results.into_iter().map(|(_, findings)| findings).collect();
    findings.map(|findings| findings.into_iter().flatten().collect())
}
