//! Export of selected frames into a new capture file, with their metadata.

use super::Format;
use super::encoder::FrameEncoder;
use super::error::{Error, WriteErrorCause};
use super::needed_secrets::NeededSecrets;
use super::output::{NEW_CAPTURE_MODE, display_name, temporary_file};
use crate::source::{Frame, SectionMetadata};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// Whether an existing file is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file is replaced.
    Replace,
    /// An existing file is kept, which is an error.
    Keep,
}

/// A capture file that frames are written to; in pcapng with their interfaces, times in nanoseconds, comments, flags and drop
/// counts. It is written under a temporary name and renamed when it is complete.
pub struct Extract {
    /// The open file; none after [`Extract::close`].
    file: Option<BufWriter<File>>,
    /// Name until the file is complete; dropped, it removes the file.
    temporary: TempPath,
    path: PathBuf,
    overwrite: Overwrite,
    encoder: FrameEncoder,
    buffer: Vec<u8>,
    bytes: u64,
}

impl Extract {
    /// Creates a file, with the secrets that its frames need, if they are to be written.
    ///
    /// # Errors
    ///
    /// The file exists and is to be kept, the name is not that of a regular file, or no file can be created in its
    /// directory.
    pub fn create(path: &Path, overwrite: Overwrite, needed: Option<NeededSecrets>) -> Result<Extract, Error> {
        Extract::create_encoded(path, overwrite, FrameEncoder::new(Format::PcapNg).with_secrets(needed))
    }

    /// Creates a file that this encoder writes.
    ///
    /// # Errors
    ///
    /// Those of [`Extract::create`].
    pub fn create_encoded(path: &Path, overwrite: Overwrite, encoder: FrameEncoder) -> Result<Extract, Error> {
        let failed = |error| Error { file: display_name(Some(path)), cause: WriteErrorCause::Create(error) };
        let path = &*resolve_target(path, overwrite).map_err(failed)?;
        let (file, temporary) = temporary_file(path, NEW_CAPTURE_MODE).map_err(failed)?.into_parts();
        let mut extract = Extract {
            file: Some(buffered(file)),
            temporary,
            path: path.to_owned(),
            overwrite,
            encoder,
            buffer: Vec::new(),
            bytes: 0,
        };
        extract.encoder.push_start(&mut extract.buffer);
        extract.flush()?;
        Ok(extract)
    }

    /// Writes the keys and names of a section. They precede the frames because a sequential reader needs them first.
    pub fn write_metadata(&mut self, metadata: &SectionMetadata) -> Result<(), Error> {
        self.encoder.push_metadata(&mut self.buffer, metadata);
        self.flush()
    }

    /// Writes a frame. A frame that is a file block and not a packet is skipped.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        self.encoder
            .push_frame(&mut self.buffer, frame)
            .map_err(|cause| Error { file: display_name(Some(&self.path)), cause })?;
        self.flush()
    }

    /// Returns whether the captures have secrets that are not written.
    #[must_use]
    pub fn omits_secrets(&self) -> bool {
        self.encoder.omits_secrets()
    }

    /// Returns the number of bytes so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the number of frames so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.encoder.count()
    }

    /// Renames the complete file to its name; returns the number of frames in it.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.encoder.push_end(&mut self.buffer);
        self.flush()?;
        self.close()?;
        let Extract { temporary, path, overwrite, encoder, .. } = self;
        let failed = |error| Error { file: display_name(Some(&path)), cause: WriteErrorCause::Create(error) };
        // The name may have become another kind of file meanwhile.
        resolve_target(&path, overwrite).map_err(failed)?;
        let result = match overwrite {
            Overwrite::Replace => temporary.persist(&path),
            Overwrite::Keep => temporary.persist_noclobber(&path),
        };
        result.map_err(|error| failed(error.error))?;
        Ok(encoder.count())
    }

    /// Closes the file. The next write opens it again.
    ///
    /// # Errors
    ///
    /// What is buffered cannot be written.
    pub fn close(&mut self) -> Result<(), Error> {
        let result = self.file.take().map_or(Ok(()), |mut file| file.flush());
        result.map_err(|error| self.failed(error))
    }

    /// Whether the file is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Writes the encoded bytes, if there are some.
    fn flush(&mut self) -> Result<(), Error> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => Ok(file),
            None => OpenOptions::new().append(true).open(&self.temporary).map(|file| self.file.insert(buffered(file))),
        };
        let result = file.and_then(|file| file.write_all(&self.buffer));
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        result.map_err(|error| self.failed(error))
    }

    /// The file does not have its name yet, so an error of writing counts as one of its creation.
    fn failed(&self, error: io::Error) -> Error {
        Error { file: display_name(Some(&self.path)), cause: WriteErrorCause::Create(error) }
    }
}

fn buffered(file: File) -> BufWriter<File> {
    BufWriter::with_capacity(1 << 18, file)
}

/// Returns the path of the file to write, which is the target of a symbolic link. Only a regular file is replaced,
/// because the new file is one.
fn resolve_target(path: &Path, overwrite: Overwrite) -> io::Result<PathBuf> {
    let Ok(own) = path.symlink_metadata() else { return Ok(path.to_owned()) };
    if overwrite == Overwrite::Keep {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "file exists"));
    }
    let target = fs::metadata(path).map_err(|_| io::Error::other("broken symbolic link"))?;
    match (target.is_file(), target.is_dir()) {
        (true, _) if own.is_symlink() => fs::canonicalize(path),
        (true, _) => Ok(path.to_owned()),
        (_, true) => Err(io::Error::other("is a directory")),
        _ => Err(io::Error::other("not a regular file")),
    }
}
