//! Fields of ICMP.

use crate::field::DisplayBase;

crate::fields! { "icmp";
    /// Internet Control Message Protocol.
    ICMP: Protocol "icmp" "Internet Control Message Protocol";
    /// Type of the message.
    TYPE: U8 "icmp.type" "Type" { values: super::TYPES };
    /// The type is deprecated (RFC 6633, RFC 6918).
    TYPE_DEPRECATED: Note(Note) "icmp.type.deprecated" "Type is deprecated";
    /// Code of the message; the meaning depends on the type.
    CODE: U8 "icmp.code" "Code";
    /// Checksum of the message.
    CHECKSUM: U16 "icmp.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status.
    CHECKSUM_STATUS: U8 "icmp.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Unused bytes, normally zero.
    UNUSED: Bytes "icmp.unused" "Unused";
    /// Identifier of the requesting process; the reply repeats it.
    IDENT: U16 "icmp.ident" "Identifier (BE)";
    /// Identifier, read as little-endian, the byte order of some systems.
    IDENT_LE: U16 "icmp.ident_le" "Identifier (LE)";
    /// Sequence number of the request; the reply repeats it.
    SEQ: U16 "icmp.seq" "Sequence Number (BE)";
    /// Sequence number, read as little-endian, the byte order of some systems.
    SEQ_LE: U16 "icmp.seq_le" "Sequence Number (LE)";
    /// Frame of the reply to an echo request.
    RESP_IN: Frame "icmp.resp_in" "Response frame" { later: true };
    /// The echo request has no reply.
    NO_RESP: Label "icmp.no_resp" "No response seen" { later: true };
    /// Frame of the request of an echo reply.
    RESP_TO: Frame "icmp.resp_to" "Request frame";
    /// Time from the echo request to its reply, in milliseconds.
    RESPTIME: Decimal "icmp.resptime" "Response time";
    /// Largest packet that the next hop can forward.
    MTU: U16 "icmp.mtu" "MTU of next hop";
    /// Number of addresses that a router advertises.
    NUM_ADDRS: U8 "icmp.num_addrs" "Number of addresses";
    /// Size of an entry in units of four bytes.
    ADDR_ENTRY_SIZE: U8 "icmp.addr_entry_size" "Address entry size";
    /// Validity of the advertisement in seconds.
    LIFETIME: U16 "icmp.lifetime" "Lifetime";
    /// Offset of the erroneous byte in the quoted packet.
    POINTER: U32 "icmp.pointer" "Pointer";
    /// Address of a router.
    ROUTER_ADDRESS: Ipv4 "icmp.router_address" "Router address";
    /// Preference of the router.
    PREF_LEVEL: I32 "icmp.pref_level" "Preference level";
    /// Time at which the request was sent, in milliseconds since midnight UTC.
    ORIGINATE_TIMESTAMP: U32 "icmp.originate_timestamp" "Originate Timestamp";
    /// Time at which the request was received, in milliseconds since midnight UTC.
    RECEIVE_TIMESTAMP: U32 "icmp.receive_timestamp" "Receive Timestamp";
    /// Time at which the reply was sent, in milliseconds since midnight UTC.
    TRANSMIT_TIMESTAMP: U32 "icmp.transmit_timestamp" "Transmit Timestamp";
    /// Subnet mask of the network.
    ADDRESS_MASK: Ipv4 "icmp.address_mask" "Address Mask";
    /// Address of the router to use instead.
    REDIR_GW: Ipv4 "icmp.redir_gw" "Gateway Address";
    /// Length of the quoted packet in units of four bytes, if extensions follow it.
    LENGTH: U8 "icmp.length" "Length";
    /// Length of the quoted packet in bytes, if extensions follow it.
    LENGTH_ORIGINAL_DATAGRAM: U8 "icmp.length.original_datagram" "Length of original datagram";
    /// Sequence number of an extended echo request.
    EXT_ECHO_SEQ: U8 "icmp.ext.echo.seq" "Sequence Number";
    /// Extensions after the quoted packet (RFC 4884).
    EXT: Label "icmp.ext" "ICMP Extensions";
    /// Version of the extensions: 2.
    EXT_VERSION: U8 "icmp.ext.version" "Version";
    /// Checksum of the extensions.
    EXT_CHECKSUM: U16 "icmp.ext.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Length of an extension object in bytes.
    EXT_LENGTH: U16 "icmp.ext.length" "Length";
    /// Class of an extension object.
    EXT_CLASS: U8 "icmp.ext.class" "Class" { values: CLASSES };
    /// Type of an extension object in its class.
    EXT_CTYPE: U8 "icmp.ext.ctype" "C-Type";
    /// Data of an extension object.
    EXT_DATA: Bytes "icmp.ext.data" "Data";
    /// MPLS label of the quoted packet (RFC 4950).
    MPLS_LABEL: U24 "icmp.mpls.label" "Label";
    /// Traffic class of the label.
    MPLS_EXP: U24 "icmp.mpls.exp" "Experimental";
    /// Whether the label is the last of the stack.
    MPLS_S: Bool "icmp.mpls.s" "Stack bit";
    /// Time to live of the labelled packet.
    MPLS_TTL: U8 "icmp.mpls.ttl" "Time to live";
    /// The echo request has no reply.
    RESP_NOT_FOUND: Note(Warn) "icmp.resp_not_found" "No response seen to ICMP request" { later: true };
    /// The checksum is wrong.
    CHECKSUM_BAD: Note(Warn) "icmp.checksum_bad" "Bad checksum";
}

const CLASSES: &[(u64, &str)] =
    &[(1, "MPLS Label Stack Class"), (2, "Interface Information Object"), (3, "Interface Identification Object")];
