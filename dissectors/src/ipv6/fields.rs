//! Fields of IPv6 (RFC 8200), of its options, and of reassembly.

use crate::field::DisplayBase;

crate::fields! { "ipv6";
    /// Internet Protocol Version 6.
    IPV6: Protocol "ipv6" "Internet Protocol Version 6";
    /// Version, always 6.
    VERSION: U8 "ipv6.version" "Version";
    /// Traffic class: codepoint and congestion bits.
    TCLASS: U32 "ipv6.tclass" "Traffic Class" { base: DisplayBase::Hex };
    /// Differentiated services codepoint: the requested forwarding behaviour.
    TCLASS_DSCP: U32 "ipv6.tclass.dscp" "Differentiated Services Codepoint" { values: crate::names::DSCP };
    /// Explicit congestion notification: whether the sender supports it, and whether a router signals congestion.
    TCLASS_ECN: U32 "ipv6.tclass.ecn" "Explicit Congestion Notification" { values: crate::names::ECN };
    /// Flow label, the same in all packets of a flow.
    FLOW: U24 "ipv6.flow" "Flow Label" { base: DisplayBase::Hex };
    /// Length of the payload in bytes.
    PLEN: U16 "ipv6.plen" "Payload Length";
    /// Protocol of the next header.
    NXT: U8 "ipv6.nxt" "Next Header" { values: crate::names::IP_PROTOCOLS };
    /// Number of routers that may still forward the packet.
    HLIM: U8 "ipv6.hlim" "Hop Limit";
    /// Source address.
    SRC: Ipv6 "ipv6.src" "Source Address";
    /// Destination address in the header: the next address of the route, if present.
    DST: Ipv6 "ipv6.dst" "Destination Address";
    /// Source or destination address.
    ADDR: Ipv6 "ipv6.addr" "Source or Destination Address" { hidden: true };
    /// Name of the source, if addresses are resolved (`-N n`) and it has one; else its address as text.
    SRC_HOST: Text "ipv6.src_host" "Source Host" { hidden: true };
    /// Name of the destination, as for `ipv6.src_host`.
    DST_HOST: Text "ipv6.dst_host" "Destination Host" { hidden: true };
    /// Name of the source or the destination, as for `ipv6.src_host`.
    HOST: Text "ipv6.host" "Source or Destination Host" { hidden: true };
    /// Where the name of an address comes from: a message of the capture, its file, or a hosts file.
    HOST_SOURCE: Text "ipv6.host_source" "Source of the name" { ours: true };
    /// Ethernet address from which the source address was formed.
    SRC_SLAAC_MAC: Ether "ipv6.src_slaac_mac" "Source SLAAC MAC";
    /// Ethernet address from which the destination address was formed.
    DST_SLAAC_MAC: Ether "ipv6.dst_slaac_mac" "Destination SLAAC MAC";
    /// Ethernet address from which either address was formed.
    SLAAC_MAC: Ether "ipv6.slaac_mac" "SLAAC MAC" { hidden: true };
    /// An option of an extension header.
    OPT: Label "ipv6.opt" "IPv6 Option";
    /// Type of an option.
    OPT_TYPE: U8 "ipv6.opt.type" "Type" { base: DisplayBase::Hex, values: super::options::TYPES };
    /// Action of a receiver that does not recognize the option.
    OPT_TYPE_ACTION: U8 "ipv6.opt.type.action" "Action" { values: super::options::ACTIONS };
    /// Whether the option may change on the way.
    OPT_TYPE_CHANGE: Bool "ipv6.opt.type.change" "May Change";
    /// Lower bits of the option's type.
    OPT_TYPE_REST: U8 "ipv6.opt.type.rest" "Low-Order Bits" { base: DisplayBase::Hex };
    /// Length of the option's data in bytes.
    OPT_LENGTH: U8 "ipv6.opt.length" "Length";
    /// One byte of padding.
    OPT_PAD1: Label "ipv6.opt.pad1" "Pad1";
    /// Several bytes of padding.
    OPT_PADN: Bytes "ipv6.opt.padn" "PadN";
    /// Number of further tunnels allowed (RFC 2473).
    OPT_TEL: U8 "ipv6.opt.tel" "Tunnel Encapsulation Limit";
    /// Whether routers should examine the packet (RFC 2711).
    OPT_ROUTER_ALERT: U16 "ipv6.opt.router_alert" "Router Alert" { values: super::options::ALERTS };
    /// Length of the payload in bytes, if more than 65535 (RFC 2675).
    OPT_JUMBO: U32 "ipv6.opt.jumbo" "Payload Length";
    /// Home address of a mobile sender (RFC 6275).
    OPT_MIPV6_HOME_ADDRESS: Ipv6 "ipv6.opt.mipv6.home_address" "MIPv6 Home Address";
    /// Data of an experimental option.
    OPT_EXPERIMENTAL: Bytes "ipv6.opt.experimental" "Experimental Option";
    /// Data of an unknown option.
    OPT_UNKNOWN: Bytes "ipv6.opt.unknown" "Unknown Option Payload";
    /// Fragments of a reassembled packet.
    FRAGMENTS: Label "ipv6.fragments" "IPv6 Fragments";
    /// A frame with a fragment of the packet.
    FRAGMENT: Frame "ipv6.fragment" "IPv6 Fragment";
    /// A frame with a fragment that differs from earlier data.
    FRAGMENT_ERROR: Frame "ipv6.fragment.error" "Defragmentation error";
    /// Whether the fragment overlaps earlier data.
    FRAGMENT_OVERLAP: Bool "ipv6.fragment.overlap" "Fragment overlap";
    /// Whether the fragment overlaps earlier data and differs from it; the first copy counts.
    FRAGMENT_OVERLAP_CONFLICT: Bool "ipv6.fragment.overlap.conflict" "Conflicting data in fragment overlap";
    /// Number of fragments of the reassembled packet.
    FRAGMENT_COUNT: U32 "ipv6.fragment.count" "Fragment count";
    /// A packet was dropped because its fragments were too many, too long or too late.
    FRAGMENT_LIMIT: Note(Warn) "ipv6.fragment.limit" "A limit of this program was reached" { ours: true };
    /// Length of the reassembled packet in bytes.
    REASSEMBLED_LENGTH: U32 "ipv6.reassembled.length" "Reassembled IPv6 length";
    /// The reassembled packet.
    REASSEMBLED_DATA: Bytes "ipv6.reassembled.data" "Reassembled IPv6 data";
    /// The frame that completed the packet of this fragment.
    REASSEMBLED_IN: Frame "ipv6.reassembled.in" "Reassembled IPv6 in frame" { later: true };
    /// The version is not 6.
    BOGUS_IPV6_VERSION: Note(Error) "ipv6.bogus_ipv6_version" "Bogus IP version";
    /// The payload length exceeds the frame.
    PLEN_EXCEEDS_FRAMING: Note(Warn) "ipv6.plen_exceeds_framing" "IPv6 payload length does not match expected framing length";
    /// The payload length is 0: all bytes of the frame count as payload, as before segmentation by the network card.
    PLEN_ZERO: Note(Note) "ipv6.plen_zero" "IPv6 payload length equals 0 (maybe because of \"TCP segmentation offload\" (TSO))";
    /// The payload length is 0 and hop-by-hop options follow, but none of them is a jumbo payload of 65536 bytes or more.
    OPT_JUMBO_MISSING: Note(Error) "ipv6.opt.jumbo.missing" "IPv6 payload length equals 0 and Hop-By-Hop present and Jumbo Payload option missing";
    /// A jumbo payload option although the payload length is not 0 (RFC 2675 3).
    OPT_JUMBO_PROHIBITED: Note(Warn) "ipv6.opt.jumbo.prohibited" "When IPv6 payload length does not equal 0 a Jumbo Payload option must not be present";
    /// A jumbo payload option with a length that the IPv6 header itself could have (RFC 2675 3).
    OPT_JUMBO_TRUNCATED: Note(Warn) "ipv6.opt.jumbo.truncated" "Jumbo Payload option present and jumbo length < 65536";
    /// A fragment header in a packet with a jumbo payload (RFC 2675 3).
    OPT_JUMBO_FRAGMENT: Note(Warn) "ipv6.opt.jumbo.fragment" "Jumbo Payload option cannot be used with a fragment header";
    /// The length of an option is invalid.
    OPT_INVALID_LEN: Note(Error) "ipv6.opt.invalid_len" "Invalid IPv6 option length";
}
