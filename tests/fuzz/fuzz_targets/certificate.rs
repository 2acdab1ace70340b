//! Certificate of arbitrary bytes: any of them are read, and every span is within the bytes.
#![no_main]

use dissectors::packet::{Payload, ProtocolPath};
use dissectors::protocol::MessageBody;
use dissectors::tls::x509;
use dissectors::{Tree, Wants};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut tree = Tree::new(Wants::everything());
    tree.begin(bytes);
    let read = x509::PROTOCOL.content().expect("X.509 is content");
    let payload = Payload::whole(bytes, 0);
    let body = MessageBody { payload, media_type: b"", parameters: b"", depth: 0, carrier: "", target: "", half: None };
    read(&body, &mut ProtocolPath::default(), &mut tree);
    assert!(tree.nodes().len() < 100_000);
    assert!(tree.nodes().iter().all(|node| node.span.end() as usize <= bytes.len()));
});
