//! Link layers and tunnels of which no capture is at hand: frames built here. Values are those of tshark 4.4.

use crate::common;
use common::{ACK, PSH, Segment, field_values, pcap};

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
const POINT: [u8; 6] = [2, 0, 0, 0, 0, 3];
/// An LLC header with the EtherType of IPv4.
const LLC: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];

/// Returns an IPv4 packet with an HTTP request.
fn request() -> Vec<u8> {
    let data = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    Segment { from_client: true, flags: PSH | ACK, seq: 1, ack: 1, data }.packet()
}

/// Returns an IEEE 802.11 frame from A to B.
fn wireless(control: [u8; 2], addresses: [[u8; 6]; 3], rest: &[&[u8]]) -> Vec<u8> {
    [&control[..], &[44, 0], &addresses.concat(), &[0x10, 0], &rest.concat()].concat()
}

/// Returns values of the fields in each frame, as `print` shows them.
fn values(link: u32, frames: &[Vec<u8>], names: &[&str]) -> Vec<String> {
    let fields: Vec<_> = names.iter().map(|name| dissectors::field(name).expect("a field")).collect();
    field_values(&pcap(link, frames), &fields).iter().map(|frame| frame.join("|")).collect()
}

#[test]
fn packets_in_wireless_data_frames_are_read() {
    let packet = request();
    let packet = packet.as_slice();
    let frames = [
        wireless([8, 1], [POINT, A, B], &[&LLC, packet]),
        wireless([8, 2], [B, POINT, A], &[&LLC, packet]),
        wireless([8, 0], [B, A, POINT], &[&LLC, packet]),
        wireless([8, 3], [POINT, POINT, B], &[&A, &LLC, packet]),
        wireless([0x88, 1], [POINT, A, B], &[&[5, 0], &LLC, packet]),
        wireless([0x88, 0x81], [POINT, A, B], &[&[5, 0, 0, 0, 0, 0], &LLC, packet]),
        wireless([0x88, 1], [POINT, A, B], &[&[0x80, 0], &B, &A, &[0, 75], &LLC, packet]),
    ];
    let flags = [".......T", "......F.", "........", "......FT", ".......T", "o......T", ".......T"];
    let expected = flags.map(|flags| format!("wlan:llc:ip:tcp:http|02:00:00:00:00:01|02:00:00:00:00:02|{flags}"));
    let names = ["frame.protocols", "wlan.sa", "wlan.da", "wlan.flags.str"];
    assert_eq!(values(105, &frames, &names).first(), expected.first());
    let mut later = expected.map(|line| line.replace(":http", ""));
    // A packet of an aggregate repeats the source.
    later[6] = later[6].replace("|02:00:00:00:00:01", "|02:00:00:00:00:01,02:00:00:00:00:01");
    assert_eq!(values(105, &frames, &names)[1..], later[1..]);
}

#[test]
fn wireless_frames_without_a_packet_have_their_info() {
    let frames = [
        wireless([0x48, 1], [POINT, A, B], &[]),
        [&[0xd4, 0, 0, 0][..], &A].concat(),
        [&[0xb4, 0, 10, 0][..], &A, &B].concat(),
        wireless([8, 0x41], [POINT, A, B], &[&[1, 2, 3, 0], &[b'x'; 40]]),
        wireless([8, 5], [POINT, A, B], &[&LLC]),
    ];
    let expected = [
        "wlan|Null function (No data), SN=1, FN=0, Flags=.......T",
        "wlan|Acknowledgement, Flags=........",
        "wlan|Request-to-send, Flags=........",
        "wlan:data|Data, SN=1, FN=0, Flags=.p.....T",
        "wlan:data|Fragmented IEEE 802.11 frame",
    ];
    assert_eq!(values(105, &frames, &["frame.protocols", "_ws.col.info"]), expected);
}

