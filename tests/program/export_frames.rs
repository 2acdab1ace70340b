//! `export pcapng`, `export pcap`, `merge` and `split`: frames of captures in other files.

use super::common::{IPV4, pcap};
use super::{fixture, folder, program, run, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The frames of captures with times, lengths and bytes.
fn frames(arguments: &[&str]) -> Vec<String> {
    let names = ["frame.time_epoch", "frame.len", "frame.cap_len", "ip.id", "tcp.seq_raw", "udp.payload"];
    let fields: Vec<&str> = names.iter().flat_map(|name| ["-e", name]).collect();
    let (text, error, code) = run(&[&["print"], arguments, &fields].concat());
    assert_eq!((&*error, code), ("", 0), "{arguments:?}");
    text.lines().map(str::to_owned).collect()
}

/// The frames in the order of time.
fn sorted(mut frames: Vec<String>) -> Vec<String> {
    frames.sort();
    frames
}

/// The files that a folder has, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

/// Exports frames, and returns the message.
fn export(arguments: &[&str]) -> String {
    let (out, error, code) = run(arguments);
    assert_eq!((&*out, code), ("", 0), "{arguments:?}: {error}");
    error
}

#[test]
fn the_frames_that_match_are_exported() {
    let folder = folder();
    let out = folder.path().join("out").display().to_string();
    let file = fixture("http/post-login.pcap");
    for form in ["pcapng", "pcap"] {
        let message = export(&["export", form, &file, "http.request", "-o", &out]);
        assert_eq!(message, format!("overhear: 4 frames written to {out}\n"));
        assert_eq!(frames(&[&out]), frames(&[&file, "http.request"]));
        let (text, _, _) = run(&["info", "-T", "ndjson", &out]);
        assert!(text.contains(&format!("\"type\":\"{form}\"")), "{text}");
    }
    let message = export(&["export", "pcapng", &file, "tcp.port == 1", "-o", &out]);
    assert_eq!(message, format!("overhear: 0 frames written to {out}\n"));
    assert_eq!(frames(&[&out]), [""; 0]);
}

#[test]
fn whole_streams_are_all_frames_of_the_connections_that_match() {
    let folder = folder();
    let out = folder.path().join("out.pcapng").display().to_string();
    for (capture, filter, whole) in [
        ("http/parallel-connections.pcap", "tcp.stream == 1 and http.request", "tcp.stream == 1"),
        ("http/parallel-connections.pcap", "http.response_in and tcp.stream == 0", "tcp.stream == 0"),
        ("http/parallel-connections.pcap", "frame.number == 1", "tcp.stream == 0"),
        // The error of ICMP quotes the datagram of the conversation.
        ("ip/icmp-port-unreachable.pcap", "udp.stream == 0 and !icmp", "udp.stream == 0"),
        // Fragments are frames of the conversation of their packet.
        ("ip/ipv4-fragments.pcap", "udp.stream == 0 or tcp.stream == 0", "ip"),
        ("ip/ipv4-fragments-reordered.pcap", "udp.stream == 0 or tcp.stream == 0", "ip"),
        ("ip/ipv6-fragments.pcap", "udp.stream == 0 or tcp.stream == 0", "ipv6 and !icmpv6"),
        ("http/post-login.pcap", "tcp.stream == 7", "frame.number == 0"),
    ] {
        let file = fixture(capture);
        export(&["export", "pcapng", &file, filter, "--whole-streams", "-o", &out]);
        assert_eq!(frames(&[&out]), frames(&[&file, whole]), "{capture} {filter}");
    }
}

#[test]
fn captures_are_merged_in_the_order_of_time() {
    let folder = folder();
    let out = folder.path().join("out.pcapng").display().to_string();
    // Parts of one capture, taken in turns.
    let file = fixture("http/parallel-connections.pcap");
    let parts = ["frame.number % 3 == 0", "frame.number % 3 == 1", "frame.number % 3 == 2"];
    let names: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(nth, filter)| {
            let name = folder.path().join(format!("{nth}.pcap")).display().to_string();
            export(&["export", "pcap", &file, filter, "-o", &name]);
            name
        })
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    export(&[&["merge"], &names[..], &["-o", &out]].concat());
    assert_eq!(frames(&[&out]), frames(&[&file]));
    // A filter is evaluated on the merged capture: the connections are complete.
    export(&[&["export", "pcapng"], &names[..], &["-Y", "tcp.completeness == 31", "-o", &out]].concat());
    assert_eq!(frames(&[&out]), frames(&[&file, "tcp.completeness == 31"]));
    if Command::new("mergecap").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: merged captures: mergecap is absent");
        return;
    }
    let theirs = folder.path().join("theirs.pcapng").display().to_string();
    let (first, second) = (fixture("file/two-interfaces.pcapng"), fixture("http/post-login.pcap"));
    let status = Command::new("mergecap").args(["-w", &theirs, &first, &second]).status().expect("it runs");
    assert!(status.success());
    export(&["merge", &first, &second, "-o", &out]);
    assert_eq!(frames(&[&out]), frames(&[&theirs]));
    // Each interface is kept.
    let (own, _, _) = run(&["info", &out]);
    assert_eq!(own.matches("\n  Interface ").count(), 3, "{own}");
}

