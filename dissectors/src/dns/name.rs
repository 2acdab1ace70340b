//! Domain names, and their compression (RFC 1035 3.1, 4.1.4).

use crate::content::LossyText;
use crate::field::Field;
use crate::tree::{Slice, Tree};
use compact_str::{CompactString, format_compact};
use core::fmt;

/// Maximum length of a name on the wire, without compression (RFC 1035 2.3.4).
const MAX_LEN: usize = 255;

/// Maximum number of pointers of a name: each follows a label, and a name has at most 127 labels.
const MAX_POINTERS: usize = 128;

/// The root as Wireshark writes it.
const ROOT: &str = "<Root>";

/// A name that is too long, as Wireshark writes it.
const TOO_LONG: &str = "<Name too long>";

/// A name in a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'b> {
    message: &'b [u8],
    at: usize,
    /// Bytes of the name up to its end if it has no pointers; else 0.
    plain_len: u8,
    /// Whether all its pointers point backward, and it is not too long. If not, it has no labels, but its end is known.
    pub(super) is_valid: bool,
    /// Whether it is longer than a name can be.
    is_too_long: bool,
}

/// Why bytes are not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameError {
    /// The message ends before the name does.
    End,
    /// A label of an unknown type.
    Invalid,
}

/// A step in the encoding of a name.
enum Step<'b> {
    Label(&'b [u8]),
    Pointer(usize),
    Root,
}

fn step(message: &[u8], at: usize) -> Result<Step<'_>, NameError> {
    let first = *message.get(at).ok_or(NameError::End)?;
    match first >> 6 {
        0 if first == 0 => Ok(Step::Root),
        0 => message.get(at + 1..at + 1 + usize::from(first)).map(Step::Label).ok_or(NameError::End),
        3 => {
            let second = *message.get(at + 1).ok_or(NameError::End)?;
            Ok(Step::Pointer(usize::from(first & 0x3f) << 8 | usize::from(second)))
        }
        _ => Err(NameError::Invalid),
    }
}

impl<'b> Name<'b> {
    /// Reads the name at an offset of a message. Returns it and the offset after it.
    ///
    /// A pointer refers to an earlier name (RFC 1035 4.1.4), so that a loop is impossible.
    pub(super) fn read(message: &'b [u8], at: usize) -> Result<(Name<'b>, usize), NameError> {
        let mut name = Name { message, at, plain_len: 0, is_valid: true, is_too_long: false };
        let (mut position, mut start) = (at, at);
        let (mut end, mut len, mut pointers) = (None, 1, 0);
        loop {
            let step = match (step(message, position), end) {
                (Err(_), Some(end)) => {
                    name.is_valid = false;
                    return Ok((name, end));
                }
                (step, _) => step?,
            };
            match step {
                Step::Root => {
                    if end.is_none() && name.is_valid {
                        name.plain_len = len as u8;
                    }
                    return Ok((name, end.unwrap_or(position + 1)));
                }
                Step::Label(label) => {
                    len += 1 + label.len();
                    position += 1 + label.len();
                }
                Step::Pointer(target) => {
                    let end = *end.get_or_insert(position + 2);
                    pointers += 1;
                    if target >= start || pointers > MAX_POINTERS {
                        name.is_valid = false;
                        return Ok((name, end));
                    }
                    (position, start) = (target, target);
                }
            }
            // The end of a name that is too long follows its last label.
            if len > MAX_LEN {
                (name.is_valid, name.is_too_long) = (false, true);
                if let Some(end) = end {
                    return Ok((name, end));
                }
            }
        }
    }