#[test]
fn radiotap_declares_the_check_sequence_and_the_padding() {
    let packet = request();
    let frame = wireless([8, 1], [POINT, A, B], &[&LLC, &packet]);
    let padded = wireless([0x88, 1], [POINT, A, B], &[&[5, 0, 0, 0], &LLC, &packet]);
    let header = [0, 0, 23, 0, 0x2f, 0, 0, 0, 21, 205, 91, 7, 0, 0, 0, 0, 0x10, 12, 0x85, 9, 0xa0, 0, 214];
    let frames = [
        [&[0, 0, 8, 0, 0, 0, 0, 0][..], &frame].concat(),
        [&[0, 0, 9, 0, 2, 0, 0, 0, 0x10][..], &frame, &[1, 2, 3, 4]].concat(),
        [&[0, 0, 9, 0, 2, 0, 0, 0, 0x20][..], &padded].concat(),
        [&header[..], &frame, &[1, 2, 3, 4]].concat(),
        vec![0, 0, 4, 0],
    ];
    let names = [
        "frame.protocols",
        "wlan.fcs",
        "radiotap.mactime",
        "radiotap.datarate",
        "wlan_radio.channel",
        "radiotap.dbm_antsignal",
    ];
    let expected = [
        "radiotap:wlan_radio:wlan:llc:ip:tcp:http|||||",
        "radiotap:wlan_radio:wlan:llc:ip:tcp|0x04030201||||",
        "radiotap:wlan_radio:wlan:llc:ip:tcp|||||",
        "radiotap:wlan_radio:wlan:llc:ip:tcp|0x04030201|123456789|6|6|-42",
        "radiotap|||||",
    ];
    assert_eq!(values(127, &frames, &names), expected);
}

#[test]
fn tags_and_arcnet_lead_to_the_packet() {
    let packet = request();
    let tagged = [&B[..], &A, &[0x89, 0x26, 0xc0, 5, 0x80, 7, 8, 0], &packet].concat();
    assert_eq!(
        values(1, &[tagged], &["frame.protocols", "vntag.dst", "vntag.src"]),
        ["eth:ethertype:vntag:ethertype:ip:tcp:http|5|7"]
    );
    let names = ["frame.protocols", "arcnet.sequence"];
    assert_eq!(values(7, &[[&[1, 2, 212, 0, 0, 1][..], &packet].concat()], &names), ["arcnet:ip:tcp:http|1"]);
    assert_eq!(values(129, &[[&[1, 2, 5, 6, 212, 0, 0, 1][..], &packet].concat()], &names), ["arcnet:ip:tcp:http|1"]);
}

#[test]
fn a_declared_check_sequence_is_no_trailer() {
    let frame = [&B[..], &A, &[8, 0], &request(), &[0xde, 0xad, 0xbe, 0xef]].concat();
    let names = ["eth.fcs", "eth.trailer"];
    // Bit 26 declares a check sequence, bits 28 to 31 its length in words of two bytes.
    for (declared, expected) in [(0, "0xdeadbeef|"), (1 << 26, "|deadbeef"), (1 << 26 | 2 << 28, "0xdeadbeef|")] {
        assert_eq!(values(1 | declared, std::slice::from_ref(&frame), &names), [expected], "{declared:#x}");
    }
}

#[test]
fn a_check_sequence_of_a_wireless_frame_is_declared_by_its_own_header_only() {
    let frame = [&wireless([8, 1], [POINT, A, B], &[&LLC, &request()])[..], &[1, 2, 3, 4]].concat();
    let names = ["frame.protocols", "wlan.fcs"];
    assert_eq!(values(105 | 1 << 26 | 2 << 28, &[frame], &names), ["wlan:llc:ip:tcp:http|"]);
}

#[test]
fn a_quote_that_the_capture_cut_is_noted() {
    let quoted = request();
    let mut error = vec![0x45, 0, 0, 95, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 3, 3, 0, 0, 0, 0, 0, 0];
    error.extend(&quoted);
    let unreachable = "Destination unreachable (Port unreachable)";
    let cut = "[Packet size limited during capture]";
    // Captured bytes: within the quoted IP header, after it, within the TCP header, after it.
    for (len, end) in [(30, cut), (48, cut), (52, cut), (60, cut), (68, "")] {
        let mut file = pcap(common::IPV4, &[error[..len].to_vec()]);
        file[24 + 12..24 + 16].copy_from_slice(&95_u32.to_le_bytes());
        let info = field_values(&file, &[dissectors::field("_ws.col.info").expect("a field")]);
        assert_eq!(info, [[format!("{unreachable}{end}")]], "{len}");
    }
}

#[test]
fn a_quote_that_its_sender_cut_is_not_noted() {
    let quoted = request();
    // Bytes of the quote: the IP header, a part of the ports, the ports, eight bytes of TCP, all of its header.
    for len in [20, 22, 24, 28, 40] {
        let mut error = vec![0x45, 0, 0, 28 + len as u8, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1];
        error.extend([3, 3, 0, 0, 0, 0, 0, 0]);
        error.extend(&quoted[..len]);
        assert_eq!(values(common::IPV4, &[error], &["_ws.col.info"]), ["Destination unreachable (Port unreachable)"]);
    }
}
