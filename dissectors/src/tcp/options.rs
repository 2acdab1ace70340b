//! Options of TCP (RFC 9293 3.1): parsed for their values, or recorded one by one.

use super::Segment;
use super::fields::*;
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{InfoText, Slice, Tree, Value};

/// Kinds of options, from the IANA registry.
pub(super) const KINDS: &[(u64, &str)] = &[
    (0, "End of Option List"),
    (1, "No-Operation"),
    (2, "Maximum Segment Size"),
    (3, "Window Scale"),
    (4, "SACK Permitted"),
    (5, "SACK"),
    (8, "Time Stamp Option"),
    (19, "MD5 Signature Option"),
    (28, "User Timeout Option"),
    (29, "TCP Authentication Option (TCP-AO)"),
    (30, "Multipath TCP (MPTCP)"),
    (34, "TCP Fast Open Cookie"),
    (253, "RFC3692-style Experiment 1"),
    (254, "RFC3692-style Experiment 2"),
];

/// An option: its kind, its offset among the options, and its bytes, kind and length included.
#[derive(Clone, Copy, Debug)]
pub struct TcpOption<'b> {
    /// Kind of the option.
    pub kind: u8,
    /// Offset among the options.
    pub offset: usize,
    /// Bytes of the option.
    pub bytes: &'b [u8],
}

impl TcpOption<'_> {
    fn u32(&self, at: usize) -> u32 {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    fn u16(&self, at: usize) -> u16 {
        self.bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u16::from_be_bytes(*bytes))
    }

    fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Returns the shift count of a window scale option. RFC 7323 2.3: more than 14 counts as 14.
    #[must_use]
    pub fn window_shift(&self) -> Option<u8> {
        (self.kind == 3 && self.bytes.len() == 3).then(|| self.u8(2).min(14))
    }

    /// Returns whether the first block of a SACK option reports data that arrived twice (RFC 2883 4): the block is
    /// before the acknowledgment, or within the second block.
    #[must_use]
    pub fn is_dsack(&self, ack: u32) -> bool {
        let before = |a: u32, b: u32| (b.wrapping_sub(a) as i32) >= 0;
        let mut blocks = self.sack_blocks();
        let Some((left, right)) = blocks.next() else { return false };
        let second = blocks.next();
        before(right, ack) || second.is_some_and(|(from, to)| before(from, left) && before(right, to))
    }

    /// Returns the blocks of a SACK option (RFC 2018 3): the first sequence number, and the one after the last.
    pub fn sack_blocks(&self) -> impl Iterator<Item = (u32, u32)> {
        let count = if self.kind == 5 { self.bytes.len().saturating_sub(2) / 8 } else { 0 };
        (0..count).map(|nth| (self.u32(2 + nth * 8), self.u32(6 + nth * 8)))
    }
}

/// Appends an option to the info column, if it has a form there.
pub(super) fn write_info(option: TcpOption<'_>, ack_base: u32, info: &mut InfoText<'_>) {
    match (option.kind, option.bytes.len()) {
        (2, 4) => {
            info.text(" MSS=").number(option.u16(2).into());
        }
        (3, 3) => {
            info.text(" WS=").number(1_u32 << option.window_shift().unwrap_or_default());
        }
        (4, 2) => {
            info.text(" SACK_PERM");
        }
        (5, _) => {
            for (left, right) in option.sack_blocks() {
                info.text(" SLE=").number(left.wrapping_sub(ack_base));
                info.text(" SRE=").number(right.wrapping_sub(ack_base));
            }
        }
        (8, 10) => {
            info.text(" TSval=").number(option.u32(2)).text(" TSecr=").number(option.u32(6));
        }
        _ => {}
    }
}

/// Returns the options in order, up to the end of the list, or to one of an invalid length, which gets all remaining
/// bytes.
pub fn options(bytes: &[u8]) -> impl Iterator<Item = TcpOption<'_>> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let kind = *rest.first()?;
        let len = match (kind, rest.get(1)) {
            (0 | 1, _) => 1,
            (_, Some(&len)) if len >= 2 && usize::from(len) <= rest.len() => usize::from(len),
            _ => rest.len(),
        };
        let option = TcpOption { kind, offset: at, bytes: rest.get(..len)? };
        at = if kind == 0 { bytes.len() } else { at + len };
        Some(option)
    })
}

