//! Hardware addresses that use protocol addresses (ARP), to find protocol addresses that two hosts use.

use super::limits;
use super::recent_map::RecentMap;
use super::run_state::RunState;
use super::seek::SeekFact;
use dissectors::packet::{AddressConflict, AddressUse, AddressUses};
use dissectors::session::Stamp;

/// The last use of a protocol address.
#[derive(Clone, Copy)]
struct LastUse {
    hardware: [u8; 6],
    at: Stamp,
}

/// Last uses of protocol addresses.
#[derive(Clone)]
pub(super) struct AddressTable {
    users: RecentMap<[u8; 4], LastUse>,
}

impl Default for AddressTable {
    fn default() -> AddressTable {
        AddressTable { users: RecentMap::new(limits::ADDRESS_USES) }
    }
}

impl AddressTable {
    /// Compares the uses of a frame with earlier ones. Returns those that conflict.
    pub(super) fn conflicts(&mut self, uses: &AddressUses, at: Stamp, run: &mut RunState) -> Vec<AddressConflict> {
        if let Some(seek) = &run.seek {
            return seek.address_conflicts.clone();
        }
        let conflicts: Vec<_> = uses.uses.iter().flatten().filter_map(|&address| self.conflict(address, at)).collect();
        conflicts.iter().for_each(|&conflict| run.report_seek_fact(SeekFact::AddressConflict(at.frame, conflict)));
        conflicts
    }

    /// Compares a use with the last one of the address. It becomes the last one only if both are by the same host, so the
    /// first host keeps the address.
    fn conflict(&mut self, address: AddressUse, at: Stamp) -> Option<AddressConflict> {
        match self.users.get(&address.protocol) {
            Some(last) if last.hardware != address.hardware => {
                let [now, then] = [at.time, last.at.time].map(|nanos| nanos.div_euclid(1_000_000_000));
                let seconds = now.saturating_sub(then) as u32;
                Some(AddressConflict { address, earlier: last.hardware, frame: last.at.frame, seconds })
            }
            _ => {
                self.users.insert(address.protocol, at.frame, LastUse { hardware: address.hardware, at });
                None
            }
        }
    }
}
