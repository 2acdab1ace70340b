//! Descriptions of the sections of a pcapng file and of their interfaces, kept on request.

use super::frame::Interface;
use super::options::{IntegerReader, OptionReader, text};

/// Maximum bytes of texts that are kept of a file, and of interfaces and sections with 256 bytes each. Later ones are counted.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that a section or an interface counts for beside its texts.
const ENTRY_SIZE: usize = 256;

/// Codes of options of a Section Header Block, and of a comment in any block (draft-ietf-opsawg-pcapng 3.5, 4.1).
mod option {
    pub(super) const COMMENT: u16 = 1;
    pub(super) const HARDWARE: u16 = 2;
    pub(super) const SYSTEM: u16 = 3;
    pub(super) const APPLICATION: u16 = 4;
}

/// A section of a pcapng file.
#[derive(Clone, Debug, Default)]
pub struct SectionDescription {
    /// Number of the section, 1 for the first of the file.
    pub number: u32,
    /// Hardware of the capturing machine.
    pub hardware: Option<String>,
    /// Operating system of the capturing machine.
    pub system: Option<String>,
    /// Program that wrote the section.
    pub application: Option<String>,
    /// Comments on the section.
    pub comments: Vec<String>,
    /// Its interfaces, in the order of their numbers.
    pub interfaces: Vec<InterfaceDescription>,
}

/// An interface of a section, with what its frames do not need.
#[derive(Clone, Debug)]
pub struct InterfaceDescription {
    /// The interface.
    pub interface: Interface,
    /// Comments on the interface.
    pub comments: Vec<String>,
    /// Number of blocks with its statistics.
    pub statistics: u32,
}

/// The sections of a file as far as it has been read.
#[derive(Clone, Debug, Default)]
pub struct SectionLog {
    /// Sections in file order.
    pub sections: Vec<SectionDescription>,
    /// Number of sections and interfaces that were not kept because of the limit.
    pub omitted: u64,
    bytes: usize,
}

impl SectionLog {
    /// Adds a section, with the options of its header.
    pub(super) fn add_section(&mut self, number: u32, options: IntegerReader<'_>) {
        let mut section = SectionDescription { number, ..SectionDescription::default() };
        let mut reader = OptionReader::new(options.rest, options.order);
        // The header is returned only if its options are complete. The first of repeated options applies.
        while let Ok(Some((code, value))) = reader.next() {
            let target = match code {
                option::COMMENT => {
                    section.comments.extend(self.keep(value));
                    continue;
                }
                option::HARDWARE => &mut section.hardware,
                option::SYSTEM => &mut section.system,
                option::APPLICATION => &mut section.application,
                _ => continue,
            };
            if target.is_none() {
                *target = self.keep(value);
            }
        }
        if self.has_room() {
            self.sections.push(section);
        }
    }

    /// Adds an interface to the last section, with the options of its block.
    pub(super) fn add_interface(&mut self, interface: &Interface, options: IntegerReader<'_>) {
        let mut comments = Vec::new();
        let mut reader = OptionReader::new(options.rest, options.order);
        while let Ok(Some((code, value))) = reader.next() {
            if code == option::COMMENT {
                comments.extend(self.keep(value));
            }
        }
        let texts = [&interface.name, &interface.description, &interface.filter, &interface.os];
        self.bytes += texts.into_iter().flatten().map(String::len).sum::<usize>();
        if self.has_room()
            && let Some(section) = self.sections.last_mut()
        {
            section.interfaces.push(InterfaceDescription { interface: interface.clone(), comments, statistics: 0 });
        }
    }

    /// Counts statistics of an interface of the last section.
    pub(super) fn add_statistics(&mut self, interface: u32) {
        let own = self.sections.last_mut().and_then(|section| section.interfaces.get_mut(interface as usize));
        if let Some(own) = own {
            own.statistics = own.statistics.saturating_add(1);
        }
    }

    /// Counts an entry. Returns whether it can be kept.
    fn has_room(&mut self) -> bool {
        self.bytes += ENTRY_SIZE;
        let has_room = self.bytes <= MAX_BYTES;
        self.omitted += u64::from(!has_room);
        has_room
    }

    /// Returns the text of an option, if it can be kept.
    fn keep(&mut self, value: &[u8]) -> Option<String> {
        self.bytes += value.len();
        (self.bytes <= MAX_BYTES).then(|| text(value).into_owned())
    }
}
