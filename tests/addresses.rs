//! Addresses that two hosts use (ARP). Values are those of tshark 4.4 with `-2`.

use crate::common;

/// LINKTYPE_ETHERNET.
pub const ETHERNET: u32 = 1;

/// Returns an Ethernet frame with an ARP message (RFC 826). Of hardware and protocol addresses, only the last byte differs; 0
/// is an address of zeros.
pub fn arp(operation: u8, sender: [u8; 2], target: [u8; 2]) -> Vec<u8> {
    let hardware = |last: u8| if last == 0 { [0; 6] } else { [2, 0, 0, 0, 0, last] };
    let protocol = |last: u8| if last == 0 { [0; 4] } else { [10, 0, 0, last] };
    let mut frame = [&[0xff; 6][..], &hardware(sender[0]), &[8, 6, 0, 1, 8, 0, 6, 4, 0, operation]].concat();
    for [hardware_last, protocol_last] in [sender, target] {
        frame.extend(hardware(hardware_last));
        frame.extend(protocol(protocol_last));
    }
    frame
}

const FIELDS: [&str; 4] = [
    "arp.duplicate-address-detected",
    "arp.duplicate-address-frame",
    "arp.seconds-since-duplicate-address-frame",
    "_ws.col.info",
];

const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// Prints frames, of which there is one each 500 ms.
fn print(messages: &[(u8, [u8; 2], [u8; 2])]) -> Vec<String> {
    let frames: Vec<_> = messages.iter().map(|&(operation, sender, target)| arp(operation, sender, target)).collect();
    let fields: Vec<_> = FIELDS.iter().map(|name| dissectors::field(name).expect("a field")).collect();
    let file = common::pcap_every(500, ETHERNET, &frames);
    common::field_values(&file, &fields).iter().map(|frame| frame.join("|")).collect()
}

#[test]
fn the_first_host_of_an_address_keeps_it() {
    let rows = print(&[
        (REPLY, [0xb, 2], [0xa, 1]),
        (REPLY, [0xc, 2], [0xa, 1]),
        (REPLY, [0xb, 2], [0xa, 1]),
        (REQUEST, [0xd, 1], [0, 3]),
        (REQUEST, [0xc, 2], [0, 2]),
    ]);
    let expected = [
        "|||10.0.0.2 is at 02:00:00:00:00:0b",
        "1|1|0|10.0.0.2 is at 02:00:00:00:00:0c",
        "|||10.0.0.2 is at 02:00:00:00:00:0b",
        "1|3|0|Who has 10.0.0.3? Tell 10.0.0.1 (duplicate use of 10.0.0.1 detected!)",
        "1|3|1|ARP Announcement for 10.0.0.2 (duplicate use of 10.0.0.2 detected!)",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn both_addresses_of_a_reply_are_in_use() {
    let rows = print(&[
        (REPLY, [1, 12], [5, 13]),
        (REPLY, [2, 12], [6, 13]),
        (REPLY, [1, 14], [3, 14]),
        (REPLY, [2, 14], [2, 14]),
        (REQUEST, [5, 13], [4, 12]),
    ]);
    let expected = [
        "|||10.0.0.12 is at 02:00:00:00:00:01",
        "1,1|1,1|0,0|10.0.0.12 is at 02:00:00:00:00:02 (duplicate use of 10.0.0.13 detected!)",
        "|||Gratuitous ARP for 10.0.0.14 (Reply)",
        "1|3|0|Gratuitous ARP for 10.0.0.14 (Reply) (duplicate use of 10.0.0.14 detected!)",
        "|||Who has 10.0.0.12? Tell 10.0.0.13",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn zeros_are_not_in_use() {
    let rows = print(&[
        (REQUEST, [1, 0], [0, 5]),
        (REQUEST, [2, 0], [0, 5]),
        (REQUEST, [1, 5], [0, 9]),
        (REPLY, [0, 5], [1, 5]),
        (REPLY, [0, 5], [2, 5]),
    ]);
    let expected = [
        "|||Who has 10.0.0.5? (ARP Probe)",
        "|||Who has 10.0.0.5? (ARP Probe)",
        "|||Who has 10.0.0.9? Tell 10.0.0.5",
        "|||Gratuitous ARP for 10.0.0.5 (Reply)",
        "1|4|1|Gratuitous ARP for 10.0.0.5 (Reply) (duplicate use of 10.0.0.5 detected!)",
    ];
    assert_eq!(rows, expected);
}
