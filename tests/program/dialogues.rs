//! Messages in the table of `calls`: marked with the number of the call that opened their session.

use super::{folder, run, write};
use crate::common::http2_frames::two_dialogues;

/// Returns the marks and targets in the table of `calls`.
fn targets(arguments: &[&str]) -> Vec<String> {
    let (table, errors, code) = run(&[&["calls"], arguments].concat());
    assert_eq!((&*errors, code), ("", 0));
    let target = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| word.starts_with('/')).expect("a path");
        match words.get(at.wrapping_sub(1)) {
            Some(mark) if mark.starts_with(['┬', '└']) => format!("{mark} {}", words[at]),
            _ => words[at].to_owned(),
        }
    };
    table.lines().skip(1).map(target).collect()
}

#[test]
fn messages_have_the_number_of_their_handshake_also_without_it() {
    let folder = folder();
    let capture = two_dialogues(&[(3, "one"), (1, "two"), (3, "three")]);
    let file = write(folder.path(), "a.pcap", &capture);
    let all = ["┬1 /a", "┬2 /b", "└2 /b", "└1 /a", "└2 /b"];
    for threads in ["1", "3"] {
        assert_eq!(targets(&[&file, "--threads", threads]), all);
        // The number is the one that `journey` selects the call by, whatever the filter.
        assert_eq!(targets(&[&file, "--threads", threads, "-Y", "websocket.payload.text contains \"t\""]), all[3..]);
    }
    let (journey, errors, code) = run(&["journey", &file, "2"]);
    assert!(code == 0 && journey.contains("CONNECT") && journey.contains("/b"), "{journey}{errors}");
    // Other forms have the target alone.
    let (rows, _, _) = run(&["calls", &file, "-T", "csv"]);
    assert!(rows.contains(",Text,h,/b,") && !rows.contains('└'), "{rows}");
}

#[test]
fn a_call_in_a_tunnel_has_the_number_of_its_connect() {
    assert_eq!(targets(&["fixtures/http2/connect.pcap", "-Y", "http.request or websocket"])[0], "└2 /inner");
}
