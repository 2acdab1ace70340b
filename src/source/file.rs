//! Opens captures: files by name, pipes, and several files in sequence as one capture.

use super::format::{FormatReader, build_frame};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::OFlag;

use super::decompress::{Compression, decompress};
use super::error::{Error, LocatedCause, ReadErrorCause};
use super::follow_growth::StoppableReader;
use super::frame::{AddressName, Frame, FrameHead, Interface, Metadata, Record, Secret};
use super::merge::{Merge, MergeError};
use super::open_file::OpenFile;
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::record_store::{RecordPosition, RecordStore};
use super::section_log::SectionLog;
use super::shared_files::SharedFiles;
use super::spool::{self, CopyingReader, Spool};
use super::stop::StopSignal;
use super::window::Window;

/// One or several capture files, read one after the other as one capture.
///
/// ```no_run
/// # fn main() -> Result<(), overhear::source::Error> {
/// let mut capture = overhear::source::Capture::open(["login.pcap".into()])?;
/// while let Some(frame) = capture.next()? {
///     println!("{} {}", frame.number, frame.length);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Memory does not grow with the capture. It consists of a buffer of 256 KiB (of a shared file, 8 of them), or up to 16 MiB for a
/// larger record, the memory of a decompressor (zstd: its window, 128 MiB at most), up to 8 MiB of secrets and up to 4 MiB of names.
pub struct Capture {
    files: Vec<InputFile>,
    /// Index of the open file, or of the file to open next.
    index: usize,
    open: Option<OpenFile>,
    options: OpenOptions,
    /// Number of the last frame.
    number: u32,
    metadata: Metadata,
    /// Bytes read of all files, as stored on disk.
    bytes_read: Arc<AtomicU64>,
    total_bytes: Option<u64>,
    /// Position of the last record.
    position: RecordPosition,
    /// Last section in the record store, and the number of its interfaces there.
    stored_section: (u32, usize),
    /// Number of files in the record store.
    stored_files: u32,
    /// Descriptions of the sections of the file that was closed last.
    closed_log: Option<Box<SectionLog>>,
    /// Files that are read at once, if they are merged.
    merge: Option<Merge>,
}

/// Options for opening captures.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Whether inputs that cannot be opened again (standard input, named pipes) are copied into an unnamed temporary
    /// file, so that they can be read again after [`rewind`](Capture::rewind).
    pub spool: bool,
    /// Whether the last file is followed: at its end, the reader waits for bytes appended by others.
    pub follow: bool,
    /// Ends the input of pipes and of a followed file, as if they ended there.
    pub stop: StopSignal,
    /// Store of record positions for random access, if needed.
    pub record_store: Option<RecordStore>,
    /// Whether several files are read at once, in the order of time, and not one after the other. There are no positions of their
    /// records then.
    pub merge: bool,
    /// Whether the descriptions of pcapng sections are kept, for [`sections`](Capture::sections).
    pub section_log: bool,
    /// Files that other readers read at about the same time.
    pub shared: SharedFiles,
}

/// Read progress in bytes of the files as stored, compressed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Total bytes of all files; `None` if one is a pipe.
    pub total: Option<u64>,
}

/// The file that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentFile<'a> {
    /// Index among the files of the capture, 0 for the first.
    pub index: usize,
    /// Name as given; `standard input` for `-`.
    pub name: &'a str,
    /// Format: `pcap` or `pcapng`.
    pub format: &'static str,
    /// Compression format; the outermost of nested ones.
    pub compression: Option<Compression>,
    /// LINKTYPE_ of all frames in pcap, of the first interface in pcapng (`None` before its description).
    pub link: Option<u16>,
    /// Snapshot length in bytes, of the same frames or interface; 0 if there is no limit.
    pub snaplen: Option<u32>,
    /// Resolution of the times of the same frames or interface, as in [`Interface::resolution`].
    pub resolution: Option<u8>,
}

/// Minimum size in bytes of files that are read ahead. Smaller files are read before a thread has started.
const READ_AHEAD_MIN_SIZE: u64 = 1 << 20;

/// A file of the capture and its origin.
struct InputFile {
    name: String,
    origin: FileOrigin,
}

/// The origin of a file's bytes.
enum FileOrigin {
    /// A file that can be opened again.
    Path(PathBuf),
    /// An input that can be read once; `None` after that.
    Once(Option<Box<dyn Read + Send>>),
    /// An input that can be read once, with its copy.
    Spooled(Spool),
}