#[test]
fn a_file_of_a_merge_that_cannot_be_read_leaves_the_frames_of_the_others() {
    let folder = folder();
    let out = folder.path().join("out.pcapng").display().to_string();
    let (good, cut) = (fixture("http/post-login.pcap"), fixture("file/cut-short.pcap"));
    let notes = write(folder.path(), "notes.txt", b"not a capture");
    for (files, count) in [([&cut, &good], 25), ([&notes, &good], 16), ([&good, &notes], 16)] {
        let (_, error, code) = run(&["merge", files[0], files[1], "-o", &out]);
        assert!(error.ends_with(&format!("overhear: {count} frames written to {out}\n")), "{error}");
        assert_eq!((error.lines().count(), code), (2, 2), "{error}");
        assert_eq!(frames(&[&out]).len(), count);
    }
    fs::remove_file(&out).expect("the output");
    let (_, error, code) = run(&["merge", &notes, "-o", &out]);
    assert!(error.contains("expected a capture"), "{error}");
    assert_eq!((code, Path::new(&out).exists()), (2, false));
}

#[test]
fn comments_names_and_secrets_are_kept_or_reported() {
    let folder = folder();
    let out = folder.path().join("out.pcapng").display().to_string();
    export(&["export", "pcapng", &fixture("file/dumpcap.pcapng"), "http", "-o", &out]);
    let (text, _, _) = run(&["info", &out]);
    assert!(text.contains("Comment:            a page and its style sheet\n"), "{text}");
    let comments = fixture("file/frame-comments.pcapng");
    export(&["export", "pcapng", &comments, "-o", &out]);
    let comment = |file: &str| run(&["print", file, "-e", "frame.comment"]).0;
    assert_eq!(comment(&out), comment(&comments));
    assert!(!comment(&out).trim().is_empty());
    let secrets = fixture("tls/suites13.pcapng");
    let note = export(&["merge", &secrets, "-o", &out]);
    assert!(note.contains("the secrets of the capture are not written"), "{note}");
    let decrypted = |file: &str| run(&["secrets", file, "-T", "csv"]).0.matches("decrypted").count();
    assert_eq!(decrypted(&out), 0);
    export(&["merge", &secrets, "--with-secrets", "-o", &out]);
    assert_eq!(decrypted(&out), decrypted(&secrets));
    let (_, error, code) = run(&["export", "pcap", &secrets, "--with-secrets", "-o", &out]);
    assert!(error.contains("pcap files have no secrets"), "{error}");
    assert_eq!(code, 2);
}

#[test]
fn an_input_is_never_overwritten() {
    let folder = folder();
    let bytes = fs::read(fixture("http/post-login.pcap")).expect("a capture");
    let input = write(folder.path(), "a.pcap", &bytes);
    let part = write(folder.path(), "b_00001.pcap", &bytes);
    let base = folder.path().join("b.pcap").display().to_string();
    for arguments in [
        &["export", "pcap", &input, "http", "-o", &input][..],
        &["merge", &input, &part, "-o", &part],
        &["split", &part, "--by-frames", "3", "-o", &base],
    ] {
        let (_, error, code) = run(arguments);
        assert!(error.contains("the file is also an input"), "{error}");
        assert_eq!(code, 2);
        for file in [&input, &part] {
            assert!(fs::read(file).expect("a capture") == bytes, "{arguments:?}");
        }
    }
    let (_, error, code) = run(&["merge", &input, "-o", "/nonexistent/a.pcap"]);
    assert!(error.contains("no such directory") && code == 2, "{error}");
}

