//! Names of numbers that several layers share: EtherTypes, IP protocols (IANA registries), checksum status.

/// Wireshark's `ip.version` is the version of either IP, so IPv6 records it too.
pub(crate) use crate::ipv4::VERSION as IP_VERSION;

/// EtherTypes.
pub(crate) const ETHER_TYPES: &[(u64, &str)] = &[
    (0x0800, "IPv4"),
    (0x0806, "ARP"),
    (0x0842, "Wake on LAN"),
    (0x22f3, "TRILL"),
    (0x6558, "Transparent Ethernet bridging"),
    (0x8035, "RARP"),
    (0x809b, "AppleTalk"),
    (0x80f3, "AARP"),
    (0x8100, "802.1Q Virtual LAN"),
    (0x8137, "IPX"),
    (0x86dd, "IPv6"),
    (0x8808, "MAC Control"),
    (0x8809, "Slow Protocols"),
    (0x880b, "PPP"),
    (0x8847, "MPLS label switched packet"),
    (0x8848, "MPLS multicast label switched packet"),
    (0x8863, "PPPoE Discovery"),
    (0x8864, "PPPoE Session"),
    (0x888e, "802.1X Authentication"),
    (0x88a2, "ATA over Ethernet"),
    (0x88a8, "802.1ad Provider Bridge (Q-in-Q)"),
    (0x88b5, "Local experimental 1"),
    (0x88b6, "Local experimental 2"),
    (0x88be, "ERSPAN"),
    (0x88cc, "LLDP"),
    (0x88e5, "802.1AE (MACsec)"),
    (0x88e7, "802.1ah Provider Backbone Bridge"),
    (0x88f7, "PTPv2 over Ethernet"),
    (0x8902, "Connectivity fault management"),
    (0x8906, "Fibre Channel over Ethernet"),
    (0x8915, "RoCE"),
    (0x894f, "NSH"),
    (0x9000, "Loopback"),
    (0x9100, "QinQ: old non-standard 802.1ad"),
];

/// IP protocols, also used as IPv6 next headers.
pub(crate) const IP_PROTOCOLS: &[(u64, &str)] = &[
    (0, "IPv6 Hop-by-Hop Option"),
    (1, "ICMP"),
    (2, "IGMP"),
    (3, "GGP"),
    (4, "IPIP"),
    (5, "Stream"),
    (6, "TCP"),
    (7, "CBT"),
    (8, "EGP"),
    (9, "IGRP"),
    (12, "PUP"),
    (17, "UDP"),
    (20, "HMP"),
    (22, "IDP"),
    (27, "RDP"),
    (29, "ISO TP4"),
    (33, "DCCP"),
    (36, "XTP"),
    (37, "DDP"),
    (41, "IPv6"),
    (43, "Routing Header for IPv6"),
    (44, "Fragment Header for IPv6"),
    (45, "IDRP"),
    (46, "RSVP"),
    (47, "Generic Routing Encapsulation"),
    (48, "DSR"),
    (50, "Encap Security Payload"),
    (51, "Authentication Header"),
    (54, "NARP"),
    (55, "IP Mobility"),
    (58, "ICMPv6"),
    (59, "No Next Header for IPv6"),
    (60, "Destination Options for IPv6"),
    (61, "any host internal protocol"),
    (63, "any local network"),
    (68, "any distributed file system"),
    (80, "ISO Internet Protocol"),
    (84, "TTP"),
    (88, "EIGRP"),
    (89, "OSPF IGP"),
    (92, "MTP"),
    (94, "IP in IP"),
    (97, "EtherIP"),
    (98, "Encapsulation Header"),
    (99, "any private encryption scheme"),
    (103, "PIM"),
    (108, "IPComp"),
    (112, "VRRP"),
    (114, "any 0-hops protocol"),
    (115, "L2TP"),
    (121, "SMP"),
    (124, "ISIS over IPv4"),
    (132, "SCTP"),
    (133, "Fibre Channel"),
    (135, "Mobile IPv6"),
    (136, "UDPlite"),
    (137, "MPLS in IP"),
    (138, "MANET"),
    (139, "Host Identity Protocol"),
    (140, "Shim6"),
    (141, "WESP"),
    (142, "ROHC"),
    (143, "Ethernet"),
];

/// Differentiated services codepoints.
pub(crate) const DSCP: &[(u64, &str)] = &[
    (0, "Default"),
    (1, "Lower Effort"),
    (8, "Class Selector 1"),
    (10, "Assured Forwarding 11"),
    (12, "Assured Forwarding 12"),
    (14, "Assured Forwarding 13"),
    (16, "Class Selector 2"),
    (18, "Assured Forwarding 21"),
    (20, "Assured Forwarding 22"),
    (22, "Assured Forwarding 23"),
    (24, "Class Selector 3"),
    (26, "Assured Forwarding 31"),
    (28, "Assured Forwarding 32"),
    (30, "Assured Forwarding 33"),
    (32, "Class Selector 4"),
    (34, "Assured Forwarding 41"),
    (36, "Assured Forwarding 42"),
    (38, "Assured Forwarding 43"),
    (40, "Class Selector 5"),
    (44, "Voice Admit"),
    (46, "Expedited Forwarding"),
    (48, "Class Selector 6"),
    (56, "Class Selector 7"),
];

/// Values of the two explicit congestion notification bits (RFC 3168 5).
pub(crate) const ECN: &[(u64, &str)] = &[
    (0, "Not ECN-Capable Transport"),
    (1, "ECN-Capable Transport codepoint '01'"),
    (2, "ECN-Capable Transport codepoint '10'"),
    (3, "Congestion Experienced"),
];

/// Checksum status.
pub(crate) const CHECKSUM_STATUS_VALUES: &[(u64, &str)] =
    &[(0, "Bad"), (1, "Good"), (2, "Unverified"), (3, "Not present"), (4, "Illegal")];

/// Returns the name of an IP protocol, or `Unknown`.
pub(crate) fn ip_protocol(number: u8) -> &'static str {
    IP_PROTOCOLS
        .binary_search_by_key(&u64::from(number), |&(entry, _)| entry)
        .ok()
        .and_then(|at| IP_PROTOCOLS.get(at))
        .map_or("Unknown", |&(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_by_number() {
        for table in [ETHER_TYPES, IP_PROTOCOLS, DSCP, ECN, CHECKSUM_STATUS_VALUES] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
        assert_eq!(ip_protocol(17), "UDP");
        assert_eq!(ip_protocol(255), "Unknown");
    }
}