impl Capture {
    /// Opens files to be read once; `-` is standard input. The first file is opened immediately.
    pub fn open(paths: impl IntoIterator<Item = PathBuf>) -> Result<Capture, Error> {
        Capture::open_with(paths, OpenOptions::default())
    }

    /// Opens files as [`open`](Self::open) does, with these options.
    pub fn open_with(paths: impl IntoIterator<Item = PathBuf>, options: OpenOptions) -> Result<Capture, Error> {
        let mut total = Some(0u64).filter(|_| !options.follow);
        let mut files = Vec::new();
        for path in paths {
            let (file, length) = InputFile::new(path, &options)?;
            files.push(file);
            total = total.zip(length).map(|(total, length)| total.saturating_add(length));
        }
        Capture::from_files(files, options, total)
    }

    /// Reads a capture from any reader; errors contain the name.
    pub fn from_reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Result<Capture, Error> {
        let file = InputFile { name: name.into(), origin: FileOrigin::Once(Some(Box::new(reader))) };
        Capture::from_files(vec![file], OpenOptions::default(), None)
    }

    /// Reads a capture from any reader and keeps a copy, so that it can be read again.
    pub fn from_reader_spooled(name: impl Into<String>, reader: impl Read + Send + 'static) -> Result<Capture, Error> {
        let name = name.into();
        let origin = FileOrigin::new(Box::new(reader), true).map_err(|error| Error {
            file: name.clone(),
            offset: 0,
            cause: ReadErrorCause::Spool(error),
        })?;
        Capture::from_files(vec![InputFile { name, origin }], OpenOptions::default(), None)
    }

    fn from_files(files: Vec<InputFile>, options: OpenOptions, total: Option<u64>) -> Result<Capture, Error> {
        let metadata = Metadata::with_store(options.record_store.clone());
        let mut capture = Capture {
            files,
            index: 0,
            open: None,
            options,
            number: 0,
            metadata,
            bytes_read: Arc::new(AtomicU64::new(0)),
            total_bytes: total,
            position: RecordPosition::default(),
            stored_section: (0, 0),
            stored_files: 0,
            closed_log: None,
            merge: None,
        };
        capture.open_first()?;
        Ok(capture)
    }

