//! Names that fields had in earlier versions of Wireshark.

use super::{find, unread_protocol};

/// First parts of names, and what they are called now. Wireshark 4.4 accepts `ssl` and `bootp`.
const PREFIXES: [(&str, &str); 4] = [("ssl", "tls"), ("bootp", "dhcp"), ("wlan_mgt", "wlan"), ("expert", "_ws.expert")];

/// Names, and what the fields are called now, with the same values.
const NAMES: [(&str, &str); 26] = [
    ("frame.pkt_len", "frame.len"),
    ("http.response_for.uri", "http.request.full_uri"),
    ("icmpv6.identifier", "icmpv6.echo.identifier"),
    ("icmpv6.option", "icmpv6.opt"),
    ("icmpv6.option.length", "icmpv6.opt.length"),
    ("icmpv6.option.type", "icmpv6.opt.type"),
    ("icmpv6.ra.cur_hop_limit", "icmpv6.nd.ra.cur_hop_limit"),
    ("icmpv6.ra.reachable_time", "icmpv6.nd.ra.reachable_time"),
    ("icmpv6.ra.retrans_timer", "icmpv6.nd.ra.retrans_timer"),
    ("icmpv6.ra.router_lifetime", "icmpv6.nd.ra.router_lifetime"),
    ("ip.tos", "ip.dsfield"),
    ("ipv6.class", "ipv6.tclass"),
    ("ipv6.dst_opt", "ipv6.dstopts"),
    ("ipv6.fragment.id", "ipv6.fraghdr.ident"),
    ("ipv6.fragment.more", "ipv6.fraghdr.more"),
    ("ipv6.fragment.offset", "ipv6.fraghdr.offset"),
    ("ipv6.hop_opt", "ipv6.hopopts"),
    ("ipv6.reassembled_in", "ipv6.reassembled.in"),
    ("ipv6.routing_hdr", "ipv6.routing"),
    ("ipv6.routing_hdr.left", "ipv6.routing.segleft"),
    ("ipv6.routing_hdr.type", "ipv6.routing.type"),
    ("tcp.flags.ecn", "tcp.flags.ece"),
    ("tcp.flags.ns", "tcp.flags.ae"),
    ("tcp.options.time_stamp", "tcp.options.timestamp"),
    ("tcp.options.wscale_val", "tcp.options.wscale.shift"),
    ("vlan.cfi", "vlan.dei"),
];

/// Names without a field of the same values, and what to use instead.
const REMOVED: [(&str, &str); 18] = [
    ("http.next_request_in", CONNECTION_ORDER),
    ("http.next_response_in", CONNECTION_ORDER),
    ("http.prev_request_in", CONNECTION_ORDER),
    ("http.prev_response_in", CONNECTION_ORDER),
    ("http.request_number", CONNECTION_ORDER),
    ("http.response_number", CONNECTION_ORDER),
    ("ip.checksum_bad", "use ip.checksum.status == 0"),
    ("ip.checksum_good", "use ip.checksum.status == 1"),
    ("ip.dsfield.ce", "use ip.dsfield.ecn == 3"),
    ("ip.dsfield.ect", "use ip.dsfield.ecn"),
    ("tcp.analysis.rtt", "use tcp.analysis.ack_rtt or tcp.analysis.initial_rtt"),
    ("tcp.checksum_bad", "use tcp.checksum.status == 0"),
    ("tcp.checksum_good", "use tcp.checksum.status == 1"),
    ("tcp.dst", "use tcp.dstport"),
    ("tcp.src", "use tcp.srcport"),
    ("udp.checksum_bad", "use udp.checksum.status == 0"),
    ("udp.checksum_good", "use udp.checksum.status == 1"),
    ("icmpv6.checksum_bad", "use icmpv6.checksum.status == 0"),
];

const CONNECTION_ORDER: &str = "removed in Wireshark 4.2; use http.request_in or http.response_in";

/// Returns the name that a field has now, if this is the name that it had before.
#[must_use]
pub fn current_name(name: &str) -> Option<String> {
    let renamed = NAMES.iter().find(|(old, _)| *old == name).map(|(_, new)| (*new).to_owned());
    let with_prefix = |(old, new): &(&str, &str)| {
        let rest = name.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{new}{rest}"))
    };
    let new = renamed.or_else(|| PREFIXES.iter().find_map(with_prefix))?;
    (find(name).is_none() && (find(&new).is_some() || unread_protocol(&new).is_some())).then_some(new)
}

/// Returns what to use instead of a field that no longer exists.
#[must_use]
pub fn replacement(name: &str) -> Option<&'static str> {
    REMOVED.iter().find(|(old, _)| *old == name).map(|(_, hint)| *hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_those_of_fields_with_another_name() {
        for (old, new) in NAMES {
            assert!(find(old).is_none() && find(new).is_some(), "{old}, {new}");
            assert_eq!(current_name(old).as_deref(), Some(new), "{old}");
        }
        for (old, hint) in REMOVED {
            assert!(find(old).is_none() && current_name(old).is_none() && !hint.is_empty(), "{old}");
        }
    }

    #[test]
    fn old_protocols_are_prefixes_of_names() {
        for (old, new) in [
            ("ssl", Some("tls")),
            ("ssl.handshake.type", Some("tls.handshake.type")),
            ("ssl.nofield", None),
            ("sslx", None),
            ("bootp.option.hostname", Some("dhcp.option.hostname")),
            ("expert.severity", Some("_ws.expert.severity")),
            ("tls.handshake.type", None),
            ("", None),
        ] {
            assert_eq!(current_name(old).as_deref(), new, "{old}");
        }
    }
}
