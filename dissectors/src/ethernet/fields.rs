//! What Ethernet can say (IEEE 802.3).

use crate::field::Form;

crate::fields! { "ethernet";
    /// Ethernet.
    ETH: Protocol "eth" "Ethernet";
    /// The address it is for.
    DST: Ether "eth.dst" "Destination";
    /// The address it is for, as text.
    DST_RESOLVED: Text "eth.dst_resolved" "Destination (resolved)" { hidden: true };
    /// The first three bytes of the destination, which name its maker.
    DST_OUI: U24 "eth.dst.oui" "Destination OUI" { hidden: true };
    /// The destination was given by an administrator, not by the maker.
    DST_LG: Bool "eth.dst.lg" "LG bit" { hidden: true, values: LG_BITS };
    /// The destination is a group: multicast or broadcast.
    DST_IG: Bool "eth.dst.ig" "IG bit" { hidden: true, values: IG_BITS };
    /// The address it comes from.
    SRC: Ether "eth.src" "Source";
    /// The address it comes from, as text.
    SRC_RESOLVED: Text "eth.src_resolved" "Source (resolved)" { hidden: true };
    /// The first three bytes of the source, which name its maker.
    SRC_OUI: U24 "eth.src.oui" "Source OUI" { hidden: true };
    /// The source was given by an administrator, not by the maker.
    SRC_LG: Bool "eth.src.lg" "LG bit" { hidden: true, values: LG_BITS };
    /// The source is a group, which no sender may be.
    SRC_IG: Bool "eth.src.ig" "IG bit" { hidden: true, values: IG_BITS };
    /// Either address.
    ADDR: Ether "eth.addr" "Address" { hidden: true };
    /// Either address, as text.
    ADDR_RESOLVED: Text "eth.addr_resolved" "Address (resolved)" { hidden: true };
    /// The first three bytes of either address, which name its maker.
    ADDR_OUI: U24 "eth.addr.oui" "Address OUI" { hidden: true };
    /// An address was given by an administrator, not by the maker.
    LG: Bool "eth.lg" "LG bit" { values: LG_BITS };
    /// An address is a group: multicast or broadcast.
    IG: Bool "eth.ig" "IG bit" { values: IG_BITS };
    /// What the frame carries, by number.
    TYPE: U16 "eth.type" "Type" { form: Form::Hex, values: crate::names::ETHER_TYPES };
    /// Bytes of payload, in frames that have no type.
    LEN: U16 "eth.len" "Length";
    /// A number that is neither a length nor a type.
    INVALID_LENTYPE: U16 "eth.invalid_lentype" "Invalid length/type" { form: Form::Hex };
    /// Zeros that bring the frame to the least length Ethernet allows.
    PADDING: Bytes "eth.padding" "Padding";
    /// What follows payload and padding.
    TRAILER: Bytes "eth.trailer" "Trailer";
    /// The frame check sequence, where the capture has it.
    FCS: U32 "eth.fcs" "Frame check sequence" { form: Form::Hex };
    /// What is known of the frame check sequence: it is not verified.
    FCS_STATUS: U8 "eth.fcs.status" "FCS Status" { values: crate::names::CHECKSUM_STATES };
    /// The source is a group address, which no sender may be.
    SRC_NOT_GROUP: Note(Warn) "eth.src_not_group" "Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)";
    /// The number is neither a length nor a type.
    INVALID_LENTYPE_EXPERT: Note(Warn) "eth.invalid_lentype.expert" "Invalid length/type";
    /// The length is more than there is.
    LEN_PAST_END: Note(Error) "eth.len.past_end" "Length field value goes past the end of the payload";
    /// What stands where padding would is not zero.
    PADDING_BAD: Note(Note) "eth.padding_bad" "No padding of zeros where padding would stand: it may be padding of other bytes";
}

const LG_BITS: &[(u64, &str)] = &[
    (0, "Globally unique address (factory default)"),
    (1, "Locally administered address (this is NOT the factory default)"),
];

const IG_BITS: &[(u64, &str)] = &[(0, "Individual address (unicast)"), (1, "Group address (multicast/broadcast)")];
