//! Fields of single frames in connections made by hand. The values are those of tshark 4.0.17, unless a test states why
//! they differ.

use crate::common;

use common::{ACK, PSH, SYN, Segment, field_values, print_fields};

/// Segments after a handshake: sender, number of bytes sent before by itself and by the other side, data.
fn talk(parts: &[(bool, u32, u32, &str)]) -> Vec<Vec<u8>> {
    let segment =
        |from_client, flags, seq, ack, data: &[u8]| Segment { from_client, flags, seq, ack, data: data.to_vec() };
    let mut segments = vec![
        segment(true, SYN, 999, 0, &[]),
        segment(false, SYN | ACK, 4999, 1000, &[]),
        segment(true, ACK, 1000, 5000, &[]),
    ];
    for &(from_client, own, other, data) in parts {
        let (mine, theirs) = if from_client { (1000, 5000) } else { (5000, 1000) };
        segments.push(segment(from_client, PSH | ACK, mine + own, theirs + other, data.as_bytes()));
    }
    segments.iter().map(Segment::packet).collect()
}

const UPGRADE: &str = "GET /attach HTTP/1.1\r\nHost: h\r\nUpgrade: tcp\r\nConnection: upgrade\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 UPGRADED\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n";

#[test]
fn the_last_message_of_a_protocol_is_not_data_of_the_next() {
    let (request, response) = (UPGRADE.len() as u32, SWITCHED.len() as u32);
    let packets = talk(&[
        (true, 0, 0, UPGRADE),
        (false, 0, request, SWITCHED),
        (true, request, response, "l"),
        (false, response, request + 1, "l"),
    ]);
    let lines = print_fields(&packets, &["frame.protocols", "data.data", "tcp.segment_data"]);
    // tshark keeps the name http for these bytes, although it does not know the new protocol.
    assert_eq!(lines[3..], ["ip:tcp:http||", "ip:tcp:http||", "ip:tcp:data|6c|", "ip:tcp:data|6c|"]);
}

#[test]
fn bytes_after_the_last_message_of_a_protocol_in_its_segment_are_data() {
    let request = UPGRADE.len() as u32;
    let packets = talk(&[(true, 0, 0, UPGRADE), (false, 0, request, &format!("{SWITCHED}#7"))]);
    let lines = print_fields(&packets, &["frame.protocols", "data.data"]);
    assert_eq!(lines[4], "ip:tcp:http:data|2337");
}

#[test]
fn capsules_after_an_upgrade_have_a_protocol_of_their_own() {
    // RFC 9298 3.1 and 3.2, RFC 9297 3.5: a datagram with context 0, and a capsule of an unknown type.
    let request = "GET /.well-known/masque/udp/192.0.2.6/443/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\
                   Upgrade: Connect-UDP\r\nCapsule-Protocol: ?1\r\n\r\n";
    let response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\n\r\n";
    let (sent, received) = (request.len() as u32, response.len() as u32);
    let packets = talk(&[
        (true, 0, 0, request),
        (false, 0, sent, response),
        (true, sent, received, "\x00\x03\x00hi\x17\x01?"),
        (false, received, sent + 8, "\x00\x03\x00ho"),
    ]);
    let fields = ["_ws.col.protocol", "_ws.col.info", "frame.protocols", "capsule.datagram", "capsule.context_id"];
    assert_eq!(
        print_fields(&packets, &fields)[5..],
        ["Capsule|DATAGRAM, Unknown|ip:tcp:capsule|6869|0", "Capsule|DATAGRAM|ip:tcp:capsule|686f|0"]
    );
}