    /// Reads the next frame; `None` after the last.
    ///
    /// An error is returned after all readable frames of its file. A call after an error continues with the next file.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "an Iterator cannot return borrows of itself")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        self.next_unless(|_| false)
    }

    /// Reads on to the next frame that `skip` does not skip; `None` after the last. It is asked about frames that are buffered and have
    /// nothing unusual, unless files are merged or positions are stored.
    ///
    /// # Errors
    ///
    /// As [`next`](Self::next).
    #[inline]
    pub fn next_unless(&mut self, skip: impl FnMut(&FrameHead<'_>) -> bool) -> Result<Option<Frame<'_>>, Error> {
        if self.merge.is_some() {
            return self.next_merged();
        }
        let is_stored = self.options.record_store.is_some();
        let usual = match &mut self.open {
            Some(open) if !is_stored => open.usual_record(&mut self.number, skip),
            _ => None,
        };
        let record = match usual {
            Some(record) => record,
            None => match self.next_record()? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        self.number = self.number.saturating_add(1);
        let file = self.index as u32;
        let Some(open) = &self.open else { return Ok(None) };
        Ok(Some(Frame { file, ..build_frame(&open.window, &open.format, self.number, &record) }))
    }

    /// Reads the next record, whatever is before it; `None` after the last.
    fn next_record(&mut self) -> Result<Option<Record>, Error> {
        loop {
            let Some(open) = &mut self.open else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            let before = open.window.offset();
            match open.next_record(&mut self.metadata) {
                Ok(Some(record)) => {
                    if self.options.record_store.is_some() {
                        self.store_position(before);
                    }
                    return Ok(Some(record));
                }
                Ok(None) => self.close(),
                Err(located_cause) => return Err(self.fail(*located_cause)),
            }
        }
    }

    /// Returns the position of the last frame, valid if there is a [record store](OpenOptions::record_store).
    pub fn position(&self) -> RecordPosition {
        self.position
    }

    /// Stores the position of the last record, the first after `before`, and the state needed to read it again.
    fn store_position(&mut self, before: u64) {
        let (Some(open), Some(store)) = (&self.open, &self.options.record_store) else { return };
        let file = self.stored_files.saturating_sub(1);
        self.position = match &open.format {
            FormatReader::Pcap(_) => RecordPosition { file, offset: before },
            FormatReader::PcapNg(read) => {
                let section = (read.section, read.interfaces.len());
                if self.stored_section != section {
                    self.stored_section = section;
                    store.add_section(read.last_frame_offset, read);
                }
                RecordPosition { file, offset: read.last_frame_offset }
            }
        };
    }

    /// Returns the read progress.
    pub fn progress(&self) -> Progress {
        Progress { read: self.bytes_read.load(Ordering::Relaxed), total: self.total_bytes }
    }

    /// Returns the file that is being read; `None` before the next is opened and after the last.
    pub fn current_file(&self) -> Option<CurrentFile<'_>> {
        let (open, source) = (self.open.as_ref()?, self.files.get(self.index)?);
        let (format, link, snaplen, resolution) = match &open.format {
            FormatReader::Pcap(file) => ("pcap", Some(file.link), Some(file.snaplen), Some(file.resolution())),
            FormatReader::PcapNg(file) => match file.interfaces.first() {
                Some(first) => ("pcapng", Some(first.link), Some(first.snaplen), Some(first.resolution)),
                None => ("pcapng", None, None, None),
            },
        };
        Some(CurrentFile {
            index: self.index,
            name: &source.name,
            format,
            compression: open.compression,
            link,
            snaplen,
            resolution,
        })
    }

    /// Returns the sections of the current file as far as it was read, or those of the last file after its end or an error;
    /// `None` for pcap, or without [`OpenOptions::section_log`].
    pub fn sections(&self) -> Option<&SectionLog> {
        match self.open.as_ref().map(|open| &open.format) {
            Some(FormatReader::PcapNg(file)) => file.log.as_deref(),
            Some(FormatReader::Pcap(_)) => None,
            None => self.closed_log.as_deref(),
        }
    }

    /// Returns the interfaces described so far in the current section; none in pcap.
    pub fn interfaces(&self) -> &[Interface] {
        match self.open.as_ref().map(|open| &open.format) {
            Some(FormatReader::PcapNg(file)) => &file.interfaces,
            _ => &[],
        }
    }

    /// Returns the keys found so far, 8 MiB at most. Keys beyond that are skipped.
    pub fn secrets(&self) -> &[Secret] {
        &self.metadata.secrets
    }

    /// Returns the address names found so far, 4 MiB at most. Names beyond that are skipped.
    pub fn names(&self) -> &[AddressName] {
        &self.metadata.names
    }

    /// Returns the names of the files, in the order of [`Frame::file`].
    pub fn file_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// Returns whether frames of merged files were returned in another order than that of the files.
    pub fn is_interleaved(&self) -> bool {
        self.merge.as_ref().is_some_and(|merge| merge.is_interleaved)
    }

    /// Starts again at frame 1. Files are opened again.
    ///
    /// # Errors
    ///
    /// The first input can be read only once and was not copied ([`OpenOptions::spool`]), or cannot be opened.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.open = None;
        self.index = 0;
        self.number = 0;
        self.metadata = Metadata::default();
        self.bytes_read.store(0, Ordering::Relaxed);
        self.open_first()
    }

    /// Opens the first file, or all of them if they are merged.
    fn open_first(&mut self) -> Result<(), Error> {
        if !self.options.merge || self.files.len() < 2 {
            return self.open_next().map(|_| ());
        }
        self.merge = Some(Merge::default());
        for index in 0..self.files.len() {
            self.index = index;
            self.open_next()?;
            let (Some(open), Some(merge)) = (self.open.take(), &mut self.merge) else { continue };
            merge.add(index, open);
        }
        Ok(())
    }

    /// Reads the earliest of the next frames of all files.
    #[cold]
    fn next_merged(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let advanced = self.merge.as_mut().map_or(Ok(()), |merge| merge.advance(&mut self.metadata));
        if let Err(error) = advanced {
            let MergeError { file, open, cause } = *error;
            (self.index, self.open) = (file, Some(open));
            return Err(self.fail(*cause));
        }
        let number = self.number.saturating_add(1);
        let frame = self.merge.as_mut().and_then(|merge| merge.next(number));
        self.number = if frame.is_some() { number } else { self.number };
        Ok(frame)
    }

    /// Opens the file at `index`; returns false if there is none.
    #[cold]
    fn open_next(&mut self) -> Result<bool, Error> {
        let is_last = self.index + 1 == self.files.len();
        let Some(file) = self.files.get_mut(self.index) else {
            return Ok(false);
        };
        match file.open(&self.options, is_last, &self.bytes_read) {
            Ok(open) => {
                self.open = Some(open);
                self.stored_files += 1;
                self.stored_section = (0, 0);
            }
            Err(located_cause) => return Err(self.fail(*located_cause)),
        }
        Ok(true)
    }

    /// Closes the current file.
    #[cold]
    fn close(&mut self) {
        self.closed_log = match self.open.take().map(|open| open.format) {
            Some(FormatReader::PcapNg(file)) => file.log,
            _ => None,
        };
        self.index += 1;
    }

    /// Closes the current file because of a fault, and returns the fault as an error with the file's name.
    #[cold]
    fn fail(&mut self, located_cause: LocatedCause) -> Error {
        let compression = self.open.as_ref().and_then(|open| open.compression);
        let file = self.files.get(self.index).map(|file| file.name.clone()).unwrap_or_default();
        self.close();
        Error { file, offset: located_cause.offset, cause: classify_cause(located_cause.cause, compression) }
    }
}

