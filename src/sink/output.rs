//! A capture file being written, and the names of rotated files.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::{Builder, NamedTempFile};

use crate::source::Time;

use super::Target;
use super::error::{Error, WriteErrorCause};
use super::format::Format;

/// Permissions of a new capture file: only the owner can read it.
pub const NEW_CAPTURE_MODE: u32 = 0o600;

/// A file or another output that always ends after a complete block.
pub(super) struct OutputFile {
    file: File,
    /// Path; `None` is standard output.
    path: Option<PathBuf>,
    /// Whether the output is a regular file, which can be truncated after an incomplete write.
    is_regular: bool,
    /// Number of bytes written.
    pub(super) bytes: u64,
}

impl OutputFile {
    /// Creates or truncates the file and writes its header. Only the owner can read a new file.
    pub(super) fn create(path: Option<&Path>, header: &[u8]) -> Result<OutputFile, Error> {
        let failed = |error| Error { file: display_name(path), cause: WriteErrorCause::Create(error) };
        let file = match path {
            None => standard_output(),
            Some(path) => open(path),
        };
        let file = file.map_err(failed)?;
        let regular = path.is_some() && file.metadata().is_ok_and(|metadata| metadata.is_file());
        let mut output =
            OutputFile { file, path: path.map(Path::to_owned), is_regular: regular, bytes: header.len() as u64 };
        if let Err(error) = output.file.write_all(header) {
            // A file without a header is not a capture. The first error is reported.
            if let Some(path) = path.filter(|_| regular) {
                let _ = fs::remove_file(path);
            }
            return Err(failed(error));
        }
        Ok(output)
    }

    /// Writes complete blocks. If the write fails, an incomplete last block is truncated, and the error is returned with
    /// the number of complete blocks written.
    pub(super) fn write_blocks(&mut self, blocks: &[u8], format: Format) -> Result<(), (Error, u64)> {
        let mut rest = blocks;
        while !rest.is_empty() {
            let error = match self.file.write(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let written = blocks.len() - rest.len();
            let (whole, count) = format.complete_blocks(blocks.get(..written).unwrap_or_default());
            self.bytes += whole as u64;
            let valid = self.is_regular && self.file.set_len(self.bytes).is_ok();
            return Err((
                Error { file: display_name(self.path.as_deref()), cause: WriteErrorCause::Write { error, valid } },
                count,
            ));
        }
        self.bytes += blocks.len() as u64;
        Ok(())
    }
}

/// Creates a temporary file in the directory of `path`, so that one rename replaces `path`. It has the permissions of the
/// file that it will replace; if there is none, those of `new_mode` without the bits of the process's umask.
///
/// # Errors
///
/// There is no such directory, or the user may not create files in it.
pub fn temporary_file(path: &Path, new_mode: u32) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = Builder::new().prefix(".overhear-").permissions(Permissions::from_mode(new_mode)).tempfile_in(folder);
    // The original error would name the temporary file.
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::NotFound, "no such directory"),
        kind => kind.into(),
    })?;
    if let Ok(existing) = fs::metadata(path) {
        file.as_file().set_permissions(existing.permissions())?;
    }
    Ok(file)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(true).mode(NEW_CAPTURE_MODE).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Opens standard output without the buffer of `Stdout`, which flushes at line ends.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Opens standard output without the buffer of `Stdout`, which flushes at line ends.
#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// Returns a file's name for an error message.
pub(super) fn display_name(path: Option<&Path>) -> String {
    path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

impl Target {
    /// Returns the path of the file; `None` for standard output.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Target::Stdout => None,
            Target::File(path) => Some(path),
        }
    }
}

/// Returns the name of a rotated file as dumpcap forms it: `out.pcapng` becomes `out_00001_20261121120000.pcapng`, with
/// the local time of its start.
pub(super) fn rotated_path(path: &Path, number: u64, start: Time, zone: &TimeZone) -> PathBuf {
    let start = Timestamp::new(start.secs(), 0).unwrap_or_default().to_zoned(zone.clone());
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:05}_{}", start.strftime("%Y%m%d%H%M%S")));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_named_as_by_dumpcap() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        #[rustfmt::skip]
        let rows = [
            ("o/a.pcapng",    1,       "o/a_00001_20231115001320.pcapng"),
            ("o/a",           2,       "o/a_00002_20231115001320"),
            ("a.b.pcapng.gz", 99_999,  "a.b.pcapng_99999_20231115001320.gz"),
            ("o/x.",          100_000, "o/x_100000_20231115001320."),
            ("a.b/x",         1,       "a.b/x_00001_20231115001320"),
            // dumpcap drops the directory here.
            ("o/.pcapng",     1,       "o/.pcapng_00001_20231115001320"),
        ];
        for (path, number, expected) in rows {
            let name = rotated_path(Path::new(path), number, Time(1_700_000_000_999_999_999), &zone);
            assert_eq!(name, Path::new(expected), "{path}");
        }
    }
}
