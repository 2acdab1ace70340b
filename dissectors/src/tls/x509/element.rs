//! Elements of DER (X.690): tag, length, content. The crate `der` reads and checks their headers.

use crate::packet::Payload;
use alloc::string::String;
use core::fmt::Write;
use der::{Decode, Header, Reader, SliceReader};
pub(super) use der::{Tag, TagNumber};

/// Maximum bytes of an object identifier; those of certificates have some ten.
const MAX_IDENTIFIER: usize = 64;

/// A malformed element, or one of another type than expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed;

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Element<'b> {
    pub(super) tag: Tag,
    /// The element with its header.
    pub(super) whole: Payload<'b>,
    pub(super) content: Payload<'b>,
}

/// Elements that follow each other.
#[derive(Clone, Copy)]
pub(super) struct Elements<'b>(pub(super) Payload<'b>);

impl<'b> Elements<'b> {
    /// Reads the next element; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Element<'b>>, Malformed> {
        if self.0.bytes.is_empty() {
            return Ok(None);
        }
        let mut reader = SliceReader::new(self.0.bytes).map_err(|_| Malformed)?;
        let header = Header::decode(&mut reader).map_err(|_| Malformed)?;
        let head = usize::try_from(reader.position()).map_err(|_| Malformed)?;
        let len = usize::try_from(header.length()).map_err(|_| Malformed)?;
        let end = head.checked_add(len).filter(|&end| end <= self.0.bytes.len()).ok_or(Malformed)?;
        let whole = self.0.first(end);
        self.0 = self.0.from(end);
        Ok(Some(Element { tag: header.tag(), whole, content: whole.from(head) }))
    }

    /// Reads the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: Tag) -> Result<Element<'b>, Malformed> {
        self.next()?.filter(|element| element.tag == tag).ok_or(Malformed)
    }

    /// Reads the next element if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'b>>, Malformed> {
        let mut after = *self;
        let Some(element) = after.next()?.filter(|element| element.tag == tag) else { return Ok(None) };
        *self = after;
        Ok(Some(element))
    }
}

impl<'b> Element<'b> {
    /// Returns the elements in this one.
    pub(super) fn elements(self) -> Elements<'b> {
        Elements(self.content)
    }

    /// Returns the number of a choice: that of its tag.
    pub(super) fn choice(self) -> Result<u32, Malformed> {
        let Tag::ContextSpecific { number, .. } = self.tag else { return Err(Malformed) };
        Ok(number.value())
    }

    /// Returns the bytes of a bit string after the number of unused bits.
    pub(super) fn bits(self) -> Payload<'b> {
        self.content.from(1)
    }

    /// Returns an object identifier as text (X.690 8.19).
    pub(super) fn identifier(self) -> Result<String, Malformed> {
        let mut text = String::new();
        let mut arc: u64 = 0;
        if self.content.bytes.len() > MAX_IDENTIFIER {
            return Err(Malformed);
        }
        for &byte in self.content.bytes {
            arc = arc.checked_mul(128).ok_or(Malformed)? | u64::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            // The first number joins two arcs, of which the first is at most 2.
            let _ = match text.is_empty() {
                true => write!(text, "{}.{}", (arc / 40).min(2), arc - 40 * (arc / 40).min(2)),
                false => write!(text, ".{arc}"),
            };
            arc = 0;
        }
        if text.is_empty() { Err(Malformed) } else { Ok(text) }
    }
}

/// Returns the tag of a context-specific element with this number.
pub(super) fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: TagNumber(number) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_read() {
        for (bytes, expected) in [
            (&[6, 3, 0x55, 4, 3][..], "2.5.4.3"),
            (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b], "1.2.840.113549.1.1.11"),
            (&[6, 2, 0x88, 0x37], "2.999"),
        ] {
            let element = Elements(Payload::whole(bytes, 0)).next().unwrap().unwrap();
            assert_eq!(element.identifier().unwrap(), expected);
        }
    }

    #[test]
    fn an_element_that_exceeds_its_bytes_is_malformed() {
        for bytes in [&[4, 3, 1, 2][..], &[4, 0x84, 0xff, 0xff, 0xff, 0xff], &[4, 0x80], &[4], &[0x1f]] {
            assert!(Elements(Payload::whole(bytes, 0)).next().is_err(), "{bytes:?}");
        }
    }
}
