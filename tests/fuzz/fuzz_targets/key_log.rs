//! Key log of arbitrary bytes: every line is a secret, malformed, or skipped, and no secret is printed.
#![no_main]

use dissectors::key_log;
use dissectors::session::Secrets;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let mut secrets = Secrets::default();
    let count = key_log::read(text, 1, &mut secrets);
    let lines = text.split(|&byte| byte == b'\n').count();
    assert!(count.secrets + count.malformed <= lines && secrets.len() <= count.secrets);
    assert_eq!(secrets.is_empty(), count.secrets == 0);
});
