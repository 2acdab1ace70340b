//! Records read again, in any order: where each stands, and what is needed to read it from there.

use super::error::{Cause, Error, Fault};
use super::file::{Format, lend};
use super::frame::{Frame, Interface, Name, Secret};
use super::options::Order;
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

/// As much as is read at once: records that are asked for together mostly stand close together.
const BUFFER: usize = 64 * 1024;

/// As many files of a capture as are kept open; the others are opened when they are read.
const MOST_OPEN: usize = 64;

/// Where a record stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its file, 0 for the first of the capture.
    pub file: u32,
    /// Its first byte, in the file as it is when no longer compressed.
    pub offset: u64,
}

/// The files of a capture as far as it has been read: shared by who reads it and who reads parts of it again.
///
/// What is compressed, and what can be read only once, is copied into nameless temporary files.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Vec<Volume>>>);

/// A file of a capture.
#[derive(Debug)]
struct Volume {
    name: String,
    file: Held,
    /// How it was when it was opened, if it is not our own copy.
    found: Option<Found>,
    format: Kept,
    /// By their sections.
    asides: Vec<(u32, Aside)>,
}

/// What stands beside the frames of a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// Keys that decrypt them.
    pub secrets: Vec<Secret>,
    /// Names of their addresses.
    pub names: Vec<Name>,
}

/// How a file is come by.
#[derive(Clone, Debug)]
enum Held {
    /// It is open.
    Open(Arc<File>),
    /// It is opened when it is read.
    At(PathBuf),
}

/// Which file it is, its length, and when it was last written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    which: (u64, u64),
    length: u64,
    written: Option<SystemTime>,
}

/// What must be known to read a record from its place.
#[derive(Debug)]
enum Kept {
    Pcap(Pcap),
    /// Sections with frames, in their order.
    PcapNg(Vec<Section>),
}

/// A section of a pcapng file.
#[derive(Clone, Debug)]
struct Section {
    /// Where the first frame stands.
    first: u64,
    number: u32,
    order: Order,
    /// Those described so far.
    interfaces: Vec<Interface>,
}

impl Found {
    fn of(about: &Metadata) -> Found {
        Found { which: (about.dev(), about.ino()), length: about.len(), written: about.modified().ok() }
    }

    /// Whether what is there now is no more what was found. A file that grows is as good as before.
    fn has_changed(&self, now: Found) -> bool {
        now.which != self.which || now.length < self.length || now.length == self.length && now.written != self.written
    }
}

impl Held {
    fn about(&self) -> io::Result<Metadata> {
        match self {
            Held::Open(file) => file.metadata(),
            Held::At(path) => path.metadata(),
        }
    }
}

impl Shelf {
    fn volumes(&self) -> MutexGuard<'_, Vec<Volume>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in the next file, with its path if it is not our own copy.
    pub(super) fn put(&self, name: &str, file: Arc<File>, path: Option<&Path>, format: &Format) -> io::Result<()> {
        let found = path.map(|_| file.metadata()).transpose()?.map(|about| Found::of(&about));
        let file = match path.filter(|_| self.volumes().len() >= MOST_OPEN) {
            Some(path) => Held::At(path.to_owned()),
            None => Held::Open(file),
        };
        let format = match format {
            Format::Pcap(pcap) => Kept::Pcap(pcap.clone()),
            Format::PcapNg(_) => Kept::PcapNg(Vec::new()),
        };
        self.volumes().push(Volume { name: name.to_owned(), file, found, format, asides: Vec::new() });
        Ok(())
    }

    /// Takes in the section in which a frame stands, or the interfaces that were described since.
    pub(super) fn note(&self, first: u64, read: &PcapNg) {
        let mut volumes = self.volumes();
        let Some(Volume { format: Kept::PcapNg(sections), .. }) = volumes.last_mut() else { return };
        if sections.last().is_none_or(|last| last.number != read.section) {
            let (number, order) = (read.section, read.order);
            sections.push(Section { first, number, order, interfaces: Vec::new() });
        }
        if let Some(section) = sections.last_mut() {
            let known = section.interfaces.len();
            section.interfaces.extend(read.interfaces.iter().skip(known).cloned());
        }
    }

    /// Takes in what stands in a section of the last file beside its frames.
    pub(super) fn note_beside(&self, section: u32, note: impl FnOnce(&mut Aside)) {
        let mut volumes = self.volumes();
        let Some(Volume { asides, .. }) = volumes.last_mut() else { return };
        if asides.last().is_none_or(|(last, _)| *last != section) {
            asides.push((section, Aside::default()));
        }
        if let Some((_, aside)) = asides.last_mut() {
            note(aside);
        }
    }

    /// What stands beside the frames of a section, so far as it was read; nothing in pcap.
    #[must_use]
    pub fn aside(&self, file: u32, section: u32) -> Aside {
        let volumes = self.volumes();
        let asides = volumes.get(file as usize).map_or(&[][..], |volume| &volume.asides);
        asides.iter().find(|(of, _)| *of == section).map(|(_, aside)| aside.clone()).unwrap_or_default()
    }

