//! The edge where captures are opened: files by name, pipes, and one after the other as one capture.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{Cause, Error, Fault};
use super::frame::{Beside, Frame, Interface, Name, Record, Secret};
use super::options::{Options, padded};
use super::patient::Patient;
use super::pcap::Pcap;
use super::pcapng::PcapNg;
use super::shelf::{Place, Shelf};
use super::spool::{self, Copying, Spool};
use super::stop::Stop;
use super::unpack::{Packing, unpack};
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
/// Memory does not grow with the capture: a buffer of 256 KiB, more for a single record that is bigger (16 MiB at
/// most), what a decompressor needs (zstd: its window, 128 MiB at most), 8 MiB of secrets and 4 MiB of names at most.
pub struct Capture {
    sources: Vec<Source>,
    /// Which source is open, or opened next.
    index: usize,
    open: Option<Open>,
    manner: Manner,
    /// Of the last frame.
    number: u32,
    beside: Beside,
    /// Bytes read of all files, as they are on disk.
    read: Arc<AtomicU64>,
    total: Option<u64>,
    /// Where the last record stands.
    place: Place,
    /// The section and how many of its interfaces the shelf knows of.
    shelved: (u32, usize),
    /// How many files the shelf has.
    volumes: u32,
}

/// How captures are read.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Whether a copy is kept of what cannot be opened again (standard input, named pipes), in a nameless temporary
    /// file, so that it can be read again after [`rewind`](Capture::rewind).
    pub keep: bool,
    /// Whether the last file has no end: at its end, what others write to it is waited for.
    pub follow: bool,
    /// Ends the reading of pipes, and of a file that is followed, as if they ended there.
    pub stop: Stop,
    /// Where it is noted how records can be read again, if that is asked for.
    pub shelf: Option<Shelf>,
}

/// How far the reading is, in bytes of the files as they are (compressed, if they are).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub read: u64,
    /// Bytes of all files; `None` if one is a pipe.
    pub total: Option<u64>,
}

/// The file that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Its place among the files of the capture, 0 for the first.
    pub index: usize,
    /// As it was named; `standard input` for `-`.
    pub name: &'a str,
    /// `pcap` or `pcapng`.
    pub format: &'static str,
    /// How it is compressed; the outermost, if one is in another.
    pub packing: Option<Packing>,
    /// LINKTYPE_ of all frames in pcap, of the first interface in pcapng (`None` before it).
    pub link: Option<u16>,
    /// Most bytes kept of a frame, of the same; 0 if there is no limit.
    pub snaplen: Option<u32>,
}

/// Bytes from which a file is read ahead: less is read before a thread has begun.
const LARGE: u64 = 1 << 20;

/// Where the bytes of one file come from.
struct Source {
    name: String,
    origin: Origin,
}

enum Origin {
    /// A file that can be opened again.
    Path(PathBuf),
    /// What can be read once, until it is.
    Once(Option<Box<dyn Read + Send>>),
    /// What can be read once and is kept.
    Spooled(Spool),
}

/// A file whose header has been read.
struct Open {
    window: Window,
    format: Format,
    packing: Option<Packing>,
}

pub(super) enum Format {
    Pcap(Pcap),
    PcapNg(Box<PcapNg>),
}

impl Capture {
    /// Opens files, and the first of them at once; `-` is standard input. Reads each of them once.
    pub fn open(paths: impl IntoIterator<Item = PathBuf>) -> Result<Capture, Error> {
        Capture::open_as(paths, Manner::default())
    }

    /// Opens files as [`open`](Self::open) does, to be read in this manner.
    pub fn open_as(paths: impl IntoIterator<Item = PathBuf>, manner: Manner) -> Result<Capture, Error> {
        let mut total = Some(0u64).filter(|_| !manner.follow);
        let mut sources = Vec::new();
        for path in paths {
            let (source, length) = Source::new(path, &manner)?;
            sources.push(source);
            total = total.zip(length).map(|(total, length)| total.saturating_add(length));
        }
        Capture::of_sources(sources, manner, total)
    }

    /// Reads a capture from anything; the name stands in errors.
    pub fn from_reader(name: impl Into<String>, reader: impl Read + Send + 'static) -> Result<Capture, Error> {
        let source = Source { name: name.into(), origin: Origin::Once(Some(Box::new(reader))) };
        Capture::of_sources(vec![source], Manner::default(), None)
    }

