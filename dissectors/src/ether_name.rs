//! Names of Ethernet addresses: of well-known addresses, and of the organizations that assigned them.

use crate::field::Field;
use crate::organizations::organization;
use crate::tree::{Slice, Tree, Value};
use core::cell::OnceCell;
use core::fmt::{self, Write};

/// An Ethernet address with its name and its organization, which are found once for all of its fields.
pub(crate) struct NamedEther {
    address: [u8; 6],
    /// The organization that assigned it, and the length of its prefix in bits.
    organization: OnceCell<Option<(&'static str, u8)>>,
    /// Its name, or its digits if names are not resolved.
    resolved: Option<Slice>,
}

impl NamedEther {
    pub(crate) fn new(address: [u8; 6]) -> NamedEther {
        NamedEther { address, organization: OnceCell::new(), resolved: None }
    }

    fn organization(&self) -> Option<(&'static str, u8)> {
        *self.organization.get_or_init(|| organization(self.address))
    }

    /// Records the address as text: its name, or its digits if names are not resolved.
    pub(crate) fn put_resolved(&mut self, field: &'static Field, span: Slice, tree: &mut Tree) {
        if !tree.wants(field) {
            return;
        }
        let resolved = self.resolved.unwrap_or_else(|| match tree.numeric {
            true => tree.store_text(format_args!("{}", DisplayEther(self.address))),
            false => tree.store_text(format_args!("{}", DisplayName(self))),
        });
        self.resolved = Some(resolved);
        tree.put(field, span, Value::Text(resolved));
    }

    /// Records the organization: the first three bytes of the address, and its name if that is known.
    pub(crate) fn put_organization(&self, fields: [&'static Field; 2], span: Slice, tree: &mut Tree) {
        let ([number, name], [a, b, c, ..]) = (fields, self.address);
        let span = Slice::new(span.start, span.len.min(3));
        tree.put(number, span, Value::Uint(u32::from_be_bytes([0, a, b, c]).into()));
        if tree.wants(name)
            && let Some((organization, _)) = self.organization()
        {
            tree.put_copy(name, span, organization.as_bytes());
        }
    }
}

/// Displays an address as digits.
pub(crate) struct DisplayEther(pub(crate) [u8; 6]);

impl fmt::Display for DisplayEther {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::format::ether(f, self.0)
    }
}

/// Displays an address by its name, as Wireshark does: `Broadcast`, `IPv4mcast_fb`, `Cisco_12:34:56`. An address without a
/// name is displayed as digits.
struct DisplayName<'a>(&'a NamedEther);

impl fmt::Display for DisplayName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.address;
        if address == [0xff; 6] {
            return f.write_str("Broadcast");
        }
        if let Some(&(_, bits, name)) = WELL_KNOWN.iter().find(|&&(base, bits, _)| in_range(address, base, bits)) {
            f.write_str(name)?;
            return write_rest(f, address, bits, RestWidth::Significant);
        }
        match self.0.organization() {
            // Software without an address of its own uses zeros, not the organization of that prefix.
            Some((_, bits @ 24)) if address.starts_with(&[0, 0, 0]) => {
                f.write_str("00:00:00")?;
                write_rest(f, address, bits, RestWidth::All)
            }
            Some((name, bits)) => {
                write_short_name(f, name)?;
                write_rest(f, address, bits, RestWidth::All)
            }
            None => crate::format::ether(f, address),
        }
    }
}

/// Number of bytes that are written after a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RestWidth {
    /// All of them. Half a byte is one digit.
    All,
    /// Those after leading zeros, at least one.
    Significant,
}

/// Returns whether two addresses have the same first bits.
fn in_range(address: [u8; 6], base: [u8; 6], bits: u8) -> bool {
    let [address, base] = [address, base].map(number);
    address >> (48 - bits) == base >> (48 - bits)
}

fn number([a, b, c, d, e, g]: [u8; 6]) -> u64 {
    u64::from_be_bytes([0, 0, a, b, c, d, e, g])
}

