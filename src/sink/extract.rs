//! Frames of captures into a capture of their own, with all that was said of them.

use super::error::{Cause, Error};
use super::format::{ENHANCED_PACKET, INTERFACE, NAMES, SECRETS, block, option, padding, put, section, system, words};
use super::output::shown;
use crate::source::{Aside, Frame, Interface, NOT_A_PACKET};
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Whether a file that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It may.
    Replace,
    /// It may not.
    Keep,
}

/// A pcapng file that frames are put into: with their interfaces, times to the nanosecond, comments, flags and counts.
/// It has its name when it is whole.
pub struct Extract {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    over: Over,
    interfaces: HashMap<Origin, u32>,
    last: Option<(Origin, u32)>,
    count: u64,
    row: Vec<u8>,
}

/// Where a frame was captured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Origin {
    /// The section and the interface's number in it, and what is said of it; of pcap, none.
    place: Option<(u32, u32)>,
    words: [Option<String>; 4],
    link: u16,
    snaplen: u32,
    fcs: Option<u8>,
}

/// Codes of options that are copied (draft-ietf-opsawg-pcapng 4.2, 4.3).
const COMMENT: u16 = 1;
const FLAGS: u16 = 2;
const DROPS: u16 = 4;
const PACKET_ID: u16 = 5;
const QUEUE: u16 = 6;
const FCS: u16 = 13;

impl Extract {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// There is such a file and it is to be kept, there is something else of this name, or none can be made in its
    /// folder.
    pub fn create(path: &Path, over: Over) -> Result<Extract, Error> {
        let failed = |error| Error { file: shown(Some(path)), cause: Cause::Create(error) };
        let path = &*resolved(path, over).map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = Builder::new().prefix(".overhear-").tempfile_in(folder).map_err(|error| match error.kind() {
            // Its own words name a file that nobody asked for.
            io::ErrorKind::NotFound => failed(io::Error::new(io::ErrorKind::NotFound, "there is no such folder")),
            kind => failed(kind.into()),
        })?;
        let mut extract = Extract {
            file: BufWriter::with_capacity(1 << 18, file),
            path: path.to_owned(),
            over,
            interfaces: HashMap::new(),
            last: None,
            count: 0,
            row: Vec::new(),
        };
        section(&mut extract.row, &system());
        extract.flush()?;
        Ok(extract)
    }

    /// Puts in what stands beside frames: before them, as who reads from the beginning needs it.
    pub fn beside(&mut self, aside: &Aside) -> Result<(), Error> {
        for secret in &aside.secrets {
            block(&mut self.row, SECRETS, |out| {
                words(out, &[secret.kind, secret.bytes.len() as u32]);
                out.extend_from_slice(&secret.bytes);
                out.extend_from_slice(&[0; 3][..padding(secret.bytes.len())]);
            });
            self.flush()?;
        }
        if !aside.names.is_empty() {
            block(&mut self.row, NAMES, |out| {
                for name in &aside.names {
                    // Each entry: its kind and its length, the address, the name and a NUL.
                    let (kind, address) = match name.address {
                        IpAddr::V4(address) => (1, address.octets().to_vec()),
                        IpAddr::V6(address) => (2, address.octets().to_vec()),
                    };
                    put(out, kind, &[&address, name.name.as_bytes(), &[0]].concat());
                }
                put(out, 0, &[]);
            });
        }
        self.flush()
    }