    /// Reads a capture from anything and keeps a copy, so that it can be read again.
    pub fn from_reader_spooled(name: impl Into<String>, reader: impl Read + Send + 'static) -> Result<Capture, Error> {
        let name = name.into();
        let origin = Origin::new(Box::new(reader), true).map_err(|error| Error {
            file: name.clone(),
            offset: 0,
            cause: Cause::Spool(error),
        })?;
        Capture::of_sources(vec![Source { name, origin }], Manner::default(), None)
    }

    fn of_sources(sources: Vec<Source>, manner: Manner, total: Option<u64>) -> Result<Capture, Error> {
        let read = Arc::new(AtomicU64::new(0));
        let beside = Beside::noted_on(manner.shelf.clone());
        let mut capture = Capture {
            sources,
            index: 0,
            open: None,
            manner,
            number: 0,
            beside,
            read,
            total,
            place: Place::default(),
            shelved: (0, 0),
            volumes: 0,
        };
        capture.open_next()?;
        Ok(capture)
    }

    /// Reads the next frame; `None` after the last.
    ///
    /// An error comes after all frames that could be read of its file. A call after an error goes on with the next file.
    #[inline]
    #[allow(clippy::should_implement_trait, reason = "an Iterator cannot lend from itself")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let record = loop {
            let Some(open) = &mut self.open else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            let before = open.window.offset();
            let advanced = match &mut open.format {
                Format::Pcap(file) => file.advance(&mut open.window),
                Format::PcapNg(file) => file.advance(&mut open.window, &mut self.beside),
            };
            match advanced {
                Ok(Some(record)) => {
                    if self.manner.shelf.is_some() {
                        self.shelve(before);
                    }
                    break record;
                }
                Ok(None) => self.close(),
                Err(fault) => return Err(self.fail(*fault)),
            }
        };
        self.number = self.number.saturating_add(1);
        Ok(self.open.as_ref().map(|open| lend(&open.window, &open.format, self.number, &record)))
    }

    /// Where the frame that was read last stands, if there is a [shelf](Manner::shelf) to read it again from.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Notes where the last record stands, which is the first after `before`, and what it takes to read it again.
    fn shelve(&mut self, before: u64) {
        let (Some(open), Some(shelf)) = (&self.open, &self.manner.shelf) else { return };
        let file = self.volumes.saturating_sub(1);
        self.place = match &open.format {
            Format::Pcap(_) => Place { file, offset: before },
            Format::PcapNg(read) => {
                let shelved = (read.section, read.interfaces.len());
                if self.shelved != shelved {
                    self.shelved = shelved;
                    shelf.note(read.frame, read);
                }
                Place { file, offset: read.frame }
            }
        };
    }

    /// How far the reading is.
    pub fn progress(&self) -> Progress {
        Progress { read: self.read.load(Ordering::Relaxed), total: self.total }
    }

    /// The file that is being read; `None` before the next is opened and after the last.
    pub fn file(&self) -> Option<Reading<'_>> {
        let (open, source) = (self.open.as_ref()?, self.sources.get(self.index)?);
        let (format, link, snaplen) = match &open.format {
            Format::Pcap(file) => ("pcap", Some(file.link), Some(file.snaplen)),
            Format::PcapNg(file) => {
                let first = file.interfaces.first();
                ("pcapng", first.map(|first| first.link), first.map(|first| first.snaplen))
            }
        };
        Some(Reading { index: self.index, name: &source.name, format, packing: open.packing, link, snaplen })
    }

    /// The interfaces that the section being read has described so far; none in pcap.
    pub fn interfaces(&self) -> &[Interface] {
        match self.open.as_ref().map(|open| &open.format) {
            Some(Format::PcapNg(file)) => &file.interfaces,
            _ => &[],
        }
    }

    /// The keys found so far, 8 MiB at most; what is beyond is passed over.
    pub fn secrets(&self) -> &[Secret] {
        &self.beside.secrets
    }

    /// The names of addresses found so far, 4 MiB at most; what is beyond is passed over.
    pub fn names(&self) -> &[Name] {
        &self.beside.names
    }

    /// Starts again at frame 1. Files are opened again; what can be read only once must have been
    /// kept ([`Manner::keep`]), or else there is nothing left of it and the error says so.
    pub fn rewind(&mut self) -> Result<(), Error> {
        self.open = None;
        self.index = 0;
        self.number = 0;
        self.beside = Beside::default();
        self.read.store(0, Ordering::Relaxed);
        self.open_next().map(|_| ())
    }

    /// Opens the source at `index`; false if there is none.
    #[cold]
    fn open_next(&mut self) -> Result<bool, Error> {
        let is_last = self.index + 1 == self.sources.len();
        let Some(source) = self.sources.get_mut(self.index) else {
            return Ok(false);
        };
        match source.open(&self.manner, is_last, &self.read) {
            Ok(open) => {
                self.open = Some(open);
                self.volumes += 1;
                self.shelved = (0, 0);
            }
            Err(fault) => return Err(self.fail(*fault)),
        }
        Ok(true)
    }

    /// Leaves the current file.
    #[cold]
    fn close(&mut self) {
        self.open = None;
        self.index += 1;
    }

    /// Leaves the current file because of a fault, which becomes an error that names it.
    #[cold]
    fn fail(&mut self, fault: Fault) -> Error {
        let packing = self.open.as_ref().and_then(|open| open.packing);
        let file = self.sources.get(self.index).map(|source| source.name.clone()).unwrap_or_default();
        self.close();
        Error { file, offset: fault.offset, cause: blame(fault.cause, packing) }
    }
}