/// Writes an underscore, and the part of an address after a prefix.
fn write_rest(f: &mut fmt::Formatter<'_>, address: [u8; 6], bits: u8, width: RestWidth) -> fmt::Result {
    let mut digits = (48 - usize::from(bits)).div_ceil(4);
    if digits == 0 {
        return Ok(());
    }
    let rest = number(address) & ((1 << (48 - bits)) - 1);
    if width == RestWidth::Significant {
        let bytes = (u64::BITS - rest.leading_zeros()).div_ceil(8).max(1);
        digits = 2 * bytes as usize;
    }
    // An underscore or a colon before each byte.
    let mut text = [0; 18];
    let mut len = 0;
    for left in (0..digits).rev() {
        let is_first_of_byte = left % 2 == 1 || len == 0;
        let separator = if len == 0 { b'_' } else { b':' };
        let digit = b"0123456789abcdef".get((rest >> (4 * left) & 0xf) as usize).copied().unwrap_or_default();
        for byte in is_first_of_byte.then_some(separator).into_iter().chain([digit]) {
            if let Some(slot) = text.get_mut(len) {
                *slot = byte;
                len += 1;
            }
        }
    }
    f.write_str(text.get(..len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default())
}

/// Longest short name in characters.
const SHORT_NAME_LEN: usize = 12;

/// Cities and provinces that a short name does not begin with.
const PLACES: [&str; 8] = ["shenzhen", "beijing", "shanghai", "hangzhou", "chengdu", "guangdong", "guangxi", "wuhan"];

/// Words that a short name does not have, the longest of several with the same beginning first.
#[rustfmt::skip]
const OMITTED: [&str; 49] = [
    "s.a. de c.v", "sa de cv", "incorporated", "corporation", "corporate", "holding", "company", "limited", "systems",
    "s.a.r.l", "z.o.o", "z o.o", "z o o", "s.p.a", "s.r.l", "sp.k", "corp", "gmbh", "sarl", "the", "inc", "ltd", "llc", "plc",
    "pty", "pvt", "jsc", "zao", "oyj", "spa", "srl", "a/s", "s/a", "a.s", "n.v", "b.v", "s.a", "k.k", "co", "ag", "of",
    "ab", "oy", "oü", "oÜ", "nv", "bv", "sa", "kg",
];

/// Writes the name of an organization without its place, legal form, spaces and punctuation.
fn write_short_name(out: &mut impl Write, name: &str) -> fmt::Result {
    let mut rest = without_place(name);
    let mut before = None;
    let mut written = 0;
    while let Some(char) = rest.chars().next()
        && written < SHORT_NAME_LEN
    {
        if let Some(after) = after_parentheses(rest) {
            rest = after;
            continue;
        }
        // A word at the beginning is part of the name, and so is one after `&`.
        let is_word = before.is_some_and(|before: char| !before.is_alphanumeric() && before != '&');
        if let Some(after) = is_word.then(|| after_omitted(rest)).flatten() {
            rest = after;
            before = Some(' ');
            continue;
        }
        rest = rest.get(char.len_utf8()..).unwrap_or_default();
        let joins_words = char == '&' && before == Some(' ') && rest.starts_with(' ');
        if !is_separator(char) && !joins_words {
            out.write_char(char)?;
            written += 1;
        }
        before = Some(char);
    }
    Ok(())
}

fn without_place(name: &str) -> &str {
    match name.split_once(' ') {
        Some((first, rest)) if is_one_of(&PLACES, first) || is_one_of(&["the"], first) => rest,
        _ => name,
    }
}

/// Returns the text after a parenthesis at the beginning of a text.
fn after_parentheses(text: &str) -> Option<&str> {
    let inside = text.strip_prefix(['(', '（'])?;
    inside.split_once([')', '）']).map(|(_, after)| after)
}

/// Returns the text after an omitted word at the beginning of a text.
fn after_omitted(text: &str) -> Option<&str> {
    OMITTED.iter().find_map(|word| {
        let (head, after) = text.split_at_checked(word.len())?;
        let is_whole = !after.starts_with(char::is_alphanumeric);
        (is_whole && head.eq_ignore_ascii_case(word)).then_some(after)
    })
}

fn is_one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_separator(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, '’' | '“' | '”' | '«' | '»')
        || char.is_ascii_punctuation() && !matches!(char, '&' | '@' | '_' | '*' | '!' | '?')
}

