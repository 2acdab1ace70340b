//! Where output goes: standard output, or a file that appears when it is whole.

use crate::args::Run;
use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// As much as is collected before it is written, in bytes.
const BUFFER: usize = 128 * 1024;

/// Where a command writes.
pub(super) struct Output {
    target: BufWriter<Target>,
    /// Whether each row is written at once.
    at_once: bool,
    /// Whether a file that would be replaced stays as it is.
    is_discarded: bool,
}

enum Target {
    Stdout(Stdout),
    /// Nothing is written.
    #[cfg(feature = "live")]
    Nowhere,
    /// What is no plain file (a device, a pipe) and is written as it is.
    Device(File),
    /// A file beside the one that it will replace.
    Beside(NamedTempFile, PathBuf),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout(stdout) => stdout.write(bytes),
            #[cfg(feature = "live")]
            Target::Nowhere => Ok(bytes.len()),
            Target::Device(file) => file.write(bytes),
            // Not through its wrapper, which puts the file's passing name into errors.
            Target::Beside(file, _) => file.as_file_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(stdout) => stdout.flush(),
            #[cfg(feature = "live")]
            Target::Nowhere => Ok(()),
            Target::Device(file) => file.flush(),
            Target::Beside(file, _) => file.as_file_mut().flush(),
        }
    }
}

impl Output {
    /// Opens what a run writes to; rows go out at once if that is asked for, or if they are of a pipe,
    /// that may stay open for long, and do not wait in a file for the last.
    pub(super) fn open(run: &Run, from_pipe: bool) -> Result<Output, String> {
        let mut out = Output::to(run.output.as_deref())?;
        out.at_once = run.line_buffered || from_pipe && !matches!(out.target.get_ref(), Target::Beside(..));
        Ok(out)
    }

    /// Opens what a run without an end writes to: a file is written as it goes, and who takes rows out of the pipe is
    /// given them when nothing else is to be done. Rows go nowhere where packets are written to standard output.
    #[cfg(feature = "live")]
    pub(super) fn live(run: &Run, stdout_is_taken: bool) -> Result<Output, String> {
        let target = match run.output.as_deref() {
            None if stdout_is_taken => Target::Nowhere,
            None => Target::Stdout(io::stdout()),
            Some(path) if path == Path::new("-") => Target::Stdout(io::stdout()),
            Some(path) => Target::Device(File::create(path).map_err(|error| unwritable(path, &error))?),
        };
        Ok(Output { at_once: run.line_buffered, ..Output::of(target) })
    }

    /// Opens a file, or standard output if none is named, or `-`. An error is told in a line.
    pub(super) fn to(path: Option<&Path>) -> Result<Output, String> {
        let target = match path.filter(|path| *path != Path::new("-")) {
            None => Target::Stdout(io::stdout()),
            Some(path) => file(path).map_err(|error| unwritable(path, &error))?,
        };
        Ok(Output::of(target))
    }

    fn of(target: Target) -> Output {
        Output { target: BufWriter::with_capacity(BUFFER, target), at_once: false, is_discarded: false }
    }

    /// Leaves a file that would be replaced as it is.
    pub(super) fn discard(&mut self) {
        self.is_discarded = true;
    }

    /// Whether it goes to a file.
    pub(super) fn is_file(&self) -> bool {
        !matches!(self.target.get_ref(), Target::Stdout(_))
    }

    /// Whether rows are written at all.
    #[cfg(feature = "live")]
    pub(super) fn is_nowhere(&self) -> bool {
        matches!(self.target.get_ref(), Target::Nowhere)
    }

    /// Whether each row is written at once.
    pub(super) fn is_at_once(&self) -> bool {
        self.at_once
    }

    /// A row is complete.
    pub(super) fn row(&mut self) -> io::Result<()> {
        if self.at_once { self.target.flush() } else { Ok(()) }
    }

    /// Writes what is left; a file takes its name.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut target = self.target.into_inner().map_err(io::IntoInnerError::into_error)?;
        target.flush()?;
        match target {
            Target::Beside(file, path) if !self.is_discarded => {
                file.persist(path).map(drop).map_err(|error| error.error)
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

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("{}: it cannot be written: {error}", shown([path]))
}

fn file(path: &Path) -> io::Result<Target> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(io::Error::other("it is a directory")),
        Ok(about) if !about.is_file() => File::options().write(true).open(path).map(Target::Device),
        Ok(about) => {
            // A link stays a link, and what it leads to is replaced.
            let path = fs::canonicalize(path)?;
            beside(&path, about.permissions()).map(|file| Target::Beside(file, path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            beside(path, new_file()).map(|file| Target::Beside(file, path.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// A nameless-to-be file in the same folder, so that it can take the name in one step.
fn beside(path: &Path, permissions: fs::Permissions) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = Builder::new().prefix(".overhear-").permissions(permissions).tempfile_in(folder);
    // Its own words name a file that nobody asked for.
    file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::NotFound, "there is no such folder"),
        kind => kind.into(),
    })
}

/// What a new file may: what the process's mask leaves of reading and writing.
#[cfg(unix)]
fn new_file() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Names of files as text that cannot steer a terminal.
pub(super) fn shown<'a>(paths: impl IntoIterator<Item = &'a Path>) -> String {
    let mut out = String::new();
    for path in paths {
        out.push_str(if out.is_empty() { "" } else { ", " });
        for char in path.to_string_lossy().chars() {
            if char.is_control() { out.extend(char.escape_default()) } else { out.push(char) }
        }
    }
    out
}
