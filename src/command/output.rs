//! Output of a command: standard output, or a file that is replaced in one step when complete.

use super::print_message;
use super::progress::ReadProgressBar;
use crate::args::RunArgs;
use overhear::analysis::{Event, Place};
use overhear::capture::Call;
use overhear::report::Report;
use overhear::sink::{NEW_CAPTURE_MODE, system_error_text, temporary_file};
use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Size of the write buffer in bytes.
const BUFFER_SIZE: usize = 128 * 1024;

/// Buffered output of a command.
pub(super) struct Output {
    target: BufWriter<OutputTarget>,
    /// Whether to flush after each row.
    line_buffered: bool,
    /// Whether a file that would be replaced stays as it is.
    keeps_existing: bool,
}

/// Output of the rows of a run.
pub(super) trait RowOutput: Write {
    /// Places what is written next among the rows of all shards of the capture.
    fn place(&mut self, place: Place) -> io::Result<()> {
        let _ = place;
        Ok(())
    }

    /// Writes an event with a report.
    fn event(&mut self, event: Event, report: &mut dyn Report) -> io::Result<()>;

    /// Passes a call that the filter does not match to a report.
    fn skip_call(&mut self, call: Call, report: &mut dyn Report) -> io::Result<()>;

    /// Prints a message on stderr, after the rows written so far.
    fn message(&mut self, text: &str) -> io::Result<()>;

    /// Returns the progress bar of a run of `passes` passes.
    fn progress(&self, passes: u64) -> ReadProgressBar;

    /// Notes that the capture cannot be divided at a frame. An error ends the run.
    fn end_shard_at(&mut self, frame: u32) -> io::Result<()> {
        let _ = frame;
        Ok(())
    }

    /// Leaves a file that would be replaced as it is.
    fn keep_existing(&mut self) {}

    /// Whether the output is flushed after each row.
    fn is_line_buffered(&self) -> bool {
        false
    }
}

impl RowOutput for Output {
    fn event(&mut self, event: Event, report: &mut dyn Report) -> io::Result<()> {
        report.event(event, self)
    }

    fn skip_call(&mut self, call: Call, report: &mut dyn Report) -> io::Result<()> {
        report.skip_call(call, self)
    }

    fn message(&mut self, text: &str) -> io::Result<()> {
        self.flush()?;
        print_message(text);
        Ok(())
    }

    fn progress(&self, passes: u64) -> ReadProgressBar {
        ReadProgressBar::new(self.is_file(), passes)
    }

    fn keep_existing(&mut self) {
        Output::keep_existing(self);
    }

    fn is_line_buffered(&self) -> bool {
        Output::is_line_buffered(self)
    }
}

/// Content of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputContent {
    Text,
    Packets,
}

/// Destination of the output.
enum OutputTarget {
    Stdout(Stdout),
    /// Discards the output.
    #[cfg(feature = "live")]
    Discard,
    /// File written in place: a device or pipe, or any file in a live capture.
    InPlace(File, PathBuf),
    /// Temporary file in the directory of the file that it will replace.
    Replace(NamedTempFile, PathBuf),
}

impl Write for OutputTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            OutputTarget::Stdout(stdout) => stdout.write(bytes),
            #[cfg(feature = "live")]
            OutputTarget::Discard => Ok(bytes.len()),
            OutputTarget::InPlace(file, path) => file.write(bytes).map_err(|error| error_of(path, error)),
            // The wrapper would add the name of the temporary file to errors.
            OutputTarget::Replace(file, path) => file.as_file_mut().write(bytes).map_err(|error| error_of(path, error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            OutputTarget::Stdout(stdout) => stdout.flush(),
            #[cfg(feature = "live")]
            OutputTarget::Discard => Ok(()),
            OutputTarget::InPlace(file, path) => file.flush().map_err(|error| error_of(path, error)),
            OutputTarget::Replace(file, path) => file.as_file_mut().flush().map_err(|error| error_of(path, error)),
        }
    }
}

impl Output {
    /// Opens the output of a run. Flushes after each row if `-l` is set. Also flushes if the input is a pipe, which may
    /// stay open for long, unless the output replaces a file at the end.
    pub(super) fn open(run: &RunArgs, content: OutputContent, from_pipe: bool) -> Result<Output, String> {
        let mut out = Output::create_with(run.output.as_deref(), content)?;
        out.line_buffered =
            run.line_buffered || from_pipe && !matches!(out.target.get_ref(), OutputTarget::Replace(..));
        Ok(out)
    }

