//! A capture file of any bytes, read twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use overhear::source::Capture;
use overhear_fuzz::Reading;

/// A file of a few kB that is compressed may hold any number of frames.
const FRAMES: u32 = 500;

fuzz_target!(|input: &[u8]| {
    let mut first = Reading::first();
    read(input, &mut first);
    let mut second = Reading::second(first.finish());
    read(input, &mut second);
    second.finish();
});

fn read(input: &[u8], reading: &mut Reading) {
    let Ok(mut capture) = Capture::from_reader("input", std::io::Cursor::new(input.to_vec())) else { return };
    // After an error the next file would follow; there is none.
    while let Ok(Some(frame)) = capture.next() {
        reading.read(&frame);
        if frame.number >= FRAMES {
            break;
        }
    }
    let _ = (capture.secrets(), capture.names(), capture.interfaces(), capture.progress());
}
