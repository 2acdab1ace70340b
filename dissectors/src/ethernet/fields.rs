//! Fields of Ethernet (IEEE 802.3).

use crate::field::DisplayBase;

crate::fields! { "ethernet";
    /// Ethernet.
    ETH: Protocol "eth" "Ethernet";
    /// Destination address.
    DST: Ether "eth.dst" "Destination";
    /// Destination address, by its name, such as `Broadcast` or `Cisco_12:34:56`; with `-n` as digits.
    DST_RESOLVED: Text "eth.dst_resolved" "Destination (resolved)" { hidden: true };
    /// Organization (OUI) of the destination: its first three bytes.
    DST_OUI: U24 "eth.dst.oui" "Destination OUI" { hidden: true };
    /// Name of the organization that assigned the destination.
    DST_OUI_RESOLVED: Text "eth.dst.oui_resolved" "Destination OUI (resolved)" { hidden: true };
    /// Whether the destination is locally administered.
    DST_LG: Bool "eth.dst.lg" "LG bit" { hidden: true, values: LG_BITS };
    /// Whether the destination is a group address: multicast or broadcast.
    DST_IG: Bool "eth.dst.ig" "IG bit" { hidden: true, values: IG_BITS };
    /// Source address.
    SRC: Ether "eth.src" "Source";
    /// Source address, by its name, such as `Cisco_12:34:56`; with `-n` as digits.
    SRC_RESOLVED: Text "eth.src_resolved" "Source (resolved)" { hidden: true };
    /// Organization (OUI) of the source: its first three bytes.
    SRC_OUI: U24 "eth.src.oui" "Source OUI" { hidden: true };
    /// Name of the organization that assigned the source.
    SRC_OUI_RESOLVED: Text "eth.src.oui_resolved" "Source OUI (resolved)" { hidden: true };
    /// Whether the source is locally administered.
    SRC_LG: Bool "eth.src.lg" "LG bit" { hidden: true, values: LG_BITS };
    /// Whether the source is a group address, which is invalid.
    SRC_IG: Bool "eth.src.ig" "IG bit" { hidden: true, values: IG_BITS };
    /// Source or destination address.
    ADDR: Ether "eth.addr" "Address" { hidden: true };
    /// Source or destination address, by its name; with `-n` as digits.
    ADDR_RESOLVED: Text "eth.addr_resolved" "Address (resolved)" { hidden: true };
    /// Organization (OUI) of either address: its first three bytes.
    ADDR_OUI: U24 "eth.addr.oui" "Address OUI" { hidden: true };
    /// Name of the organization that assigned either address.
    ADDR_OUI_RESOLVED: Text "eth.addr.oui_resolved" "Address OUI (resolved)" { hidden: true };
    /// Whether an address is locally administered.
    LG: Bool "eth.lg" "LG bit" { values: LG_BITS };
    /// Whether an address is a group address: multicast or broadcast.
    IG: Bool "eth.ig" "IG bit" { values: IG_BITS };
    /// EtherType of the payload.
    TYPE: U16 "eth.type" "Type" { base: DisplayBase::Hex, values: crate::names::ETHER_TYPES };
    /// Length of the payload, in frames without an EtherType.
    LEN: U16 "eth.len" "Length";
    /// A number that is neither a length nor a type.
    INVALID_LENTYPE: U16 "eth.invalid_lentype" "Invalid length/type" { base: DisplayBase::Hex };
    /// Zero bytes that pad the frame to Ethernet's minimum length.
    PADDING: Bytes "eth.padding" "Padding";
    /// Bytes after the payload and the padding.
    TRAILER: Bytes "eth.trailer" "Trailer";
    /// Frame check sequence, if captured.
    FCS: U32 "eth.fcs" "Frame check sequence" { base: DisplayBase::Hex };
    /// Status of the frame check sequence: always unverified.
    FCS_STATUS: U8 "eth.fcs.status" "FCS Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// The source is a group address, which is invalid.
    SRC_NOT_GROUP: Note(Warn) "eth.src_not_group" "Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)";
    /// The number is neither a length nor a type.
    INVALID_LENTYPE_EXPERT: Note(Warn) "eth.invalid_lentype.expert" "Invalid length/type";
    /// The length exceeds the payload.
    LEN_PAST_END: Note(Error) "eth.len.past_end" "Length field value goes past the end of the payload";
    /// The bytes where padding is expected are not zero.
    PADDING_BAD: Note(Note) "eth.padding_bad" "No padding of zeros where padding is expected: the trailer may be padding of other bytes";
}

const LG_BITS: &[(u64, &str)] = &[
    (0, "Globally unique address (factory default)"),
    (1, "Locally administered address (this is NOT the factory default)"),
];

const IG_BITS: &[(u64, &str)] = &[(0, "Individual address (unicast)"), (1, "Group address (multicast/broadcast)")];