    /// Opens the output of a live capture. A file is written continuously; a pipe is flushed when the analysis is idle.
    /// Discards the rows if packets are written to standard output.
    #[cfg(feature = "live")]
    pub(super) fn open_live(run: &RunArgs, stdout_has_packets: bool) -> Result<Output, String> {
        let target = match run.output.as_deref() {
            None if stdout_has_packets => OutputTarget::Discard,
            None => OutputTarget::Stdout(io::stdout()),
            Some(path) if path == Path::new("-") => OutputTarget::Stdout(io::stdout()),
            Some(path) => {
                let file = File::create(path).map_err(|error| write_error(path, &error))?;
                OutputTarget::InPlace(file, path.to_owned())
            }
        };
        Ok(Output { line_buffered: run.line_buffered, ..Output::of(target) })
    }

    /// Opens a file, or standard output if `path` is `None` or `-`. Returns an error message of one line.
    pub(super) fn create(path: Option<&Path>) -> Result<Output, String> {
        Output::create_with(path, OutputContent::Text)
    }

    fn create_with(path: Option<&Path>, content: OutputContent) -> Result<Output, String> {
        let target = match path.filter(|path| *path != Path::new("-")) {
            None => OutputTarget::Stdout(io::stdout()),
            Some(path) => open_target(path, content).map_err(|error| write_error(path, &error))?,
        };
        Ok(Output::of(target))
    }

    fn of(target: OutputTarget) -> Output {
        Output { target: BufWriter::with_capacity(BUFFER_SIZE, target), line_buffered: false, keeps_existing: false }
    }

    /// Leaves a file that would be replaced as it is.
    pub(super) fn keep_existing(&mut self) {
        self.keeps_existing = true;
    }

    /// Returns whether the output is flushed after each row.
    pub(super) fn is_line_buffered(&self) -> bool {
        self.line_buffered
    }

    /// Returns whether the output goes anywhere but to standard output.
    pub(super) fn is_file(&self) -> bool {
        !matches!(self.target.get_ref(), OutputTarget::Stdout(_))
    }

    /// Returns whether a file that would be replaced stays as it is.
    pub(super) fn keeps_existing(&self) -> bool {
        self.keeps_existing
    }

    /// Returns whether the rows of a live capture go nowhere.
    #[cfg(feature = "live")]
    pub(super) fn discards_rows(&self) -> bool {
        matches!(self.target.get_ref(), OutputTarget::Discard)
    }

    /// Flushes the buffer and moves a temporary file to its final name.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut target = self.target.into_inner().map_err(io::IntoInnerError::into_error)?;
        target.flush()?;
        match target {
            OutputTarget::Replace(file, path) if !self.keeps_existing => {
                let moved = file.persist(&path).map(drop);
                moved.map_err(|error| error_of(&path, error.error))
            }
            _ => Ok(()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.target.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

/// Returns the error message for a file that cannot be written.
fn write_error(path: &Path, error: &io::Error) -> String {
    format!("{}: cannot write: {}", escape_paths([path]), system_error_text(error))
}

/// Returns an error of the system with the path that it is about.
pub(super) fn error_of(path: &Path, error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => io::Error::new(error.kind(), format!("{}: {}", escape_paths([path]), system_error_text(&error))),
        None => error,
    }
}

/// Opens a file for output.
fn open_target(path: &Path, content: OutputContent) -> io::Result<OutputTarget> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::other("is a directory")),
        Ok(metadata) if !metadata.is_file() => {
            File::options().write(true).open(path).map(|file| OutputTarget::InPlace(file, path.to_owned()))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        existing => {
            // A symbolic link remains; its target is replaced.
            let path = if existing.is_ok() { fs::canonicalize(path)? } else { path.to_owned() };
            temporary_file(&path, content.new_mode()).map(|file| OutputTarget::Replace(file, path))
        }
    }
}

impl OutputContent {
    /// Returns the permissions of a new file, which the process's umask reduces.
    fn new_mode(self) -> u32 {
        match self {
            OutputContent::Text => 0o666,
            OutputContent::Packets => NEW_CAPTURE_MODE,
        }
    }
}

/// Formats paths as a comma-separated list with control characters escaped.
pub(super) fn escape_paths<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    let mut out = String::new();
    for path in paths {
        out.push_str(if out.is_empty() { "" } else { ", " });
        for char in path.to_string_lossy().chars() {
            if char.is_control() { out.extend(char.escape_default()) } else { out.push(char) }
        }
    }
    out
}
