//! Filter: parsing, printing and parsing again gives the same condition, which can be evaluated for a frame.
#![no_main]

use cpu_time::ThreadTime;
use libfuzzer_sys::fuzz_target;
use overhear::analysis::{Analyzer, Task};
use overhear::filter::{Filter, parse};
use overhear::source::Time;
use overhear_fuzz::frame;
use std::time::Duration;

/// IPv4 packet with a TCP segment: an HTTP request from 10.0.0.1:40000 to 10.0.0.2:80.
const PACKET: &[u8] = b"\x45\x00\x00\x47\x00\x00\x00\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\
    \x9c\x40\x00\x50\x00\x00\x00\x01\x00\x00\x00\x01\x50\x18\xff\xff\x00\x00\x00\x00\
    GET /a?b=c HTTP/1.1\r\nHost:a\r\n\r\n";

fuzz_target!(|filter: &str| {
    let start = ThreadTime::now();
    match parse(filter) {
        Ok(Some(condition)) => {
            let printed = condition.to_string();
            let again = parse(&printed).unwrap_or_else(|error| panic!("{}", error.display(&printed)));
            assert_eq!(again.as_ref(), Some(&condition), "printed: {printed}");
        }
        Ok(None) => {}
        Err(error) => check_message(&error.display(filter).to_string()),
    }
    match Filter::new(filter) {
        Ok(filter) => {
            let mut analyzer = Analyzer::new(Task { wants: filter.wants(), ..Task::default() });
            let frame = frame(1, Time(1_700_000_000_000_000_000), 228, PACKET.len() as u32, PACKET);
            let _ = filter.matches(analyzer.dissect(&frame));
        }
        Err(error) => check_message(&error.display(filter).to_string()),
    }
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
});

fn check_message(message: &str) {
    let control = message.chars().find(|char| char.is_control() && *char != '\n');
    assert_eq!((control, message.lines().count()), (None, 3), "message: {message:?}");
}
