//! A message in one line, as in Wireshark's Info column.

use super::Dialect;
use super::message::{Entry, Header, OPT, Question, Record};
use super::name::Name;
use super::names::{OPCODES, RCODES, TYPES, lookup};
use crate::content::LossyText;
use crate::format;
use core::fmt;

/// Maximum number of questions and records of the line.
const MAX_ENTRIES: usize = 256;

/// The line of a message.
pub(super) struct Summary<'b> {
    pub(super) dialect: &'static Dialect,
    pub(super) header: Header,
    pub(super) message: &'b [u8],
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.header;
        match lookup(OPCODES, header.opcode().into()) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "Unknown operation ({})", header.opcode())?,
        }
        let response = if header.is_response() { " response" } else { "" };
        write!(f, "{response} 0x{:04x}", header.id)?;
        if header.is_response() && header.rcode() != 0 {
            match lookup(RCODES, header.rcode()) {
                Some(name) => write!(f, " {name}")?,
                None => write!(f, " Unknown error ({})", header.rcode())?,
            }
        }
        for entry in header.entries(self.message).take(MAX_ENTRIES) {
            match entry {
                Ok((_, Entry::Question(question))) => self.question(&question, f)?,
                Ok((_, Entry::Record(record))) => self.record(&record, f)?,
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// The name of a type as Wireshark writes it.
struct TypeName(u16);

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match lookup(TYPES, self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "Unknown ({})", self.0),
        }
    }
}

impl Summary<'_> {
    fn question(&self, question: &Question<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {} {}", TypeName(question.kind), question.name)?;
        match (self.dialect.is_mdns(), question.class & 0x8000 != 0) {
            (true, true) => f.write_str(", \"QU\" question"),
            (true, false) => f.write_str(", \"QM\" question"),
            (false, _) => Ok(()),
        }
    }

    fn record(&self, record: &Record<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", TypeName(record.owner.kind))?;
        if self.dialect.is_mdns() && record.owner.class & 0x8000 != 0 && record.owner.kind != OPT {
            f.write_str(", cache flush")?;
        }
        write_value(" ", record, self.message, f)
    }
}

/// Writes what identifies the data of a record, after a separator; nothing for most types.
pub(super) fn write_value(
    separator: &str,
    record: &Record<'_>,
    message: &[u8],
    f: &mut impl fmt::Write,
) -> fmt::Result {
    let data = message.get(record.data.clone()).unwrap_or_default();
    let number =
        |at: usize| data.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&two| u16::from_be_bytes(two));
    let name = |at: usize| Name::read(message, record.data.start + at).ok().map(|(name, _)| name);
    match (record.owner.kind, data) {
        (_, []) => Ok(()),
        (1, &[a, b, c, d]) | (11, &[a, b, c, d, ..]) => {
            write!(f, "{separator}{}", core::net::Ipv4Addr::new(a, b, c, d))
        }
        (28, _) => match data.first_chunk() {
            Some(&address) => {
                f.write_str(separator)?;
                format::ipv6(f, address)
            }
            None => Ok(()),
        },
        (2..=5 | 6 | 12 | 39 | 47, _) => match name(0) {
            Some(name) => write!(f, "{separator}{name}"),
            None => Ok(()),
        },
        (15 | 36, _) => match name(2) {
            Some(name) => write!(f, "{separator}{} {name}", number(0)),
            None => Ok(()),
        },
        (33, _) => match name(6) {
            Some(name) => write!(f, "{separator}{} {} {} {name}", number(0), number(2), number(4)),
            None => Ok(()),
        },
        (13, [len, rest @ ..]) => {
            let (cpu, rest) = rest.split_at_checked(usize::from(*len)).unwrap_or_default();
            let os = rest.get(1..).unwrap_or_default();
            write!(f, "{separator}{} {}", LossyText(cpu), LossyText(os))
        }
        (35, [_, _, _, _, len, rest @ ..]) => {
            let flags = rest.get(..usize::from(*len)).unwrap_or_default();
            write!(f, "{separator}{} {} {}", number(0), number(2), LossyText(flags))
        }
        (7..=9 | 14 | 17..=23 | 26 | 27 | 42 | 49 | 51 | 52 | 55, _) => {
            write!(f, "{separator}{}", record.owner.name)
        }
        (256, [_, _, _, _, target @ ..]) => {
            write!(f, "{separator}{} {} {}", number(0), number(2), LossyText(target))
        }
        _ => Ok(()),
    }
}
