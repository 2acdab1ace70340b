//! `check`: check files and captures to findings and an exit code.

mod capture;
mod files;
#[cfg(feature = "live")]
mod heard;
mod plan;

use super::output::Output;
use super::{Outcome, tell};
use crate::args::Check;
use capture::judge;
#[cfg(feature = "live")]
use heard::Listener;
use overhear::check::file::SCHEMA;
use overhear::check::format::{self, Finding};
use plan::Plan;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Exit codes beside 0 and 2.
const FAILS: u8 = 1;
const UNREAD: u8 = 3;

pub(super) fn check(mut args: Check) -> io::Result<Outcome> {
    if args.schema {
        let mut out = io::stdout();
        out.write_all(SCHEMA.as_bytes())?;
        return out.flush().map(|()| Outcome::Done);
    }
    let plan = match Plan::new(&mut args) {
        Ok(plan) => plan,
        Err(wrong) => {
            wrong.iter().for_each(|what| tell(what));
            return Ok(Outcome::Told);
        }
    };
    match findings(plan, &args) {
        Ok((findings, heard, out)) => told(&findings, heard, &args, out),
        Err(what) => Ok(Outcome::Wrong(what)),
    }
}

/// Runs what is to be run, and judges; nothing is read and nothing is run before it is known that the findings can be
/// told.
fn findings(plan: Plan, args: &Check) -> Result<(Vec<Finding>, Heard, Output), String> {
    #[cfg(feature = "live")]
    plan.refuse_packets(args)?;
    #[cfg(feature = "live")]
    let listener = Listener::open(args)?;
    #[cfg(feature = "live")]
    let plan = match &listener {
        Some(listener) => plan.of_heard(listener.capture()),
        None => plan,
    };
    let jobs = plan.jobs()?;
    plan.refuse_inputs(args.output.as_deref(), &jobs)?;
    let out = Output::to(args.output.as_deref())?;
    #[cfg(not(feature = "live"))]
    let heard = Heard::default();
    #[cfg(feature = "live")]
    let (_file, heard) = listener.map(Listener::hear).transpose()?.unzip();
    #[cfg(feature = "live")]
    let heard = heard.unwrap_or_default();
    let judged = |nth: usize| jobs.get(nth).map_or(Ok(Vec::new()), |job| judge(job, heard.lost, plan.bless));
    Ok((on_all_cores(jobs.len(), judged)?, heard, out))
}

fn told(findings: &[Finding], heard: Heard, args: &Check, mut out: Output) -> io::Result<Outcome> {
    let told = out.write_all(format::tell(args.form.form(), findings).as_bytes()).and_then(|()| out.finish());
    match told {
        // Whether they hold is known, even if nobody reads on.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
        _ => {}
    }
    Ok(if heard.code == 0 { ended(findings) } else { Outcome::Exit(heard.code) })
}

/// What a command came to that was listened to.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// Its exit code; 128 and the signal that ended it, as shells have it.
    code: u8,
    /// Frames that were said and not heard.
    lost: u64,
}

/// How the command ends.
fn ended(findings: &[Finding]) -> Outcome {
    let any = |outcome| findings.iter().any(|finding| finding.outcome == outcome);
    match () {
        () if any(format::Outcome::Unread) => Outcome::Exit(UNREAD),
        () if any(format::Outcome::Fails) => Outcome::Exit(FAILS),
        () => Outcome::Done,
    }
}

/// Does as many pieces of work as there are cores at a time; what they find is in the order of the work.
fn on_all_cores(
    many: usize,
    work: impl Fn(usize) -> Result<Vec<Finding>, String> + Sync,
) -> Result<Vec<Finding>, String> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = thread::available_parallelism().map_or(1, usize::from).min(many);
    let all = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= many {
                break;
            }
            let found = work(nth);
            if let Ok(mut done) = done.lock() {
                done.push((nth, found));
            }
        }
    };
    match cores {
        0 | 1 => all(),
        _ => thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(all)))),
    }
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_unstable_by_key(|(nth, _)| *nth);
    let findings: Result<Vec<_>, _> = done.into_iter().map(|(_, found)| found).collect();
    findings.map(|findings| findings.into_iter().flatten().collect())
}