#[test]
fn a_request_body_that_follows_a_reset_without_an_error_is_read() {
    // RFC 9113 8.1, as nginx does: the response, and RST_STREAM with NO_ERROR, before the body of the request has arrived.
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let (data, headers, reset, settings) = (0, 1, 3, 4);
    let (end_stream, end_headers) = (1, 4);
    // RFC 7541 A: POST or GET, http, the path /, and an authority; a status.
    let post = [0x83, 0x86, 0x84, 0x41, 1, b'h'];
    let get = [0x82, 0x86, 0x84, 0xbe];
    let refused = [0x48, 3, b'4', b'1', b'3'];
    let open =
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(settings, 0, 0, &[])[..], &frame(headers, end_headers, 1, &post)];
    let response = [
        frame(settings, 0, 0, &[]),
        frame(headers, end_headers, 1, &refused),
        frame(data, end_stream, 1, b"too large"),
        frame(reset, 0, 1, &[0; 4]),
    ];
    let calls = |parts: &[(bool, Vec<u8>, bool)]| {
        let mut packets = talk(&[]);
        let mut sent = [0_u32; 2];
        for (from_client, data, knows) in parts {
            let (own, other) = if *from_client { (sent[0], sent[1]) } else { (sent[1], sent[0]) };
            let (mine, theirs) = if *from_client { (1000, 5000) } else { (5000, 1000) };
            let ack = if *knows { theirs + other } else { theirs };
            let segment =
                Segment { from_client: *from_client, flags: PSH | ACK, seq: mine + own, ack, data: data.clone() };
            packets.push(segment.packet());
            sent[usize::from(!*from_client)] += data.len() as u32;
        }
        let task = overhear::analysis::Task { exchanges: true, ..Default::default() };
        let calls =
            common::events(common::pcap(common::IPV4, &packets), task).into_iter().filter_map(|event| match event {
                overhear::analysis::Event::Call(call) => Some(call.exchange),
                _ => None,
            });
        let row = |call: &dissectors::exchange::Exchange| {
            let half = |half: Option<dissectors::exchange::Transfer>| half.map(|half| (half.body, half.complete));
            (call.method.to_string(), call.status.to_string(), half(call.request), half(call.response))
        };
        calls.map(|call| row(&call)).collect::<Vec<_>>()
    };
    let row = |method: &str, status: &str, request, response| (method.to_owned(), status.to_owned(), request, response);
    let body = |flags, text: &str| frame(data, flags, 1, text.as_bytes());
    let second = frame(headers, end_headers | end_stream, 3, &get);
    let opened = [(true, open.concat(), true), (false, response.concat(), true)];
    let all = [&opened[..], &[(true, body(0, "some"), false), (true, body(end_stream, " more"), false)]].concat();
    assert_eq!(calls(&all), [row("POST", "413", Some((9, true)), Some((9, true)))]);
    // The client stops when it knows, and sends another request.
    let stops = [&opened[..], &[(true, body(0, "some"), false), (true, second.clone(), true)]].concat();
    let post = row("POST", "413", Some((4, false)), Some((9, true)));
    assert_eq!(calls(&stops), [post.clone(), row("GET", "", Some((0, true)), None)]);
    // Another request of a client that does not know says nothing.
    let goes_on = [&opened[..], &[(true, second, false), (true, body(end_stream, "some"), false)]].concat();
    let post = row("POST", "413", Some((4, true)), Some((9, true)));
    assert_eq!(calls(&goes_on), [post, row("GET", "", Some((0, true)), None)]);
}

#[test]
fn segments_of_a_split_request_line_are_segments_of_the_message() {
    let packets = talk(&[(true, 0, 0, "GE"), (true, 2, 0, "T / HTTP/1.1\r\n\r\n")]);
    let lines = print_fields(&packets, &["tcp.segment_data", "tcp.reassembled_in", "http.request.uri"]);
    assert_eq!(lines[3..], ["4745|5|", "54202f20485454502f312e310d0a0d0a||/"]);
    assert_eq!(print_fields(&packets, &["tcp.segment_data"])[3], "4745");
}

#[test]
fn after_a_gap_times_are_arrival_times() {
    let (get, ok) = ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
    let (request, response) = (500 + get.len() as u32, 700 + ok.len() as u32);
    // Both sides have bytes that were not captured: 500 and 700. tshark reports the messages in frames 4 and 5.
    let packets = talk(&[
        (true, 500, 700, get),
        (false, 700, request, ok),
        (true, request, response, ""),
        (false, response, request, ""),
        (true, request, response, ""),
        (false, response, request, ""),
        (true, request, response, ""),
    ]);
    let lines = print_fields(&packets, &["http.request.method", "http.response.code", "http.time"]);
    let found: Vec<_> = lines.iter().filter(|line| *line != "||").collect();
    assert_eq!(found, ["GET|204|0.001000000"]);
}

#[test]
fn the_rest_of_a_segment_acknowledged_in_part_is_in_flight() {
    let ten = "0123456789";
    let packets = talk(&[(true, 0, 0, ten), (true, 10, 0, ten), (false, 0, 14, ""), (true, 20, 0, ten)]);
    let lines = print_fields(&packets, &["tcp.analysis.bytes_in_flight"]);
    assert_eq!(lines[3..], ["10", "20", "", "16"]);
}

#[test]
fn the_trailer_of_a_chunked_body_is_one_text() {
    let ok = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\nX-Lines: 2\r\n\r\n";
    let get = "GET / HTTP/1.1\r\n\r\n";
    let lines = print_fields(
        &talk(&[(true, 0, 0, get), (false, 0, get.len() as u32, ok)]),
        &["http.chunked_trailer_part", "http.file_data"],
    );
    assert_eq!(lines[4], "X-Sum: 1\\r\\nX-Lines: 2\\r\\n|6162");
}

