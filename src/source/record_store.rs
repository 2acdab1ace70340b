//! Random access to records: the files of a capture, and the parser state needed to read a record at its position.

use super::error::{Error, LocatedCause, ReadErrorCause};
use super::format::{FormatReader, build_frame};
use super::frame::{AddressName, Frame, Interface, Secret};
use super::options::ByteOrder;
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::window::Window;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Size of the read buffer in bytes. Records requested together are mostly close together.
const READ_BUFFER_SIZE: usize = 64 * 1024;

/// Maximum number of files kept open; the others are opened when they are read.
const MAX_OPEN_FILES: usize = 64;

/// The position of a record in a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordPosition {
    /// Index of the file, 0 for the first of the capture.
    pub file: u32,
    /// Offset of the first byte in the decompressed file.
    pub offset: u64,
}

/// The files of a capture as far as it has been read, shared by the first reader and by readers of single records.
///
/// Compressed files, and inputs that can be read only once, are copied into unnamed temporary files.
#[derive(Clone, Debug, Default)]
pub struct RecordStore(Arc<Mutex<Vec<StoredFile>>>);

/// A file of a capture.
#[derive(Debug)]
struct StoredFile {
    name: String,
    handle: FileHandle,
    /// Identity of the file when it was opened; `None` for an own copy.
    identity: Option<FileIdentity>,
    format: StoredFormat,
    /// Metadata by section number.
    metadata: Vec<(u32, SectionMetadata)>,
}

/// The keys and names of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionMetadata {
    /// Keys that decrypt the section's frames.
    pub secrets: Vec<Secret>,
    /// Names of addresses in the section's frames.
    pub names: Vec<AddressName>,
}

/// An open file, or the path to open it.
#[derive(Clone, Debug)]
enum FileHandle {
    /// An open file.
    Open(Arc<File>),
    /// A file that is opened when it is read.
    Path(PathBuf),
}

/// The device and inode of a file, its length and its modification time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileIdentity {
    device_inode: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
}

/// The parser state needed to read a record at its position.
#[derive(Debug)]
enum StoredFormat {
    Pcap(Pcap),
    /// Sections with frames, in file order.
    PcapNg(Vec<Section>),
}

/// A section of a pcapng file.
#[derive(Clone, Debug)]
struct Section {
    /// Offset of the first frame.
    first_frame: u64,
    number: u32,
    order: ByteOrder,
    /// Interfaces described so far.
    interfaces: Vec<Interface>,
}

impl FileIdentity {
    fn of(metadata: &Metadata) -> FileIdentity {
        FileIdentity {
            device_inode: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }

    /// Returns whether the file was replaced or changed. A file that only grew has not changed.
    fn has_changed(&self, now: FileIdentity) -> bool {
        now.device_inode != self.device_inode
            || now.length < self.length
            || now.length == self.length && now.modified != self.modified
    }
}

impl FileHandle {
    fn metadata(&self) -> io::Result<Metadata> {
        match self {
            FileHandle::Open(file) => file.metadata(),
            FileHandle::Path(path) => path.metadata(),
        }
    }
}

impl RecordStore {
    fn files(&self) -> MutexGuard<'_, Vec<StoredFile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the next file, with its path unless it is an own copy.
    pub(super) fn add_file(
        &self,
        name: &str,
        file: Arc<File>,
        path: Option<&Path>,
        format: &FormatReader,
    ) -> io::Result<()> {
        let identity = path.map(|_| file.metadata()).transpose()?.map(|metadata| FileIdentity::of(&metadata));
        let file = match path.filter(|_| self.files().len() >= MAX_OPEN_FILES) {
            Some(path) => FileHandle::Path(path.to_owned()),
            None => FileHandle::Open(file),
        };
        let format = match format {
            FormatReader::Pcap(pcap) => StoredFormat::Pcap(pcap.clone()),
            FormatReader::PcapNg(_) => StoredFormat::PcapNg(Vec::new()),
        };
        self.files().push(StoredFile { name: name.to_owned(), handle: file, identity, format, metadata: Vec::new() });
        Ok(())
    }

    /// Adds the section of a frame, or the interfaces described since the last call.
    pub(super) fn add_section(&self, first: u64, read: &PcapNg) {
        let mut files = self.files();
        let Some(StoredFile { format: StoredFormat::PcapNg(sections), .. }) = files.last_mut() else { return };
        if sections.last().is_none_or(|last| last.number != read.section) {
            let (number, order) = (read.section, read.order);
            sections.push(Section { first_frame: first, number, order, interfaces: Vec::new() });
        }
        if let Some(section) = sections.last_mut() {
            let known = section.interfaces.len();
            section.interfaces.extend(read.interfaces.iter().skip(known).cloned());
        }
    }

    /// Adds metadata of a section of the last file.
    pub(super) fn add_metadata(&self, section: u32, add: impl FnOnce(&mut SectionMetadata)) {
        let mut files = self.files();
        let Some(StoredFile { metadata: sections, .. }) = files.last_mut() else { return };
        if sections.last().is_none_or(|(last, _)| *last != section) {
            sections.push((section, SectionMetadata::default()));
        }
        if let Some((_, metadata)) = sections.last_mut() {
            add(metadata);
        }
    }

