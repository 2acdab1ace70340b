//! Runs a command and captures its traffic to a file.

use super::CommandResult;
use crate::args::CheckArgs;
use crate::command::interrupt;
use crate::command::live_run::explain_error;
use crate::command::output::escape_paths;
use overhear::confine::{Caller, FileAccess, become_caller, drop_capabilities};
use overhear::live::{self, CaptureResult, CaptureSettings, Limits, LiveCapture, OpenCapture};
use overhear::sink::{Format, Rotation, Sink, StopConditions as Never, Target};
use overhear::source::StopSignal;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Interval between checks whether the command has exited.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Command to run during a capture, with its open interfaces.
pub(super) struct CommandCapture {
    interfaces: OpenCapture,
    names: String,
    caller: Option<Caller>,
    command: Vec<OsString>,
    files: FileAccess,
    /// File for the captured packets.
    file: CommandCaptureFile,
}

/// Capture file of a command.
pub(super) enum CommandCaptureFile {
    /// File named with `-w`.
    Kept(PathBuf),
    /// Temporary file, deleted on drop.
    Temporary(NamedTempFile),
}

impl CommandCaptureFile {
    fn path(&self) -> &Path {
        match self {
            CommandCaptureFile::Kept(path) => path,
            CommandCaptureFile::Temporary(file) => file.path(),
        }
    }
}

impl CommandCapture {
    /// Opens the interfaces of a command line, if it names any. A process started through sudo then becomes the calling
    /// user again, who owns all files.
    pub(super) fn open(args: &CheckArgs) -> Result<Option<CommandCapture>, String> {
        if args.interfaces.is_empty() {
            return Ok(None);
        }
        let settings = CaptureSettings { filter: args.capture_filter.clone(), ..CaptureSettings::default() };
        let interfaces = live::open(args.interfaces.iter().map(String::as_str), &settings)
            .map_err(|error| explain_error(&error, &settings))?;
        let caller = become_caller().map_err(error_text)?;
        let file = match &args.write {
            Some(path) => CommandCaptureFile::Kept(path.clone()),
            None => {
                let temporary = tempfile::Builder::new().suffix(".pcapng").tempfile();
                CommandCaptureFile::Temporary(
                    temporary.map_err(|error| format!("cannot create a temporary capture file: {error}"))?,
                )
            }
        };
        let files = if args.bless || args.output.is_some() { FileAccess::Create } else { FileAccess::Read };
        let (names, command) = (args.interfaces.join(", "), args.command.clone());
        Ok(Some(CommandCapture { interfaces, names, caller, command, files, file }))
    }

    /// Returns the path of the capture file, and a display name if the file is temporary.
    pub(super) fn capture(&self) -> (PathBuf, Option<String>) {
        let name = matches!(self.file, CommandCaptureFile::Temporary(_)).then(|| self.names.clone());
        (self.file.path().to_owned(), name)
    }

    /// Runs the command and captures from before its start until its exit.
    pub(super) fn run(self) -> Result<(CommandCaptureFile, CommandResult), String> {
        let path = self.file.path();
        let (target, format) = (Target::File(path.to_owned()), Format::for_path(path));
        let sink = Sink::create(target, format, self.interfaces.devices(), Rotation::default(), Never::default());
        let sink = sink.map_err(error_text)?;
        // The open interfaces already capture; packets wait in the kernel's buffer.
        let mut child = start_command(&self.command, self.caller.as_ref())?;
        let live = drop_capabilities(self.files).map_err(error_text).and_then(|()| {
            let stop = StopSignal::default();
            interrupt::install_handler(&stop);
            let live = self.interfaces.start(Some(sink), stop.clone(), Limits::default()).map_err(error_text)?;
            Ok((live, stop))
        });
        let (mut live, stop) = live.inspect_err(|_| {
            // Without a capture the command has no purpose.
            let _ = child.kill();
        })?;
        capture_until_exit(&mut live, &mut child, &stop);
        let CaptureResult { counts, errors, written } = live.finish();
        let status = child.wait().map_err(error_text)?;
        written.transpose().map_err(error_text)?;
        match errors.first() {
            Some(error) => Err(error_text(error)),
            // Every captured packet is written to the file, so only the kernel's and the interface's drops count.
            None => {
                let result = CommandResult {
                    exit_code: exit_code(status),
                    dropped: counts.drops.kernel + counts.drops.interface,
                };
                Ok((self.file, result))
            }
        }
    }
}

/// Starts the command as the calling user.
fn start_command(command: &[OsString], caller: Option<&Caller>) -> Result<Child, String> {
    let (program, arguments) = command.split_first().ok_or("missing command: -i INTERFACE -- COMMAND")?;
    let mut command = Command::new(program);
    if let Some(Caller { name, home }) = caller {
        command.env("HOME", home).env("USER", name).env("LOGNAME", name);
    }
    let child = command.args(arguments).spawn();
    child.map_err(|error| format!("{}: {error}", escape_paths([Path::new(program)])))
}

/// Formats an error as printable text.
fn error_text(error: impl Display) -> String {
    escape_paths([Path::new(&error.to_string())])
}

/// Captures until the command has exited and its last packets have arrived.
fn capture_until_exit(live: &mut LiveCapture, child: &mut Child, stop: &StopSignal) {
    loop {
        while live.next().is_some() {}
        if child.try_wait().is_ok_and(|ended| ended.is_some()) {
            stop.stop();
        }
        if !live.wait(POLL_INTERVAL) {
            return;
        }
    }
}

/// Returns the exit code of a process: 128 plus the signal's number if a signal ended it.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    // A process without an exit code has failed.
    code.and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(1)
}
