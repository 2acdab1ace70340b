//! What IPv6 can say (RFC 8200), its options, and what is concluded when fragments are put together.

use crate::field::Form;

crate::fields! { "ipv6";
    /// Internet Protocol Version 6.
    IPV6: Protocol "ipv6" "Internet Protocol Version 6";
    /// The version: 6.
    VERSION: U8 "ipv6.version" "Version";
    /// The traffic class: codepoint and congestion bits.
    TCLASS: U32 "ipv6.tclass" "Traffic Class" { form: Form::Hex };
    /// The differentiated services codepoint: how it wants to be forwarded.
    TCLASS_DSCP: U32 "ipv6.tclass.dscp" "Differentiated Services Codepoint" { values: crate::names::DSCP };
    /// Explicit congestion notification: whether its sender knows it, and whether a router was congested.
    TCLASS_ECN: U32 "ipv6.tclass.ecn" "Explicit Congestion Notification" { values: crate::names::ECN };
    /// A number that the packets of one flow have in common.
    FLOW: U24 "ipv6.flow" "Flow Label" { form: Form::Hex };
    /// Bytes after the header.
    PLEN: U16 "ipv6.plen" "Payload Length";
    /// What follows the header, by number.
    NXT: U8 "ipv6.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// How many more routers it may pass.
    HLIM: U8 "ipv6.hlim" "Hop Limit";
    /// The sender.
    SRC: Ipv6 "ipv6.src" "Source Address";
    /// The receiver that the header names: the next of its route, if it has one.
    DST: Ipv6 "ipv6.dst" "Destination Address";
    /// Either address.
    ADDR: Ipv6 "ipv6.addr" "Source or Destination Address" { hidden: true };
    /// The sender, as text.
    SRC_HOST: Text "ipv6.src_host" "Source Host" { hidden: true };
    /// The receiver, as text.
    DST_HOST: Text "ipv6.dst_host" "Destination Host" { hidden: true };
    /// Either address, as text.
    HOST: Text "ipv6.host" "Source or Destination Host" { hidden: true };
    /// The Ethernet address from which the sender's address is made.
    SRC_SLAAC_MAC: Ether "ipv6.src_slaac_mac" "Source SLAAC MAC";
    /// The Ethernet address from which the receiver's address is made.
    DST_SLAAC_MAC: Ether "ipv6.dst_slaac_mac" "Destination SLAAC MAC";
    /// The Ethernet address from which either address is made.
    SLAAC_MAC: Ether "ipv6.slaac_mac" "SLAAC MAC" { hidden: true };
    /// An option of an extension header.
    OPT: Label "ipv6.opt" "IPv6 Option";
    /// An option's type.
    OPT_TYPE: U8 "ipv6.opt.type" "Type" { form: Form::Hex, values: super::options::TYPES };
    /// What one who does not know the option should do with the packet.
    OPT_TYPE_ACTION: U8 "ipv6.opt.type.action" "Action" { values: super::options::ACTIONS };
    /// The option may be changed on its way.
    OPT_TYPE_CHANGE: Bool "ipv6.opt.type.change" "May Change";
    /// The lower bits of the option's type.
    OPT_TYPE_REST: U8 "ipv6.opt.type.rest" "Low-Order Bits" { form: Form::Hex };
    /// Bytes of the option's data.
    OPT_LENGTH: U8 "ipv6.opt.length" "Length";
    /// One byte of padding.
    OPT_PAD1: Label "ipv6.opt.pad1" "Pad1";
    /// Several bytes of padding.
    OPT_PADN: Bytes "ipv6.opt.padn" "PadN";
    /// How often it may be put into another tunnel (RFC 2473).
    OPT_TEL: U8 "ipv6.opt.tel" "Tunnel Encapsulation Limit";
    /// Routers should look at it (RFC 2711).
    OPT_ROUTER_ALERT: U16 "ipv6.opt.router_alert" "Router Alert" { values: super::options::ALERTS };
    /// Bytes after the header, if they are more than 65535 (RFC 2675).
    OPT_JUMBO: U32 "ipv6.opt.jumbo" "Payload Length";
    /// The home address of a mobile sender (RFC 6275).
    OPT_MIPV6_HOME_ADDRESS: Ipv6 "ipv6.opt.mipv6.home_address" "MIPv6 Home Address";
    /// The data of an experimental option.
    OPT_EXPERIMENTAL: Bytes "ipv6.opt.experimental" "Experimental Option";
    /// The data of an option that is not known.
    OPT_UNKNOWN: Bytes "ipv6.opt.unknown" "Unknown Option Payload";
    /// The parts of a packet that was put together.
    FRAGMENTS: Label "ipv6.fragments" "IPv6 Fragments";
    /// A frame with a part of the packet.
    FRAGMENT: Frame "ipv6.fragment" "IPv6 Fragment";
    /// A frame with a part of the packet that differs from what came before.
    FRAGMENT_ERROR: Frame "ipv6.fragment.error" "Defragmentation error";
    /// Some of this part came before.
    FRAGMENT_OVERLAP: Bool "ipv6.fragment.overlap" "Fragment overlap";
    /// Some of this part came before and was different; the first copy counts.
    FRAGMENT_OVERLAP_CONFLICT: Bool "ipv6.fragment.overlap.conflict" "Conflicting data in fragment overlap";
    /// How many parts the packet was put together from.
    FRAGMENT_COUNT: U32 "ipv6.fragment.count" "Fragment count";
    /// A packet was given up whose fragments were too many, too long or too late.
    FRAGMENT_LIMIT: Note(Warn) "ipv6.fragment.limit" "A limit of this program was reached" { ours: true };
    /// Bytes of the packet that was put together.
    REASSEMBLED_LENGTH: U32 "ipv6.reassembled.length" "Reassembled IPv6 length";
    /// The packet that was put together.
    REASSEMBLED_DATA: Bytes "ipv6.reassembled.data" "Reassembled IPv6 data";
    /// The frame that completed the packet of which this is a part.
    REASSEMBLED_IN: Frame "ipv6.reassembled.in" "Reassembled IPv6 in frame" { later: true };
    /// The version is not 6.
    BOGUS_IPV6_VERSION: Note(Error) "ipv6.bogus_ipv6_version" "Bogus IP version";
    /// The payload length is more than there is.
    PLEN_EXCEEDS_FRAMING: Note(Warn) "ipv6.plen_exceeds_framing" "IPv6 payload length does not match expected framing length";
    /// The payload length is 0: what the frame has is taken for the payload, as the network card would have cut it.
    PLEN_ZERO: Note(Note) "ipv6.plen_zero" "IPv6 payload length equals 0 (maybe because of \"TCP segmentation offload\" (TSO))";
    /// An option's length does not fit.
    OPT_INVALID_LEN: Note(Warn) "ipv6.opt.invalid_len" "Invalid IPv6 option length";
}
