//! `-N` and `--hosts`: host names in place of addresses, each with its source.

use super::common::dns_packet;
use super::{IPV4, capture, conversation, fixture, folder, pcap, run, run_on, write};
use crate::source::bytes::{Little, block, end, enhanced, interface, option, section};

/// A name on the wire (RFC 1035 3.1).
fn encoded(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8][..], label.as_bytes()].concat());
    labels.chain([0]).collect()
}

/// A record: its owner, type, class and data.
fn record(owner: &str, kind: u16, class: u16, data: &[u8]) -> Vec<u8> {
    let fixed = [kind.to_be_bytes(), class.to_be_bytes(), [0; 2], [0, 60], (data.len() as u16).to_be_bytes()];
    [&encoded(owner)[..], &fixed.concat(), data].concat()
}

/// A response in a packet from 10.0.0.9 to 10.0.0.1, with these answers and one question.
fn response(answers: &[Vec<u8>]) -> Vec<u8> {
    let mut message =
        [&[0, 1, 0x81, 0x80, 0, 1, 0, answers.len() as u8, 0, 0, 0, 0][..], &encoded("www.a.test")].concat();
    message.extend([0, 1, 0, 1]);
    message.extend(answers.concat());
    dns_packet(&message)
}

/// The frames 1 to 8 of a connection to 10.0.0.2, then responses about both of its addresses.
fn packets() -> Vec<Vec<u8>> {
    let mut packets = conversation();
    let alias = record("www.a.test", 5, 1, &encoded("edge.cdn.test"));
    packets.push(response(&[alias, record("edge.cdn.test", 1, 1, &[10, 0, 0, 2])]));
    packets.push(response(&[record("1.0.0.10.in-addr.arpa", 12, 1, &encoded("client.test"))]));
    packets.push(response(&[record("later.test", 1, 1, &[10, 0, 0, 2])]));
    packets.extend(conversation().into_iter().take(1));
    packets
}

const HOSTS: [&str; 6] = ["-T", "fields", "-e", "ip.src_host", "-e", "ip.dst_host"];

/// Returns the hosts of each frame.
fn hosts(file: &str, options: &[&str]) -> Vec<String> {
    let (text, error, code) = run(&[&["print", file][..], &HOSTS, options].concat());
    assert_eq!((&*error, code), ("", 0), "{options:?}");
    text.lines().map(|line| line.replace('\t', " > ")).collect()
}

#[test]
fn an_address_has_the_owner_of_its_record_as_name() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets()));
    let rows = hosts(&file, &["-N", "nd"]);
    // As in tshark without -2, a frame has the last name before it; before the first name, as in tshark -2, it has that.
    assert_eq!(rows[0], "client.test > edge.cdn.test");
    assert_eq!(rows[9], "10.0.0.9 > client.test");
    assert_eq!(rows[10..], ["10.0.0.9 > client.test", "client.test > later.test"]);
    for options in [&[][..], &["-n"], &["-N", "n"], &["-N", "m"]] {
        assert_eq!(hosts(&file, options)[0], "10.0.0.1 > 10.0.0.2", "{options:?}");
    }
    let (text, _, code) = run_on(&pcap(IPV4, &packets()), &[&["print", "-", "-N", "nd"][..], &HOSTS].concat());
    assert_eq!((text.lines().next(), code), (Some("client.test\tedge.cdn.test"), 0));
}

#[test]
fn trees_have_address_name_and_source() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets()));
    let (text, ..) = run(&["print", &file, "-N", "nd", "-V", "frame.number == 2"]);
    for line in [
        "Internet Protocol Version 4, Src: edge.cdn.test (10.0.0.2), Dst: client.test (10.0.0.1)\n",
        "\n    Source Address: edge.cdn.test (10.0.0.2)\n",
        "\n    [Name of 10.0.0.2: edge.cdn.test, from DNS in frame 9]\n",
        "\n    [Name of 10.0.0.1: client.test, from DNS in frame 10]\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let (text, ..) = run(&["print", &file, "-N", "nd", "-e", "ip.host_source", "-e", "ip.src", "frame.number == 12"]);
    assert_eq!(text, "DNS in frame 10,DNS in frame 11\t10.0.0.1\n");
}