/// Records all options. `base` is the initial sequence number of the other side, for selective acknowledgments.
pub(super) fn describe(payload: Payload<'_>, segment: &Segment<'_>, base: u32, tree: &mut Tree) {
    let all = payload.all();
    let node = tree.open(&OPTIONS, all, Value::Bytes(all));
    if tree.wanted().labels {
        let count = options(payload.bytes).count();
        tree.label(node, format_args!("Options: ({} bytes), {count} options", payload.bytes.len()));
    }
    if let Some(at) = removed_option(payload.bytes) {
        tree.note(&NOP, payload.span(at, 4), format_args!("{}", NOP.title));
    }
    for option in options(payload.bytes) {
        let span = payload.span(option.offset, option.bytes.len());
        let part = |at: usize, len: usize| payload.span(option.offset + at, len);
        let sized = option.kind <= 1 || option.bytes.get(1).is_some_and(|&len| usize::from(len) == option.bytes.len());
        tree.open(field(option.kind), span, Value::Bytes(span));
        tree.put(&OPTION_KIND, part(0, 1), Value::Uint(option.kind.into()));
        if let Some(&(_, _, note)) = SYN_OPTIONS.iter().find(|(kind, ..)| *kind == option.kind && !segment.flags.syn())
        {
            tree.note(note, span, format_args!("{}", note.title));
        }
        if option.kind > 1 {
            tree.put(&OPTION_LEN, part(1, 1), Value::Uint(option.u8(1).into()));
        }
        if !sized {
            tree.note(&OPTION_LEN_INVALID, span, format_args!("Invalid length {} for option", option.u8(1)));
        } else {
            describe_one(option, part, segment.ack, base, tree);
        }
        let after = option.offset + 1..payload.bytes.len();
        if option.kind == 0 && payload.bytes.get(after.clone()).is_some_and(|rest| rest.iter().any(|&byte| byte != 0)) {
            let span = payload.span(after.start, after.len());
            tree.note(&NON_ZERO_BYTES_AFTER_EOL, span, format_args!("{}", NON_ZERO_BYTES_AFTER_EOL.title));
        }
        tree.close();
    }
    for (kind, note, _) in SYN_OPTIONS {
        if segment.flags.syn() && options(payload.bytes).all(|option| option.kind != kind) {
            tree.note(note, all, format_args!("{}", note.title));
        }
    }
    tree.close();
}

/// Options that a SYN should have, and no other segment: kind, and the notes that they are absent and present.
const SYN_OPTIONS: [(u8, &Field, &Field); 2] =
    [(2, &OPTIONS_MSS_ABSENT, &OPTIONS_MSS_PRESENT), (4, &OPTIONS_SACK_PERM_ABSENT, &OPTIONS_SACK_PERM_PRESENT)];

/// Returns the offset of the first four NOPs in a row that begin at a multiple of four bytes.
fn removed_option(bytes: &[u8]) -> Option<usize> {
    let mut row = 0;
    options(bytes).find_map(|option| {
        row = if option.kind == 1 { row + 1 } else { 0 };
        let first = option.offset.checked_sub(3)?;
        (row == 4 && first % 4 == 0).then_some(first)
    })
}

fn field(kind: u8) -> &'static Field {
    match kind {
        0 => &OPTIONS_EOL,
        1 => &OPTIONS_NOP,
        2 => &OPTIONS_MSS,
        3 => &OPTIONS_WSCALE,
        4 => &OPTIONS_SACK_PERM,
        5 => &OPTIONS_SACK,
        8 => &OPTIONS_TIMESTAMP,
        19 => &OPTIONS_MD5,
        28 => &OPTIONS_USER_TO,
        30 => &OPTIONS_MPTCP,
        34 => &OPTIONS_TFO,
        253 | 254 => &OPTIONS_EXPERIMENTAL,
        _ => &OPTIONS_UNKNOWN,
    }
}

