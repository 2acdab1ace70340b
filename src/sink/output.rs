//! One file that is being written, and the names of files that follow each other.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::source::Time;

use super::Target;
use super::error::{Cause, Error};
use super::format::Format;

/// A file, or what stands for one, that ends after a whole block whenever it is looked at.
pub(super) struct Output {
    file: File,
    /// `None` is standard output.
    path: Option<PathBuf>,
    /// Whether what was written can be taken back.
    regular: bool,
    /// Bytes written.
    pub(super) bytes: u64,
}

impl Output {
    /// Makes the file, or empties it if it is there, and writes what it begins with. Only its owner may read a new one.
    pub(super) fn create(path: Option<&Path>, header: &[u8]) -> Result<Output, Error> {
        let failed = |error| Error { file: shown(path), cause: Cause::Create(error) };
        let file = match path {
            None => standard_output(),
            Some(path) => open(path),
        };
        let file = file.map_err(failed)?;
        let regular = path.is_some() && file.metadata().is_ok_and(|metadata| metadata.is_file());
        let mut output = Output { file, path: path.map(Path::to_owned), regular, bytes: header.len() as u64 };
        if let Err(error) = output.file.write_all(header) {
            // Without a header it is no capture; the error is the one that counts.
            if let Some(path) = path.filter(|_| regular) {
                let _ = fs::remove_file(path);
            }
            return Err(failed(error));
        }
        Ok(output)
    }

    /// Writes whole blocks. If they do not all go in, what went in in part is taken back; then the error comes with how
    /// many blocks stand in the file.
    pub(super) fn put(&mut self, blocks: &[u8], format: Format) -> Result<(), (Error, u64)> {
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
            let (whole, count) = format.whole(blocks.get(..written).unwrap_or_default());
            self.bytes += whole as u64;
            let valid = self.regular && self.file.set_len(self.bytes).is_ok();
            return Err((Error { file: shown(self.path.as_deref()), cause: Cause::Write { error, valid } }, count));
        }
        self.bytes += blocks.len() as u64;
        Ok(())
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Standard output without the buffer in between, which cuts at line ends.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// Standard output without the buffer in between, which cuts at line ends.
#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// A file's name for an error.
pub(super) fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string())
}

impl Target {
    /// The file, if it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Target::Stdout => None,
            Target::File(path) => Some(path),
        }
    }
}

/// The name of the so-and-so-manieth file, as dumpcap names it: `out.pcapng` becomes `out_00001_20261121120000.pcapng`,
/// with the local time at which it begins.
pub(super) fn numbered(path: &Path, number: u64, began: Time, zone: &TimeZone) -> PathBuf {
    let moment = Timestamp::new(began.secs(), 0).unwrap_or_default().to_zoned(zone.clone());
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:05}_{}", moment.strftime("%Y%m%d%H%M%S")));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_dumpcaps_names() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        #[rustfmt::skip]
        let rows = [
            ("o/a.pcapng",    1,       "o/a_00001_20231115001320.pcapng"),
            ("o/a",           2,       "o/a_00002_20231115001320"),
            ("a.b.pcapng.gz", 99_999,  "a.b.pcapng_99999_20231115001320.gz"),
            ("o/x.",          100_000, "o/x_100000_20231115001320."),
            ("a.b/x",         1,       "a.b/x_00001_20231115001320"),
            // dumpcap leaves the folder here.
            ("o/.pcapng",     1,       "o/.pcapng_00001_20231115001320"),
        ];
        for (path, number, wanted) in rows {
            let name = numbered(Path::new(path), number, Time(1_700_000_000_999_999_999), &zone);
            assert_eq!(name, Path::new(wanted), "{path}");
        }
    }
}
