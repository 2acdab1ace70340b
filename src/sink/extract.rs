//! Export of selected frames into a new capture file, with their metadata.

use super::error::{Error, WriteErrorCause};
use super::format::{
    ENHANCED_PACKET, INTERFACE, NAMES, SECRETS, option, padding, push_block, push_option, push_section_header,
    push_u32s, system_name,
};
use super::output::display_name;
use crate::source::{Frame, Interface, NOT_A_PACKET, SectionMetadata};
use std::collections::HashMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Whether an existing file is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file is replaced.
    Replace,
    /// An existing file is kept, which is an error.
    Keep,
}

/// A pcapng file that frames are written to, with their interfaces, times in nanoseconds, comments, flags and drop
/// counts. It is written under a temporary name and renamed when it is complete.
pub struct Extract {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
    overwrite: Overwrite,
    interfaces: HashMap<FrameInterface, u32>,
    last: Option<(FrameInterface, u32)>,
    count: u64,
    buffer: Vec<u8>,
}

/// The interface that captured a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FrameInterface {
    /// Section, and number of the interface in it; `None` in pcap.
    interface: Option<(u32, u32)>,
    /// Name, description, capture filter and operating system.
    texts: [Option<String>; 4],
    link: u16,
    snaplen: u32,
    fcs: Option<u8>,
}

/// Codes of copied options (draft-ietf-opsawg-pcapng 4.2, 4.3).
const COMMENT: u16 = 1;
const FLAGS: u16 = 2;
const DROPS: u16 = 4;
const PACKET_ID: u16 = 5;
const QUEUE: u16 = 6;
const FCS: u16 = 13;