    /// Puts a frame in. What is no packet, but another block of a file, is left out.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        if frame.link == NOT_A_PACKET {
            return Ok(());
        }
        let interface = self.interface(frame);
        let time = u64::try_from(frame.time.0).unwrap_or_default();
        let captured = frame.bytes.len() as u32;
        block(&mut self.row, ENHANCED_PACKET, |out| {
            words(out, &[interface, (time >> 32) as u32, time as u32, captured, frame.length]);
            out.extend_from_slice(frame.bytes);
            out.extend_from_slice(&[0; 3][..padding(frame.bytes.len())]);
            let before = out.len();
            for comment in frame.options.comments() {
                put(out, COMMENT, comment.as_bytes());
            }
            if let Some(flags) = frame.options.flags() {
                put(out, FLAGS, &flags.to_le_bytes());
            }
            if let Some(drops) = frame.options.drop_count() {
                put(out, DROPS, &drops.to_le_bytes());
            }
            if let Some(id) = frame.options.packet_id() {
                put(out, PACKET_ID, &id.to_le_bytes());
            }
            if let Some(queue) = frame.options.queue() {
                put(out, QUEUE, &queue.to_le_bytes());
            }
            if out.len() > before {
                put(out, 0, &[]);
            }
        });
        self.count += 1;
        self.flush()
    }

    /// Gives the file its name; says how many frames are in it.
    pub fn finish(self) -> Result<u64, Error> {
        let Extract { file, path, over, count, .. } = self;
        let failed = |error| Error { file: shown(Some(&path)), cause: Cause::Create(error) };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        // It may have become something else meanwhile.
        resolved(&path, over).map_err(failed)?;
        let named = match over {
            Over::Replace => file.persist(&path),
            Over::Keep => file.persist_noclobber(&path),
        };
        named.map_err(|error| failed(error.error))?;
        Ok(count)
    }

    /// The number of a frame's interface, which is described if it is a new one.
    fn interface(&mut self, frame: &Frame<'_>) -> u32 {
        let origin = Origin::of(frame);
        if let Some((last, number)) = self.last.as_ref().filter(|(last, _)| *last == origin) {
            debug_assert_eq!(last.link, frame.link);
            return *number;
        }
        let next = self.interfaces.len() as u32;
        let number = *self.interfaces.entry(origin.clone()).or_insert(next);
        if number == next {
            origin.describe(&mut self.row);
        }
        self.last = Some((origin, number));
        number
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.file.write_all(&self.row);
        self.row.clear();
        let shown = || shown(Some(&self.path));
        // Nothing stands under its name yet.
        written.map_err(|error| Error { file: shown(), cause: Cause::Create(error) })
    }
}

/// The file that a name stands for: what a link leads to. Only a regular file is written over, as what comes into its
/// place is one.
fn resolved(path: &Path, over: Over) -> io::Result<PathBuf> {
    let Ok(named) = path.symlink_metadata() else { return Ok(path.to_owned()) };
    if over == Over::Keep {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is such a file"));
    }
    let there = fs::metadata(path).map_err(|_| io::Error::other("it is a link that leads nowhere"))?;
    match (there.is_file(), there.is_dir()) {
        (true, _) if named.is_symlink() => fs::canonicalize(path),
        (true, _) => Ok(path.to_owned()),
        (_, true) => Err(io::Error::other("it is a folder")),
        _ => Err(io::Error::other("it is no regular file")),
    }
}

impl Origin {
    fn of(frame: &Frame<'_>) -> Origin {
        let word = |word: fn(&Interface) -> &Option<String>| frame.interface.and_then(|own| word(own).clone());
        Origin {
            place: frame.interface.map(|interface| (frame.section, interface.id)),
            words: [word(|own| &own.name), word(|own| &own.description), word(|own| &own.filter), word(|own| &own.os)],
            link: frame.link,
            snaplen: frame.interface.map_or(0, |interface| interface.snaplen),
            fcs: frame.fcs,
        }
    }

    /// Puts an Interface Description Block.
    fn describe(&self, out: &mut Vec<u8>) {
        block(out, INTERFACE, |out| {
            words(out, &[u32::from(self.link), self.snaplen]);
            let [name, description, filter, system] = &self.words;
            let filter = filter.as_ref().map(|filter| format!("\0{filter}"));
            let words = [
                (option::NAME, name),
                (option::DESCRIPTION, description),
                (option::FILTER, &filter),
                (option::INTERFACE_SYSTEM, system),
            ];
            for (code, word) in words {
                word.iter().for_each(|word| put(out, code, word.as_bytes()));
            }
            put(out, option::RESOLUTION, &[9]);
            if let Some(fcs) = self.fcs {
                put(out, FCS, &[fcs]);
            }
            put(out, 0, &[]);
        });
    }
}
