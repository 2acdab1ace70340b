//! What ICMPv6 can say (RFC 4443), with neighbour discovery (RFC 4861) and listener discovery (RFC 3810).

use crate::field::Form;

crate::fields! { "icmpv6";
    /// Internet Control Message Protocol for IPv6.
    ICMPV6: Protocol "icmpv6" "Internet Control Message Protocol v6";
    /// What kind of message it is.
    TYPE: U8 "icmpv6.type" "Type" { values: super::TYPES };
    /// What exactly it says; the meaning depends on the type.
    CODE: U8 "icmpv6.code" "Code";
    /// The checksum over pseudo header and message.
    CHECKSUM: U16 "icmpv6.checksum" "Checksum" { form: Form::Hex };
    /// Whether the checksum is right.
    CHECKSUM_STATUS: U8 "icmpv6.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATES };
    /// Bytes without use, which ought to be zero.
    RESERVED: Bytes "icmpv6.reserved" "Reserved";
    /// The largest packet that gets through.
    MTU: U32 "icmpv6.mtu" "MTU";
    /// The byte of the quoted packet that was wrong.
    POINTER: U32 "icmpv6.pointer" "Pointer";
    /// Which program asks; the answer repeats it.
    ECHO_IDENTIFIER: U16 "icmpv6.echo.identifier" "Identifier" { form: Form::Hex };
    /// The number of the question; the answer repeats it.
    ECHO_SEQUENCE_NUMBER: U16 "icmpv6.echo.sequence_number" "Sequence";
    /// The hop limit that hosts should use.
    ND_RA_CUR_HOP_LIMIT: U8 "icmpv6.nd.ra.cur_hop_limit" "Cur hop limit";
    /// The flags of a router advertisement as one number.
    ND_RA_FLAG: U8 "icmpv6.nd.ra.flag" "Flags" { form: Form::Hex };
    /// Addresses are to be had by DHCP.
    ND_RA_FLAG_M: Bool "icmpv6.nd.ra.flag.m" "Managed address configuration";
    /// Other things are to be had by DHCP.
    ND_RA_FLAG_O: Bool "icmpv6.nd.ra.flag.o" "Other configuration";
    /// The router is a mobile host's home agent.
    ND_RA_FLAG_H: Bool "icmpv6.nd.ra.flag.h" "Home Agent";
    /// How much the router is to be preferred.
    ND_RA_FLAG_PRF: U8 "icmpv6.nd.ra.flag.prf" "Prf (Default Router Preference)" { values: PREFERENCES };
    /// The advertisement was passed on by a proxy.
    ND_RA_FLAG_P: Bool "icmpv6.nd.ra.flag.p" "Proxy";
    /// Reserved bits, which ought to be zero.
    ND_RA_FLAG_RSV: U8 "icmpv6.nd.ra.flag.rsv" "Reserved";
    /// How many seconds the router will serve as a default router.
    ND_RA_ROUTER_LIFETIME: U16 "icmpv6.nd.ra.router_lifetime" "Router lifetime (s)";
    /// How many milliseconds a neighbour counts as reachable.
    ND_RA_REACHABLE_TIME: U32 "icmpv6.nd.ra.reachable_time" "Reachable time (ms)";
    /// How many milliseconds to wait before a question is repeated.
    ND_RA_RETRANS_TIMER: U32 "icmpv6.nd.ra.retrans_timer" "Retrans timer (ms)";
    /// The address that is asked for.
    ND_NS_TARGET_ADDRESS: Ipv6 "icmpv6.nd.ns.target_address" "Target Address";
    /// The flags of a neighbour's answer as one number.
    ND_NA_FLAG: U32 "icmpv6.nd.na.flag" "Flags" { form: Form::Hex };
    /// The neighbour is a router.
    ND_NA_FLAG_R: Bool "icmpv6.nd.na.flag.r" "Router";
    /// The neighbour was asked.
    ND_NA_FLAG_S: Bool "icmpv6.nd.na.flag.s" "Solicited";
    /// The answer replaces what was known.
    ND_NA_FLAG_O: Bool "icmpv6.nd.na.flag.o" "Override";
    /// Reserved bits, which ought to be zero.
    ND_NA_FLAG_RSV: U32 "icmpv6.nd.na.flag.rsv" "Reserved";
    /// The address that is told of.
    ND_NA_TARGET_ADDRESS: Ipv6 "icmpv6.nd.na.target_address" "Target Address";
    /// The better next hop.
    ND_RD_TARGET_ADDRESS: Ipv6 "icmpv6.nd.rd.target_address" "Target Address";
    /// The receiver for whom it is better.
    RD_NA_DESTINATION_ADDRESS: Ipv6 "icmpv6.rd.na.destination_address" "Destination Address";
    /// An option.
    OPT: Label "icmpv6.opt" "ICMPv6 Option";
    /// The number of an option.
    OPT_TYPE: U8 "icmpv6.opt.type" "Type" { values: super::options::TYPES };
    /// Units of eight bytes of an option.
    OPT_LENGTH: U8 "icmpv6.opt.length" "Length";
    /// Bytes of an option without use.
    OPT_RESERVED: Label "icmpv6.opt.reserved" "Reserved";
    /// The Ethernet address of the sender or the target.
    OPT_LINKADDR: Ether "icmpv6.opt.linkaddr" "Link-layer address";
    /// The Ethernet address of the sender.
    OPT_SRC_LINKADDR: Ether "icmpv6.opt.src_linkaddr" "Source Link-layer address" { hidden: true };
    /// The Ethernet address of the target.
    OPT_TARGET_LINKADDR: Ether "icmpv6.opt.target_linkaddr" "Target Link-layer address" { hidden: true };
    /// How many bits of the prefix count.
    OPT_PREFIX_LENGTH: U8 "icmpv6.opt.prefix.length" "Prefix Length";
    /// The flags of a prefix as one number.
    OPT_PREFIX_FLAG: U8 "icmpv6.opt.prefix.flag" "Flag" { form: Form::Hex };
    /// The prefix is on this link.
    OPT_PREFIX_FLAG_L: Bool "icmpv6.opt.prefix.flag.l" "On-link flag(L)";
    /// Hosts may make themselves addresses with the prefix.
    OPT_PREFIX_FLAG_A: Bool "icmpv6.opt.prefix.flag.a" "Autonomous address-configuration flag(A)";
    /// The prefix is the router's whole address.
    OPT_PREFIX_FLAG_R: Bool "icmpv6.opt.prefix.flag.r" "Router address flag(R)";
    /// Reserved bits, which ought to be zero.
    OPT_PREFIX_FLAG_RESERVED: U8 "icmpv6.opt.prefix.flag.reserved" "Reserved";
    /// How many seconds the prefix is valid.
    OPT_PREFIX_VALID_LIFETIME: U32 "icmpv6.opt.prefix.valid_lifetime" "Valid Lifetime";
    /// How many seconds addresses with the prefix are preferred.
    OPT_PREFIX_PREFERRED_LIFETIME: U32 "icmpv6.opt.prefix.preferred_lifetime" "Preferred Lifetime";
    /// The prefix.
    OPT_PREFIX: Ipv6 "icmpv6.opt.prefix" "Prefix";
    /// The packet that is redirected.
    OPT_REDIRECTED_PACKET: Label "icmpv6.opt.redirected_packet" "Redirected Packet";
    /// The largest packet the link takes.
    OPT_MTU: U32 "icmpv6.opt.mtu" "MTU";
    /// A number that answers to the question repeat.
    OPT_NONCE: Bytes "icmpv6.opt.nonce" "Nonce";
    /// The flags of a route as one number.
    OPT_ROUTE_INFO_FLAG: U8 "icmpv6.opt.route_info.flag" "Flag" { form: Form::Hex };
    /// How much the route is to be preferred.
    OPT_ROUTE_INFO_FLAG_ROUTE_PREFERENCE: U8 "icmpv6.opt.route_info.flag.route_preference" "Route Preference" { values: PREFERENCES };
    /// Reserved bits, which ought to be zero.
    OPT_ROUTE_INFO_FLAG_RESERVED: U8 "icmpv6.opt.route_info.flag.reserved" "Reserved";
    /// How many seconds the route is good for.
    OPT_ROUTE_LIFETIME: U32 "icmpv6.opt.route_lifetime" "Route Lifetime";
    /// How many seconds the name servers are good for.
    OPT_RDNSS_LIFETIME: U32 "icmpv6.opt.rdnss.lifetime" "Lifetime";
    /// A name server.
    OPT_RDNSS: Ipv6 "icmpv6.opt.rdnss" "Recursive DNS Servers";
    /// How many milliseconds an answer may take.
    MLD_MAXIMUM_RESPONSE_DELAY: U16 "icmpv6.mld.maximum_response_delay" "Maximum Response Delay [ms]";
    /// How long an answer may take, as a code.
    MLD_MAXIMUM_RESPONSE_CODE: U16 "icmpv6.mld.maximum_response_code" "Maximum Response Code";
    /// The group.
    MLD_MULTICAST_ADDRESS: Ipv6 "icmpv6.mld.multicast_address" "Multicast Address";
    /// The flags of a query as one number.
    MLD_FLAG: U8 "icmpv6.mld.flag" "Flags" { form: Form::Hex };
    /// Routers should not act on the query.
    MLD_FLAG_S: Bool "icmpv6.mld.flag.s" "Suppress Router-Side Processing";
    /// How many losses the querier reckons with.
    MLD_FLAG_QRV: U8 "icmpv6.mld.flag.qrv" "QRV (Querier's Robustness Variable)";
    /// Reserved bits, which ought to be zero.
    MLD_FLAG_RESERVED: U8 "icmpv6.mld.flag.reserved" "Reserved";
    /// How often the querier asks, as a code.
    MLD_QQI: U8 "icmpv6.mld.qqi" "QQIC (Querier's Query Interval Code)";
    /// How many senders are named.
    MLD_NB_SOURCES: U16 "icmpv6.mld.nb_sources" "Number of Sources";
    /// A sender.
    MLD_SOURCE_ADDRESS: Ipv6 "icmpv6.mld.source_address" "Source Address";
    /// How many groups the report is about.
    MLDR_NB_MCAST_RECORDS: U16 "icmpv6.mldr.nb_mcast_records" "Number of Multicast Address Records";
    /// What a report says of a group.
    MLDR_MAR: Label "icmpv6.mldr.mar" "Multicast Address Record";
    /// What is said of the group.
    MLDR_MAR_RECORD_TYPE: U8 "icmpv6.mldr.mar.record_type" "Record Type" { values: RECORDS };
    /// Units of four bytes that follow the senders.
    MLDR_MAR_AUX_DATA_LEN: U8 "icmpv6.mldr.mar.aux_data_len" "Aux Data Len";
    /// How many senders are named of the group.
    MLDR_MAR_NB_SOURCES: U16 "icmpv6.mldr.mar.nb_sources" "Number of Sources";
    /// The group.
    MLDR_MAR_MULTICAST_ADDRESS: Ipv6 "icmpv6.mldr.mar.multicast_address" "Multicast Address";
    /// A sender of the group.
    MLDR_MAR_SOURCE_ADDRESS: Ipv6 "icmpv6.mldr.mar.source_address" "Source Address";
    /// What follows the senders.
    MLDR_MAR_AUXILIARY_DATA: Bytes "icmpv6.mldr.mar.auxiliary_data" "Auxiliary Data";
    /// The checksum is wrong.
    CHECKSUM_BAD: Note(Warn) "icmpv6.checksum_bad.expert" "Bad checksum";
    /// An option's length is zero, or more than there is.
    INVALID_OPTION_LENGTH: Note(Error) "icmpv6.invalid_option_length" "Invalid Option Length";
}

const PREFERENCES: &[(u64, &str)] = &[(0, "Medium"), (1, "High"), (2, "Reserved"), (3, "Low")];
const RECORDS: &[(u64, &str)] = &[
    (1, "Include"),
    (2, "Exclude"),
    (3, "Changed to include"),
    (4, "Changed to exclude"),
    (5, "Allow new sources"),
    (6, "Block old sources"),
];