    /// Returns the labels.
    pub(super) fn labels(self) -> impl Iterator<Item = &'b [u8]> {
        // An empty message has no labels.
        let (message, mut position) = if self.is_valid { (self.message, self.at) } else { (&[][..], 0) };
        core::iter::from_fn(move || {
            loop {
                match step(message, position).ok()? {
                    Step::Root => return None,
                    Step::Pointer(target) => position = target,
                    Step::Label(label) => {
                        position += 1 + label.len();
                        return Some(label);
                    }
                }
            }
        })
    }

    /// Returns the number of characters of the name as it is shown.
    pub(super) fn len(self) -> usize {
        let (mut labels, mut len) = (0, 0);
        for label in self.labels() {
            labels += 1;
            len += label.len();
        }
        match self.is_root() {
            true => ROOT.len(),
            false if self.is_too_long => TOO_LONG.len(),
            false => len + usize::saturating_sub(labels, 1),
        }
    }

    /// Returns the number of labels; of the root and of a name that is too long 1, as Wireshark does.
    pub(super) fn label_count(self) -> usize {
        self.labels().count().max(usize::from(self.is_valid || self.is_too_long))
    }

    /// Returns whether it is the root.
    pub(super) fn is_root(self) -> bool {
        self.is_valid && self.labels().next().is_none()
    }

    /// Returns a hash that is the same for letters of either case (RFC 4343).
    pub(super) fn hash(self) -> u64 {
        if let Some(plain) = self.plain() {
            return hash_labels(plain);
        }
        let mut buffer = [0; MAX_LEN];
        let len = self.encode(&mut buffer);
        hash_labels(buffer.get(..len).unwrap_or_default())
    }

    /// Writes the labels, each after its length, to the beginning of `buffer`. Returns the number of bytes.
    fn encode(self, buffer: &mut [u8; MAX_LEN]) -> usize {
        let mut len = 0;
        for label in self.labels() {
            let room = buffer.get_mut(len..len + label.len() + 1).and_then(<[u8]>::split_first_mut);
            let Some((length, room)) = room else { break };
            *length = label.len() as u8;
            room.copy_from_slice(label);
            len += label.len() + 1;
        }
        len
    }

    /// The labels, each after its length, of a name without pointers.
    fn plain(self) -> Option<&'b [u8]> {
        let len = usize::from(self.plain_len).checked_sub(1)?;
        self.message.get(self.at..self.at + len)
    }

    /// Returns the labels with dots between them, in `buffer`. None if they are not ASCII only, or there are none.
    fn ascii(self, buffer: &mut [u8; MAX_LEN]) -> Option<&str> {
        let len = self.encode(buffer);
        let (&mut first, text) = buffer.get_mut(..len)?.split_first_mut()?;
        write_dots(first, text);
        core::str::from_utf8(text).ok().filter(|text| text.is_ascii())
    }

    /// Returns the name as it is shown.
    pub(super) fn text(self) -> CompactString {
        match self.ascii(&mut [0; MAX_LEN]) {
            Some(text) => CompactString::new(text),
            None => format_compact!("{self}"),
        }
    }

    /// Records the name as it is shown.
    pub(super) fn record(self, field: &'static Field, span: Slice, tree: &mut Tree) {
        match self.plain().and_then(<[u8]>::split_first) {
            Some((&first, text)) if text.is_ascii() => {
                tree.put_changed_copy(field, span, text, |copy| write_dots(first, copy))
            }
            _ => tree.put_text(field, span, format_args!("{self}")),
        };
    }

    /// Writes the labels with dots between them.
    pub(super) fn write(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_too_long {
            return f.write_str(TOO_LONG);
        }
        if !self.is_valid {
            return f.write_str("<Name contains a pointer that loops>");
        }
        if let Some(text) = self.ascii(&mut [0; MAX_LEN]) {
            return f.write_str(text);
        }
        for (nth, label) in self.labels().enumerate() {
            if nth > 0 {
                f.write_str(".")?;
            }
            write!(f, "{}", LossyText(label))?;
        }
        Ok(())
    }
}

/// Replaces the length of each label after the first one, which has `first` bytes, by a dot.
fn write_dots(first: u8, text: &mut [u8]) {
    let mut at = usize::from(first);
    while let Some(length) = text.get_mut(at) {
        at += usize::from(core::mem::replace(length, b'.')) + 1;
    }
}

/// Returns a hash of labels, each after its length, which is no letter: eight bytes at a time, the last ones with zeros.
fn hash_labels(labels: &[u8]) -> u64 {
    let add = |hash: u64, word: u64| {
        let product = u128::from(hash ^ u64_lowercase(word)) * 0x9e37_79b9_7f4a_7c15;
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = labels.as_chunks();
    let hash = words.iter().fold(labels.len() as u64, |hash, &word| add(hash, u64::from_le_bytes(word)));
    match (rest, labels.last_chunk()) {
        ([], _) => hash,
        (rest, Some(&last)) => add(hash, u64::from_le_bytes(last) >> (64 - 8 * rest.len())),
        (rest, None) => add(hash, rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))),
    }
}

