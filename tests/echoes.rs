//! Echo requests and their replies: pairs, requests without a reply, groups. Values are those of tshark 4.4 with `-2`.

use crate::common;
use common::print_fields;

/// Returns an IPv4 packet with an echo message (RFC 792) of 48 bytes of data. Only the last byte of addresses differs.
fn echo(kind: u8, from: [u8; 4], to: [u8; 4], identifier: u8, sequence: u8) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, 0, identifier, 0, sequence];
    message.extend(b"abcdefgh".repeat(6));
    let sum: u32 = message.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !((sum & 0xffff) as u16 + (sum >> 16) as u16);
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    let mut packet = vec![0x45, 0, 0, 76, 0, 0, 0, 0, 64, 1, 0, 0];
    packet.extend(from);
    packet.extend(to);
    packet.extend(message);
    packet
}

const A: [u8; 4] = [10, 0, 0, 1];
const B: [u8; 4] = [10, 0, 0, 2];
const C: [u8; 4] = [10, 0, 0, 3];
const FIELDS: [&str; 5] = ["icmp.resp_in", "icmp.resp_to", "icmp.resptime", "icmp.no_resp", "_ws.col.info"];

fn request(sequence: u8) -> Vec<u8> {
    echo(8, A, B, 1, sequence)
}

fn reply(sequence: u8) -> Vec<u8> {
    echo(0, B, A, 1, sequence)
}

fn info(kind: &str, sequence: u8, end: &str) -> String {
    format!("Echo (ping) {kind:<7}  id=0x0001, seq={sequence}/{}, ttl=64{end}", u16::from(sequence) << 8)
}

#[test]
fn a_request_and_its_reply_have_the_frame_of_each_other() {
    let expected = [
        format!("2||||{}", info("request", 1, " (reply in 2)")),
        format!("|1|1||{}", info("reply", 1, " (request in 1)")),
    ];
    assert_eq!(print_fields(&[request(1), reply(1)], &FIELDS), expected);
}

#[test]
fn a_request_without_a_reply_is_noted() {
    let frames = print_fields(&[request(1), request(2), reply(2)], &["icmp.no_resp", "_ws.expert.message"]);
    assert_eq!(frames, ["1|No response seen to ICMP request", "|", "|"]);
    let frames = print_fields(&[request(1)], &FIELDS);
    assert_eq!(frames, [format!("|||1|{}", info("request", 1, " (no response found!)"))]);
}

#[test]
fn the_last_of_repeated_requests_has_the_reply() {
    let frames = [request(3), request(3), reply(3), reply(3)];
    assert_eq!(print_fields(&frames, &FIELDS[..4]), ["|||1", "3|||", "|2|1|", "|||"]);
}

#[test]
fn a_reply_of_another_host_is_not_paired() {
    assert_eq!(print_fields(&[echo(8, A, C, 1, 4), reply(4)], &FIELDS[..4]), ["|||1", "|||"]);
}

#[test]
fn requests_to_a_group_are_not_paired() {
    let frames = [echo(8, A, [224, 0, 0, 1], 1, 1), reply(1)];
    let expected = [format!("||||{}", info("request", 1, " (multicast)")), format!("||||{}", info("reply", 1, ""))];
    assert_eq!(print_fields(&frames, &FIELDS), expected);
}