/// Tells an error of the compressed stream, which only the decompressor can have made, from one of the system.
fn blame(cause: Cause, packing: Option<Packing>) -> Cause {
    match (cause, packing) {
        (Cause::Io(error), _) if spool::failed(&error) => Cause::Spool(error),
        (Cause::Io(error), Some(packing)) if error.raw_os_error().is_none() => Cause::Packed(packing, error),
        (cause, _) => cause,
    }
}

/// The frame of a record that was taken.
#[inline]
pub(super) fn lend<'a>(window: &'a Window, format: &'a Format, number: u32, record: &Record) -> Frame<'a> {
    let &Record { at, captured, .. } = record;
    let (section, interface, options) = match format {
        Format::Pcap(_) => (0, None, Options::default()),
        Format::PcapNg(file) => {
            let options = window.taken(at + padded(captured), record.options);
            (
                file.section,
                record.interface.and_then(|id| file.interfaces.get(id as usize)),
                Options::new(options, file.order, record.drops),
            )
        }
    };
    Frame {
        number,
        time: record.time,
        timed: record.timed,
        length: record.length,
        bytes: window.taken(at, captured),
        link: record.link,
        fcs: record.fcs,
        section,
        interface,
        options,
    }
}

impl Source {
    /// A source of a path, and its length if that is known.
    fn new(path: PathBuf, manner: &Manner) -> Result<(Source, Option<u64>), Error> {
        let fail = |name: &str, error| Error { file: name.into(), offset: 0, cause: error };
        let once = |name: &str, file: io::Result<File>| {
            let patient = file.and_then(|file| Patient::pipe(file, manner.stop.clone()));
            let reader = Box::new(patient.map_err(|error| fail(name, Cause::Io(error)))?);
            Origin::new(reader, manner.keep).map_err(|error| fail(name, Cause::Spool(error)))
        };
        if path == Path::new("-") {
            let name = String::from("standard input");
            // Not through its buffer, which would hide what has come from who waits for it.
            let origin = once(&name, io::stdin().as_fd().try_clone_to_owned().map(File::from))?;
            return Ok((Source { name, origin }, None));
        }
        let name = path.display().to_string();
        let length = match std::fs::metadata(&path) {
            Ok(about) if about.is_file() => Some(about.len()),
            // A pipe with a name. It is opened now: opening waits for who writes into it.
            Ok(about) if !about.is_dir() && manner.keep => {
                let origin = once(&name, File::open(&path))?;
                return Ok((Source { name, origin }, None));
            }
            // What is wrong with it is said when its turn comes.
            _ => None,
        };
        Ok((Source { name, origin: Origin::Path(path) }, length))
    }

