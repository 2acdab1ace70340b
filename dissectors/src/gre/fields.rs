//! What GRE can say.

use crate::field::Form;

crate::fields! { "gre";
    /// Generic Routing Encapsulation.
    GRE: Protocol "gre" "Generic Routing Encapsulation";
    /// Flags and version as one number.
    FLAGS_AND_VERSION: U16 "gre.flags_and_version" "Flags and Version" { form: Form::Hex };
    /// It has a checksum.
    FLAGS_CHECKSUM: Bool "gre.flags.checksum" "Checksum Bit";
    /// It has a route.
    FLAGS_ROUTING: Bool "gre.flags.routing" "Routing Bit";
    /// It has a key.
    FLAGS_KEY: Bool "gre.flags.key" "Key Bit";
    /// It has a sequence number.
    FLAGS_SEQUENCE_NUMBER: Bool "gre.flags.sequence_number" "Sequence Number Bit";
    /// The route is to be kept strictly.
    FLAGS_STRICT_SOURCE_ROUTE: Bool "gre.flags.strict_source_route" "Strict Source Route Bit";
    /// How often it may be encapsulated again.
    FLAGS_RECURSION_CONTROL: U16 "gre.flags.recursion_control" "Recursion control";
    /// It has an acknowledgment number.
    FLAGS_ACK: Bool "gre.flags.ack" "Acknowledgment";
    /// Reserved bits, which ought to be zero.
    FLAGS_RESERVED: U16 "gre.flags.reserved" "Flags (Reserved)";
    /// The version: 0, or 1 for PPTP.
    FLAGS_VERSION: U16 "gre.flags.version" "Version" { values: VERSIONS };
    /// What it carries, by number.
    PROTO: U16 "gre.proto" "Protocol Type" { form: Form::Hex, values: PROTOCOLS };
    /// The checksum over header and payload.
    CHECKSUM: U16 "gre.checksum" "Checksum" { form: Form::Hex };
    /// Whether the checksum is right.
    CHECKSUM_STATUS: U8 "gre.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATES };
    /// Where in the route the entry in use begins.
    OFFSET: U16 "gre.offset" "Offset";
    /// The key: which tunnel it belongs to.
    KEY: U32 "gre.key" "Key" { form: Form::Hex };
    /// Bytes of payload, in PPTP.
    KEY_PAYLOAD_LENGTH: U16 "gre.key.payload_length" "Payload Length";
    /// The number of the call, in PPTP.
    KEY_CALL_ID: U16 "gre.key.call_id" "Call ID";
    /// The number of the packet in its tunnel.
    SEQUENCE_NUMBER: U32 "gre.sequence_number" "Sequence Number";
    /// The number of the last packet received, in PPTP.
    ACK_NUMBER: U32 "gre.ack_number" "Acknowledgment Number";
    /// An entry of the route.
    ROUTING: Label "gre.routing" "Routing";
    /// The kind of addresses in the entry.
    ROUTING_ADDRESS_FAMILY: U16 "gre.routing.address_family" "Address Family";
    /// Where in the entry the address in use begins.
    ROUTING_SRE_OFFSET: U8 "gre.routing.sre_offset" "SRE Offset";
    /// Bytes of the entry's addresses.
    ROUTING_SRC_LENGTH: U8 "gre.routing.src_length" "SRE Length";
    /// The addresses of the entry.
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
