//! Capture file of arbitrary bytes, read in two passes with the secrets of its blocks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overhear::source::{Capture, read_block_secrets};
use overhear_fuzz::Pass;

/// Maximum number of frames: a compressed file of a few kB may contain any number.
const FRAMES: u32 = 500;

fuzz_target!(|input: &[u8]| {
    let secrets = read_block_secrets(std::io::Cursor::new(input));
    let mut first = Pass::first();
    first.add_block_secrets(&secrets);
    read(input, &mut first);
    let mut second = Pass::second(first.finish());
    second.add_block_secrets(&secrets);
    read(input, &mut second);
    second.finish();
});

fn read(input: &[u8], pass: &mut Pass) {
    let Ok(mut capture) = Capture::from_reader("input", std::io::Cursor::new(input.to_vec())) else { return };
    // After an error, reading would continue with the next file; there is only one.
    while let Ok(Some(frame)) = capture.next() {
        pass.read(&frame);
        if frame.number >= FRAMES {
            break;
        }
    }
    let _ = (capture.secrets(), capture.names(), capture.interfaces(), capture.progress());
}
