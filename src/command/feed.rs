//! Where frames come from: captures, or interfaces of this machine.

use super::input::Named;
#[cfg(feature = "live")]
use super::input::filter_alone;
#[cfg(feature = "live")]
use super::listening::Listening;
use super::output::Output;
use super::overwrite::refuse_inputs;
#[cfg(feature = "live")]
use super::overwrite::refuse_same;
use super::reading::Reading;
use super::sieve::{Sieve, Sifts};
use crate::args::{Input, Run};
use overhear::analysis::Task;
use overhear::report::Report;
use std::io;
use std::path::PathBuf;

/// Frames that will come, from wherever.
pub(super) enum Feed {
    Captures(Box<Reading>),
    #[cfg(feature = "live")]
    Interfaces(Box<Listening>),
}

impl Feed {
    /// What a command line names; interfaces are opened at once. What is wrong is told in a few lines.
    pub(super) fn open(input: Input, run: &Run, sifts: Sifts) -> Result<Feed, String> {
        #[cfg(feature = "live")]
        if !input.listen.interfaces.is_empty() {
            if run.follow_file {
                return Err("--follow-file goes with a file, -i has no end".into());
            }
            let (filter, listen) = filter_alone(input)?;
            refuse_same(run.output.as_deref(), listen.write.as_deref())?;
            return Ok(Feed::Interfaces(Box::new(Listening::open(
                &listen,
                run,
                Sieve::new(filter.map(|wanted| wanted.0), sifts),
            )?)));
        }
        let named = Named::new(input)?;
        refuse_inputs("-o", run.output.as_deref(), named.paths.iter().map(PathBuf::as_path))?;
        let reading = Reading::new(named.paths, run).through(Sieve::new(named.filter.map(|wanted| wanted.0), sifts));
        Ok(Feed::Captures(Box::new(reading)))
    }

    /// Opens what a run writes to; the last that is opened, and so the end of the rights that it takes.
    pub(super) fn output(&self, run: &Run) -> Result<Output, String> {
        match self {
            Feed::Captures(reading) => Output::open(run, reading.has_pipe()),
            #[cfg(feature = "live")]
            Feed::Interfaces(listening) => {
                let out = Output::live(run, listening.writes_to_stdout)?;
                listening.confine()?;
                Ok(out)
            }
        }
    }

    /// Reads the frames and reports; returns whether anything wrong was told.
    pub(super) fn run(self, task: impl Fn() -> Task, report: &mut dyn Report, out: &mut Output) -> io::Result<bool> {
        match self {
            Feed::Captures(reading) => reading.run(task, report, out),
            #[cfg(feature = "live")]
            Feed::Interfaces(listening) => listening.run(task, report, out),
        }
    }
}