    /// Opens the source and reads its header.
    fn open(&mut self, manner: &Manner, is_last: bool, read: &Arc<AtomicU64>) -> Result<Open, Box<Fault>> {
        let io = |error| Fault::new(0, Cause::Io(error));
        let mut large = false;
        let mut plain = None;
        let reader: Box<dyn Read + Send> = match &mut self.origin {
            Origin::Path(path) => {
                let file = File::open(path).map_err(io)?;
                let about = file.metadata().map_err(io)?;
                let stop = manner.stop.clone();
                match about.is_file() {
                    true if manner.follow && is_last => {
                        plain = file.try_clone().ok();
                        Box::new(Patient::growing(file, stop).map_err(io)?)
                    }
                    true => {
                        large = about.len() >= LARGE;
                        plain = file.try_clone().ok();
                        Box::new(file)
                    }
                    false => Box::new(Patient::pipe(file, stop).map_err(io)?),
                }
            }
            Origin::Once(reader) => match reader.take() {
                Some(reader) => reader,
                None => return Err(io(io::Error::other("it can be read only once"))),
            },
            Origin::Spooled(spool) => Box::new(spool.replay()),
        };
        let (unpacked, packing) = unpack(Box::new(Counted { reader, read: read.clone() }));
        let fault = |cause| Fault::new(0, blame(cause, packing));
        let mut input = unpacked.map_err(|error| fault(Cause::Io(error)))?.input;
        let head = input.peek(8).map_err(|error| fault(Cause::Io(error)))?.to_vec();
        let magic = head.first_chunk::<4>().copied();
        let ahead = large && std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        let mut input: Box<dyn Read + Send> = Box::new(input);
        let mut volume = None;
        if manner.shelf.is_some() {
            let (file, is_copy) = match plain.filter(|_| packing.is_none()) {
                Some(file) => (Arc::new(file), false),
                None => (Arc::new(tempfile::tempfile().map_err(|error| fault(Cause::Spool(error)))?), true),
            };
            if is_copy {
                input = Box::new(Copying::new(input, file.clone()));
            }
            volume = Some((file, is_copy));
        }
        let mut window = if ahead { Window::ahead(input) } else { Window::new(input) };
        let format = match magic {
            Some(magic) if Pcap::begins(magic) => Pcap::open(&mut window).map(Format::Pcap),
            Some(magic) if PcapNg::begins(magic) => {
                PcapNg::open(&mut window).map(|file| Format::PcapNg(Box::new(file)))
            }
            _ if head.is_empty() => return Err(fault(Cause::Empty)),
            _ => {
                let known = known(&head);
                return Err(fault(Cause::NotACapture { first: head, known }));
            }
        };
        let format = format.map_err(|found| Fault::new(found.offset, blame(found.cause, packing)))?;
        if let (Some(shelf), Some((file, is_copy))) = (&manner.shelf, volume) {
            let path = if let Origin::Path(path) = &self.origin { Some(path.as_path()) } else { None };
            shelf.put(&self.name, file, path.filter(|_| !is_copy), &format).map_err(io)?;
        }
        Ok(Open { window, format, packing })
    }
}

impl Origin {
    fn new(reader: Box<dyn Read + Send>, keep: bool) -> io::Result<Origin> {
        Ok(if keep { Origin::Spooled(Spool::new(reader)?) } else { Origin::Once(Some(reader)) })
    }
}

/// What people take for a capture, by its first bytes.
fn known(head: &[u8]) -> Option<&'static str> {
    #[rustfmt::skip]
    let table: [(&[u8], &str); 16] = [
        (b"\xfd7zXZ\0", "xz, a compression that is not read"),
        (b"BZh", "bzip2, a compression that is not read"),
        (b"PK\x03\x04", "a zip archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"snoop\0\0\0", "a capture of Solaris snoop"),
        (b"GMBU", "a capture of Microsoft Network Monitor"),
        (b"RTSS", "a capture of Microsoft Network Monitor 1"),
        (b"\x02\x21\x4c\x18", "lz4 in its legacy format"),
        (b"\x7fELF", "a program"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG image"),
        (b"SQLite f", "an SQLite database"),
        (b"{", "perhaps JSON text"),
        (b"[", "perhaps JSON text"),
        (b"<", "perhaps XML or HTML text"),
    ];
    let found = table.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, name)| name);
    let text = |&byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    found.or_else(|| head.iter().all(text).then_some("text"))
}

/// A reader that counts.
struct Counted {
    reader: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