#[test]
fn a_split_by_flow_keeps_conversations_with_their_fragments_together() {
    for capture in [
        "http/parallel-connections.pcap",
        "ip/ipv4-fragments.pcap",
        "ip/ipv4-fragments-reordered.pcap",
        "ip/ipv6-fragments.pcap",
        "ip/icmp-port-unreachable.pcap",
        "journey/shop.pcapng",
    ] {
        let folder = folder();
        let (file, base) = (fixture(capture), folder.path().join("part.pcapng").display().to_string());
        export(&["split", &file, "--by-flow", "5", "-o", &base]);
        let parts = files(folder.path());
        let whole: Vec<String> = parts.iter().flat_map(|part| frames(&[text(part)])).collect();
        assert_eq!(sorted(whole), sorted(frames(&[&file])), "{capture}");
        // Every conversation is in one file.
        let of = |file: &str, stream: &str| {
            let (text, _, _) = run(&["print", file, "-e", stream, "-e", "frame.time_epoch", "-Y", stream]);
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for stream in ["tcp.stream", "udp.stream"] {
            let count = |file: &str| {
                let mut numbers: Vec<String> =
                    of(file, stream).iter().filter_map(|line| line.split('\t').next().map(str::to_owned)).collect();
                numbers.sort();
                numbers.dedup();
                numbers.len()
            };
            let sum: usize = parts.iter().map(|part| count(text(part))).sum();
            assert_eq!(sum, count(&file), "{capture} {stream}");
        }
    }
}

#[test]
fn a_split_by_stream_has_a_file_for_each_conversation() {
    let folder = folder();
    for (capture, streams) in [
        (
            "http/parallel-connections.pcap",
            &["tcp.stream == 0", "tcp.stream == 1", "tcp.stream == 2", "tcp.stream == 3"][..],
        ),
        // Frames of no stream come first, fragments and quoted packets with their streams.
        ("ip/icmp-port-unreachable.pcap", &["udp.stream == 0", "udp.stream == 1"]),
        ("dns/quoted.pcap", &["udp.stream == 0"]),
        ("link/vxlan.pcap", &["tcp.stream == 0"]),
    ] {
        let base = folder.path().join("part.pcap").display().to_string();
        let file = fixture(capture);
        export(&["split", &file, "--by-stream", "-o", &base]);
        let others: Vec<String> = streams.iter().map(|filter| format!("!({filter})")).collect();
        let first = frames(&[&file, &others.join(" and ")]);
        let part = |number: usize| folder.path().join(format!("part_{number:05}.pcap"));
        assert_eq!(part(1).exists(), !first.is_empty(), "{capture}");
        for (nth, filter) in streams.iter().enumerate() {
            assert_eq!(frames(&[text(&part(nth + 2))]), frames(&[&file, filter]), "{capture} {filter}");
        }
        files(folder.path()).iter().for_each(|file| fs::remove_file(file).expect("a file"));
    }
}

#[test]
fn a_split_has_more_files_than_can_be_open() {
    let folder = folder();
    let packets: Vec<Vec<u8>> = (0..600_u16).chain((0..600).rev()).chain(0..600).map(datagram_to).collect();
    let file = write(folder.path(), "many.pcap", &pcap(IPV4, &packets));
    let base = folder.path().join("part.pcap").display().to_string();
    for (limit, rule) in [("1024", &["--by-stream"][..]), ("200", &["--by-stream"]), ("40", &["--by-flow", "60"])] {
        let script = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &script, env!("CARGO_BIN_EXE_overhear"), "split", &file, "-o", &base]).args(rule);
        let output = shell.output().expect("a shell");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{limit}: {message}");
        assert!(message.contains("1800 frames written to "), "{limit}: {message}");
        let parts = files(folder.path()).into_iter().filter(|path| path.as_path() != Path::new(&file));
        let parts: Vec<PathBuf> = parts.collect();
        let streams: Vec<Vec<String>> = parts
            .iter()
            .map(|part| run(&["print", text(part), "-T", "fields", "-e", "udp.srcport", "-e", "udp.dstport"]).0)
            .map(|rows| rows.lines().map(str::to_owned).collect())
            .collect();
        assert_eq!(streams.iter().map(Vec::len).sum::<usize>(), 1800, "{limit}");
        // Each stream is in one file, with its frames in their order.
        let mut seen = std::collections::HashSet::new();
        for rows in &streams {
            let own: std::collections::HashSet<&String> = rows.iter().collect();
            assert_eq!(rows.len(), 3 * own.len(), "{limit}");
            assert!(own.into_iter().all(|row| seen.insert(row.clone())), "{limit}");
        }
        if rule == ["--by-stream"] {
            // No frame is without a stream: the first file does not exist.
            assert!(message.contains("to 600 files, the first is named"), "{message}");
            assert!(message.contains("part_00002.pcap") && !message.contains("part_00001.pcap"), "{message}");
            for (number, stream) in [(2, 0), (257, 255), (258, 256), (601, 599)] {
                let part = folder.path().join(format!("part_{number:05}.pcap"));
                assert_eq!(frames(&[text(&part)]), frames(&[&file, &format!("udp.stream == {stream}")]));
            }
        }
        parts.iter().for_each(|part| fs::remove_file(part).expect("a file"));
    }
}

