//! The examples of RFC 7541 C, and what is known of headers after a loss.

use super::*;
use crate::web::header_list::MAX_LIST;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or("?".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn decode(decoder: &mut HpackDecoder, block: &[u8]) -> (Vec<String>, Option<HpackError>) {
    let mut list = HeaderList::default();
    let (_, error) = decoder.decode(block, &mut list);
    let is_header = |line: &&HeaderLine| line.kind != Representation::SizeUpdate;
    let line = |line: &HeaderLine| alloc::format!("{}: {}", text(list.name(line)), text(list.value(line)));
    (list.lines.iter().filter(is_header).map(line).collect(), error)
}

fn sized(size: usize) -> HpackDecoder {
    let mut decoder = HpackDecoder::new();
    decoder.table.resize(size);
    decoder
}

const REQUESTS: [&[&str]; 3] = [
    &[":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
    &[":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
    &[
        ":method: GET",
        ":scheme: https",
        ":path: /index.html",
        ":authority: www.example.com",
        "custom-key: custom-value",
    ],
];
const RESPONSES: [&[&str]; 3] = [
    &[
        ":status: 302",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:21 GMT",
        "location: https://www.example.com",
    ],
    &[
        ":status: 307",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:21 GMT",
        "location: https://www.example.com",
    ],
    &[
        ":status: 200",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:22 GMT",
        "location: https://www.example.com",
        "content-encoding: gzip",
        "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
];

/// Size of the table, the blocks, and their headers.
type Example = (usize, &'static [&'static str], &'static [&'static [&'static str]]);

/// RFC 7541 C.2 to C.6.
const EXAMPLES: &[Example] = &[
    (4096, &["400a637573746f6d2d6b65790d637573746f6d2d686561646572"], &[&["custom-key: custom-header"]]),
    (4096, &["040c2f73616d706c652f70617468"], &[&[":path: /sample/path"]]),
    (4096, &["100870617373776f726406736563726574"], &[&["password: secret"]]),
    (4096, &["82"], &[&[":method: GET"]]),
    (
        4096,
        &[
            "828684410f7777772e6578616d706c652e636f6d",
            "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ],
        &REQUESTS,
    ),
    (
        4096,
        &[
            "828684418cf1e3c2e5f23a6ba0ab90f4ff",
            "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ],
        &REQUESTS,
    ),
    (
        256,
        &[
            "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
            "4803333037c1c0bf",
            "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
        ],
        &RESPONSES,
    ),
    (
        256,
        &[
            "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
            "4883640effc1c0bf",
            "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        ],
        &RESPONSES,
    ),
];

#[test]
fn the_examples_of_the_rfc_are_decoded() {
    for (size, blocks, expected) in EXAMPLES {
        let mut decoder = sized(*size);
        for (block, headers) in blocks.iter().zip(*expected) {
            let expected: Vec<String> = headers.iter().map(|&line| line.into()).collect();
            assert_eq!(decode(&mut decoder, &unhex(block)), (expected, None), "{block}");
        }
    }
}

#[test]
fn a_block_in_parts_has_the_same_headers() {
    for (size, blocks, _) in EXAMPLES {
        let block = unhex(&blocks.concat());
        let whole = decode(&mut sized(*size), &block);
        let (mut decoder, mut list, mut rest) = (sized(*size), HeaderList::default(), Vec::new());
        for byte in &block {
            rest.push(*byte);
            let (used, error) = decoder.decode(&rest, &mut list);
            assert_eq!(error, None);
            rest.drain(..used);
        }
        let lines = list.known().map(|(name, value)| alloc::format!("{}: {}", text(Some(name)), text(Some(value))));
        assert_eq!(lines.collect::<Vec<_>>(), whole.0);
        let ends: Vec<usize> = list.lines.iter().map(|line| line.coded.end).collect();
        assert_eq!(ends.last(), Some(&block.len()));
    }
}

#[test]
fn after_a_loss_entries_are_unknown_until_they_are_inserted_again() {
    let mut decoder = HpackDecoder::new();
    decode(&mut decoder, &unhex("828684410f7777772e6578616d706c652e636f6d"));
    decoder.lose();
    // The authority was inserted before, cache-control is new, and then both are referred to.
    let (lines, error) = decode(&mut decoder, &unhex("828684be58086e6f2d6361636865be"));
    assert_eq!(error, None);
    assert_eq!(
        lines,
        [":method: GET", ":scheme: http", ":path: /", "?: ?", "cache-control: no-cache", "cache-control: no-cache"]
    );
    // A name of an unknown entry with a new value: the entry has a value and no name.
    let (lines, _) = decode(&mut decoder, &unhex("7e0161be"));
    assert_eq!(lines, ["cache-control: a", "cache-control: a"]);
    let (lines, _) = decode(&mut decoder, &unhex("7f010161be"));
    assert_eq!(lines, ["?: a", "?: a"]);
}

#[test]
fn an_emptied_table_is_known_again() {
    let mut decoder = HpackDecoder::new();
    decoder.lose();
    assert_eq!(decode(&mut decoder, &[0xbe]), (vec!["?: ?".into()], None));
    // Size updates to 0 and to 4096.
    decode(&mut decoder, &unhex("203fe11f"));
    assert_eq!(decode(&mut decoder, &[0xbe]), (vec![], Some(HpackError::Index)));
}

#[test]
fn malformed_blocks_are_errors() {
    for (block, error) in [
        ("80", HpackError::Index),
        ("be", HpackError::Index),
        ("7fffffffffffffffff", HpackError::Integer),
        ("0081ff", HpackError::Huffman),
    ] {
        assert_eq!(decode(&mut HpackDecoder::new(), &unhex(block)).1, Some(error), "{block}");
    }
    assert_eq!(HpackDecoder::new().decode(&unhex("0a"), &mut HeaderList::default()), (0, None));
}

#[test]
fn a_bomb_of_indices_is_bounded() {
    let mut decoder = HpackDecoder::new();
    let mut block = vec![0x40, 1, b'a', 0x7f, 0xd1, 0x1e];
    block.extend_from_slice(&[b'x'; 4000]);
    block.extend_from_slice(&[0xbe; 100_000]);
    let mut list = HeaderList::default();
    assert_eq!(decoder.decode(&block, &mut list), (block.len(), None));
    assert!(list.is_cut && list.buffered() < 2 * MAX_LIST, "{}", list.buffered());
    assert!(list.size > 390_000_000, "{}", list.size);
    assert!(decoder.buffered() < 64 << 10);
}

#[test]
fn a_header_that_is_not_complete_states_how_many_bytes_it_needs() {
    // A size update, then a name of 1 byte and a value of 300 bytes, without Huffman coding.
    let block = [&[0x20, 0x00, 1, b'x', 0x7f, 0xad, 0x01][..], &[b'v'; 300]].concat();
    for (len, needed) in [(2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 306), (100, 306), (306, 306)] {
        let mut list = HeaderList::default();
        assert_eq!(HpackDecoder::new().decode(&block[..len], &mut list), (1, None), "{len}");
        assert_eq!(list.needed, needed, "{len}");
    }
}
