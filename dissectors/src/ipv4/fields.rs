//! What IPv4 can say (RFC 791), its options, and what is concluded when fragments are put together.

use crate::field::Form;

crate::fields! { "ipv4";
    /// Internet Protocol Version 4.
    IP: Protocol "ip" "Internet Protocol Version 4";
    /// The version: 4, or 6 for IPv6.
    VERSION: U8 "ip.version" "Version";
    /// Bytes of the header, options included.
    HDR_LEN: U8 "ip.hdr_len" "Header Length";
    /// The differentiated services field: codepoint and congestion bits.
    DSFIELD: U8 "ip.dsfield" "Differentiated Services Field" { form: Form::Hex };
    /// The differentiated services codepoint: how it wants to be forwarded.
    DSFIELD_DSCP: U8 "ip.dsfield.dscp" "Differentiated Services Codepoint" { values: crate::names::DSCP };
    /// Explicit congestion notification: whether its sender knows it, and whether a router was congested.
    DSFIELD_ECN: U8 "ip.dsfield.ecn" "Explicit Congestion Notification" { values: crate::names::ECN };
    /// Bytes of header and payload.
    LEN: U32 "ip.len" "Total Length";
    /// The number that its fragments have in common.
    ID: U16 "ip.id" "Identification" { form: Form::Hex };
    /// The flags as one number.
    FLAGS: U8 "ip.flags" "Flags" { form: Form::Hex };
    /// The reserved bit, which ought to be zero.
    FLAGS_RB: Bool "ip.flags.rb" "Reserved bit";
    /// It must not be cut into fragments.
    FLAGS_DF: Bool "ip.flags.df" "Don't fragment";
    /// Fragments follow.
    FLAGS_MF: Bool "ip.flags.mf" "More fragments";
    /// Where in the whole packet's payload it belongs, in units of eight bytes.
    FRAG_OFFSET: U16 "ip.frag_offset" "Fragment Offset";
    /// How many more routers it may pass.
    TTL: U8 "ip.ttl" "Time to Live";
    /// What it carries, by number.
    PROTO: U8 "ip.proto" "Protocol" { values: crate::names::IP_PROTOCOLS };
    /// The checksum over the header.
    CHECKSUM: U16 "ip.checksum" "Header Checksum" { form: Form::Hex };
    /// What is known of the checksum: it is not verified, as sending hosts leave it to their network card.
    CHECKSUM_STATUS: U8 "ip.checksum.status" "Header checksum status" { values: crate::names::CHECKSUM_STATES };
    /// The sender.
    SRC: Ipv4 "ip.src" "Source Address";
    /// The receiver; the last of its route, if it has one.
    DST: Ipv4 "ip.dst" "Destination Address";
    /// Either address.
    ADDR: Ipv4 "ip.addr" "Source or Destination Address" { hidden: true };
    /// The sender, as text.
    SRC_HOST: Text "ip.src_host" "Source Host" { hidden: true };
    /// The receiver, as text.
    DST_HOST: Text "ip.dst_host" "Destination Host" { hidden: true };
    /// Either address, as text.
    HOST: Text "ip.host" "Source or Destination Host" { hidden: true };
    /// Where its route takes it next, if it has one.
    CUR_RT: Ipv4 "ip.cur_rt" "Current Route";
    /// Where its route takes it later.
    SRC_RT: Ipv4 "ip.src_rt" "Source Route";
    /// Where it has been.
    REC_RT: Ipv4 "ip.rec_rt" "Recorded Route";
    /// Room for where it will have been.
    EMPTY_RT: Ipv4 "ip.empty_rt" "Empty Route";
    /// An option's type: copy bit, class and number.
    OPT_TYPE: U8 "ip.opt.type" "Type" { values: super::options::TYPES };
    /// Every fragment has the option.
    OPT_TYPE_COPY: Bool "ip.opt.type.copy" "Copy on fragmentation";
    /// An option's class.
    OPT_TYPE_CLASS: U8 "ip.opt.type.class" "Class" { values: super::options::CLASSES };
    /// An option's number.
    OPT_TYPE_NUMBER: U8 "ip.opt.type.number" "Number";
    /// An option's length, type and length included.
    OPT_LEN: U8 "ip.opt.len" "Length";
    /// Where in the option the next entry goes.
    OPT_PTR: U8 "ip.opt.ptr" "Pointer";
    /// The stream identifier (RFC 791).
    OPT_SID: U16 "ip.opt.sid" "Stream Identifier";
    /// The MTU that was probed (RFC 1063).
    OPT_MTU: U16 "ip.opt.mtu" "MTU";
    /// The number of a traceroute (RFC 1393).
    OPT_ID_NUMBER: U16 "ip.opt.id_number" "ID Number";
    /// How many routers a traceroute has passed on its way out.
    OPT_OHC: U16 "ip.opt.ohc" "Outbound Hop Count";
    /// How many routers a traceroute has passed on its way back.
    OPT_RHC: U16 "ip.opt.rhc" "Return Hop Count";
    /// Who began a traceroute.
    OPT_ORIGINATOR: Ipv4 "ip.opt.originator" "Originator IP Address";
    /// Routers should look at it (RFC 2113).
    OPT_RA: U16 "ip.opt.ra" "Router Alert";
    /// How many routers had no room for their time stamp.
    OPT_OVERFLOW: U8 "ip.opt.overflow" "Overflow";
    /// What a time stamp option holds: times, addresses with times, or times of given addresses.
    OPT_FLAG: U8 "ip.opt.flag" "Flag" { form: Form::Hex };
    /// A router's time stamp.
    OPT_TIME_STAMP: U32 "ip.opt.time_stamp" "Time stamp";
    /// The router of a time stamp.
    OPT_TIME_STAMP_ADDR: Ipv4 "ip.opt.time_stamp_addr" "Address";
    /// The parts of a packet that was put together: their bytes.
    FRAGMENTS: Bytes "ip.fragments" "IPv4 Fragments";
    /// A frame with a part of the packet.
    FRAGMENT: Frame "ip.fragment" "IPv4 Fragment";
    /// A frame with a part of the packet that differs from what came before.
    FRAGMENT_ERROR: Frame "ip.fragment.error" "Defragmentation error";
    /// Some of this part came before.
    FRAGMENT_OVERLAP: Bool "ip.fragment.overlap" "Fragment overlap";
    /// Some of this part came before and was different; the first copy counts.
    FRAGMENT_OVERLAP_CONFLICT: Bool "ip.fragment.overlap.conflict" "Conflicting data in fragment overlap";
    /// How many parts the packet was put together from.
    FRAGMENT_COUNT: U32 "ip.fragment.count" "Fragment count";
    /// A packet was given up whose fragments were too many, too long or too late.
    FRAGMENT_LIMIT: Note(Warn) "ip.fragment.limit" "A limit of this program was reached" { ours: true };
    /// Bytes of the packet that was put together.
    REASSEMBLED_LENGTH: U32 "ip.reassembled.length" "Reassembled IPv4 length";
    /// The packet that was put together.
    REASSEMBLED_DATA: Bytes "ip.reassembled.data" "Reassembled IPv4 data";
    /// The frame that completed the packet of which this is a part.
    REASSEMBLED_IN: Frame "ip.reassembled_in" "Reassembled IPv4 in frame" { later: true };
    /// The version is neither 4 nor 6, or not what the layer below says.
    BOGUS_IP_VERSION: Note(Error) "ip.bogus_ip_version" "Bogus IP version";
    /// The header's length is less than 20 bytes, or more than there is.
    BOGUS_HEADER_LENGTH: Note(Error) "ip.bogus_header_length" "Bogus IP header length";
    /// The total length is less than the header's, or more than there is.
    BOGUS_IP_LENGTH: Note(Error) "ip.bogus_ip_length" "Bogus IP length";
    /// An option's length does not fit.
    OPT_LEN_INVALID: Note(Warn) "ip.opt.len.invalid" "Invalid length for option";
    /// Four options that say nothing stand in a row: a router may have removed some.
    NOP: Note(Warn) "ip.nop" "4 NOP in a row - a router may have removed some options";
    /// It may pass no more routers, though it is not at home yet.
    TTL_TOO_SMALL: Note(Note) "ip.ttl.too_small" "Time To Live";
    /// It is for the local network only, and yet may pass routers.
    TTL_LNCB: Note(Note) "ip.ttl.lncb" "Time To Live";
}