/// Returns a packet with a datagram to a port: 20 bytes of IPv4, 8 of UDP.
fn datagram_to(port: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([[0xc3, 0x50], (20_000 + port).to_be_bytes(), [0, 9], [0, 0]].concat());
    packet.push(b'x');
    packet
}

/// Returns the fragments of a packet of IPv4 with this payload, of at most 600 bytes each (RFC 791 3.1).
fn fragments(id: u16, protocol: u8, payload: &[u8]) -> Vec<Vec<u8>> {
    let parts: Vec<&[u8]> = payload.chunks(600).collect();
    let fragment = |(nth, part): (usize, &&[u8])| {
        let more = u16::from(nth + 1 < parts.len()) << 13;
        let head = [0x4500, 20 + part.len() as u16, id, more | (nth * 75) as u16, 0x4000 | u16::from(protocol), 0];
        let head = head.map(u16::to_be_bytes).concat();
        [&head[..], &[10, 0, 0, 1, 10, 0, 0, 2], part].concat()
    };
    parts.iter().enumerate().map(fragment).collect()
}

#[test]
fn fragments_of_fragments_in_a_tunnel_stay_with_their_flow() {
    // Teredo (RFC 4380): a datagram to port 3544 has a fragment of IPv6 (RFC 8200 4.5), and is sent in fragments itself.
    let mut packets = Vec::new();
    for flow in 0..6_u16 {
        let udp = [[0x10, flow as u8], [0x13, 0x88], 1608_u16.to_be_bytes(), [0, 0]].concat();
        let datagram = [&udp[..], &[b'w'; 1600]].concat();
        for (nth, part) in datagram.chunks(1200).enumerate() {
            let header =
                [17, 0, ((nth * 1200) >> 8) as u8, (nth * 1200) as u8 | u8::from(nth == 0), 0, 0, 3, flow as u8];
            let length = (8 + part.len()) as u16;
            let ipv6 = [&[0x60, 0, 0, 0][..], &length.to_be_bytes(), &[44, 64]].concat();
            let address = |last| [&[0x20, 1, 0, 0][..], &[0; 11], &[last]].concat();
            let inner = [&ipv6[..], &address(1), &address(2), &header, part].concat();
            let outer = [3544_u16, 40_000, (8 + inner.len()) as u16, 0].map(u16::to_be_bytes).concat();
            packets.extend(fragments(100 + 2 * flow + nth as u16, 17, &[&outer[..], &inner].concat()));
        }
    }
    let folder = folder();
    let file = write(folder.path(), "teredo.pcap", &pcap(IPV4, &packets));
    // All frames of a flow follow each other: three fragments with the first part, one with the second.
    let per_flow = packets.len() / 6;
    let all = frames(&[&file]);
    let flow_of = |frame: &String| all.iter().position(|other| other == frame).expect("a frame") / per_flow;
    for rule in [&["--by-flow", "5"][..], &["--by-stream"]] {
        let out = tempfile::tempdir().expect("a folder");
        export(&[&["split", &file, "-o", text(&out.path().join("part.pcap"))], rule].concat());
        let mut found = 0;
        for part in files(out.path()) {
            let part = frames(&[text(&part)]);
            found += part.len();
            for frame in &part {
                let own = part.iter().filter(|other| flow_of(other) == flow_of(frame)).count();
                assert_eq!(own, per_flow, "{rule:?}");
            }
        }
        assert_eq!(found, packets.len());
    }
    let out = folder.path().join("one.pcap").display().to_string();
    export(&["export", "pcap", &file, "udp.srcport == 4098", "--whole-streams", "-o", &out]);
    assert_eq!(frames(&[&out]).len(), packets.len(), "the tunnel is one conversation");
}

