//! Organizations that assign Ethernet addresses, from the registries MA-L, MA-M, MA-S and IAB of the IEEE.

use alloc::boxed::Box;
use alloc::vec::Vec;
use once_cell::race::OnceBox;

/// The registries. The script `organizations/generate` describes the format.
static COMPRESSED: &[u8] = include_bytes!("../organizations/organizations.bin");

/// Lengths of prefixes in bits, the longest first.
const PREFIX_BITS: [u8; 3] = [36, 28, 24];

/// The assignments of one registry.
#[derive(Default)]
struct Registry {
    /// Prefixes in ascending order, each with the index of its name.
    assignments: Vec<(u64, u32)>,
}

/// The registries, decompressed when a name is first requested.
#[derive(Default)]
struct Organizations {
    /// Registries in the order of [`PREFIX_BITS`].
    registries: [Registry; PREFIX_BITS.len()],
    names: Vec<Box<str>>,
}

/// Returns the name of the organization that assigned an address, and the length of its prefix in bits.
pub(crate) fn organization([first, rest @ ..]: [u8; 6]) -> Option<(&'static str, u8)> {
    static ORGANIZATIONS: OnceBox<Organizations> = OnceBox::new();
    let organizations = ORGANIZATIONS.get_or_init(|| Box::new(Organizations::decompress().unwrap_or_default()));
    let [a, b, c, d, e] = rest;
    // A group address has the prefix of the organization that assigned it, with the group bit.
    let address = u64::from_be_bytes([0, 0, first & !1, a, b, c, d, e]);
    organizations.registries.iter().zip(PREFIX_BITS).find_map(|(registry, bits)| {
        let prefix = address >> (48 - bits);
        let at = registry.assignments.binary_search_by_key(&prefix, |&(assigned, _)| assigned).ok()?;
        let &(_, name) = registry.assignments.get(at)?;
        organizations.names.get(name as usize).map(|name| (&**name, bits))
    })
}

impl Organizations {
    fn decompress() -> Option<Organizations> {
        let bytes = miniz_oxide::inflate::decompress_to_vec_zlib(COMPRESSED).ok()?;
        let mut rest = bytes.as_slice();
        let mut organizations = Organizations::default();
        let mut names = 0_u64;
        for registry in organizations.registries.iter_mut().rev() {
            let mut prefix = 0;
            for _ in 0..leb128(&mut rest)? {
                prefix += leb128(&mut rest)?;
                let name = match leb128(&mut rest)? {
                    0 => {
                        names += 1;
                        names - 1
                    }
                    distance => names.checked_sub(distance)?,
                };
                registry.assignments.push((prefix, u32::try_from(name).ok()?));
            }
        }
        organizations.names = core::str::from_utf8(rest).ok()?.lines().map(Box::from).collect();
        Some(organizations)
    }
}

/// Reads an unsigned number of seven bits a byte, the lowest first.
fn leb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_names_the_organization() {
        // Names from tshark 4.4.
        let rows = [
            ([0xe0, 0xa1, 0xd7, 0x18, 0xc2, 0x73], Some(("Sfr", 24))),
            ([0xe1, 0xa1, 0xd7, 0x18, 0xc2, 0x73], Some(("Sfr", 24))),
            ([0xe2, 0xa1, 0xd7, 0x18, 0xc2, 0x73], None),
            ([0x02, 0x60, 0x8c, 0x12, 0x34, 0x56], Some(("3Com", 24))),
            ([0x78, 0x72, 0x64, 0xaa, 0xbc, 0xde], Some(("Typhoon HIL, Inc.", 28))),
            ([0x8c, 0x1f, 0x64, 0xa2, 0x0a, 0xbc], Some(("Intenseye Inc.", 36))),
            ([0x00, 0x50, 0xc2, 0x00, 0x12, 0x34], Some(("JMBS Developpements", 36))),
            ([0xff; 6], None),
            ([0; 6], Some(("Xerox Corporation", 24))),
        ];
        for (address, expected) in rows {
            assert_eq!(organization(address), expected, "{address:02x?}");
        }
    }

    #[test]
    fn every_assignment_has_a_name() {
        let organizations = Organizations::decompress().unwrap_or_default();
        let counts = organizations.registries.each_ref().map(|registry| registry.assignments.len());
        assert!(counts.iter().all(|&count| count > 5_000), "{counts:?}");
        for registry in &organizations.registries {
            assert!(registry.assignments.is_sorted_by(|a, b| a.0 < b.0));
            let names = registry.assignments.iter().map(|&(_, name)| organizations.names.get(name as usize));
            assert!(names.into_iter().all(|name| name.is_some_and(|name| !name.is_empty())));
        }
    }
}
