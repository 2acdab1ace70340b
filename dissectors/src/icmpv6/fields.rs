//! Fields of ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and listener discovery (RFC 3810).

use crate::field::DisplayBase;

crate::fields! { "icmpv6";
    /// Internet Control Message Protocol for IPv6.
    ICMPV6: Protocol "icmpv6" "Internet Control Message Protocol v6";
    /// Type of the message.
    TYPE: U8 "icmpv6.type" "Type" { values: super::TYPES };
    /// Code of the message; the meaning depends on the type.
    CODE: U8 "icmpv6.code" "Code";
    /// Checksum of pseudo header and message.
    CHECKSUM: U16 "icmpv6.checksum" "Checksum" { base: DisplayBase::Hex };
    /// Checksum status.
    CHECKSUM_STATUS: U8 "icmpv6.checksum.status" "Checksum Status" { values: crate::names::CHECKSUM_STATUS_VALUES };
    /// Unused bytes, normally zero.
    RESERVED: Bytes "icmpv6.reserved" "Reserved";
    /// Largest packet that the next hop can forward.
    MTU: U32 "icmpv6.mtu" "MTU";
    /// Offset of the erroneous byte in the quoted packet.
    POINTER: U32 "icmpv6.pointer" "Pointer";
    /// Identifier of the requesting process; the reply repeats it.
    ECHO_IDENTIFIER: U16 "icmpv6.echo.identifier" "Identifier" { base: DisplayBase::Hex };
    /// Sequence number of the request; the reply repeats it.
    ECHO_SEQUENCE_NUMBER: U16 "icmpv6.echo.sequence_number" "Sequence";
    /// Frame of the reply to an echo request.
    RESP_IN: Frame "icmpv6.resp_in" "Response In" { later: true };
    /// The echo request has no reply.
    NO_RESP: Label "icmpv6.no_resp" "No response seen" { later: true };
    /// Frame of the request of an echo reply.
    RESP_TO: Frame "icmpv6.resp_to" "Response To";
    /// Time from the echo request to its reply, in milliseconds.
    RESPTIME: Decimal "icmpv6.resptime" "Response Time";
    /// Hop limit that hosts should use.
    ND_RA_CUR_HOP_LIMIT: U8 "icmpv6.nd.ra.cur_hop_limit" "Cur hop limit";
    /// All flags of a router advertisement.
    ND_RA_FLAG: U8 "icmpv6.nd.ra.flag" "Flags" { base: DisplayBase::Hex };
    /// Whether addresses are available by DHCPv6.
    ND_RA_FLAG_M: Bool "icmpv6.nd.ra.flag.m" "Managed address configuration";
    /// Whether other configuration is available by DHCPv6.
    ND_RA_FLAG_O: Bool "icmpv6.nd.ra.flag.o" "Other configuration";
    /// Whether the router is a home agent for mobile hosts.
    ND_RA_FLAG_H: Bool "icmpv6.nd.ra.flag.h" "Home Agent";
    /// Preference of the router.
    ND_RA_FLAG_PRF: U8 "icmpv6.nd.ra.flag.prf" "Prf (Default Router Preference)" { values: PREFERENCES };
    /// Whether a proxy forwarded the advertisement.
    ND_RA_FLAG_P: Bool "icmpv6.nd.ra.flag.p" "Proxy";
    /// Reserved bits, normally zero.
    ND_RA_FLAG_RSV: U8 "icmpv6.nd.ra.flag.rsv" "Reserved";
    /// Number of seconds for which the router serves as a default router.
    ND_RA_ROUTER_LIFETIME: U16 "icmpv6.nd.ra.router_lifetime" "Router lifetime (s)";
    /// Number of milliseconds for which a neighbour is considered reachable.
    ND_RA_REACHABLE_TIME: U32 "icmpv6.nd.ra.reachable_time" "Reachable time (ms)";
    /// Number of milliseconds between retransmitted solicitations.
    ND_RA_RETRANS_TIMER: U32 "icmpv6.nd.ra.retrans_timer" "Retrans timer (ms)";
    /// Address that the sender solicits.
    ND_NS_TARGET_ADDRESS: Ipv6 "icmpv6.nd.ns.target_address" "Target Address";
    /// All flags of a neighbour advertisement.
    ND_NA_FLAG: U32 "icmpv6.nd.na.flag" "Flags" { base: DisplayBase::Hex };
    /// Whether the neighbour is a router.
    ND_NA_FLAG_R: Bool "icmpv6.nd.na.flag.r" "Router";
    /// Whether the advertisement responds to a solicitation.
    ND_NA_FLAG_S: Bool "icmpv6.nd.na.flag.s" "Solicited";
    /// Whether the advertisement overrides a cached address.
    ND_NA_FLAG_O: Bool "icmpv6.nd.na.flag.o" "Override";
    /// Reserved bits, normally zero.
    ND_NA_FLAG_RSV: U32 "icmpv6.nd.na.flag.rsv" "Reserved";
    /// Address that the sender advertises.
    ND_NA_TARGET_ADDRESS: Ipv6 "icmpv6.nd.na.target_address" "Target Address";
    /// Better next hop.
    ND_RD_TARGET_ADDRESS: Ipv6 "icmpv6.nd.rd.target_address" "Target Address";
    /// Destination for which the next hop is better.
    RD_NA_DESTINATION_ADDRESS: Ipv6 "icmpv6.rd.na.destination_address" "Destination Address";
    /// An option.
    OPT: Label "icmpv6.opt" "ICMPv6 Option";
    /// Type of an option.
    OPT_TYPE: U8 "icmpv6.opt.type" "Type" { values: super::options::TYPES };
    /// Length of an option in units of eight bytes.
    OPT_LENGTH: U8 "icmpv6.opt.length" "Length";
    /// Reserved bytes of an option.
    OPT_RESERVED: Label "icmpv6.opt.reserved" "Reserved";
    /// Ethernet address of the source or the target.
    OPT_LINKADDR: Ether "icmpv6.opt.linkaddr" "Link-layer address";
    /// Ethernet address of the source.
    OPT_SRC_LINKADDR: Ether "icmpv6.opt.src_linkaddr" "Source Link-layer address" { hidden: true };
    /// Ethernet address of the target.
    OPT_TARGET_LINKADDR: Ether "icmpv6.opt.target_linkaddr" "Target Link-layer address" { hidden: true };
    /// Length of the prefix in bits.
    OPT_PREFIX_LENGTH: U8 "icmpv6.opt.prefix.length" "Prefix Length";
    /// All flags of a prefix.
    OPT_PREFIX_FLAG: U8 "icmpv6.opt.prefix.flag" "Flag" { base: DisplayBase::Hex };
    /// Whether the prefix is on this link.
    OPT_PREFIX_FLAG_L: Bool "icmpv6.opt.prefix.flag.l" "On-link flag(L)";
    /// Whether hosts may form addresses with the prefix.
    OPT_PREFIX_FLAG_A: Bool "icmpv6.opt.prefix.flag.a" "Autonomous address-configuration flag(A)";
    /// Whether the prefix field holds the router's full address.
    OPT_PREFIX_FLAG_R: Bool "icmpv6.opt.prefix.flag.r" "Router address flag(R)";
    /// Reserved bits, normally zero.
    OPT_PREFIX_FLAG_RESERVED: U8 "icmpv6.opt.prefix.flag.reserved" "Reserved";
    /// Number of seconds for which the prefix is valid.
    OPT_PREFIX_VALID_LIFETIME: U32 "icmpv6.opt.prefix.valid_lifetime" "Valid Lifetime";
    /// Number of seconds for which addresses with the prefix are preferred.
    OPT_PREFIX_PREFERRED_LIFETIME: U32 "icmpv6.opt.prefix.preferred_lifetime" "Preferred Lifetime";
    /// Address prefix.
    OPT_PREFIX: Ipv6 "icmpv6.opt.prefix" "Prefix";
    /// The redirected packet.
    OPT_REDIRECTED_PACKET: Label "icmpv6.opt.redirected_packet" "Redirected Packet";
    /// Largest packet of the link.
    OPT_MTU: U32 "icmpv6.opt.mtu" "MTU";
    /// Random number of a solicitation; the advertisement repeats it.
    OPT_NONCE: Bytes "icmpv6.opt.nonce" "Nonce";
    /// All flags of a route.
    OPT_ROUTE_INFO_FLAG: U8 "icmpv6.opt.route_info.flag" "Flag" { base: DisplayBase::Hex };
    /// Preference of the route.
    OPT_ROUTE_INFO_FLAG_ROUTE_PREFERENCE: U8 "icmpv6.opt.route_info.flag.route_preference" "Route Preference" { values: PREFERENCES };
    /// Reserved bits, normally zero.
    OPT_ROUTE_INFO_FLAG_RESERVED: U8 "icmpv6.opt.route_info.flag.reserved" "Reserved";
    /// Number of seconds for which the route is valid.
    OPT_ROUTE_LIFETIME: U32 "icmpv6.opt.route_lifetime" "Route Lifetime";
    /// Number of seconds for which the name servers are valid.
    OPT_RDNSS_LIFETIME: U32 "icmpv6.opt.rdnss.lifetime" "Lifetime";
    /// Address of a name server.
    OPT_RDNSS: Ipv6 "icmpv6.opt.rdnss" "Recursive DNS Servers";
    /// Maximum time before a report in response, in milliseconds.
    MLD_MAXIMUM_RESPONSE_DELAY: U16 "icmpv6.mld.maximum_response_delay" "Maximum Response Delay [ms]";
    /// Maximum time before a report in response, as a code.
    MLD_MAXIMUM_RESPONSE_CODE: U16 "icmpv6.mld.maximum_response_code" "Maximum Response Code";
    /// Multicast group address.
    MLD_MULTICAST_ADDRESS: Ipv6 "icmpv6.mld.multicast_address" "Multicast Address";
    /// All flags of a query.
    MLD_FLAG: U8 "icmpv6.mld.flag" "Flags" { base: DisplayBase::Hex };
    /// Whether routers should suppress the normal timer updates.
    MLD_FLAG_S: Bool "icmpv6.mld.flag.s" "Suppress Router-Side Processing";
    /// Robustness variable of the querier: the expected number of packet losses.
    MLD_FLAG_QRV: U8 "icmpv6.mld.flag.qrv" "QRV (Querier's Robustness Variable)";
    /// Reserved bits, normally zero.
    MLD_FLAG_RESERVED: U8 "icmpv6.mld.flag.reserved" "Reserved";
    /// Interval between queries, as a code.
    MLD_QQI: U8 "icmpv6.mld.qqi" "QQIC (Querier's Query Interval Code)";
    /// Number of source addresses.
    MLD_NB_SOURCES: U16 "icmpv6.mld.nb_sources" "Number of Sources";
    /// Address of a source.
    MLD_SOURCE_ADDRESS: Ipv6 "icmpv6.mld.source_address" "Source Address";
    /// Number of group records in the report.
    MLDR_NB_MCAST_RECORDS: U16 "icmpv6.mldr.nb_mcast_records" "Number of Multicast Address Records";
    /// A group record of a report.
    MLDR_MAR: Label "icmpv6.mldr.mar" "Multicast Address Record";
    /// Type of the group record.
    MLDR_MAR_RECORD_TYPE: U8 "icmpv6.mldr.mar.record_type" "Record Type" { values: RECORDS };
    /// Length of the auxiliary data in units of four bytes.
    MLDR_MAR_AUX_DATA_LEN: U8 "icmpv6.mldr.mar.aux_data_len" "Aux Data Len";
    /// Number of source addresses in the record.
    MLDR_MAR_NB_SOURCES: U16 "icmpv6.mldr.mar.nb_sources" "Number of Sources";
    /// Multicast group address.
    MLDR_MAR_MULTICAST_ADDRESS: Ipv6 "icmpv6.mldr.mar.multicast_address" "Multicast Address";
    /// Address of a source in the record.
    MLDR_MAR_SOURCE_ADDRESS: Ipv6 "icmpv6.mldr.mar.source_address" "Source Address";
    /// Auxiliary data after the source addresses.
    MLDR_MAR_AUXILIARY_DATA: Bytes "icmpv6.mldr.mar.auxiliary_data" "Auxiliary Data";
    /// The echo request has no reply.
    RESP_NOT_FOUND: Note(Warn) "icmpv6.resp_not_found" "No response seen to ICMPv6 request" { later: true };
    /// The checksum is wrong.
    CHECKSUM_BAD: Note(Warn) "icmpv6.checksum_bad.expert" "Bad checksum";
    /// The length of an option is zero, or exceeds the message.
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