/// Returns eight bytes with capital letters replaced by small ones.
fn u64_lowercase(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (low, high) = (word & (0x7f * ONES), 0x80 * ONES);
    // The highest bit of a byte is set from `A` on, and from the character after `Z` on.
    let (from_a, after_z) = (low + (0x80 - 0x41) * ONES, low + (0x80 - 0x5b) * ONES);
    word | (from_a & !after_z & !word & high) >> 2
}

impl fmt::Display for Name<'_> {
    /// Writes the name as Wireshark does: without the last dot, the root as `<Root>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str(ROOT) } else { self.write(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::zone_text::ZoneName;
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn a_pointer_continues_a_name_with_an_earlier_one() {
        let message = b"\x03www\x01a\x00\x02ns\xc0\x04\x00";
        let (name, end) = Name::read(message, 7).expect("a name");
        assert_eq!((name.to_string().as_str(), end), ("ns.a", 12));
        assert_eq!(ZoneName(name).to_string(), "ns.a.");
        let (root, end) = Name::read(message, 12).expect("the root");
        assert_eq!((root.to_string().as_str(), end, root.is_root()), ("<Root>", 13, true));
    }

    #[test]
    fn characters_with_a_meaning_in_a_zone_file_are_escaped_there() {
        let (name, _) = Name::read(b"\x08We b.s\\x\x01a\x00", 0).expect("a name");
        assert_eq!(ZoneName(name).to_string(), r"We\032b\.s\\x.a.");
        assert_eq!(name.to_string(), r"We b.s\x.a");
    }

    #[test]
    fn a_pointer_forward_or_to_itself_is_invalid_and_ends_the_name() {
        let read = |bytes, at| Name::read(bytes, at).map(|(name, end)| (name.is_valid, name.labels().count(), end));
        for (bytes, end) in [(&b"\xc0\x00"[..], 2), (b"\xc0\x02\x01a\x00", 2), (b"\x01a\xc0\x00", 4)] {
            assert_eq!(read(bytes, 0), Ok((false, 0, end)), "{bytes:?}");
        }
        assert_eq!(read(b"\x01a\xc0\x04\xc0\x02\x00", 4), Ok((false, 0, 6)));
        assert_eq!(read(b"\x40\x00", 0), Err(NameError::Invalid));
        assert_eq!(read(b"\x80\x00", 0), Err(NameError::Invalid));
    }

    #[test]
    fn a_name_ends_within_the_message() {
        for bytes in [&b""[..], b"\x03ab", b"\x02ab", b"\xc0"] {
            assert_eq!(Name::read(bytes, 0).map(|(_, end)| end), Err(NameError::End), "{bytes:?}");
        }
    }

    #[test]
    fn a_name_has_at_most_255_bytes() {
        let name = |last: usize| -> Vec<u8> {
            let mut bytes = [vec![63], vec![b'x'; 63]].concat().repeat(3);
            bytes.push(last as u8);
            bytes.extend(vec![b'y'; last]);
            bytes.push(0);
            bytes
        };
        assert_eq!(Name::read(&name(61), 0).map(|(_, end)| end), Ok(255));
        let bytes = name(62);
        let (long, end) = Name::read(&bytes, 0).expect("a name");
        assert_eq!((long.is_valid, long.to_string().as_str(), end), (false, "<Name too long>", 256));
    }

    #[test]
    fn a_chain_of_pointers_is_bounded() {
        let mut message = vec![0];
        for target in 0..200_u16 {
            let target = if target == 0 { 0 } else { (target - 1) * 2 + 1 };
            message.extend((0xc000 | target).to_be_bytes());
        }
        let is_valid = |at| Name::read(&message, at).expect("a name").0.is_valid;
        assert!(is_valid(1 + 2 * 100) && !is_valid(1 + 2 * 199));
    }

    #[test]
    fn letters_are_equal_in_either_case() {
        let hash = |bytes| Name::read(bytes, 0).expect("a name").0.hash();
        assert_eq!(hash(b"\x01A\x04teSt\x00"), hash(b"\x01a\x04TEST\x00"));
        assert_ne!(hash(b"\x01A\x04teSt\x00"), hash(b"\x02A.\x03est\x00"));
    }
}