    /// Whether this is one of the files, whatever it is called.
    #[must_use]
    pub fn has(&self, file: &Metadata) -> bool {
        let which = Found::of(file).which;
        self.volumes().iter().any(|volume| volume.found.is_some_and(|found| found.which == which))
    }

    /// A reader of records.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { shelf: self.clone(), open: None }
    }

    /// Says what of the files was changed since they were opened, if anything: what is read again may not be what was
    /// read.
    pub fn check(&self) -> Result<(), Error> {
        for volume in self.volumes().iter() {
            let Some(found) = volume.found else { continue };
            let now = volume.file.about().map_err(|error| volume.error(error))?;
            if found.has_changed(Found::of(&now)) {
                return Err(volume.error(io::Error::other("it was changed after it was read")));
            }
        }
        Ok(())
    }
}

impl Volume {
    fn error(&self, error: io::Error) -> Error {
        Error { file: self.name.clone(), offset: 0, cause: Cause::Io(error) }
    }
}

/// Reads records by their places.
pub struct Reader {
    shelf: Shelf,
    open: Option<Open>,
}

/// The file that was read last.
struct Open {
    volume: usize,
    name: String,
    at: Arc<AtomicU64>,
    window: Window,
    format: Format,
    /// Where the section that is known begins and ends, and how many interfaces it has.
    section: (u64, u64),
}

impl Reader {
    /// Reads the record at a place as the frame of this number.
    pub fn read(&mut self, place: Place, number: u32) -> Result<Frame<'_>, Error> {
        let volume = place.file as usize;
        if self.open.as_ref().is_none_or(|open| open.volume != volume) {
            self.open = self.shelf.open(volume)?;
        }
        let gone = |file: &str| Error {
            file: file.to_owned(),
            offset: place.offset,
            cause: Cause::Io(io::Error::other("it was not read before")),
        };
        let Some(open) = &mut self.open else { return Err(gone("")) };
        let mut record = open.record(place, &self.shelf);
        if record.is_err() {
            // An interface may have been described since; what was read of a file that grows may have been too little.
            open.forget();
            record = open.record(place, &self.shelf);
        }
        match record {
            Ok(Some(record)) => Ok(lend(&open.window, &open.format, number, &record)),
            Ok(None) => Err(gone(&open.name)),
            Err(fault) => {
                let error = Error { file: open.name.clone(), offset: fault.offset, cause: fault.cause };
                open.forget();
                Err(error)
            }
        }
    }
}

impl Open {
    fn record(&mut self, place: Place, shelf: &Shelf) -> Result<Option<super::frame::Record>, Box<Fault>> {
        if let Format::PcapNg(_) = self.format
            && !(self.section.0..self.section.1).contains(&place.offset)
        {
            let Some((file, section)) = shelf.section(self.volume, place.offset) else { return Ok(None) };
            (self.format, self.section) = (Format::PcapNg(Box::new(file)), section);
        }
        let at = &self.at;
        self.window.go_to(place.offset, |offset| at.store(offset, Ordering::Relaxed));
        match &mut self.format {
            Format::Pcap(file) => file.advance(&mut self.window),
            Format::PcapNg(file) => file.frame_here(&mut self.window),
        }
    }

    /// Reads anew what was read.
    fn forget(&mut self) {
        let at = &self.at;
        self.section = (0, 0);
        self.window.forget(|offset| at.store(offset, Ordering::Relaxed));
    }
}

impl Shelf {
    fn open(&self, volume: usize) -> Result<Option<Open>, Error> {
        let volumes = self.volumes();
        let Some(kept @ Volume { name, file, format, .. }) = volumes.get(volume) else { return Ok(None) };
        let at = Arc::new(AtomicU64::new(0));
        let file = match file {
            Held::Open(file) => file.clone(),
            Held::At(path) => Arc::new(File::open(path).map_err(|error| kept.error(error))?),
        };
        let window = Window::over(Box::new(From { file, at: at.clone() }), BUFFER);
        let format = match format {
            Kept::Pcap(pcap) => Format::Pcap(pcap.clone()),
            Kept::PcapNg(_) => Format::PcapNg(Box::default()),
        };
        Ok(Some(Open { volume, name: name.clone(), at, window, format, section: (0, 0) }))
    }

    /// The section in which a record stands, and from where to where it is known to go.
    fn section(&self, volume: usize, offset: u64) -> Option<(PcapNg, (u64, u64))> {
        let volumes = self.volumes();
        let Kept::PcapNg(sections) = &volumes.get(volume)?.format else { return None };
        let next = sections.partition_point(|section| section.first <= offset);
        let Section { first, number, order, interfaces } = sections.get(next.checked_sub(1)?)?;
        let end = sections.get(next).map_or(u64::MAX, |section| section.first);
        Some((PcapNg::within(*number, *order, interfaces.clone()), (*first, end)))
    }
}

/// A file read from wherever it is told to.
struct From {
    file: Arc<File>,
    at: Arc<AtomicU64>,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at.load(Ordering::Relaxed))?;
        self.at.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
