//! The structure of a message: header, questions and records (RFC 1035 4.1).

use super::name::{Name, NameError};
use core::ops::Range;

/// Length of the header.
///
/// ```text
///   0    2       4       6       8       10      12
///   | id | flags | questions | answers | authority | additional |
/// ```
pub(super) const HEADER: usize = 12;

/// Type of a pseudo record with EDNS options (RFC 6891).
pub(super) const OPT: u16 = 41;
/// Type of the first and last record of a zone.
pub(super) const SOA: u16 = 6;
/// Type of a question for a zone (RFC 5936).
pub(super) const AXFR: u16 = 252;
/// Type of a question for the changes of a zone (RFC 1995).
pub(super) const IXFR: u16 = 251;
/// Operation of a query.
pub(super) const QUERY: u8 = 0;
/// Operation that changes a zone (RFC 2136).
pub(super) const UPDATE: u8 = 5;

/// The header of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: u16,
    pub(super) flags: u16,
    /// Numbers of questions, answers, authority records and additional records.
    pub(super) counts: [u16; 4],
}

impl Header {
    pub(super) fn read(message: &[u8]) -> Option<Header> {
        let &[a, b, c, d, e, f, g, h, i, j, k, l] = message.first_chunk::<HEADER>()?;
        let number = |high, low| u16::from_be_bytes([high, low]);
        let counts = [number(e, f), number(g, h), number(i, j), number(k, l)];
        Some(Header { id: number(a, b), flags: number(c, d), counts })
    }

    pub(super) fn is_response(self) -> bool {
        self.flags & 0x8000 != 0
    }

    pub(super) fn opcode(self) -> u8 {
        (self.flags >> 11) as u8 & 15
    }

    pub(super) fn rcode(self) -> u16 {
        self.flags & 15
    }

    /// Returns the questions and records of a message.
    pub(super) fn entries(self, message: &[u8]) -> Entries<'_> {
        Entries { message, at: HEADER, section: 0, left: self.counts }
    }
}

/// A message whose header is complete.
#[derive(Clone, Copy)]
pub(super) struct Message<'b> {
    pub(super) header: Header,
    pub(super) bytes: &'b [u8],
    /// The first question, if it is valid.
    pub(super) question: Option<Question<'b>>,
}

impl<'b> Message<'b> {
    pub(super) fn read(bytes: &'b [u8]) -> Option<Message<'b>> {
        let header = Header::read(bytes)?;
        let entries = header.entries(bytes);
        let question = if header.counts[0] > 0 { entries.question().ok() } else { None };
        Some(Message { header, bytes, question })
    }

    /// Returns the questions and records.
    pub(super) fn entries(&self) -> Entries<'b> {
        self.header.entries(self.bytes)
    }
}

/// A question, or the part of a record before its data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'b> {
    /// Offset of the name.
    pub(super) at: usize,
    pub(super) name: Name<'b>,
    /// Offset of the type.
    pub(super) name_end: usize,
    pub(super) kind: u16,
    pub(super) class: u16,
}

/// A record.
#[derive(Clone, Debug)]
pub(super) struct Record<'b> {
    /// The owner's name, the type and the class.
    pub(super) owner: Question<'b>,
    pub(super) ttl: u32,
    /// Offsets of the data, as far as the length says.
    pub(super) data: Range<usize>,
    /// Whether the message ends within the data.
    pub(super) is_cut: bool,
}

/// A question or a record.
#[derive(Clone, Debug)]
pub(super) enum Entry<'b> {
    Question(Question<'b>),
    Record(Record<'b>),
}

/// Iterator over the questions and records of a message, each with the number of its section. It ends after an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries<'b> {
    message: &'b [u8],
    /// Offset of the next one, or of the error.
    pub(super) at: usize,
    section: usize,
    left: [u16; 4],
}

impl<'b> Entries<'b> {
    /// Reads a question, or the part of a record before its data.
    fn question(&self) -> Result<Question<'b>, NameError> {
        let (name, name_end) = Name::read(self.message, self.at)?;
        let fixed = self.message.get(name_end..).and_then(|rest| rest.first_chunk::<4>());
        let &[a, b, c, d] = fixed.ok_or(NameError::End)?;
        let [kind, class] = [[a, b], [c, d]].map(u16::from_be_bytes);
        Ok(Question { at: self.at, name, name_end, kind, class })
    }

    /// Reads a record after its owner.
    fn record(&self, owner: Question<'b>) -> Result<Record<'b>, NameError> {
        let after = owner.name_end + 4;
        let fixed = self.message.get(after..).and_then(|rest| rest.first_chunk::<6>());
        let &[a, b, c, d, e, f] = fixed.ok_or(NameError::End)?;
        let (start, len) = (after + 6, usize::from(u16::from_be_bytes([e, f])));
        let is_cut = start + len > self.message.len();
        let end = (start + len).min(self.message.len());
        Ok(Record { owner, ttl: u32::from_be_bytes([a, b, c, d]), data: start..end, is_cut })
    }

    /// Ends the iteration.
    fn stop(&mut self) {
        self.section = self.left.len();
    }
}

impl<'b> Iterator for Entries<'b> {
    type Item = Result<(usize, Entry<'b>), NameError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while *self.left.get(self.section)? == 0 {
            self.section += 1;
        }
        let section = self.section;
        *self.left.get_mut(section)? -= 1;
        let owner = match self.question() {
            Ok(owner) => owner,
            Err(error) => {
                self.stop();
                return Some(Err(error));
            }
        };
        if section == 0 {
            self.at = owner.name_end + 4;
            return Some(Ok((section, Entry::Question(owner))));
        }
        match self.record(owner) {
            Ok(record) => {
                self.at = record.data.end;
                // Nothing follows data that the message does not have.
                if record.is_cut {
                    self.stop();
                }
                Some(Ok((section, Entry::Record(record))))
            }
            Err(error) => {
                self.stop();
                Some(Err(error))
            }
        }
    }
}

impl Entries<'_> {
    /// Leaves out the records.
    pub(super) fn only_questions(self) -> Self {
        let [questions, ..] = self.left;
        Entries { left: [questions, 0, 0, 0], ..self }
    }

    /// Whether all questions and records were read.
    pub(super) fn is_done(&self) -> bool {
        self.left == [0; 4]
    }
}
