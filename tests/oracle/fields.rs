//! The fields requested from both programs, in groups small enough for a command line.

/// A set of fields compared, passed or failed together.
pub(crate) struct Group {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// Whether a difference fails the run or is only counted.
    pub(crate) duty: Duty,
    /// Wireshark 4.4's names, as overhear uses them.
    pub(crate) fields: &'static [&'static str],
}

/// What a difference means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It is explained or the run fails.
    Binding,
    /// It is counted and shown.
    Informative,
}

/// All groups, in the order they are reported.
#[rustfmt::skip] // A field a line would be 300 lines.
pub(crate) const GROUPS: &[Group] = &[
    binding("frame", &[
        "frame.number", "frame.time_epoch", "frame.time_relative", "frame.time_delta",
        "frame.time_delta_displayed", "frame.len", "frame.cap_len", "frame.protocols",
        "frame.interface_id", "frame.interface_name", "frame.encap_type", "frame.section_number",
        "frame.comment", "frame.marked", "frame.ignored",
    ]),
    binding("link", &[
        "eth.dst", "eth.src", "eth.addr", "eth.type", "eth.len", "eth.padding", "eth.trailer",
        "eth.lg", "eth.ig", "eth.dst.lg", "eth.dst.ig", "eth.src.lg", "eth.src.ig",
        "vlan.priority", "vlan.dei", "vlan.id", "vlan.etype", "vlan.len", "vlan.trailer",
        "arp.hw.type", "arp.proto.type", "arp.hw.size", "arp.proto.size", "arp.opcode",
        "arp.isgratuitous", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac",
        "arp.dst.proto_ipv4",
    ]),
    binding("ip", &[
        "ip.version", "ip.hdr_len", "ip.dsfield", "ip.dsfield.dscp", "ip.dsfield.ecn", "ip.len",
        "ip.id", "ip.flags", "ip.flags.rb", "ip.flags.df", "ip.flags.mf", "ip.frag_offset",
        "ip.ttl", "ip.proto", "ip.checksum", "ip.checksum.status", "ip.src", "ip.dst", "ip.addr",
        "ip.src_host", "ip.dst_host", "ip.host", "ip.opt.type", "ip.opt.len", "ip.opt.ra",
        "ip.fragment", "ip.fragment.count", "ip.fragment.overlap", "ip.fragment.overlap.conflict",
        "ip.fragment.error", "ip.reassembled_in", "ip.reassembled.length", "ip.reassembled.data",
    ]),
    binding("ipv6", &[
        "ipv6.version", "ipv6.tclass", "ipv6.tclass.dscp", "ipv6.tclass.ecn", "ipv6.flow",
        "ipv6.plen", "ipv6.nxt", "ipv6.hlim", "ipv6.src", "ipv6.dst", "ipv6.addr",
        "ipv6.src_host", "ipv6.dst_host", "ipv6.host", "ipv6.hopopts.nxt", "ipv6.hopopts.len",
        "ipv6.dstopts.nxt", "ipv6.dstopts.len", "ipv6.routing.nxt", "ipv6.routing.len",
        "ipv6.routing.type", "ipv6.routing.segleft", "ipv6.fraghdr.nxt",
        "ipv6.fraghdr.reserved_octet", "ipv6.fraghdr.offset", "ipv6.fraghdr.reserved_bits",
        "ipv6.fraghdr.more", "ipv6.fraghdr.ident", "ipv6.fragment", "ipv6.fragment.count",
        "ipv6.fragment.overlap", "ipv6.reassembled.in", "ipv6.reassembled.length",
        "ipv6.reassembled.data",
    ]),
    binding("icmp-udp", &[
        "icmp.type", "icmp.code", "icmp.checksum", "icmp.ident", "icmp.seq", "icmpv6.type",
        "icmpv6.code", "icmpv6.checksum", "udp.srcport", "udp.dstport", "udp.port", "udp.stream",
        "udp.length", "udp.checksum", "udp.checksum.status", "udp.payload", "udp.time_relative",
        "udp.time_delta",
    ]),
    binding("tcp", &[
        "tcp.srcport", "tcp.dstport", "tcp.port", "tcp.stream", "tcp.stream.pnum", "tcp.seq",
        "tcp.ack", "tcp.seq_raw", "tcp.ack_raw", "tcp.nxtseq", "tcp.len", "tcp.hdr_len",
        "tcp.flags", "tcp.flags.res", "tcp.flags.ae", "tcp.flags.cwr", "tcp.flags.ece",
        "tcp.flags.urg", "tcp.flags.ack", "tcp.flags.push", "tcp.flags.reset", "tcp.flags.syn",
        "tcp.flags.fin", "tcp.flags.str", "tcp.window_size_value", "tcp.window_size",
        "tcp.window_size_scalefactor", "tcp.checksum", "tcp.checksum.status",
        "tcp.urgent_pointer", "tcp.time_relative", "tcp.time_delta", "tcp.completeness",
        "tcp.completeness.syn", "tcp.completeness.syn-ack", "tcp.completeness.ack",
        "tcp.completeness.data", "tcp.completeness.fin", "tcp.completeness.rst",
        "tcp.completeness.str",
    ]),
    binding("tcp-options", &[
        "tcp.option_kind", "tcp.option_len", "tcp.options", "tcp.options.mss_val",
        "tcp.options.wscale.shift", "tcp.options.wscale.multiplier", "tcp.options.sack_perm",
        "tcp.options.sack", "tcp.options.sack.count", "tcp.options.sack_le",
        "tcp.options.sack_re", "tcp.options.sack.dsack_le", "tcp.options.sack.dsack_re",
        "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr", "tcp.options.nop",
        "tcp.options.eol", "tcp.options.md5.digest", "tcp.options.tfo.cookie",
        "tcp.options.tfo.request", "tcp.options.user_to_val", "tcp.payload", "tcp.segment_data",
        "tcp.segment", "tcp.segments", "tcp.segment.count", "tcp.segment.overlap",
        "tcp.segment.overlap.conflict", "tcp.reassembled_in", "tcp.reassembled.length",
        "tcp.reassembled.data", "tcp.pdu.size", "tcp.connection.syn", "tcp.connection.synack",
        "tcp.connection.fin", "tcp.connection.fin_active", "tcp.connection.fin_passive",
        "tcp.connection.rst",
    ]),
    binding("tcp-analysis", &[
        "tcp.analysis", "tcp.analysis.flags", "tcp.analysis.retransmission",
        "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission",
        "tcp.analysis.out_of_order", "tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment",
        "tcp.analysis.duplicate_ack", "tcp.analysis.duplicate_ack_num",
        "tcp.analysis.duplicate_ack_frame", "tcp.analysis.keep_alive",
        "tcp.analysis.keep_alive_ack", "tcp.analysis.zero_window",
        "tcp.analysis.zero_window_probe", "tcp.analysis.zero_window_probe_ack",
        "tcp.analysis.window_update", "tcp.analysis.window_full", "tcp.analysis.reused_ports",
        "tcp.analysis.partial_ack", "tcp.analysis.tfo_syn", "tcp.analysis.tfo_ack",
        "tcp.analysis.tfo_ignored", "tcp.analysis.acks_frame", "tcp.analysis.ack_rtt",
        "tcp.analysis.initial_rtt", "tcp.analysis.rto", "tcp.analysis.rto_frame",
        "tcp.analysis.bytes_in_flight", "tcp.analysis.push_bytes_sent",
    ]),
    binding("http", &[
        "http.request", "http.response", "http.notification", "http.request.method",
        "http.request.uri", "http.request.uri.path", "http.request.uri.query",
        "http.request.uri.query.parameter", "http.request.version", "http.request.full_uri",
        "http.request.line", "http.response.code", "http.response.code.desc",
        "http.response.phrase", "http.response.version", "http.response.line",
        "http.request_in", "http.response_in", "http.time", "http.file_data",
        "http.content_length", "http.content_length_header", "http.content_type",
        "http.content_encoding", "http.transfer_encoding", "http.chunk_size",
        "http.chunk_boundary", "http.chunk_data", "http.chunked_trailer_part",
    ]),
    binding("http-headers", &[
        "http.host", "http.user_agent", "http.referer", "http.cookie", "http.cookie_pair",
        "http.set_cookie", "http.connection", "http.location", "http.server",
        "http.authorization", "http.authbasic", "http.proxy_authenticate",
        "http.proxy_authorization", "http.www_authenticate", "http.accept",
        "http.accept_encoding", "http.accept_language", "http.x_forwarded_for", "http.upgrade",
        "http.date", "http.last_modified", "http.cache_control", "http.http2_settings",
        "http.sec_websocket_accept", "http.sec_websocket_key", "http.sec_websocket_version",
        "http.sec_websocket_protocol", "http.sec_websocket_extensions", "http.unknown_header",
        "http.te_and_length", "http.leading_crlf",
    ]),
    binding("tls", &[
        "tls", "tls.record", "tls.record.content_type", "tls.record.opaque_type",
        "tls.record.version", "tls.record.length", "tls.change_cipher_spec", "tls.alert_message",
        "tls.alert_message.level", "tls.alert_message.desc", "tls.heartbeat_message",
        "tls.app_data", "tls.app_data_proto", "tls.resumed", "tls.ignored_unknown_record",
    ]),
    binding("tls-handshake", &[
        "tls.handshake", "tls.handshake.type", "tls.handshake.length", "tls.handshake.fragments",
        "tls.handshake.fragment", "tls.handshake.fragment.count", "tls.handshake.version",
        "tls.handshake.random", "tls.handshake.random_time", "tls.handshake.random_bytes",
        "tls.handshake.session_id_length", "tls.handshake.session_id",
        "tls.handshake.cipher_suites_length", "tls.handshake.ciphersuites",
        "tls.handshake.ciphersuite", "tls.handshake.comp_methods_length",
        "tls.handshake.comp_methods", "tls.handshake.comp_method",
        "tls.handshake.certificates_length", "tls.handshake.certificates",
        "tls.handshake.certificate_length", "tls.handshake.certificate",
        "tls.handshake.cert_types_count", "tls.handshake.cert_types", "tls.handshake.cert_type",
        "tls.handshake.dnames_len", "tls.handshake.dnames", "tls.handshake.dname_len",
        "tls.handshake.ocsp_response_len", "tls.handshake.server_curve_type",
        "tls.handshake.server_named_curve", "tls.handshake.server_point_len",
        "tls.handshake.server_point", "tls.handshake.client_point_len",
        "tls.handshake.client_point", "tls.handshake.p_len", "tls.handshake.p",
        "tls.handshake.g_len", "tls.handshake.g", "tls.handshake.ys_len", "tls.handshake.ys",
        "tls.handshake.yc_len", "tls.handshake.yc", "tls.handshake.epms_len", "tls.handshake.epms",
        "tls.handshake.sig_len", "tls.handshake.sig", "tls.handshake.client_cert_vrfy.sig_len",
        "tls.handshake.client_cert_vrfy.sig", "tls.handshake.session_ticket_lifetime_hint",
        "tls.handshake.session_ticket_length", "tls.handshake.session_ticket", "tls.handshake.ja3_full", "tls.handshake.ja3", "tls.handshake.ja3s_full", "tls.handshake.ja3s",
    ]),
    binding("tls-extensions", &[
        "tls.handshake.extensions_length", "tls.handshake.extension.type",
        "tls.handshake.extension.len", "tls.handshake.extension.data",
        "tls.handshake.extensions_server_name_list_len",
        "tls.handshake.extensions_server_name_type", "tls.handshake.extensions_server_name_len",
        "tls.handshake.extensions_server_name", "tls.handshake.max_fragment_length",
        "tls.handshake.extensions_status_request_type",
        "tls.handshake.extensions_status_request_responder_ids_len",
        "tls.handshake.extensions_status_request_exts_len",
        "tls.handshake.extensions_supported_groups_length",
        "tls.handshake.extensions_supported_groups", "tls.handshake.extensions_supported_group",
        "tls.handshake.extensions_ec_point_formats_length",
        "tls.handshake.extensions_ec_point_formats", "tls.handshake.extensions_ec_point_format",
        "tls.handshake.sig_hash_alg_len", "tls.handshake.sig_hash_algs",
        "tls.handshake.sig_hash_alg", "tls.handshake.sig_hash_hash", "tls.handshake.sig_hash_sig",
        "tls.handshake.extension.heartbeat.mode", "tls.handshake.extensions_alpn_len",
        "tls.handshake.extensions_alpn_list", "tls.handshake.extensions_alpn_str_len",
        "tls.handshake.extensions_alpn_str", "tls.handshake.extensions_padding_data",
        "tls.compress_certificate.algorithms_length", "tls.compress_certificate.algorithm",
        "tls.record_size_limit", "tls.handshake.extensions.psk.identities.length",
        "tls.handshake.extensions.psk.identity.identity_length",
        "tls.handshake.extensions.psk.identity.identity",
        "tls.handshake.extensions.psk.identity.obfuscated_ticket_age",
        "tls.handshake.extensions.psk.binders_len", "tls.handshake.extensions.psk.binders",
        "tls.handshake.extensions.psk.identity.selected", "tls.early_data.max_early_data_size",
        "tls.handshake.extensions.supported_versions_len",
        "tls.handshake.extensions.supported_version", "tls.handshake.extensions.cookie_len",
        "tls.handshake.extensions.cookie", "tls.extension.psk_ke_modes_length",
        "tls.extension.psk_ke_mode", "tls.handshake.extensions_key_share_client_length",
        "tls.handshake.extensions_key_share_group",
        "tls.handshake.extensions_key_share_selected_group",
        "tls.handshake.extensions_key_share_key_exchange_length",
        "tls.handshake.extensions_key_share_key_exchange", "tls.handshake.extensions_alps_len",
        "tls.handshake.extensions_alps_alpn_list", "tls.handshake.extensions_alps_alpn_str_len",
        "tls.handshake.extensions_alps_alpn_str", "tls.handshake.extensions_reneg_info_len",
        "tls.handshake.extensions_reneg_info",
    ]),
    Group {
        name: "columns",
        duty: Duty::Informative,
        fields: &["_ws.col.protocol", "_ws.col.info"],
    },
];

const fn binding(name: &'static str, fields: &'static [&'static str]) -> Group {
    Group { name, duty: Duty::Binding, fields }
}

/// (4.4's name, the name before, versions before this one): the columns were lower-cased in 4.2.
const RENAMED: &[(&str, &str, (u32, u32))] =
    &[("_ws.col.protocol", "_ws.col.Protocol", (4, 2)), ("_ws.col.info", "_ws.col.Info", (4, 2))];

/// What tshark of this version calls the field.
pub(crate) fn tsharks_name(field: &'static str, version: (u32, u32)) -> &'static str {
    RENAMED.iter().find(|(new, _, until)| *new == field && version < *until).map_or(field, |(_, old, _)| old)
}
