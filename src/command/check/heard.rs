//! A command run and listened to: what was said meanwhile, as a capture file.

use super::Heard;
use crate::args::Check;
use crate::command::interrupt;
use crate::command::listening::explained;
use crate::command::output::shown;
use overhear::live::{self, Ended, Limits, Live, Settings};
use overhear::sink::{Format, Rotation, Sink, Stop as Never, Target};
use overhear::source::Stop;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;
use tempfile::NamedTempFile;

/// How often it is looked whether the command has ended.
const TICK: Duration = Duration::from_millis(20);

/// A command that will be listened to.
pub(super) struct Listener {
    interfaces: Vec<String>,
    settings: Settings,
    command: Vec<OsString>,
    /// Where what is heard is kept.
    file: File,
}

/// A capture file, which may be gone when nobody reads it any more.
enum File {
    Kept(PathBuf),
    Passing(NamedTempFile),
}

impl Listener {
    /// What a command line asks for, if it asks for that.
    pub(super) fn new(args: &Check) -> Result<Option<Listener>, String> {
        if args.interfaces.is_empty() {
            return Ok(None);
        }
        let file = match &args.keep {
            Some(path) => File::Kept(path.clone()),
            None => {
                let passing = tempfile::Builder::new().suffix(".pcapng").tempfile();
                File::Passing(passing.map_err(|error| format!("what is heard cannot be kept: {error}"))?)
            }
        };
        let settings = Settings { filter: args.capture_filter.clone(), ..Settings::default() };
        let (interfaces, command) = (args.interfaces.clone(), args.command.clone());
        Ok(Some(Listener { interfaces, settings, command, file }))
    }

    /// The capture that will be made, and what to call it if its file is soon gone.
    pub(super) fn capture(&self) -> (PathBuf, Option<String>) {
        match &self.file {
            File::Kept(path) => (path.clone(), None),
            File::Passing(file) => (file.path().to_owned(), Some(self.interfaces.join(", "))),
        }
    }

    /// Runs the command, and listens from before it begins until it has ended.
    pub(super) fn hear(&self) -> Result<Heard, String> {
        let opened = live::open(self.interfaces.iter().map(String::as_str), &self.settings)
            .map_err(|error| explained(&error, &self.settings))?;
        let (path, _) = self.capture();
        let format = Format::of(&path);
        let target = Target::File(path);
        let sink = Sink::create(target, format, opened.devices(), Rotation::default(), Never::default());
        let sink = sink.map_err(told)?;
        let stop = Stop::default();
        interrupt::stops(&stop);
        let mut live = opened.listen(Some(sink), stop.clone(), Limits::default()).map_err(told)?;
        let (program, arguments) = self.command.split_first().ok_or("a command is missing: -i INTERFACE -- COMMAND")?;
        let child = Command::new(program).args(arguments).spawn();
        let mut child = child.map_err(|error| format!("{}: {error}", shown([Path::new(program)])))?;
        keep(&mut live, &mut child, &stop);
        let Ended { counts, failed, written } = live.finish();
        let status = child.wait().map_err(told)?;
        written.transpose().map_err(told)?;
        match failed.first() {
            Some(error) => Err(told(error)),
            // All that was captured is written, read or not.
            None => Ok(Heard { code: code(status), lost: counts.drops.kernel + counts.drops.interface }),
        }
    }
}

fn told(error: impl Display) -> String {
    shown([Path::new(&error.to_string())])
}

/// Lets all be written that is heard, until the command has ended and what it said last has come.
fn keep(live: &mut Live, child: &mut Child, stop: &Stop) {
    loop {
        while live.next().is_some() {}
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            stop.stop();
        }
        if !live.wait(TICK) {
            return;
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    // What has no code has failed.
    code.and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(1)
}