#[test]
fn every_command_has_the_names() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets()));
    let (text, ..) = run(&["print", &file, "-N", "nd", "-c", "12", "ip.dst_host == later.test"]);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("client.test → later.test   TCP"), "{text}");
    let (text, ..) = run(&["calls", &file, "-N", "nd", "http and ip.host contains edge"]);
    assert!(text.contains(" client.test:40000  ") && text.contains(" edge.cdn.test:80 "), "{text}");
    for (by, row) in [("server", "0  edge.cdn.test:80\n"), ("client", "0  client.test\n")] {
        let (text, ..) = run(&["calls", &file, "-N", "nd", "http and ip.host contains edge", "--by", by]);
        assert!(text.ends_with(row), "{text}");
    }
    let (text, ..) = run(&["streams", &file, "-N", "nd", "-T", "ndjson", "tcp.stream == 0"]);
    for member in [
        r#""client":"10.0.0.1:40000","server":"10.0.0.2:80""#,
        r#""client_name":"client.test","client_name_source":"DNS in frame 10""#,
        r#""server_name":"edge.cdn.test","server_name_source":"DNS in frame 9""#,
    ] {
        assert!(text.contains(member), "{text}");
    }
    let (text, ..) = run(&["calls", &file, "-T", "csv"]);
    assert!(!text.contains("client_name"), "{text}");
    let rule = ["--some", "ip.host == edge.cdn.test"];
    assert_eq!(run(&[&["check", &file, "-N", "nd"][..], &rule].concat()).2, 0);
    assert_eq!(run(&[&["check", &file][..], &rule].concat()).2, 1);
    let (text, ..) = run(&["check", &file, "-N", "nd", "--none", "ip.host == later.test"]);
    assert!(text.contains(&format!("overhear print -N nd {file} 'frame.number == 12'")), "{text}");
}

#[test]
fn names_of_records_that_are_no_hosts_are_not_shown() {
    let folder = folder();
    let server = [10, 0, 0, 2];
    for answer in [
        record("chaos.test", 1, 3, &server),
        record("long.test", 1, 1, &[10, 0, 0, 2, 0]),
        record("", 1, 1, &server),
        record("2.0.0.10.in-addr.other", 12, 1, &encoded("x.test")),
        record("2.0.0.256.in-addr.arpa", 12, 1, &encoded("x.test")),
        record("2.0.0.10.in-addr.arpa", 12, 1, &[]),
        record("2.0.0.10.in-addr.arpa", 12, 1, &[0xc0, 0xff]),
    ] {
        let file = write(folder.path(), "a.pcap", &pcap(IPV4, &[conversation(), vec![response(&[answer])]].concat()));
        assert_eq!(hosts(&file, &["-N", "nd"])[0], "10.0.0.1 > 10.0.0.2");
    }
    // RFC 6762 10.2: the high bit of the class is no part of it. RFC 4343: letters have no case.
    let answers =
        [record("flush.test", 1, 0x8001, &server), record("1.0.0.10.IN-addr.ARPA", 12, 1, &encoded("c.test"))];
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &[conversation(), vec![response(&answers)]].concat()));
    assert_eq!(hosts(&file, &["-N", "nd"])[0], "c.test > flush.test");
}

#[test]
fn a_hostile_name_reaches_no_terminal() {
    let folder = folder();
    let answer = record("\u{1b}[2J\r\u{202e}x.te st", 1, 1, &[10, 0, 0, 2]);
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &[conversation(), vec![response(&[answer])]].concat()));
    for command in ["print", "calls", "streams"] {
        for options in [&[][..], &["-T", "csv"], &["-T", "ndjson"]] {
            let (text, ..) = run(&[&[command, &file, "-N", "nd"][..], options].concat());
            let is_hostile = |char: char| char.is_control() && char != '\n' || char == '\u{202e}';
            assert!(text.contains("x.te st") && !text.contains(is_hostile), "{command} {options:?} {text}");
        }
    }
    let (text, ..) = run(&["print", &file, "-N", "nd", "-V", "frame.number == 1"]);
    assert_eq!(text.matches(r"\x1b[2J\r\xe2\x80\xaex.te st").count(), 3, "{text}");
}

#[test]
fn names_of_a_hosts_file_are_preferred() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets()));
    let list = write(folder.path(), "list", b"10.0.0.2 old\n10.0.0.2 web alias\n10.0.0.9 dns\nnone\n");
    let (text, error, code) =
        run(&[&["print", &file, "--hosts", &list, "-c", "9"][..], &HOSTS, &["frame.number in {1, 9}"]].concat());
    assert_eq!((&*text, code), ("10.0.0.1\tweb\ndns\t10.0.0.1\n", 0));
    assert_eq!(error, format!("overhear: {list}: line 4: expected an IPv4 or IPv6 address\n"));
    let (text, ..) = run(&["print", &file, "--hosts", &list, "-N", "nd", "-e", "ip.host_source", "frame.number == 1"]);
    assert_eq!(text, format!("DNS in frame 10,{list} line 2\n"));
    let (_, error, code) = run(&["print", &file, "--hosts", "/none"]);
    assert_eq!((&*error, code), ("overhear: /none: No such file or directory (os error 2)\n", 2));
}