/// Distinguishes errors of the copy, of the decompressor (which have no system error code) and of the system.
fn classify_cause(cause: ReadErrorCause, compression: Option<Compression>) -> ReadErrorCause {
    match (cause, compression) {
        (ReadErrorCause::Io(error), _) if spool::is_copy_error(&error) => ReadErrorCause::Spool(error),
        (ReadErrorCause::Io(error), Some(compression)) if error.raw_os_error().is_none() => {
            ReadErrorCause::Compressed(compression, error)
        }
        (cause, _) => cause,
    }
}

impl InputFile {
    /// Creates the entry of a path; returns the file's length if it is known.
    fn new(path: PathBuf, options: &OpenOptions) -> Result<(InputFile, Option<u64>), Error> {
        let fail = |name: &str, cause| Error { file: name.into(), offset: 0, cause };
        let once = |name: &str, file: io::Result<File>| {
            let reader = file.and_then(|file| StoppableReader::pipe(file, options.stop.clone()));
            let reader = Box::new(reader.map_err(|error| fail(name, ReadErrorCause::Io(error)))?);
            FileOrigin::new(reader, options.spool).map_err(|error| fail(name, ReadErrorCause::Spool(error)))
        };
        if path == Path::new("-") {
            let name = String::from("standard input");
            // Bypasses the buffer of `Stdin`: bytes in it are invisible to a poll of the descriptor.
            let origin = once(&name, io::stdin().as_fd().try_clone_to_owned().map(File::from))?;
            return Ok((InputFile { name, origin }, None));
        }
        let name = path.display().to_string();
        let length = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(metadata.len()),
            Ok(metadata) if !metadata.is_dir() && options.spool => {
                let origin = once(&name, open_without_waiting(&path))?;
                return Ok((InputFile { name, origin }, None));
            }
            // Errors are reported when the file is opened.
            _ => None,
        };
        Ok((InputFile { name, origin: FileOrigin::Path(path) }, length))
    }

    /// Opens the file and reads its header.
    fn open(
        &mut self,
        options: &OpenOptions,
        is_last: bool,
        read: &Arc<AtomicU64>,
    ) -> Result<OpenFile, Box<LocatedCause>> {
        let io = |error| LocatedCause::new(0, ReadErrorCause::Io(error));
        let before = read.load(Ordering::Relaxed);
        let mut large = false;
        let mut plain = None;
        let reader: Box<dyn Read + Send> = match &mut self.origin {
            FileOrigin::Path(path) => {
                let file = open_without_waiting(path).map_err(io)?;
                let metadata = file.metadata().map_err(io)?;
                let stop = options.stop.clone();
                match metadata.is_file() {
                    true if options.follow && is_last => {
                        plain = file.try_clone().ok();
                        Box::new(StoppableReader::growing(file, stop).map_err(io)?)
                    }
                    true => {
                        // The threads that read a shared file are busy, each with its own copy of compressed content.
                        large = metadata.len() >= READ_AHEAD_MIN_SIZE && !options.shared.has(path);
                        plain = file.try_clone().ok();
                        Box::new(file.take(options.shared.limit(path)))
                    }
                    false => Box::new(StoppableReader::pipe(file, stop).map_err(io)?),
                }
            }
            FileOrigin::Once(reader) => match reader.take() {
                Some(reader) => reader,
                None => return Err(io(io::Error::other("can be read only once"))),
            },
            FileOrigin::Spooled(spool) => Box::new(spool.replay()),
        };
        let read_ahead = large && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        let (decompressed, compression) =
            decompress(Box::new(CountingReader { reader, read: read.clone() }), read_ahead);
        let located_cause = |cause| LocatedCause::new(0, classify_cause(cause, compression));
        let mut input = decompressed.map_err(|error| located_cause(ReadErrorCause::Io(error)))?.input;
        let head = input.peek(8).map_err(|error| located_cause(ReadErrorCause::Io(error)))?.to_vec();
        let magic = head.first_chunk::<4>().copied();
        let mut input: Box<dyn Read + Send> = Box::new(input);
        let mut stored = None;
        if options.record_store.is_some() {
            let (file, is_copy) = match plain.filter(|_| compression.is_none()) {
                Some(file) => (Arc::new(file), false),
                None => {
                    (Arc::new(tempfile::tempfile().map_err(|error| located_cause(ReadErrorCause::Spool(error)))?), true)
                }
            };
            if is_copy {
                input = Box::new(CopyingReader::new(input, file.clone()));
            }
            stored = Some((file, is_copy));
        }
        let shared = match &self.origin {
            FileOrigin::Path(path) if compression.is_none() => {
                options.shared.reader(path, read, || open_without_waiting(path)).map_err(io)?
            }
            _ => None,
        };
        if shared.is_some() {
            // The bytes that were looked at are read again.
            read.store(before, Ordering::Relaxed);
        }
        let mut window = match read_ahead {
            _ if let Some(reader) = shared => Window::shared(reader),
            true => Window::with_read_ahead(input),
            false => Window::new(input),
        };
        let format = match magic {
            Some(magic) if Pcap::matches_magic(magic) => Pcap::open(&mut window).map(FormatReader::Pcap),
            Some(magic) if PcapNg::matches_magic(magic) => {
                let log = options.section_log.then(Box::default);
                PcapNg::open(&mut window, log).map(|file| FormatReader::PcapNg(Box::new(file)))
            }
            _ if head.is_empty() => return Err(located_cause(ReadErrorCause::Empty)),
            _ => {
                let known = guess_file_type(&head);
                return Err(located_cause(ReadErrorCause::NotACapture { first_bytes: head, looks_like: known }));
            }
        };
        let format = format.map_err(|located_cause| {
            LocatedCause::new(located_cause.offset, classify_cause(located_cause.cause, compression))
        })?;
        if let (Some(store), Some((file, is_copy))) = (&options.record_store, stored) {
            let path = if let FileOrigin::Path(path) = &self.origin { Some(path.as_path()) } else { None };
            store.add_file(&self.name, file, path.filter(|_| !is_copy), &format).map_err(io)?;
        }
        Ok(OpenFile { window, format, compression })
    }
}

