//! What ICMP can say.

use crate::field::Form;

crate::fields! { "icmp";
    /// Internet Control Message Protocol.
    ICMP: Protocol "icmp" "Internet Control Message Protocol";
    /// What kind of message it is.
    TYPE: U8 "icmp.type" "Type" { values: super::TYPES };
    /// What exactly it says; the meaning depends on the type.
    CODE: U8 "icmp.code" "Code";
    /// The checksum over the message.
    CHECKSUM: U16 "icmp.checksum" "Checksum" { form: Form::Hex };
    /// Whether the checksum is right.
    CHECKSUM_STATUS: U8 "icmp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATES };
    /// Bytes without use, which ought to be zero.
    UNUSED: Bytes "icmp.unused" "Unused";
    /// Which program asks; the answer repeats it.
    IDENT: U16 "icmp.ident" "Identifier (BE)";
    /// The identifier, read in the other byte order, as some systems write it.
    IDENT_LE: U16 "icmp.ident_le" "Identifier (LE)";
    /// The number of the question; the answer repeats it.
    SEQ: U16 "icmp.seq" "Sequence Number (BE)";
    /// The number, read in the other byte order, as some systems write it.
    SEQ_LE: U16 "icmp.seq_le" "Sequence Number (LE)";
    /// The largest packet that gets through.
    MTU: U16 "icmp.mtu" "MTU of next hop";
    /// How many addresses a router advertises.
    NUM_ADDRS: U8 "icmp.num_addrs" "Number of addresses";
    /// Units of four bytes of an entry.
    ADDR_ENTRY_SIZE: U8 "icmp.addr_entry_size" "Address entry size";
    /// How many seconds the advertisement is good for.
    LIFETIME: U16 "icmp.lifetime" "Lifetime";
    /// The byte of the quoted packet that was wrong.
    POINTER: U32 "icmp.pointer" "Pointer";
    /// The address of a router.
    ROUTER_ADDRESS: Ipv4 "icmp.router_address" "Router address";
    /// How much the router is to be preferred.
    PREF_LEVEL: I32 "icmp.pref_level" "Preference level";
    /// When the question was sent, in milliseconds since midnight UTC.
    ORIGINATE_TIMESTAMP: U32 "icmp.originate_timestamp" "Originate Timestamp";
    /// When the question was received, in milliseconds since midnight UTC.
    RECEIVE_TIMESTAMP: U32 "icmp.receive_timestamp" "Receive Timestamp";
    /// When the answer was sent, in milliseconds since midnight UTC.
    TRANSMIT_TIMESTAMP: U32 "icmp.transmit_timestamp" "Transmit Timestamp";
    /// The network's mask.
    ADDRESS_MASK: Ipv4 "icmp.address_mask" "Address Mask";
    /// The router to go by instead.
    REDIR_GW: Ipv4 "icmp.redir_gw" "Gateway Address";
    /// Units of four bytes of the quoted packet, if more follows it.
    LENGTH: U8 "icmp.length" "Length";
    /// Bytes of the quoted packet, if more follows it.
    LENGTH_ORIGINAL_DATAGRAM: U8 "icmp.length.original_datagram" "Length of original datagram";
    /// The number of the question of an extended echo.
    EXT_ECHO_SEQ: U8 "icmp.ext.echo.seq" "Sequence Number";
    /// What follows the quoted packet (RFC 4884).
    EXT: Label "icmp.ext" "ICMP Extensions";
    /// The version of the extensions: 2.
    EXT_VERSION: U8 "icmp.ext.version" "Version";
    /// The checksum over the extensions.
    EXT_CHECKSUM: U16 "icmp.ext.checksum" "Checksum" { form: Form::Hex };
    /// Bytes of an extension.
    EXT_LENGTH: U16 "icmp.ext.length" "Length";
    /// The class of an extension.
    EXT_CLASS: U8 "icmp.ext.class" "Class" { values: CLASSES };
    /// The type of an extension in its class.
    EXT_CTYPE: U8 "icmp.ext.ctype" "C-Type";
    /// The data of an extension.
    EXT_DATA: Bytes "icmp.ext.data" "Data";
    /// An MPLS label the packet had (RFC 4950).
    MPLS_LABEL: U24 "icmp.mpls.label" "Label";
    /// The traffic class of the label.
    MPLS_EXP: U24 "icmp.mpls.exp" "Experimental";
    /// The label was the last.
    MPLS_S: Bool "icmp.mpls.s" "Stack bit";
    /// How many more routers the labelled packet might pass.
    MPLS_TTL: U8 "icmp.mpls.ttl" "Time to live";
    /// The checksum is wrong.
    CHECKSUM_BAD: Note(Warn) "icmp.checksum_bad" "Bad checksum";
}

const CLASSES: &[(u64, &str)] =
    &[(1, "MPLS Label Stack Class"), (2, "Interface Information Object"), (3, "Interface Identification Object")];