/// Addresses and ranges with names of their own (IEEE 802.1Q 8.6.3, IEEE 802.1AC, RFC 1112 6.4, RFC 2464 7, RFC 9542 2.2),
/// the longest prefix first: address, length of the prefix in bits, Wireshark's name.
const WELL_KNOWN: &[([u8; 6], u8, &str)] = &[
    ([0x01, 0x80, 0xc2, 0, 0, 0x01], 48, "MAC-specific-ctrl-proto-01"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x02], 48, "Slow-Protocols"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x03], 48, "Nearest-non-TPMR-bridge"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x04], 48, "MAC-specific-ctrl-proto-04"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x07], 48, "MEF-Forum-ELMI-proto"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x08], 48, "Provider-Bridge"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x0b], 48, "EDE-SS-PEP"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x0d], 48, "Provider-Bridge-MVRP"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x0e], 48, "LLDP_Multicast"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x10], 48, "Bridge-Management"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x13], 48, "IEEE-1905.1-Control"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x14], 48, "ISIS-all-level-1-IS's"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x15], 48, "ISIS-all-level-2-IS's"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x1b], 48, "ESIS-all-multicast-capable-ES's"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x1c], 48, "ESIS-all-multicast-announcements"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x1d], 48, "ESIS-all-multicast-capable-IS's"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x40], 48, "All-RBridges"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x41], 48, "All-IS-IS-RBridges"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x42], 48, "All-Egress-RBridges"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x45], 48, "TRILL-End-Stations"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x46], 48, "All-Edge-RBridges"),
    ([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc], 48, "CDP/VTP/DTP/PAgP/UDLD"),
    ([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd], 48, "PVST+"),
    ([0x01, 0x00, 0x0c, 0xcd, 0xcd, 0xcd], 48, "STP-UplinkFast"),
    ([0x01, 0x00, 0x0c, 0xdd, 0xdd, 0xdd], 48, "CGMP"),
    ([0xcf, 0, 0, 0, 0, 0], 48, "Ethernet-Configuration-Test-protocol-(Loopback)"),
    ([0x33, 0x33, 0, 0, 0, 0], 48, "IPv6-Neighbor-Discovery"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x30], 45, "OAM-Multicast-DA-Class-1"),
    ([0x01, 0x80, 0xc2, 0, 0, 0x38], 45, "OAM-Multicast-DA-Class-2"),
    ([0x00, 0x00, 0x5e, 0, 0x01, 0], 40, "IETF-VRRP-VRID"),
    ([0x00, 0x00, 0x0c, 0x07, 0xac, 0], 40, "All-HSRP-routers"),
    ([0x01, 0x80, 0xc2, 0, 0, 0], 24, "Spanning-tree-(for-bridges)"),
    ([0x01, 0x00, 0x5e, 0, 0, 0], 24, "IPv4mcast"),
    ([0x01, 0x00, 0x0c, 0, 0, 0], 24, "ISL-Frame"),
    ([0x33, 0x33, 0, 0, 0, 0], 16, "IPv6mcast"),
    ([0x02, 0xbf, 0, 0, 0, 0], 16, "MS-NLB-VirtServer"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn an_address_is_named_as_by_tshark() {
        // Names from tshark 4.4.
        let rows = [
            (0xffff_ffff_ffff, "Broadcast"),
            (0xe0a1_d718_c273, "Sfr_18:c2:73"),
            (0xe1a1_d700_0000, "Sfr_00:00:00"),
            (0xe2a1_d718_c273, "e2:a1:d7:18:c2:73"),
            (0x0000_0000_0000, "00:00:00_00:00:00"),
            (0x0000_0012_3456, "00:00:00_12:34:56"),
            (0x7872_64aa_bcde, "TyphoonHIL_a:bc:de"),
            (0x8c1f_64a2_0abc, "Intenseye_a:bc"),
            (0x0100_5e00_0001, "IPv4mcast_01"),
            (0x0100_5e00_0102, "IPv4mcast_01:02"),
            (0x0100_5e80_0000, "IPv4mcast_80:00:00"),
            (0x3333_0000_fb01, "IPv6mcast_fb:01"),
            (0x3333_ff00_0001, "IPv6mcast_ff:00:00:01"),
            (0x3333_0000_0000, "IPv6-Neighbor-Discovery"),
            (0x0180_c200_0000, "Spanning-tree-(for-bridges)_00"),
            (0x0180_c200_000e, "LLDP_Multicast"),
            (0x0180_c200_0101, "Spanning-tree-(for-bridges)_01:01"),
            (0x0180_c200_0037, "OAM-Multicast-DA-Class-1_07"),
            (0x0100_0ccc_cccc, "CDP/VTP/DTP/PAgP/UDLD"),
            (0x0100_0c00_0000, "ISL-Frame_00"),
            (0x0000_5e00_01ff, "IETF-VRRP-VRID_ff"),
            (0x0000_0c07_ac01, "All-HSRP-routers_01"),
            (0x0000_5e90_0001, "ICANNIANADep_90:00:01"),
            (0x02bf_0102_0304, "MS-NLB-VirtServer_01:02:03:04"),
            (0x5254_0012_3456, "52:54:00:12:34:56"),
        ];
        for (address, expected) in rows {
            let [_, _, a, b, c, d, e, g] = u64::to_be_bytes(address);
            assert_eq!(format!("{}", DisplayName(&NamedEther::new([a, b, c, d, e, g]))), expected);
        }
    }

    #[test]
    fn a_short_name_has_no_place_and_no_legal_form() {
        // Names from tshark 4.4.
        let rows = [
            ("Xerox Corporation", "Xerox"),
            ("Huawei Technologies Co.,Ltd", "HuaweiTechno"),
            ("Shenzhen Zhiting Technology Co.,Ltd", "ZhitingTechn"),
            ("Pinhole (Beijing) Technology Co., Ltd.", "PinholeTechn"),
            ("Karl DUNGS GmbH & Co. KG", "KarlDUNGS"),
            ("Impex-Sat GmbH&Co KG", "ImpexSat&Co"),
            ("Beijing Kitten&Puppy Technology Co.,Ltd.", "Kitten&Puppy"),
            ("LLC \"EMS-Expert\"", "LLCEMSExpert"),
            ("Apen Group S.p.A. (VAT IT08767740155)", "ApenGroup"),
            ("MEDCOM sp. z o.o.", "MEDCOMsp"),
            ("Zavod № 423", "Zavod№423"),
            ("The Weather Channel", "WeatherChann"),
            ("AB Regin", "ABRegin"),
        ];
        for (name, expected) in rows {
            let mut short = String::new();
            assert!(write_short_name(&mut short, name).is_ok());
            assert_eq!(short, expected, "{name}");
        }
    }

    #[test]
    fn longer_prefixes_come_first() {
        assert!(WELL_KNOWN.is_sorted_by(|a, b| a.1 >= b.1));
    }
}
