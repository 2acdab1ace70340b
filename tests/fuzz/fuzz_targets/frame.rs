//! Frame of any link type: two bytes LINKTYPE_, one byte for the number of bytes cut off, then the captured bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overhear::source::Time;
use overhear_fuzz::{Pass, frame};

fuzz_target!(|input: &[u8]| {
    let [link, link_high, missing, bytes @ ..] = input else { return };
    let link = u16::from_le_bytes([*link, *link_high]);
    let length = bytes.len() as u32 + u32::from(*missing);
    let frame = frame(1, Time(1_700_000_000_000_000_000), link, length, bytes);
    let mut first = Pass::first();
    first.read(&frame);
    let mut second = Pass::second(first.finish());
    second.read(&frame);
    second.finish();
});
