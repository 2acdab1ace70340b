//! Fields of IPv4 (RFC 791), of its options, and of reassembly.

use crate::field::DisplayBase;

crate::fields! { "ipv4";
    /// Internet Protocol Version 4.
    IP: Protocol "ip" "Internet Protocol Version 4";
    /// Version: 4, or 6 for IPv6.
    VERSION: U8 "ip.version" "Version";
    /// Length of the header in bytes, options included.
    HDR_LEN: U8 "ip.hdr_len" "Header Length";
    /// Differentiated services field: codepoint and congestion bits.
    DSFIELD: U8 "ip.dsfield" "Differentiated Services Field" { base: DisplayBase::Hex };
    /// Differentiated services codepoint: the requested forwarding behaviour.
    DSFIELD_DSCP: U8 "ip.dsfield.dscp" "Differentiated Services Codepoint" { values: crate::names::DSCP };
    /// Explicit congestion notification: whether the sender supports it, and whether a router signals congestion.
    DSFIELD_ECN: U8 "ip.dsfield.ecn" "Explicit Congestion Notification" { values: crate::names::ECN };
    /// Length of header and payload in bytes.
    LEN: U32 "ip.len" "Total Length";
    /// Identification, the same in all fragments of a packet.
    ID: U16 "ip.id" "Identification" { base: DisplayBase::Hex };
    /// All flags.
    FLAGS: U8 "ip.flags" "Flags" { base: DisplayBase::Hex };
    /// Reserved bit, normally zero.
    FLAGS_RB: Bool "ip.flags.rb" "Reserved bit";
    /// Whether fragmentation is forbidden.
    FLAGS_DF: Bool "ip.flags.df" "Don't fragment";
    /// Whether more fragments follow.
    FLAGS_MF: Bool "ip.flags.mf" "More fragments";
    /// Offset of the fragment in the packet's payload, in units of eight bytes.
    FRAG_OFFSET: U16 "ip.frag_offset" "Fragment Offset";
    /// Number of routers that may still forward the packet.
    TTL: U8 "ip.ttl" "Time to Live";
    /// Protocol of the payload.
    PROTO: U8 "ip.proto" "Protocol" { values: crate::names::IP_PROTOCOLS };
    /// Checksum of the header.
    CHECKSUM: U16 "ip.checksum" "Header Checksum" { base: DisplayBase::Hex };
    /// Checksum status: always unverified, because sending hosts may leave the checksum to their network card.
    CHECKSUM_STATUS: U8 "ip.checksum.status" "Header checksum status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Source address.
    SRC: Ipv4 "ip.src" "Source Address";
    /// Destination address; the last address of the source route, if present.
    DST: Ipv4 "ip.dst" "Destination Address";
    /// Source or destination address.
    ADDR: Ipv4 "ip.addr" "Source or Destination Address" { hidden: true };
    /// Name of the source, if addresses are resolved (`-N n`) and it has one; else its address as text.
    SRC_HOST: Text "ip.src_host" "Source Host" { hidden: true };
    /// Name of the destination, as for `ip.src_host`.
    DST_HOST: Text "ip.dst_host" "Destination Host" { hidden: true };
    /// Name of the source or the destination, as for `ip.src_host`.
    HOST: Text "ip.host" "Source or Destination Host" { hidden: true };
    /// Where the name of an address comes from: a message of the capture, its file, or a hosts file.
    HOST_SOURCE: Text "ip.host_source" "Source of the name" { ours: true };
    /// Next address of the source route, if present.
    CUR_RT: Ipv4 "ip.cur_rt" "Current Route";
    /// Later address of the source route.
    SRC_RT: Ipv4 "ip.src_rt" "Source Route";
    /// Address of a passed router.
    REC_RT: Ipv4 "ip.rec_rt" "Recorded Route";
    /// Unused entry for the address of a router.
    EMPTY_RT: Ipv4 "ip.empty_rt" "Empty Route";
    /// Type of an option: copy bit, class and number.
    OPT_TYPE: U8 "ip.opt.type" "Type" { values: super::options::TYPES };
    /// Whether every fragment has the option.
    OPT_TYPE_COPY: Bool "ip.opt.type.copy" "Copy on fragmentation";
    /// Class of an option.
    OPT_TYPE_CLASS: U8 "ip.opt.type.class" "Class" { values: super::options::CLASSES };
    /// Type of an option.
    OPT_TYPE_NUMBER: U8 "ip.opt.type.number" "Number";
    /// Length of an option in bytes, type and length included.
    OPT_LEN: U8 "ip.opt.len" "Length";
    /// Offset of the next entry in the option.
    OPT_PTR: U8 "ip.opt.ptr" "Pointer";
    /// Stream identifier (RFC 791).
    OPT_SID: U16 "ip.opt.sid" "Stream Identifier";
    /// MTU that was probed (RFC 1063).
    OPT_MTU: U16 "ip.opt.mtu" "MTU";
    /// Identifier of a traceroute (RFC 1393).
    OPT_ID_NUMBER: U16 "ip.opt.id_number" "ID Number";
    /// Number of routers passed by a traceroute on the outbound path.
    OPT_OHC: U16 "ip.opt.ohc" "Outbound Hop Count";
    /// Number of routers passed by a traceroute on the return path.
    OPT_RHC: U16 "ip.opt.rhc" "Return Hop Count";
    /// Address of the host that started a traceroute.
    OPT_ORIGINATOR: Ipv4 "ip.opt.originator" "Originator IP Address";
    /// Whether routers should examine the packet (RFC 2113).
    OPT_RA: U16 "ip.opt.ra" "Router Alert";
    /// Number of routers without room for their timestamp.
    OPT_OVERFLOW: U8 "ip.opt.overflow" "Overflow";
    /// Content of a timestamp option: times, addresses with times, or times of given addresses.
    OPT_FLAG: U8 "ip.opt.flag" "Flag" { base: DisplayBase::Hex };
    /// Timestamp of a router.
    OPT_TIME_STAMP: U32 "ip.opt.time_stamp" "Time stamp";
    /// Address of the router of a timestamp.
    OPT_TIME_STAMP_ADDR: Ipv4 "ip.opt.time_stamp_addr" "Address";
    /// Fragments of a reassembled packet: their bytes.
    FRAGMENTS: Bytes "ip.fragments" "IPv4 Fragments";
    /// A frame with a fragment of the packet.
    FRAGMENT: Frame "ip.fragment" "IPv4 Fragment";
    /// A frame with a fragment that differs from earlier data.
    FRAGMENT_ERROR: Frame "ip.fragment.error" "Defragmentation error";
    /// Whether the fragment overlaps earlier data.
    FRAGMENT_OVERLAP: Bool "ip.fragment.overlap" "Fragment overlap";
    /// Whether the fragment overlaps earlier data and differs from it; the first copy counts.
    FRAGMENT_OVERLAP_CONFLICT: Bool "ip.fragment.overlap.conflict" "Conflicting data in fragment overlap";
    /// Number of fragments of the reassembled packet.
    FRAGMENT_COUNT: U32 "ip.fragment.count" "Fragment count";
    /// A packet was dropped because its fragments were too many, too long or too late.
    FRAGMENT_LIMIT: Note(Warn) "ip.fragment.limit" "A limit of this program was reached" { ours: true };
    /// Length of the reassembled packet in bytes.
    REASSEMBLED_LENGTH: U32 "ip.reassembled.length" "Reassembled IPv4 length";
    /// The reassembled packet.
    REASSEMBLED_DATA: Bytes "ip.reassembled.data" "Reassembled IPv4 data";
    /// The frame that completed the packet of this fragment.
    REASSEMBLED_IN: Frame "ip.reassembled_in" "Reassembled IPv4 in frame" { later: true };
    /// The version is neither 4 nor 6, or does not match the layer below.
    BOGUS_IP_VERSION: Note(Error) "ip.bogus_ip_version" "Bogus IP version";
    /// The header length is less than 20 bytes, or exceeds the packet.
    BOGUS_HEADER_LENGTH: Note(Error) "ip.bogus_header_length" "Bogus IP header length";
    /// The total length is less than the header length, or exceeds the packet.
    BOGUS_IP_LENGTH: Note(Error) "ip.bogus_ip_length" "Bogus IP length";
    /// The length of an option is invalid.
    OPT_LEN_INVALID: Note(Warn) "ip.opt.len.invalid" "Invalid length for option";
    /// The option is deprecated (RFC 6814).
    OPT_DEPRECATED: Note(Note) "ip.opt.deprecated" "Option type is deprecated";
    /// The pointer of a route points before its first address.
    OPT_PTR_BEFORE_ADDRESS: Note(Warn) "ip.opt.ptr.before_address" "Pointer points before first address";
    /// The pointer of a route points into an address.
    OPT_PTR_MIDDLE_ADDRESS: Note(Warn) "ip.opt.ptr.middle_address" "Pointer points to middle of address";
    /// The last part of an option is incomplete.
    SUBOPT_TOO_LONG: Note(Warn) "ip.subopt_too_long" "Suboption would go past end of option";
    /// Four consecutive no-operation options: a router may have removed some options.
    NOP: Note(Warn) "ip.nop" "4 NOP in a row - a router may have removed some options";
    /// The time to live is nearly used up before the destination.
    TTL_TOO_SMALL: Note(Note) "ip.ttl.too_small" "Time To Live";
    /// The destination is in the local network, but the time to live allows forwarding.
    TTL_LNCB: Note(Note) "ip.ttl.lncb" "Time To Live";
}
