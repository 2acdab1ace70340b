//! Addresses of IEEE 802.11 frames: up to four, whose roles depend on the type and the direction of the frame.

use super::fields::*;
use crate::ether_name::NamedEther;
use crate::field::Field;
use crate::packet::Payload;
use crate::tree::{Slice, Tree, Value};

/// Fields of an address in one role.
pub(super) struct Role {
    address: &'static Field,
    resolved: &'static Field,
    /// The organization: its number and its name.
    organization: [&'static Field; 2],
    lg: &'static Field,
    ig: &'static Field,
}

macro_rules! roles {
    ($($name:ident: $address:ident $resolved:ident $oui:ident $oui_resolved:ident $lg:ident $ig:ident;)+) => {
        $(pub(super) static $name: Role = Role {
            address: &$address,
            resolved: &$resolved,
            organization: [&$oui, &$oui_resolved],
            lg: &$lg,
            ig: &$ig,
        };)+
    };
}

roles! {
    RECEIVER: RA RA_RESOLVED RA_OUI RA_OUI_RESOLVED RA_LG RA_IG;
    TRANSMITTER: TA TA_RESOLVED TA_OUI TA_OUI_RESOLVED TA_LG TA_IG;
    DESTINATION: DA DA_RESOLVED DA_OUI DA_OUI_RESOLVED DA_LG DA_IG;
    SOURCE: SA SA_RESOLVED SA_OUI SA_OUI_RESOLVED SA_LG SA_IG;
    BSS: BSSID BSSID_RESOLVED BSSID_OUI BSSID_OUI_RESOLVED BSSID_LG BSSID_IG;
    STATION: STAA STAA_RESOLVED STAA_OUI STAA_OUI_RESOLVED STAA_LG STAA_IG;
    ANY: ADDR ADDR_RESOLVED ADDR_OUI ADDR_OUI_RESOLVED ADDR_LG ADDR_IG;
}

/// Roles of the addresses, each with the offset of its address in the header.
pub(super) type Roles = &'static [(&'static Role, usize)];

/// Roles of the addresses of a management frame (IEEE 802.11 9.3.3.1).
pub(super) const MANAGEMENT: Roles =
    &[(&RECEIVER, 4), (&DESTINATION, 4), (&TRANSMITTER, 10), (&SOURCE, 10), (&BSS, 16)];

/// Returns the roles of the addresses of a data frame (IEEE 802.11 9.3.2.1) by its direction. The packets of an
/// aggregate have destinations and sources of their own.
pub(super) fn data_roles(direction: u8, is_aggregate: bool) -> Roles {
    match (direction, is_aggregate) {
        (0, _) => const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&DESTINATION, 4), (&SOURCE, 10), (&BSS, 16)] },
        (1, false) => {
            const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&DESTINATION, 16), (&SOURCE, 10), (&BSS, 4), (&STATION, 10)] }
        }
        (1, true) => const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&SOURCE, 10), (&BSS, 4), (&STATION, 10)] },
        (2, false) => {
            const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&DESTINATION, 4), (&SOURCE, 16), (&BSS, 10), (&STATION, 4)] }
        }
        (2, true) => const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&DESTINATION, 4), (&BSS, 10), (&STATION, 4)] },
        (_, false) => const { &[(&RECEIVER, 4), (&TRANSMITTER, 10), (&DESTINATION, 16), (&SOURCE, 24)] },
        (_, true) => const { &[(&RECEIVER, 4), (&TRANSMITTER, 10)] },
    }
}

/// Returns the address at an offset.
pub(super) fn address_at(payload: Payload<'_>, offset: usize) -> Option<[u8; 6]> {
    payload.bytes.get(offset..)?.first_chunk().copied()
}

/// Records the addresses. The first role of each address also records it as any address.
pub(super) fn describe(roles: Roles, payload: Payload<'_>, tree: &mut Tree) {
    let mut recorded = [0; 4];
    let mut count = 0;
    for &(role, offset) in roles {
        let Some(address) = address_at(payload, offset) else { continue };
        let span = payload.span(offset, 6);
        tree.open(role.address, span, Value::Ether(address));
        put_parts(role, address, span, tree);
        if !recorded.contains(&offset) {
            if let Some(slot) = recorded.get_mut(count) {
                *slot = offset;
                count += 1;
            }
            tree.put(ANY.address, span, Value::Ether(address));
            put_parts(&ANY, address, span, tree);
        }
        tree.close();
    }
}

/// Records an address of a packet in an aggregate.
pub(super) fn describe_one(role: &Role, payload: Payload<'_>, offset: usize, tree: &mut Tree) {
    if let Some(address) = address_at(payload, offset) {
        let span = payload.span(offset, 6);
        tree.open(role.address, span, Value::Ether(address));
        put_parts(role, address, span, tree);
        tree.close();
    }
}

fn put_parts(role: &Role, address: [u8; 6], span: Slice, tree: &mut Tree) {
    let [first, ..] = address;
    let flags = Slice::new(span.start, span.len.min(3));
    let mut named = NamedEther::new(address);
    named.put_resolved(role.resolved, span, tree);
    named.put_organization(role.organization, span, tree);
    tree.put(role.lg, flags, Value::Bool(first & 2 != 0));
    tree.put(role.ig, flags, Value::Bool(first & 1 != 0));
}
