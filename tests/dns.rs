//! DNS in captures: it is found on any port, and no other protocol is mistaken for it.

use crate::common::{IPV4, captures, dns_packet, each_tree, events, field_values, pcap, print_fields};
use dissectors::{Field, Value, Wants};
use overhear::analysis::{Analyzer, Event, Task};
use overhear::source::Capture;

/// Returns the captures of a folder of fixtures.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let in_folder = |name: &str| name.contains(&format!("/fixtures/{folder}/"));
    captures().into_iter().filter(|(name, _)| in_folder(name)).collect()
}

/// Returns calls as protocol, method, target, status and outcome.
fn calls(file: Vec<u8>) -> Vec<String> {
    let calls = events(file, Task { exchanges: true, ends: true, ..Task::default() }).into_iter();
    let calls = calls.filter_map(|event| if let Event::Call(call) = event { Some(call.exchange) } else { None });
    let line = |call: Box<dissectors::exchange::Exchange>| {
        format!("{} {} {} {} {:?}", call.protocol, call.method, call.target, call.status, call.outcome)
    };
    calls.map(line).collect()
}

/// Returns the IPv4 packets of an Ethernet capture with other ports.
fn with_ports(file: &[u8], port: impl Fn(u16) -> u16) -> Vec<Vec<u8>> {
    let mut capture = Capture::from_reader("test", std::io::Cursor::new(file.to_vec())).expect("a capture");
    let mut packets = Vec::new();
    while let Some(frame) = capture.next().expect("a complete capture") {
        let mut packet = frame.bytes[14..].to_vec();
        for at in [20, 22] {
            let old = u16::from_be_bytes([packet[at], packet[at + 1]]);
            packet[at..at + 2].copy_from_slice(&port(old).to_be_bytes());
        }
        packets.push(packet);
    }
    packets
}

#[test]
fn dns_has_the_same_calls_on_any_port() {
    let mut found = 0;
    for (name, file) in fixtures("dns") {
        // The ports of mDNS and LLMNR are part of their protocols. Over HTTP, the calls are those of HTTP.
        if ["mdns", "llmnr", "over-http", "quoted"].iter().any(|other| name.contains(other)) {
            continue;
        }
        let expected = calls(pcap(IPV4, &with_ports(&file, |port| port)));
        assert!(!expected.is_empty() && expected.iter().all(|call| call.starts_with("dns ")), "{name}: {expected:?}");
        for port in [1053, 8600, 40_053] {
            let moved = with_ports(&file, |old| if old == 53 { port } else { old });
            assert_eq!(calls(pcap(IPV4, &moved)), expected, "{name} on port {port}");
        }
        found += expected.len();
    }
    assert!(found > 60, "{found} calls");
}

/// As in Wireshark, the lower of two known ports names the protocol.
#[test]
fn a_query_from_the_port_of_a_dialect_is_dns() {
    let (_, file) = fixtures("dns").into_iter().find(|(name, _)| name.ends_with("dns/udp.pcap")).expect("the fixture");
    let expected = calls(pcap(IPV4, &with_ports(&file, |port| port)));
    assert!(!expected.is_empty());
    for port in [5353, 5355] {
        let moved = with_ports(&file, |old| if old == 53 { old } else { port });
        assert_eq!(calls(pcap(IPV4, &moved)), expected, "from port {port}");
    }
}

/// Ports of DNS in the captures, of its dialects, and of the fixture on an unusual port.
const PORTS: [u64; 4] = [53, 5353, 5355, 5300];

#[test]
fn no_other_protocol_is_mistaken_for_dns() {
    let [dns, udp, tcp] = [&DNS[..], &["udp.port"], &["tcp.port"]].map(fields);
    let mut wants = Wants::default();
    [&dns, &udp, &tcp].into_iter().flatten().for_each(|field| wants.add(field));
    for (name, file) in captures() {
        let Ok(mut capture) = Capture::from_reader("test", std::io::Cursor::new(file)) else { continue };
        let mut analyzer = Analyzer::new(Task { wants: wants.clone(), ..Task::default() });
        while let Ok(Some(frame)) = capture.next() {
            let tree = analyzer.dissect(&frame);
            let is_dns = dns.iter().any(|field| tree.first(field).is_some());
            let is_port = |value: Value| PORTS.iter().any(|&port| value == Value::Uint(port));
            let ports = tree.nodes().iter().filter(|node| [udp[0].id, tcp[0].id].contains(&node.field.id));
            let has_port = ports.map(|node| node.value).any(is_port);
            let is_over_http = name.contains("dns/over-http");
            assert!(!is_dns || has_port || is_over_http, "{name}, frame {}", frame.number);
        }
    }
}

