//! The examples of docs/adding-a-protocol.md, compiled and run as parts of the crate.
#![allow(dead_code, reason = "the examples are not in PROTOCOLS")]

mod ping;
mod sealed;

use crate::detached_frame::DetachedFrame;
use crate::packet::{NextLayer, Packet, Payload};
use crate::protocol::{Dissector, Registry};
use crate::session::{
    Chunk, DerivedItem, FirstPass, Handover, Hint, Input, Lane, Probe, Secrets, Side, Stamp, Successor,
};
use crate::{Tree, Wants};
use alloc::string::String;
use alloc::vec::Vec;

/// The tutorial, and the files that hold its examples.
const TUTORIAL: &str = include_str!("../../../docs/adding-a-protocol.md");
const EXAMPLES: [&str; 2] = [include_str!("ping.rs"), include_str!("sealed.rs")];
/// Headings between which every Rust block is an example.
const SECTIONS: [(&str, &str); 3] = [
    ("\n## Fields", "\n* **Names"),
    ("\n## A layer", "\n## A content type"),
    ("\n### The hard case", "\n### Recording of reassembly"),
];

/// Removes what rustfmt may change: white space, and the last comma of a list.
fn without_layout(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    text.replace(",)", ")").replace(",}", "}").replace(",]", "]")
}

#[test]
fn every_item_of_the_tutorial_is_in_the_compiled_examples() {
    let examples: String = EXAMPLES.iter().map(|text| without_layout(text)).collect();
    let mut items = 0;
    for (begin, end) in SECTIONS {
        let section = TUTORIAL.split_once(begin).expect(begin).1.split_once(end).expect(end).0;
        for block in section.split("```rust\n").skip(1) {
            let block = block.split_once("```").expect("the end of the block").0;
            // An item begins after an empty line, without indentation.
            let mut item = String::new();
            for line in block.lines().chain(["", "end"]) {
                if item.ends_with("\n\n") && !line.starts_with([' ', '}']) {
                    assert!(examples.contains(&without_layout(&item)), "not in the examples:\n{item}");
                    items += 1;
                    item.clear();
                }
                item.push_str(line);
                item.push('\n');
            }
        }
    }
    assert!(items > 20, "{items} items");
}

#[test]
fn the_layer_of_the_tutorial_reads_its_header() {
    let registry = Registry::new(&[&ping::PROTOCOL]);
    let (mut packet, mut tree) = (Packet::default(), Tree::new(Wants::everything()));
    for (bytes, rest) in [(&b"\x00\x07rest"[..], Some(&b"rest"[..])), (b"\x00", None)] {
        tree.begin(bytes);
        packet.reset();
        let next = NextLayer::UdpPort(7777, 50_000, Payload::whole(bytes, 0));
        let (read, payload) = next.reader(&registry, &mut packet).expect("the port is claimed");
        let next = read(payload, &mut packet, &mut tree);
        let found = if let NextLayer::Data(payload) = next { Some(payload.bytes) } else { None };
        assert_eq!((found, packet.path.names()), (rest, &["ping"][..]));
    }
}

#[test]
fn the_session_of_the_tutorial_derives_what_its_records_carry() {
    let Some(Dissector::Session(kind)) = sealed::PROTOCOL.dissectors.first() else { unreachable!("it is a session") };
    assert_eq!((kind.input, (kind.probe)(&Hint::bytes(b"\x01\x00\x05SEAL\x07"))), (Input::Stream, Probe::Yes));
    let wants = Wants::everything();
    let mut session = (kind.open)(&wants, &mut Handover::default());
    let steps: [(Side, &[u8]); 3] = [
        (Side::Client, b"\x01\x00\x05SEAL\x01"),
        (Side::Server, b"\x01\x00\x0dSEAL\x02http/1.1"),
        (Side::Client, b"\x02\x00\x03FDU\x03\x00\x00"),
    ];
    let (mut detached, secrets, first_pass) = (DetachedFrame::default(), Secrets::default(), FirstPass::default());
    for (side, bytes) in steps {
        let mut tree = Tree::new(wants.clone());
        tree.begin(bytes);
        let mut rest = Chunk { bytes, base: Some(0) };
        while !rest.bytes.is_empty() {
            let mut cx = detached.context(Stamp::default(), &mut tree, (&wants, &secrets, &first_pass));
            rest = rest.from(session.read(Lane::of(side), rest, &mut cx).bytes);
        }
    }
    let items: Vec<_> = detached.derived.items.iter().map(|derived| &derived.item).collect();
    let [DerivedItem::Begin(first), DerivedItem::Begin(second), DerivedItem::Bytes { bytes, .. }, DerivedItem::End(_)] =
        items[..]
    else {
        unreachable!("{items:?}")
    };
    assert_eq!((&first.to, &second.to), (&Successor::Undecided, &Successor::Alpn("http/1.1".into())));
    assert_eq!(bytes, b"GET");
}