#[test]
fn the_headings_of_a_followed_stream_have_names() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &pcap(IPV4, &packets()));
    let list = write(folder.path(), "list", b"10.0.0.2 web\n");
    for format in [&[][..], &["--http"]] {
        let headings = |options: &[&str]| {
            let (text, ..) = run(&[&["follow", &file, "0"][..], format, options].concat());
            let lines = text.lines().filter(|line| line.starts_with("---"));
            lines.map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(headings(&[]), ["--- client", "--- server"], "{format:?}");
        assert_eq!(headings(&["--hosts", &list]), ["--- client 10.0.0.1", "--- server web"], "{format:?}");
    }
}

#[test]
fn names_of_the_capture_file_have_its_server() {
    let folder = folder();
    let packet = conversation().remove(0);
    let names = |entries: &[(u16, &[u8])], server: &[u8]| {
        let entries = entries.iter().flat_map(|(kind, value)| option(Little, *kind, value)).collect::<Vec<_>>();
        block(
            Little,
            4,
            &[entries, end(), option(Little, 2, server), option(Little, 3, &[10, 0, 0, 9]), end()].concat(),
        )
    };
    let frame = |time: u64| enhanced(Little, 0, time, [packet.len() as u32; 2], &packet, &[]);
    let file = [
        section(Little),
        interface(Little, IPV4 as u16, 0, &[]),
        frame(1),
        names(&[(1, b"\x0a\0\0\x02web\0alias\0"), (1, b"\x0a\0"), (1, b"\x0a\0\0\x02again\0")], b"resolver"),
        frame(2),
        names(&[(1, b"\x0a\0\0\x02\0second"), (1, &[b"\x0a\0\0\x01", &[b'n'; 256][..], b"\0"].concat())], b""),
        frame(3),
    ];
    let file = write(folder.path(), "a.pcapng", &file.concat());
    // In one block the first name of an address is its name, in tshark 4.4, too.
    let rows = ["10.0.0.1 > web", "10.0.0.1 > web", "10.0.0.1 > second"];
    assert_eq!(hosts(&file, &["-N", "n"]), rows);
    assert_eq!(hosts(&file, &["-N", "nd"]), rows);
    let (text, ..) = run(&["print", &file, "-N", "n", "-e", "ip.host_source"]);
    let block = "name resolution block of the capture file, server";
    assert_eq!(text, format!("{block} resolver (10.0.0.9)\n{block} resolver (10.0.0.9)\n{block} 10.0.0.9\n"));
}

#[test]
fn letters_that_are_not_supported_are_refused() {
    let folder = folder();
    let file = write(folder.path(), "a.pcap", &capture());
    let expected = "expected m (Ethernet addresses), n (network addresses), d (names in DNS messages of the capture)";
    for (letters, reason) in [
        ("x", format!("unknown letter x; {expected}")),
        ("nv", format!("v is not supported; {expected}")),
        ("nN", "N requires a name server, and overhear never looks up anything".into()),
        ("d", "d requires n: names in messages are names of network addresses".into()),
    ] {
        let (_, error, code) = run(&["print", &file, "-N", letters]);
        let message = format!("overhear: invalid value '{letters}' for '-N <LETTERS>': {reason}; see");
        assert!(error.starts_with(&message) && code == 2, "{error}");
    }
    assert_eq!(run(&["print", &file, "-n", "--hosts", &file]).2, 2);
}

#[test]
fn journeys_traces_and_ladders_have_the_names_of_their_hosts() {
    let file = fixture("journey/hosts.pcap");
    let commands: [&[&str]; 4] =
        [&["journey", &file, "4"], &["trace", &file, "4"], &["ladder", &file, "0"], &["ladder", &file, "--call", "4"]];
    for words in commands {
        let [without, with] = [&[][..], &["-N", "nd"]].map(|names| run(&[words, names].concat()).0);
        assert!(without.contains("10.0.0.2:8080"), "{words:?}: {without}");
        assert!(with.contains("www.shop.test:8080") && !with.contains("10.0.0.2:8080"), "{words:?}: {with}");
    }
    let (json, ..) = run(&["journey", &file, "4", "-N", "nd", "-T", "json"]);
    assert!(
        json.contains(r#""server_name": "www.shop.test""#) && json.contains(r#""server": "10.0.0.2:8080""#),
        "{json}"
    );
}