/// Opens a file. A named pipe without a writer is opened immediately: its reader waits for the writer, or a stop signal.
pub(super) fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
}

impl FileOrigin {
    fn new(reader: Box<dyn Read + Send>, spool: bool) -> io::Result<FileOrigin> {
        Ok(if spool { FileOrigin::Spooled(Spool::new(reader)?) } else { FileOrigin::Once(Some(reader)) })
    }
}

/// Guesses the type of a file that is not a capture from its first bytes.
fn guess_file_type(head: &[u8]) -> Option<&'static str> {
    #[rustfmt::skip]
    let table: [(&[u8], &str); 16] = [
        (b"\xfd7zXZ\0", "xz data (unsupported compression)"),
        (b"BZh", "bzip2 data (unsupported compression)"),
        (b"PK\x03\x04", "a zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"snoop\0\0\0", "a Solaris snoop capture"),
        (b"GMBU", "a Microsoft Network Monitor capture"),
        (b"RTSS", "a Microsoft Network Monitor 1 capture"),
        (b"\x02\x21\x4c\x18", "lz4 data in the legacy format"),
        (b"\x7fELF", "an executable"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG image"),
        (b"SQLite f", "an SQLite database"),
        (b"{", "text (possibly JSON)"),
        (b"[", "text (possibly JSON)"),
        (b"<", "text (possibly XML or HTML)"),
    ];
    let found = table.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, name)| name);
    let text = |&byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    found.or_else(|| head.iter().all(text).then_some("text"))
}

/// A reader that counts the bytes it returns.
struct CountingReader {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