#[test]
fn a_segment_quoted_by_an_icmp_error_has_its_window() {
    let quoted = Segment { from_client: true, flags: SYN, seq: 7, ack: 0, data: Vec::new() }.packet();
    let mut packet = vec![0x45, 0, 0, 28 + quoted.len() as u8, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1];
    packet.extend([3, 1, 0, 0, 0, 0, 0, 0]);
    packet.extend(quoted);
    assert_eq!(print_fields(&[packet], &["tcp.window_size_value", "tcp.window_size"]), ["65535|65535"]);
}

#[test]
fn bytes_outside_of_messages_are_not_reassembled_segments() {
    let get = "GET / HTTP/1.1\r\n\r\n";
    let request = get.len() as u32;
    let packets = talk(&[(true, 0, 0, get), (false, 0, request, "<p>An answer\nwithout a head\n")]);
    assert_eq!(print_fields(&packets, &["tcp.segment_data", "tcp.reassembled_in"])[4], "|");
}

#[test]
fn a_block_that_is_not_a_packet_has_no_encapsulation() {
    let block = |kind: u32, body: &[u8]| {
        let len = (12 + body.len() as u32).to_le_bytes();
        [&kind.to_le_bytes(), &len, body, &len].concat()
    };
    let header = block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    let custom = block(0x0bad, &[0x20, 0x7e, 0, 0, 1, 2, 3, 4]);
    let file = std::io::Cursor::new([header, custom].concat());
    let mut capture = overhear::source::Capture::from_reader("test", file).expect("a capture");
    let frame = capture.next().expect("a complete capture").expect("a frame");
    let task = overhear::analysis::Task { wants: dissectors::Wants::everything(), ..Default::default() };
    let mut analyzer = overhear::analysis::Analyzer::new(task);
    let tree = analyzer.dissect(&frame);
    assert_eq!(tree.first(&dissectors::frame::CAP_LEN), Some(dissectors::Value::Uint(4)));
    assert_eq!(tree.first(&dissectors::frame::ENCAP_TYPE), None);
}

#[test]
fn retransmitted_bytes_are_not_data() {
    let packets = talk(&[(true, 0, 0, "\x01\x02\x03"), (false, 0, 3, ""), (true, 0, 0, "\x01\x02\x03")]);
    assert_eq!(
        print_fields(&packets, &["frame.protocols", "data.data"])[3..],
        ["ip:tcp:data|010203", "ip:tcp|", "ip:tcp|"]
    );
}

#[test]
fn a_request_within_a_tunnel_has_its_own_response() {
    let connect = "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n";
    let (open, get) = ("HTTP/1.1 200 OK\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let (request, opened) = (connect.len() as u32, open.len() as u32);
    let packets = talk(&[
        (true, 0, 0, connect),
        (false, 0, request, open),
        (true, request, opened, get),
        (false, opened, request + get.len() as u32, "HTTP/1.1 204 No Content\r\n\r\n"),
    ]);
    // tshark shows the content of the tunnel as data.
    assert_eq!(print_fields(&packets, &["http.response_in", "http.request_in"])[3..], ["5|", "|4", "7|", "|6"]);
}

#[test]
fn a_response_truncated_by_the_end_of_the_capture_is_in_no_frame() {
    let get = "GET / HTTP/1.1\r\n\r\n";
    let packets =
        talk(&[(true, 0, 0, get), (false, 0, get.len() as u32, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")]);
    assert_eq!(print_fields(&packets, &["http.request", "http.response", "http.response_in"])[3..], ["True||", "||"]);
}

#[test]
fn a_field_has_the_same_values_alone_and_with_others() {
    // All fields but columns, which a single pass fills as far as it can.
    let fields: Vec<_> = dissectors::fields().filter(|field| !field.name.starts_with("_ws.col.")).collect();
    for name in ["http/split-request-line", "http/connect-proxy", "http/chunked", "tcp/loss-at-sender"] {
        let path = format!("{}/fixtures/{name}.pcap", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(path).expect("a fixture");
        let together = field_values(&file, &fields);
        for (nth, field) in fields.iter().enumerate() {
            for (frame, alone) in field_values(&file, &[*field]).into_iter().enumerate() {
                assert_eq!(alone[0], together[frame][nth], "{name} {} {}", frame + 1, field.name);
            }
        }
    }
}
