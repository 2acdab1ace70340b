//! Options of TCP (RFC 9293 3.1): parsed for their values, or recorded one by one.

use super::Segment;
use super::fields::*;
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{InfoText, Slice, Tree, Value};
use core::fmt;

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

/// Identifiers of experiments (RFC 6994).
pub(super) const EXPERIMENTS: &[(u64, &str)] = &[(FAST_OPEN_EXPERIMENT as u64, "Fast Open")];
/// Experiment with TCP Fast Open (RFC 7413 A.1).
const FAST_OPEN_EXPERIMENT: u16 = 0xf989;

/// Names of options in notes, and their lengths where these are fixed.
static NAMED: &[(u8, &str, usize)] = &[
    (2, "Maximum segment size", 4),
    (3, "Window scale", 3),
    (4, "SACK permitted", 2),
    (5, "SACK", 0),
    (6, "Echo", 6),
    (7, "Echo reply", 6),
    (8, "Timestamps", 10),
    (11, "CC", 6),
    (12, "CC.NEW", 6),
    (13, "CC.ECHO", 6),
    (19, "TCP MD5 signature", 18),
    (20, "SCPS capabilities", 0),
    (21, "Selective Negative Acknowledgment", 6),
    (22, "SCPS record boundary", 2),
    (23, "SCPS corruption experienced", 2),
    (27, "Quick-Start", 8),
    (28, "User Timeout", 4),
    (29, "TCP AO", 0),
    (30, "MPTCP", 0),
    (34, "TCP Fast Open", 0),
    (76, "Riverbed Probe", 0),
    (78, "Riverbed Transparency", 16),
    (253, "Experimental", 0),
    (254, "Experimental", 0),
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

    /// Whether its length is that of its bytes.
    fn is_sized(&self) -> bool {
        self.kind <= 1 || self.bytes.get(1).is_some_and(|&len| usize::from(len) == self.bytes.len())
    }

    /// Returns the TCP Fast Open cookie (RFC 7413 4.1.1), also that of the experiment; empty if it is a request for one.
    #[must_use]
    pub fn fast_open_cookie(&self) -> Option<&[u8]> {
        match (self.kind, self.bytes) {
            (34, [_, _, cookie @ ..]) if self.is_sized() => Some(cookie),
            (253 | 254, [_, _, a, b, cookie @ ..]) if self.is_sized() => {
                (u16::from_be_bytes([*a, *b]) == FAST_OPEN_EXPERIMENT).then_some(cookie)
            }
            _ => None,
        }
    }

    /// Records a note if the length is none that the kind has.
    fn note_length(&self, span: Slice, tree: &mut Tree) {
        let (name, fixed) = match NAMED.iter().find(|(kind, ..)| *kind == self.kind) {
            Some(&(_, name, fixed)) => (name, fixed),
            None => ("Unknown", 0),
        };
        let mut note = |text: fmt::Arguments<'_>| tree.note(&OPTION_LEN_INVALID, span, text);
        let kind = UnknownKind(if name == "Unknown" { Some(self.kind) } else { None });
        let (has, stated) = (self.bytes.len(), self.bytes.get(1).map(|&len| usize::from(len)));
        match stated {
            None => note(format_args!("{name}{kind} (length byte past end of options)")),
            Some(1) => note(format_args!("{name}{kind} (with too-short option length = 1 byte)")),
            Some(0) => note(format_args!("{name}{kind} (with too-short option length = 0 bytes)")),
            Some(len) if len > has => {
                note(format_args!("{name}{kind} (option length = {len} bytes says option goes past end of options)"));
            }
            Some(len) if fixed > 0 && len != fixed => note(format_args!("option length should be {fixed}")),
            Some(len) if self.kind == 29 && len < 4 => note(format_args!("option length should be >= than 4")),
            Some(len) if self.kind >= 253 && len < 4 => note(format_args!("option length {len} smaller than 4")),
            Some(len) if self.kind == 5 && len % 8 != 2 => {
                tree.note(&SUBOPTION_MALFORMED, span, format_args!("{}", SUBOPTION_MALFORMED.title));
            }
            Some(_) => {}
        }
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

/// Kind of an unknown option, as text after its name.
struct UnknownKind(Option<u8>);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |kind| write!(f, " (0x{kind:02x})"))
    }
}

/// Appends an option to the info column, if it has a form there.
pub(super) fn write_info(option: TcpOption<'_>, ack_base: u32, info: &mut InfoText<'_>) {
    match (option.kind, option.bytes.len()) {
        _ if !option.is_sized() => {}
        (2, 4) => {
            info.text(" MSS=").number(option.u16(2).into());
        }
        (3, 3) => {
            info.text(" WS=").number(1_u32 << option.window_shift().unwrap_or_default());
        }
        (4, _) => {
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
        (29, _) => {
            info.text("TCP AO");
        }
        (19, _) => {
            info.text(" MD5");
        }
        _ => {
            if let Some(cookie) = option.fast_open_cookie() {
                info.text(if cookie.is_empty() { " TFO=R" } else { " TFO=C" });
            }
        }
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
        if !option.is_sized() {
            // As in Wireshark, it is no option.
            option.note_length(span, tree);
            break;
        }
        tree.open(field(option.kind), span, Value::Bytes(span));
        tree.put(&OPTION_KIND, part(0, 1), Value::Uint(option.kind.into()));
        if let Some(&(_, _, note)) = SYN_OPTIONS.iter().find(|(kind, ..)| *kind == option.kind && !segment.flags.syn())
        {
            tree.note(note, span, format_args!("{}", note.title));
        }
        if option.kind > 1 {
            tree.put(&OPTION_LEN, part(1, 1), Value::Uint(option.u8(1).into()));
            option.note_length(span, tree);
        }
        describe_one(option, part, segment.ack, base, tree);
        if segment.flags.syn()
            && !segment.flags.ack()
            && option.fast_open_cookie().is_some_and(|cookie| !cookie.is_empty())
        {
            tree.note(&ANALYSIS_TFO_SYN, span, format_args!("{}", ANALYSIS_TFO_SYN.title));
        }
        let after = option.offset + 1..payload.bytes.len();
        if option.kind == 0 && payload.bytes.get(after.clone()).is_some_and(|rest| rest.iter().any(|&byte| byte != 0)) {
            let span = payload.span(after.start, after.len());
            tree.note(&NON_ZERO_BYTES_AFTER_EOL, span, format_args!("{}", NON_ZERO_BYTES_AFTER_EOL.title));
        }
        tree.close();
    }
    // Options after one of an invalid length are unknown.
    let is_complete = options(payload.bytes).all(|option| option.is_sized());
    for (kind, note, _) in SYN_OPTIONS {
        if segment.flags.syn() && is_complete && options(payload.bytes).all(|option| option.kind != kind) {
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
        (253 | 254, 4..) => {
            tree.put(&OPTIONS_EXPERIMENTAL_EXID, part(2, 2), Value::Uint(option.u16(2).into()));
        }
        _ => {}
    }
    if let Some(cookie) = option.fast_open_cookie() {
        let span = part(option.bytes.len() - cookie.len(), cookie.len());
        match cookie {
            [] => tree.put(&OPTIONS_TFO_REQUEST, span, Value::Present),
            _ => tree.put(&OPTIONS_TFO_COOKIE, span, Value::Bytes(span)),
        };
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