#[test]
fn a_split_by_time_size_or_number_has_the_frames_in_order() {
    let file = fixture("http/parallel-connections.pcap");
    let all = frames(&[&file]);
    let rules: [&[&str]; 4] =
        [&["--by-time", "0.001"], &["--by-size", "2"], &["--by-frames", "10"], &["--by-frames", "1000000"]];
    for rule in rules {
        let folder = folder();
        let base = folder.path().join("part.pcap").display().to_string();
        let message = export(&[&["split", &file, "-o", &base], rule].concat());
        let parts = files(folder.path());
        assert!(message.contains(&format!("{} frames written to {} file", all.len(), parts.len())), "{message}");
        assert!(text(&parts[0]).ends_with("part_00001.pcap"));
        let whole: Vec<String> = parts.iter().flat_map(|part| frames(&[text(part)])).collect();
        assert_eq!(whole, all, "{rule:?}");
        let (last, others) = parts.split_last().expect("a part");
        if rule == ["--by-frames", "10"] {
            assert!(others.iter().all(|part| frames(&[text(part)]).len() == 10));
            assert!(frames(&[text(last)]).len() <= 10);
        }
        if rule == ["--by-size", "2"] {
            assert!(others.iter().all(|part| fs::metadata(part).expect("a part").len() >= 2000));
        }
        if rule == ["--by-frames", "1000000"] {
            assert!(others.is_empty());
        }
    }
}

#[test]
fn a_name_of_a_compressed_file_is_noted() {
    let folder = folder();
    let out = folder.path().join("out.pcap.gz").display().to_string();
    let note = export(&["merge", &fixture("http/post-login.pcap"), "-o", &out]);
    assert!(note.contains("the file is uncompressed pcapng, although its name ends in .gz\n"), "{note}");
    assert_eq!(frames(&[&out]).len(), 16);
}

#[test]
fn an_empty_capture_is_split_into_no_files() {
    let folder = folder();
    let base = folder.path().join("part.pcap").display().to_string();
    let message = export(&["split", &fixture("file/empty.pcap"), "--by-flow", "2", "-o", &base]);
    assert_eq!(message, "overhear: 0 frames written to 0 files\n");
    assert!(files(folder.path()).is_empty());
    let (_, error, code) = run(&["split", &fixture("file/empty.pcap"), "--by-flow", "2", "-o", "-"]);
    assert!(error.contains("several files cannot be written to standard output") && code == 2, "{error}");
}

