//! A command run and listened to: what was said meanwhile, as a capture file.

use super::Heard;
use crate::args::Check;
use crate::command::interrupt;
use crate::command::listening::explained;
use crate::command::output::shown;
use overhear::confine::{Caller, Files, become_caller, disarm};
use overhear::live::{self, Ended, Limits, Live, Opened, Settings};
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

/// A command that will be listened to, on interfaces that are open.
pub(super) struct Listener {
    opened: Opened,
    names: String,
    caller: Option<Caller>,
    command: Vec<OsString>,
    files: Files,
    /// Where what is heard is kept.
    file: File,
}

/// A capture file, which is gone when nobody holds this any more if it was not asked for.
pub(super) enum File {
    Kept(PathBuf),
    Passing(NamedTempFile),
}

impl File {
    fn path(&self) -> &Path {
        match self {
            File::Kept(path) => path,
            File::Passing(file) => file.path(),
        }
    }
}

impl Listener {
    /// Opens what a command line asks to be listened to, if it asks for that. Whoever was made root for it is that no more
    /// afterwards: all files are the caller's.
    pub(super) fn open(args: &Check) -> Result<Option<Listener>, String> {
        if args.interfaces.is_empty() {
            return Ok(None);
        }
        let settings = Settings { filter: args.capture_filter.clone(), ..Settings::default() };
        let opened = live::open(args.interfaces.iter().map(String::as_str), &settings)
            .map_err(|error| explained(&error, &settings))?;
        let caller = become_caller().map_err(told)?;
        let file = match &args.keep {
            Some(path) => File::Kept(path.clone()),
            None => {
                let passing = tempfile::Builder::new().suffix(".pcapng").tempfile();
                File::Passing(passing.map_err(|error| format!("what is heard cannot be kept: {error}"))?)
            }
        };
        let files = if args.bless || args.output.is_some() { Files::Make } else { Files::Read };
        let (names, command) = (args.interfaces.join(", "), args.command.clone());
        Ok(Some(Listener { opened, names, caller, command, files, file }))
    }

    /// The capture that will be made, and what to call it if its file is soon gone.
    pub(super) fn capture(&self) -> (PathBuf, Option<String>) {
        let name = matches!(self.file, File::Passing(_)).then(|| self.names.clone());
        (self.file.path().to_owned(), name)
    }

    /// Runs the command, and listens from before it begins until it has ended.
    pub(super) fn hear(self) -> Result<(File, Heard), String> {
        let path = self.file.path();
        let (target, format) = (Target::File(path.to_owned()), Format::of(path));
        let sink = Sink::create(target, format, self.opened.devices(), Rotation::default(), Never::default());
        let sink = sink.map_err(told)?;
        // What is open hears already; what comes waits in the kernel.
        let mut child = start(&self.command, self.caller.as_ref())?;
        let live = disarm(self.files).map_err(told).and_then(|()| {
            let stop = Stop::default();
            interrupt::stops(&stop);
            let live = self.opened.listen(Some(sink), stop.clone(), Limits::default()).map_err(told)?;
            Ok((live, stop))
        });
        let (mut live, stop) = live.inspect_err(|_| {
            // Nobody would know what it says.
            let _ = child.kill();
        })?;
        keep(&mut live, &mut child, &stop);
        let Ended { counts, failed, written } = live.finish();
        let status = child.wait().map_err(told)?;
        written.transpose().map_err(told)?;
        match failed.first() {
            Some(error) => Err(told(error)),
            // All that was captured is written, read or not.
            None => {
                let heard = Heard { code: code(status), lost: counts.drops.kernel + counts.drops.interface };
                Ok((self.file, heard))
            }
        }
    }
}

/// Starts the command, as the user who called.
fn start(command: &[OsString], caller: Option<&Caller>) -> Result<Child, String> {
    let (program, arguments) = command.split_first().ok_or("a command is missing: -i INTERFACE -- COMMAND")?;
    let mut command = Command::new(program);
    if let Some(Caller { name, home }) = caller {
        command.env("HOME", home).env("USER", name).env("LOGNAME", name);
    }
    let child = command.args(arguments).spawn();
    child.map_err(|error| format!("{}: {error}", shown([Path::new(program)])))
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