const DNS: [&str; 3] = ["dns", "mdns", "llmnr"];

fn fields(names: &[&str]) -> Vec<&'static Field> {
    names.iter().map(|name| dissectors::field(name).expect("a field")).collect()
}

/// Records in the form of a zone file. Those of `hx.test` are equal to `named-compilezone -s full` of
/// `fixtures/programs/hx.test.zone`, except for letters of either case, spaces in digits, a mnemonic, and decimals of metres.
const RECORD_LINES: &str = r#"
_443._tcp.www.hx.test. 300 IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
_dns.hx.test. 300 IN SVCB 1 ns1.hx.test. mandatory=alpn,port alpn="dot" port=853 dohpath="/dns-query{?dns}" key65400="x"
hx.test. 300 IN HTTPS 1 . alpn="h2,h3" no-default-alpn port=8443 ipv4hint=10.66.0.3 ipv6hint=fd00::3
key.hx.test. 300 IN CERT 3 0 0 aGVsbG8=
key.hx.test. 300 IN DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
key.hx.test. 300 IN HIP 2 200100107b1a74df365639cc39f1d578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cI rvs.hx.test.
key.hx.test. 300 IN IPSECKEY 10 1 2 10.66.0.3 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
key.hx.test. 300 IN L64 10 2001:db8:1140:1000
key.hx.test. 300 IN NID 10 14:4fff:ff20:ee64
key.hx.test. 300 IN NSAP 0x47000580005a0000000001e133ffffff00016100
key.hx.test. 300 IN OPENPGPKEY aGVsbG8gd29ybGQ=
key.hx.test. 300 IN WKS 10.66.0.3 6 25 80
nets.hx.test. 300 IN APL 1:10.0.0.0/8 !2:fd00::/16
www.hx.test. 300 IN EUI48 00-00-5e-00-53-2a
www.hx.test. 300 IN LOC 48 12 30.500 N 16 22 10.000 E 170.00m 10.00m 100.00m 2.00m
www.hx.test. 300 IN SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
signed.test. 300 IN DNSKEY 257 3 13 qsw9/6FNW5kQXKu/0zPSjVoYjZz/3ANhAjnwyGWQHxerqVPYDVoYX9OGVZvbIQFvELIF/0lTh9RydVsdBMYM4g==
signed.test. 300 IN RRSIG DNSKEY 13 2 300 20261229072133 20261129072133 41020 signed.test. cBdk0iH02IWVQbtvDJWwnKD3veuFqEq0KKouYvsNUqRwKfIfL8GdVi5oegKOkcszDEUluj3z51cfqu9mkkTyeg==
"#;