#[test]
fn frames_are_exported_through_pipes() {
    let file = fixture("http/post-login.pcap");
    let mut writer = program(&["export", "pcapng", &file, "-o", "-"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let pipe = writer.stdout.take().expect("a pipe");
    let folder = folder();
    let out = folder.path().join("out.pcap").display().to_string();
    let arguments = ["export", "pcap", "-", "http.request", "--whole-streams", "-o", &out];
    let output = program(&arguments).stdin(pipe).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    assert!(writer.wait().expect("it ends").success());
    assert_eq!(frames(&[&out]), frames(&[&file]));
    // A reader that needs no more closes the pipe.
    let mut writer = program(&["export", "pcapng", &file, "-o", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    drop(writer.stdout.take());
    assert!(writer.wait().expect("it ends").success());
}

#[test]
fn anonymized_frames_have_their_form_and_nothing_that_identifies() {
    let folder = folder();
    let out = folder.path().join("out.pcapng").display().to_string();
    let values = |file: &str, field: &str| -> Vec<String> {
        let (text, _, _) = run(&["print", file, "-e", field]);
        text.lines().map(str::to_owned).collect()
    };
    for capture in [
        "http/post-login.pcap",
        "http/parallel-connections.pcap",
        "ip/icmp-port-unreachable.pcap",
        "ip/ipv4-fragments.pcap",
        "ip/ipv6-fragments.pcap",
        "ip/neighbour-discovery.pcap",
        "ip/ping.pcap",
        "dns/udp.pcap",
        "file/snapped.pcap",
        "file/mixed-links.pcapng",
        "file/frame-comments.pcapng",
        "journey/shop.pcapng",
        "tls/browser.pcapng",
    ] {
        let file = fixture(capture);
        let message = export(&["export", "pcapng", &file, "-o", &out, "--anonymize", "--anonymize-key", "a"]);
        assert!(message.contains(&format!("{} frames written", values(&file, "frame.number").len())), "{message}");
        for field in [
            "frame.time_epoch",
            "frame.len",
            "frame.cap_len",
            "tcp.stream",
            "udp.stream",
            "tcp.flags",
            "tcp.len",
            "tcp.seq_raw",
        ] {
            assert_eq!(values(&out, field), values(&file, field), "{capture} {field}");
        }
        let addresses = |file: &str| {
            let all =
                ["ip.addr", "ipv6.addr", "eth.addr", "arp.src.proto_ipv4"].map(|field| values(file, field)).concat();
            let words = all.iter().flat_map(|line| line.split(',')).map(str::to_owned);
            let kept = |word: &String| {
                // Groups, and addresses that are none.
                ["", "ff", "33:33", "01:", "224.", "239.", "00:00:00", "::", "127."].iter().any(|kept| match *kept {
                    "" | "::" => word == kept,
                    kept => word.starts_with(kept),
                })
            };
            words.filter(|word| !kept(word)).collect::<std::collections::BTreeSet<_>>()
        };
        let (own, original) = (addresses(&out), addresses(&file));
        assert!(own.is_disjoint(&original), "{capture}: {own:?} {original:?}");
        assert_eq!(own.len(), original.len(), "{capture}: {own:?} {original:?}");
        for field in
            ["tcp.payload", "udp.payload", "frame.comment", "frame.interface_description", "http.host", "dns.qry.name"]
        {
            let text = values(&out, field).concat();
            assert!(text.chars().all(|char| char == '0' || char == ','), "{capture} {field}: {text}");
        }
        let wrong = "ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 \
                     or icmp.checksum.status == 0 or icmpv6.checksum.status == 0";
        let checks = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
        match Command::new("tshark").args(["-n", "-r", &out, "-Y", wrong]).args(checks).stderr(Stdio::null()).output() {
            Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{capture}"),
            Err(_) => eprintln!("SKIPPED: checksums of anonymized frames: tshark is absent"),
        }
    }
    // The same text gives the same addresses, another or none gives others.
    let file = fixture("http/post-login.pcap");
    let sources = |options: &[&str]| {
        export(&[&["export", "pcap", &file, "-o", &out, "--anonymize"], options].concat());
        values(&out, "ip.src")
    };
    let own = sources(&["--anonymize-key", "a"]);
    assert_eq!(own, sources(&["--anonymize-key", "a"]));
    assert!(own != sources(&["--anonymize-key", "b"]) && own != sources(&[]));
    let (_, error, code) = run(&["export", "pcapng", &file, "-o", &out, "--anonymize", "--with-secrets"]);
    assert!(error.contains("cannot be used with") && code == 2, "{error}");
    // Names of the file are not written; without the option they are.
    export(&["export", "pcapng", &fixture("file/dumpcap.pcapng"), "-o", &out, "--anonymize"]);
    let (text, _, _) = run(&["info", &out]);
    assert!(!text.contains("style sheet") && !text.contains("client0"), "{text}");
}
