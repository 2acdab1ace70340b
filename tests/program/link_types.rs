//! Link types that are not supported: each command reports them once, and `check` fails.

use super::{folder, run, write};
use crate::common::{IPV4, pcap};

/// LINKTYPE_USER0, which is reserved for private use.
const USER0: u32 = 147;

const MESSAGE: &str = "overhear: link type 147 is not supported; its frames are not dissected\n";

#[test]
fn each_command_reports_a_link_type_once() {
    let folder = folder();
    let file = write(folder.path(), "user.pcap", &pcap(USER0, &[vec![1, 2, 3], vec![4]]));
    for command in [&["calls"][..], &["streams"], &["print"], &["print", "-T", "json"], &["print", "-Y", "http"]] {
        let (name, options) = command.split_first().expect("a command");
        let (_, err, code) = run(&[&[*name, &file], options].concat());
        // `streams` names its option for other connections, too.
        let others: Vec<&str> = err.split(MESSAGE).filter(|rest| !rest.is_empty()).collect();
        let expected = if *name == "streams" {
            &["overhear: no connections of TCP; --quic lists those of QUIC\n"][..]
        } else {
            &[]
        };
        assert_eq!((err.matches(MESSAGE).count(), others.as_slice(), code), (1, expected, 0), "{command:?}");
    }
}

#[test]
fn a_link_type_has_its_name() {
    let folder = folder();
    let file = write(folder.path(), "relay.pcap", &pcap(107, &[vec![1, 2, 3]]));
    let (_, err, _) = run(&["calls", &file]);
    assert_eq!(err, "overhear: link type 107 (Frame Relay) is not supported; its frames are not dissected\n");
}

#[test]
fn a_check_fails_unless_the_link_type_is_allowed() {
    let folder = folder();
    let file = write(folder.path(), "user.pcap", &pcap(USER0, &[vec![1, 2, 3]]));
    let (out, _, code) = run(&["check", &file, "--none", "status >= 500"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("link types are supported\n"), "{out}");
    assert!(out.contains("found   link type 147 is not supported; its frames are not dissected\n"), "{out}");
    assert!(out.contains("frames  1\n"), "{out}");
    let (out, _, code) = run(&["check", &file, "--none", "status >= 500", "--allow", "unsupported"]);
    assert_eq!(code, 0, "{out}");
}

#[test]
fn a_supported_link_type_is_not_reported() {
    let folder = folder();
    let file = write(folder.path(), "raw.pcap", &pcap(IPV4, &[vec![0x45]]));
    assert_eq!(run(&["calls", &file]).1, "");
}