#[test]
fn records_have_the_form_of_a_zone_file() {
    let line = fields(&["dns.line"]);
    let mut wants = Wants::default();
    wants.add(line[0]);
    let mut found = std::collections::BTreeSet::new();
    for (_, file) in fixtures("dns") {
        each_tree(&file, wants.clone(), |tree| {
            let texts = tree.nodes().iter().filter_map(|node| match node.value {
                Value::Text(text) if node.field.id == line[0].id => Some(tree.bytes(text)),
                _ => None,
            });
            found.extend(texts.map(|text| String::from_utf8_lossy(text).into_owned()));
        });
    }
    let expected = RECORD_LINES.trim().lines().collect::<Vec<_>>();
    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(**line)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// An NSEC record with these type bit maps, in a response.
fn nsec(windows: &[u8]) -> Vec<u8> {
    let mut message = b"\0\x01\x81\x80\0\0\0\x01\0\0\0\0\x01a\0\0\x2f\0\x01\0\0\0\0".to_vec();
    message.extend((3 + windows.len() as u16).to_be_bytes());
    message.extend(b"\x01b\0");
    message.extend(windows);
    dns_packet(&message)
}

#[test]
fn type_bit_maps_have_windows_in_order() {
    let long = [&[0, 33][..], &[0; 32], &[0x80]].concat();
    // The types are those of tshark 4.4.
    for (windows, types, note) in [
        (&[0, 2, 0x40, 1, 1, 1, 0x40][..], "47,1,15,257", ""),
        (&[1, 1, 0x40, 0, 1, 0x40], "47,257,1", "window 0 follows window 1"),
        (&[0, 1, 0x40, 0, 1, 0x20], "47,1,2", "window 0 follows window 0"),
        (&[33, 1, 0x80], "47,8448", ""),
        (&[0, 0], "47", "expected 1 to 32 bytes in window 0, found 0"),
        (&long, "47,256", "expected 1 to 32 bytes in window 0, found 33"),
    ] {
        let frame = print_fields(&[nsec(windows)], &["dns.resp.type", "_ws.expert.message"]).remove(0);
        assert_eq!(frame, format!("{types}|{note}"), "{windows:?}");
    }
}

#[test]
fn stateful_operations_have_typed_values() {
    let message = |flags: u8, values: &[u8]| [&[0, 7, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], values].concat();
    let keep_alive = [0, 1, 0, 8, 0, 0, 0x3a, 0x98, 0, 0x36, 0xee, 0x80];
    let packets = [
        message(0x30, &keep_alive),
        message(0xb0, &[&keep_alive[..], &[0, 3, 0, 2, 0, 0]].concat()),
        message(0x30, b"\0\x02\0\x04\0\0\x13\x88"),
        message(0x30, b"\0\x40\0\x03abc"),
        message(0x30, b"\0\x02\0\x02ab"),
        message(0x30, b"\0\x01\0\x08ab"),
    ];
    let fields = [
        "dns.dso.tlv.type",
        "dns.dso.tlv.length",
        "dns.dso.tlv.keepalive.inactivity",
        "dns.dso.tlv.keepalive.interval",
        "dns.dso.tlv.retrydelay.retrydelay",
        "dns.dso.tlv.data",
        "dns.dso.tlv.encpad.padding",
        "dns.malformed",
    ];
    // The values of the first four are those of tshark 4.4, which reads the delay of the next one behind its end.
    assert_eq!(
        print_fields(&packets.map(|message| dns_packet(&message)), &fields),
        [
            "1|8|15000|3600000||||",
            "1,3|8,2|15000|3600000|||0000|",
            "2|4|||5000|||",
            "64|3||||616263||",
            "2|2||||||1",
            "1|8||||||",
        ]
    );
}

#[test]
fn records_that_are_not_of_the_form_of_their_type_have_lines_of_an_unknown_type() {
    // RFC 3597 5: `\#`, the number of bytes, and the bytes in hexadecimal digits.
    let response = |kind: u8, data: &[u8]| {
        let record = [&b"\x01a\0\0"[..], &[kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8], data].concat();
        dns_packet(&[&[0, 7, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0][..], &record].concat())
    };
    let cut = || {
        let mut message =
            [&[0, 7, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0][..], b"\x01a\0\0\x01\0\x01\0\0\0\x3c\0\x04"].concat();
        message.extend([10, 0]);
        dns_packet(&message)
    };
    let rows: [(Vec<u8>, &str); 8] = [
        (response(1, &[10, 0, 0, 1]), r"A 10.0.0.1"),
        (response(1, &[10, 0, 0]), r"A \# 3 0a0000 ; malformed"),
        (response(1, &[10, 0, 0, 1, 9]), r"A \# 5 0a00000109 ; malformed"),
        (response(1, &[]), r"A"),
        (response(5, &[0xc0, 25]), r"CNAME \# 2 c019 ; malformed"),
        (response(16, b"\x05ab"), r"TXT \# 3 056162 ; malformed"),
        (response(253, b"\x05ab"), r"MAILB \# 3 056162"),
        (cut(), r"A \# 2 0a00 ; truncated"),
    ];
    for (packet, line) in rows {
        // Printed values have their backslashes escaped.
        let shown = print_fields(&[packet], &["dns.line"]).remove(0).replace(r"\\", r"\");
        assert_eq!(shown, format!("a. 60 IN {line}"));
    }
}

#[test]
fn multicast_queries_and_announcements_need_no_counterpart() {
    let (_, file) = fixtures("dns").into_iter().find(|(name, _)| name.ends_with("/mdns.pcap")).expect("the fixture");
    let fields = ["dns.response_missing", "dns.unsolicited", "dns.retransmission"];
    let fields = fields.map(|name| dissectors::field(name).expect("a field"));
    let frames: Vec<String> = field_values(&file, &fields).iter().map(|frame| frame.join("|")).collect();
    let repeated = "||True";
    assert_eq!(frames, ["||", repeated, repeated, "||", "||", "||", "||", "||", repeated]);
}

#[test]
fn the_oldest_of_more_open_queries_than_the_limit_are_not_missing_a_response() {
    // A conversation keeps 1,024 open queries; further ones drop the oldest (docs/architecture.md).
    const KEPT: usize = 1024;
    const DROPPED: usize = 6;
    let query = |id: u16| {
        dns_packet(&[&id.to_be_bytes()[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0], b"\x01a\0\0\x01\0\x01"].concat())
    };
    let packets: Vec<Vec<u8>> = (0..(KEPT + DROPPED) as u16).map(query).collect();
    let missing = print_fields(&packets, &["dns.response_missing"]);
    let (dropped, kept) = missing.split_at(DROPPED);
    assert!(dropped.iter().all(String::is_empty), "{dropped:?}");
    assert!(kept.iter().all(|value| value == "True" || value == "1"), "{kept:?}");
}

/// Returns a message to port 53 of 10.0.0.9, to which [`dns_packet`] is the response.
fn dns_query(message: &[u8]) -> Vec<u8> {
    let mut packet = dns_packet(message);
    packet[12..20].rotate_left(4);
    packet[20..24].rotate_left(2);
    packet
}

/// Returns a message with one question for `a`.
fn question(id: u8, flags: [u8; 2], kind: u8, class: u8) -> Vec<u8> {
    [&[0, id][..], &flags, &[0, 1, 0, 0, 0, 0, 0, 0], b"\x01a\0\0", &[kind, 0, class]].concat()
}

#[test]
fn unknown_types_classes_and_operations_are_paired_on_the_port() {
    // Type 56 (NINFO), class 2 (CSNET) and operation 3, which IANA has not assigned. One conversation each.
    let rows = [([1, 0], 56, 1), ([1, 0], 1, 2), ([0x19, 0], 1, 1)];
    let mut packets = Vec::new();
    for (nth, ([high, low], kind, class)) in rows.into_iter().enumerate() {
        let (query, response) =
            (question(nth as u8, [high, low], kind, class), question(nth as u8, [high | 0x80, 0x80], kind, class));
        let mut pair = [dns_query(&query), dns_packet(&response)];
        pair[0][21] = nth as u8;
        pair[1][23] = nth as u8;
        packets.extend(pair);
    }
    // As tshark 4.4 -2.
    let shown = print_fields(&packets, &["dns.response_in", "dns.response_to", "dns.unsolicited"]);
    assert_eq!(shown, ["2||", "|1|", "4||", "|3|", "6||", "|5|"]);
    let methods: Vec<String> = calls(pcap(IPV4, &packets));
    assert_eq!(methods, ["dns TYPE56 a NOERROR Success", "dns A a NOERROR Success", "dns OPCODE3 a NOERROR Success"]);
}

/// Cuts the packets of a pcap file to a length, as a snapshot length does.
fn snapped(file: &[u8], len: usize) -> Vec<u8> {
    let (header, mut rest) = file.split_at(24);
    let mut out = header.to_vec();
    while let Some((record, after)) = rest.split_at_checked(16) {
        let captured = u32::from_le_bytes(record[8..12].try_into().expect("four bytes")) as usize;
        let kept = captured.min(len);
        out.extend([&record[..8], &(kept as u32).to_le_bytes(), &record[12..], &after[..kept]].concat());
        rest = &after[captured..];
    }
    out
}

#[test]
fn a_message_that_the_capture_cut_is_not_malformed() {
    let (_, file) = fixtures("dns").into_iter().find(|(name, _)| name.ends_with("/records.pcap")).expect("the fixture");
    let file = snapped(&file, 70);
    let names = ["_ws.col.info", "_ws.short", "_ws.malformed", "dns.extraneous.length", "dns.response_in"];
    let frames = field_values(&file, &names.map(|name| dissectors::field(name).expect("a field")));
    let lines: Vec<String> = frames.iter().map(|frame| frame.join("|")).collect();
    // The text is that of tshark 4.4. The question of frame 13 is cut off; its response has the same identifier.
    assert_eq!(lines[0], "Standard query 0xf8a6 SOA hx.test||||2");
    assert_eq!(lines[1], "Standard query response 0xf8a6 SOA hx.test[Packet size limited during capture]|1|||");
    assert_eq!(lines[12], "Standard query 0xbe1d[Packet size limited during capture]|1|||14");
    // The lengths of the UDP headers without these: 176 and 33 of frames 2 and 1, 37 and 152 of frames 13 and 14.
    let sizes: Vec<_> = events(file, Task { exchanges: true, ..Task::default() })
        .into_iter()
        .filter_map(|event| if let Event::Call(call) = event { Some(call.exchange) } else { None })
        .map(|exchange| [exchange.request, exchange.response].map(|half| half.map(|half| (half.body, half.complete))))
        .collect();
    assert_eq!(sizes[0], [Some((25, true)), Some((168, false))]);
    assert_eq!(sizes[6], [Some((29, false)), Some((144, false))]);
}

#[test]
fn the_query_for_a_zone_has_the_frame_of_its_first_response() {
    // As tshark 4.4 -2 does.
    let soa = [&b"\x01a\0\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\0\0\0\x01"[..], &[0; 16]].concat();
    let response = |records: &[u8]| {
        let header = [0, 7, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0];
        dns_packet(&[&header[..], b"\x01a\0\0\xfc\0\x01", records].concat())
    };
    let packets = [dns_query(&question(7, [0, 0], 252, 1)), response(&soa), response(&soa)];
    assert_eq!(print_fields(&packets, &["dns.response_in", "dns.response_to"]), ["2|", "|1", "|1"]);
}

#[test]
fn records_are_read_as_by_tshark() {
    let response = |owner: &[u8], kind: u8, data: &[u8]| {
        let header = [0, 7, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0];
        let fixed = [0, kind, 0, 1, 0, 0, 0, 60, 0, data.len() as u8];
        dns_packet(&[&header[..], owner, &fixed, data].concat())
    };
    // SIG and KEY (RFC 2535): the values are those of tshark 4.4.
    let sig = [&b"\0\x01\x08\x02\0\0\x0e\x10\x6b\x49\xd2\0\x65\x53\xf1\0\x04\xd2\x01a\0"[..], b"sig"].concat();
    assert_eq!(
        print_fields(
            &[response(b"\x01a\0", 24, &sig)],
            &[
                "dns.rrsig.type_covered",
                "dns.rrsig.key_tag",
                "dns.rrsig.signers_name",
                "dns.rrsig.signature",
                "dns.data"
            ]
        ),
        ["1|1234|a|736967|"]
    );
    let key = response(b"\x01a\0", 25, b"\x02\0\x03\x08\x03\x01\0\x01abc");
    let names = [
        "dns.key.flags",
        "dns.key.flags.associated_user",
        "dns.key.flags.associated_named_entity",
        "dns.key.flags.signatory",
        "dns.key.protocol",
        "dns.key.algorithm",
        "dns.key.key_id",
        "dns.key.public_key",
        "dns.line",
    ];
    assert_eq!(
        print_fields(&[key], &names),
        ["0x0200|False|True|0|3|8|52332|03010001616263|a. 60 IN KEY 512 3 8 AwEAAWFiYw=="]
    );
    // The parts of an owner of an SRV record. tshark 4.4 takes the first label for an instance if the third begins with `_`.
    let names = ["dns.srv.instance", "dns.srv.service", "dns.srv.proto", "dns.srv.name"];
    let rows: [(&[u8], &str); 4] = [
        (b"\x01i\x02_s\x02_t\x01d\0", "i|_s|_t|d"),
        (b"\x02_s\x02_t\x01d\x01e\0", "|_s|_t|d.e"),
        (b"\x01a\x01b\x01c\x01d\0", "|a|b|c.d"),
        (b"\x01x\x02_s\x01d\0", "|x|_s|d"),
    ];
    for (owner, parts) in rows {
        assert_eq!(print_fields(&[response(owner, 33, b"\0\x01\0\x02\x01\xbb\x01t\0")], &names), [parts]);
    }
    // The next name of NSEC.
    let next = response(b"\x01a\0", 47, b"\x04next\0\0\x01\x40");
    assert_eq!(print_fields(&[next], &["_ws.col.info"]), ["Standard query response 0x0007 NSEC next"]);
}

#[test]
fn a_record_after_a_name_that_is_too_long_is_read() {
    // RFC 1035 2.3.4: at most 255 bytes. The name, its length, and the type are those of tshark 4.4.
    let label = [&[63][..], &[b'a'; 63]].concat();
    let message = [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &label.repeat(5), b"\0\0\x01\0\x01"].concat();
    let names = [
        "dns.qry.name",
        "dns.qry.name.len",
        "dns.count.labels",
        "dns.qry.type",
        "dns.bad_name",
        "dns.extraneous.length",
    ];
    assert_eq!(print_fields(&[dns_query(&message)], &names), ["<Name too long>|15|1|1|1|"]);
}