    /// Returns the metadata of a section as far as it was read; empty in pcap.
    #[must_use]
    pub fn section_metadata(&self, file: u32, section: u32) -> SectionMetadata {
        let files = self.files();
        let sections = files.get(file as usize).map_or(&[][..], |file| &file.metadata);
        sections.iter().find(|(number, _)| *number == section).map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    /// Returns whether the store contains this file, under any name.
    #[must_use]
    pub fn contains(&self, file: &Metadata) -> bool {
        let which = FileIdentity::of(file).device_inode;
        self.files().iter().any(|file| file.identity.is_some_and(|identity| identity.device_inode == which))
    }

    /// Returns a reader of records.
    #[must_use]
    pub fn reader(&self) -> RecordReader {
        RecordReader { store: self.clone(), open: None }
    }

    /// Checks that no file has changed since it was opened.
    ///
    /// # Errors
    ///
    /// The first file that has changed: its records may differ from those read before.
    pub fn check_unchanged(&self) -> Result<(), Error> {
        for file in self.files().iter() {
            let Some(identity) = file.identity else { continue };
            let now = file.handle.metadata().map_err(|error| file.error(error))?;
            if identity.has_changed(FileIdentity::of(&now)) {
                return Err(file.error(io::Error::other("file changed after it was read")));
            }
        }
        Ok(())
    }
}

impl StoredFile {
    fn error(&self, error: io::Error) -> Error {
        Error { file: self.name.clone(), offset: 0, cause: ReadErrorCause::Io(error) }
    }
}

/// Reads records at given positions.
pub struct RecordReader {
    store: RecordStore,
    open: Option<OpenStoredFile>,
}

/// The file that was read last.
struct OpenStoredFile {
    file: usize,
    name: String,
    position: Arc<AtomicU64>,
    window: Window,
    format: FormatReader,
    /// Offsets of the known start and end of the section that `format` describes.
    section_range: (u64, u64),
}

impl RecordReader {
    /// Reads the record at a position as the frame with this number.
    pub fn read(&mut self, position: RecordPosition, number: u32) -> Result<Frame<'_>, Error> {
        let file = position.file as usize;
        if self.open.as_ref().is_none_or(|open| open.file != file) {
            self.open = self.store.open_file(file)?;
        }
        let not_found = |file: &str| Error {
            file: file.to_owned(),
            offset: position.offset,
            cause: ReadErrorCause::Io(io::Error::other("record not found")),
        };
        let Some(open) = &mut self.open else { return Err(not_found("")) };
        let mut record = open.read_record(position, &self.store);
        if record.is_err() {
            // An interface may have been described since, or a growing file may have been buffered incompletely.
            open.discard();
            record = open.read_record(position, &self.store);
        }
        match record {
            Ok(Some(record)) => Ok(build_frame(&open.window, &open.format, number, &record)),
            Ok(None) => Err(not_found(&open.name)),
            Err(located_cause) => {
                let error = Error { file: open.name.clone(), offset: located_cause.offset, cause: located_cause.cause };
                open.discard();
                Err(error)
            }
        }
    }
}

impl OpenStoredFile {
    /// Reads the record at a position; `None` if there is no frame.
    fn read_record(
        &mut self,
        position: RecordPosition,
        store: &RecordStore,
    ) -> Result<Option<super::frame::Record>, Box<LocatedCause>> {
        if let FormatReader::PcapNg(_) = self.format
            && !(self.section_range.0..self.section_range.1).contains(&position.offset)
        {
            let Some((file, section)) = store.section(self.file, position.offset) else { return Ok(None) };
            (self.format, self.section_range) = (FormatReader::PcapNg(Box::new(file)), section);
        }
        let at = &self.position;
        self.window.seek_to(position.offset, |offset| at.store(offset, Ordering::Relaxed));
        match &mut self.format {
            FormatReader::Pcap(file) => file.next_record(&mut self.window),
            FormatReader::PcapNg(file) => file.read_frame(&mut self.window),
        }
    }

    /// Discards the buffer and the section, so that both are read again.
    fn discard(&mut self) {
        let at = &self.position;
        self.section_range = (0, 0);
        self.window.discard(|offset| at.store(offset, Ordering::Relaxed));
    }
}

impl RecordStore {
    fn open_file(&self, index: usize) -> Result<Option<OpenStoredFile>, Error> {
        let files = self.files();
        let Some(stored @ StoredFile { name, handle: file, format, .. }) = files.get(index) else { return Ok(None) };
        let at = Arc::new(AtomicU64::new(0));
        let file = match file {
            FileHandle::Open(file) => file.clone(),
            FileHandle::Path(path) => Arc::new(File::open(path).map_err(|error| stored.error(error))?),
        };
        let window =
            Window::with_buffer_size(Box::new(PositionedFile { file, position: at.clone() }), READ_BUFFER_SIZE);
        let format = match format {
            StoredFormat::Pcap(pcap) => FormatReader::Pcap(pcap.clone()),
            StoredFormat::PcapNg(_) => FormatReader::PcapNg(Box::default()),
        };
        Ok(Some(OpenStoredFile {
            file: index,
            name: name.clone(),
            position: at,
            window,
            format,
            section_range: (0, 0),
        }))
    }

    /// Returns the section of a record, with the offsets of its known start and end.
    fn section(&self, file: usize, offset: u64) -> Option<(PcapNg, (u64, u64))> {
        let files = self.files();
        let StoredFormat::PcapNg(sections) = &files.get(file)?.format else { return None };
        let next = sections.partition_point(|section| section.first_frame <= offset);
        let Section { first_frame: first, number, order, interfaces } = sections.get(next.checked_sub(1)?)?;
        let end = sections.get(next).map_or(u64::MAX, |section| section.first_frame);
        Some((PcapNg::in_section(*number, *order, interfaces.clone()), (*first, end)))
    }
}

/// A reader of a file from a position that is set from outside.
struct PositionedFile {
    file: Arc<File>,
    position: Arc<AtomicU64>,
}

impl Read for PositionedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.position.load(Ordering::Relaxed))?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