fn describe_one(option: TcpOption<'_>, part: impl Fn(usize, usize) -> Slice, ack: u32, base: u32, tree: &mut Tree) {
    match (option.kind, option.bytes.len()) {
        (2, 4) => {
            tree.put(&OPTIONS_MSS_VAL, part(2, 2), Value::Uint(option.u16(2).into()));
        }
        (3, 3) => {
            let shift = option.u8(2);
            tree.put(&OPTIONS_WSCALE_SHIFT, part(2, 1), Value::Uint(shift.into()));
            tree.put(&OPTIONS_WSCALE_MULTIPLIER, part(2, 1), Value::Uint(1 << shift.min(14)));
            if shift > 14 {
                let note = &OPTIONS_WSCALE_SHIFT_INVALID;
                tree.note(note, part(2, 1), format_args!("{}", note.title));
            }
        }
        (5, _) => {
            let duplicate = option.is_dsack(ack);
            if duplicate {
                let note = &OPTIONS_SACK_DSACK;
                tree.note(note, part(2, 8), format_args!("{}", note.title));
            }
            for (nth, (left, right)) in option.sack_blocks().enumerate() {
                let (from, to) = (part(2 + nth * 8, 4), part(6 + nth * 8, 4));
                let (left, right) = (left.wrapping_sub(base), right.wrapping_sub(base));
                tree.put(&OPTIONS_SACK_LE, from, Value::Uint(left.into()));
                tree.put(&OPTIONS_SACK_RE, to, Value::Uint(right.into()));
                if nth == 0 && duplicate {
                    tree.put(&OPTIONS_SACK_DSACK_LE, from, Value::Uint(left.into()));
                    tree.put(&OPTIONS_SACK_DSACK_RE, to, Value::Uint(right.into()));
                }
            }
            tree.put(&OPTIONS_SACK_COUNT, Slice::default(), Value::Uint(option.sack_blocks().count() as u64));
        }
        (8, 10) => {
            tree.put(&OPTIONS_TIMESTAMP_TSVAL, part(2, 4), Value::Uint(option.u32(2).into()));
            tree.put(&OPTIONS_TIMESTAMP_TSECR, part(6, 4), Value::Uint(option.u32(6).into()));
        }
        (34, len) if len > 2 => {
            tree.put(&OPTIONS_TFO_COOKIE, part(2, len - 2), Value::Bytes(part(2, len - 2)));
        }
        (2 | 3 | 8, _) => {
            let span = part(0, option.bytes.len());
            tree.note(&OPTION_LEN_INVALID, span, format_args!("Invalid length {} for option", option.bytes.len()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn a_sack_option_of_one_byte_has_no_blocks() {
        // Found by fuzzing: kind 5 in the last byte of the options, where its length should follow.
        let last = super::options(&[1, 1, 1, 5]).last().map(|option| (option.kind, option.sack_blocks().count()));
        assert_eq!(last, Some((5, 0)));
    }

    #[test]
    fn four_nops_in_a_row_that_fill_a_word_are_noted() {
        // As tshark 4.4 notes them: after options of other lengths, a row is padding.
        let mss = [2, 4, 5, 180];
        let timestamps = [8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        let rows: [(&[&[u8]], Option<usize>); 8] = [
            (&[&[1; 4]], Some(0)),
            (&[&[1; 12]], Some(0)),
            (&[&mss, &[1; 4], &[4, 2]], Some(4)),
            (&[&[1; 4], &timestamps], Some(0)),
            (&[&timestamps, &[1; 4]], None),
            (&[&[4, 2], &[1; 4]], None),
            (&[&mss, &[3, 3, 2], &[1; 4]], None),
            (&[&[1, 1], &timestamps, &[1, 1]], None),
        ];
        for (options, expected) in rows {
            assert_eq!(super::removed_option(&options.concat()), expected, "{options:?}");
        }
    }

    #[test]
    fn a_first_block_before_the_acknowledgment_or_within_the_second_is_a_dsack() {
        let is_dsack = |blocks: &[(u32, u32)], ack: u32| {
            let mut bytes = alloc::vec![5, 2 + 8 * blocks.len() as u8];
            for (left, right) in blocks {
                bytes.extend(left.to_be_bytes().into_iter().chain(right.to_be_bytes()));
            }
            options(&bytes).next().is_some_and(|option| option.is_dsack(ack))
        };
        assert!(is_dsack(&[(4_294_967_290, 4)], 5), "before the acknowledgment, across sequence number wraparound");
        assert!(is_dsack(&[(20, 30), (10, 40)], 5), "within the second");
        assert!(!is_dsack(&[(20, 30), (40, 50)], 5), "both beyond the acknowledgment");
        assert!(!is_dsack(&[], 5), "no block");
    }
}
