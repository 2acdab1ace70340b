//! Fields of GRE.

use crate::field::DisplayBase;

crate::fields! { "gre";
    /// Generic Routing Encapsulation.
    GRE: Protocol "gre" "Generic Routing Encapsulation";
    /// All flags and the version.
    FLAGS_AND_VERSION: U16 "gre.flags_and_version" "Flags and Version" { base: DisplayBase::Hex };
    /// Whether a checksum is present.
    FLAGS_CHECKSUM: Bool "gre.flags.checksum" "Checksum Bit";
    /// Whether routing entries are present.
    FLAGS_ROUTING: Bool "gre.flags.routing" "Routing Bit";
    /// Whether a key is present.
    FLAGS_KEY: Bool "gre.flags.key" "Key Bit";
    /// Whether a sequence number is present.
    FLAGS_SEQUENCE_NUMBER: Bool "gre.flags.sequence_number" "Sequence Number Bit";
    /// Whether the source route is strict.
    FLAGS_STRICT_SOURCE_ROUTE: Bool "gre.flags.strict_source_route" "Strict Source Route Bit";
    /// Number of further encapsulations allowed.
    FLAGS_RECURSION_CONTROL: U16 "gre.flags.recursion_control" "Recursion control";
    /// Whether an acknowledgment number is present.
    FLAGS_ACK: Bool "gre.flags.ack" "Acknowledgment";
    /// Reserved bits, normally zero.
    FLAGS_RESERVED: U16 "gre.flags.reserved" "Flags (Reserved)";
    /// Version: 0, or 1 for PPTP.
    FLAGS_VERSION: U16 "gre.flags.version" "Version" { values: VERSIONS };
    /// Protocol of the payload.
    PROTO: U16 "gre.proto" "Protocol Type" { base: DisplayBase::Hex, values: PROTOCOLS };
    /// Checksum of header and payload.
    CHECKSUM: U16 "gre.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status.
    CHECKSUM_STATUS: U8 "gre.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Offset of the active routing entry.
    OFFSET: U16 "gre.offset" "Offset";
    /// Key that identifies the tunnel.
    KEY: U32 "gre.key" "Key" { base: DisplayBase::Hex };
    /// Length of the payload, in PPTP.
    KEY_PAYLOAD_LENGTH: U16 "gre.key.payload_length" "Payload Length";
    /// Call ID, in PPTP.
    KEY_CALL_ID: U16 "gre.key.call_id" "Call ID";
    /// Sequence number of the packet in its tunnel.
    SEQUENCE_NUMBER: U32 "gre.sequence_number" "Sequence Number";
    /// Number of the last packet received, in PPTP.
    ACK_NUMBER: U32 "gre.ack_number" "Acknowledgment Number";
    /// A routing entry.
    ROUTING: Label "gre.routing" "Routing";
    /// Address family of the entry.
    ROUTING_ADDRESS_FAMILY: U16 "gre.routing.address_family" "Address Family";
    /// Offset of the active address in the entry.
    ROUTING_SRE_OFFSET: U8 "gre.routing.sre_offset" "SRE Offset";
    /// Length of the addresses in the entry.
    ROUTING_SRC_LENGTH: U8 "gre.routing.src_length" "SRE Length";
    /// Addresses of the entry.
    ROUTING_INFORMATION: Bytes "gre.routing.information" "Routing Information";
    /// The checksum is wrong.
    CHECKSUM_INCORRECT: Note(Warn) "gre.checksum.incorrect" "Incorrect GRE Checksum";
}

const VERSIONS: &[(u64, &str)] = &[(0, "GRE"), (1, "Enhanced GRE")];
const PROTOCOLS: &[(u64, &str)] = &[
    (0x0000, "Possible GRE keepalive packet"),
    (0x0800, "IP"),
    (0x0806, "ARP"),
    (0x22eb, "ERSPAN III"),
    (0x6558, "Transparent Ethernet bridging"),
    (0x86dd, "IPv6"),
    (0x880b, "PPP"),
    (0x883e, "WCCP"),
    (0x8847, "MPLS label switched packet"),
    (0x8848, "MPLS multicast label switched packet"),
    (0x88be, "ERSPAN"),
    (0x894f, "NSH"),
];