impl Extract {
    /// Creates a file.
    ///
    /// # Errors
    ///
    /// The file exists and is to be kept, the name is not that of a regular file, or no file can be created in its
    /// directory.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Extract, Error> {
        let failed = |error| Error { file: display_name(Some(path)), cause: WriteErrorCause::Create(error) };
        let path = &*resolve_target(path, overwrite).map_err(failed)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = Builder::new().prefix(".overhear-").tempfile_in(directory).map_err(|error| match error.kind() {
            // The original message names the temporary file.
            io::ErrorKind::NotFound => failed(io::Error::new(io::ErrorKind::NotFound, "no such directory")),
            kind => failed(kind.into()),
        })?;
        let mut extract = Extract {
            file: BufWriter::with_capacity(1 << 18, file),
            path: path.to_owned(),
            overwrite,
            interfaces: HashMap::new(),
            last: None,
            count: 0,
            buffer: Vec::new(),
        };
        push_section_header(&mut extract.buffer, &system_name());
        extract.flush()?;
        Ok(extract)
    }

    /// Writes the keys and names of a section. They precede the frames because a sequential reader needs them first.
    pub fn write_metadata(&mut self, metadata: &SectionMetadata) -> Result<(), Error> {
        for secret in &metadata.secrets {
            push_block(&mut self.buffer, SECRETS, |out| {
                push_u32s(out, &[secret.kind, secret.bytes.len() as u32]);
                out.extend_from_slice(&secret.bytes);
                out.extend_from_slice(&[0; 3][..padding(secret.bytes.len())]);
            });
            self.flush()?;
        }
        if !metadata.names.is_empty() {
            push_block(&mut self.buffer, NAMES, |out| {
                for name in &metadata.names {
                    // Each entry: type, length, address, name and a NUL.
                    let (kind, address) = match name.address {
                        IpAddr::V4(address) => (1, address.octets().to_vec()),
                        IpAddr::V6(address) => (2, address.octets().to_vec()),
                    };
                    push_option(out, kind, &[&address, name.name.as_bytes(), &[0]].concat());
                }
                push_option(out, 0, &[]);
            });
        }
        self.flush()
    }

    /// Writes a frame. A frame that is a file block and not a packet is skipped.
    pub fn write(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        if frame.link == NOT_A_PACKET {
            return Ok(());
        }
        let interface = self.interface(frame);
        let time = u64::try_from(frame.time.0).unwrap_or_default();
        let captured = frame.bytes.len() as u32;
        push_block(&mut self.buffer, ENHANCED_PACKET, |out| {
            push_u32s(out, &[interface, (time >> 32) as u32, time as u32, captured, frame.length]);
            out.extend_from_slice(frame.bytes);
            out.extend_from_slice(&[0; 3][..padding(frame.bytes.len())]);
            let before = out.len();
            for comment in frame.options.comments() {
                push_option(out, COMMENT, comment.as_bytes());
            }
            if let Some(flags) = frame.options.flags() {
                push_option(out, FLAGS, &flags.to_le_bytes());
            }
            if let Some(drops) = frame.options.drop_count() {
                push_option(out, DROPS, &drops.to_le_bytes());
            }
            if let Some(id) = frame.options.packet_id() {
                push_option(out, PACKET_ID, &id.to_le_bytes());
            }
            if let Some(queue) = frame.options.queue() {
                push_option(out, QUEUE, &queue.to_le_bytes());
            }
            if out.len() > before {
                push_option(out, 0, &[]);
            }
        });
        self.count += 1;
        self.flush()
    }

    /// Renames the complete file to its name; returns the number of frames in it.
    pub fn finish(self) -> Result<u64, Error> {
        let Extract { file, path, overwrite, count, .. } = self;
        let failed = |error| Error { file: display_name(Some(&path)), cause: WriteErrorCause::Create(error) };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        // The name may have become another kind of file meanwhile.
        resolve_target(&path, overwrite).map_err(failed)?;
        let result = match overwrite {
            Overwrite::Replace => file.persist(&path),
            Overwrite::Keep => file.persist_noclobber(&path),
        };
        result.map_err(|error| failed(error.error))?;
        Ok(count)
    }

    /// Returns the number of a frame's interface; describes a new interface.
    fn interface(&mut self, frame: &Frame<'_>) -> u32 {
        let origin = FrameInterface::of(frame);
        if let Some((last, number)) = self.last.as_ref().filter(|(last, _)| *last == origin) {
            debug_assert_eq!(last.link, frame.link);
            return *number;
        }
        let next = self.interfaces.len() as u32;
        let number = *self.interfaces.entry(origin.clone()).or_insert(next);
        if number == next {
            origin.describe(&mut self.buffer);
        }
        self.last = Some((origin, number));
        number
    }

    fn flush(&mut self) -> Result<(), Error> {
        let result = self.file.write_all(&self.buffer);
        self.buffer.clear();
        // The file does not have its name yet, so this counts as an error of its creation.
        result.map_err(|error| Error { file: display_name(Some(&self.path)), cause: WriteErrorCause::Create(error) })
    }
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

impl FrameInterface {
    fn of(frame: &Frame<'_>) -> FrameInterface {
        let text = |field: fn(&Interface) -> &Option<String>| frame.interface.and_then(|own| field(own).clone());
        FrameInterface {
            interface: frame.interface.map(|interface| (frame.section, interface.id)),
            texts: [text(|own| &own.name), text(|own| &own.description), text(|own| &own.filter), text(|own| &own.os)],
            link: frame.link,
            snaplen: frame.interface.map_or(0, |interface| interface.snaplen),
            fcs: frame.fcs,
        }
    }

    /// Appends an Interface Description Block.
    fn describe(&self, out: &mut Vec<u8>) {
        push_block(out, INTERFACE, |out| {
            push_u32s(out, &[u32::from(self.link), self.snaplen]);
            let [name, description, filter, system] = &self.texts;
            let filter = filter.as_ref().map(|filter| format!("\0{filter}"));
            let texts = [
                (option::NAME, name),
                (option::DESCRIPTION, description),
                (option::FILTER, &filter),
                (option::INTERFACE_SYSTEM, system),
            ];
            for (code, text) in texts {
                text.iter().for_each(|text| push_option(out, code, text.as_bytes()));
            }
            push_option(out, option::RESOLUTION, &[9]);
            if let Some(fcs) = self.fcs {
                push_option(out, FCS, &[fcs]);
            }
            push_option(out, 0, &[]);
        });
    }
}
