//! `stats`: tables of numbers, and a comparison with those of tshark.

use super::{fixture, folder, run, run_on};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Returns the tables of a capture.
fn tables(capture: &str, options: &[&str]) -> Value {
    let (text, error, code) = run(&[&["stats", &fixture(capture), "-T", "json"], options].concat());
    assert_eq!((&*error, code), ("", 0), "{capture} {options:?}");
    serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}: {text}"))
}

fn rows(capture: &str, table: &str, options: &[&str]) -> Vec<Value> {
    let all = tables(capture, &[&["-z", table], options].concat());
    let first = all.as_object().expect("tables").values().next().expect("a table").clone();
    first.as_array().expect("rows").clone()
}

/// Returns the words of a line of tshark:
/// `10.0.0.1 <-> 10.0.0.2   8 1,234 bytes   8 1,234 bytes   16 2,468 bytes   0.000000000   0.0240`.
fn words(line: &str) -> Vec<String> {
    let line = line.replace(" bytes", "").replace("<->", " ");
    line.split_whitespace().map(|word| word.replace(',', "")).collect()
}

/// Returns the lines of a table of tshark that have numbers, or `None` without tshark.
fn tshark(capture: &str, table: &str) -> Option<Vec<String>> {
    let output = Command::new("tshark").args(["-n", "-q", "-r", &fixture(capture), "-z", table]).output().ok()?;
    assert!(output.status.success(), "{table}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.lines().filter(|line| line.contains(|char: char| char.is_ascii_digit())).map(str::to_owned).collect())
}

#[test]
fn the_tables_are_those_of_tshark() {
    for capture in ["http/parallel-connections.pcap", "http/post-login.pcap", "dns/udp.pcap", "journey/lookup.pcap"] {
        let Some(pairs) = tshark(capture, "conv,ip") else {
            eprintln!("SKIPPED: statistics: tshark is absent");
            return;
        };
        let number = |row: &Value, key: &str| row[key].as_u64().expect("a number");
        let conversations = rows(capture, "conversations", &[]);
        for (kind, lines) in [
            ("ip", pairs),
            ("tcp", tshark(capture, "conv,tcp").expect("tshark")),
            ("udp", tshark(capture, "conv,udp").expect("tshark")),
        ] {
            let theirs: BTreeMap<[String; 2], [u64; 2]> = lines
                .iter()
                .filter(|line| line.contains("<->"))
                .map(|line| {
                    let words = words(line);
                    let mut ends = [words[0].clone(), words[1].clone()];
                    ends.sort();
                    (ends, [words[6].parse().expect("frames"), words[7].parse().expect("bytes")])
                })
                .collect();
            let own: BTreeMap<[String; 2], [u64; 2]> = conversations
                .iter()
                .filter(|row| row["kind"] == kind)
                .map(|row| {
                    let bytes = number(row, "bytes_a_to_b") + number(row, "bytes_b_to_a");
                    (ends(row), [frames(row), bytes])
                })
                .collect();
            assert_eq!(own, theirs, "{capture} {kind}");
        }
        let theirs = tshark(capture, "io,phs").expect("tshark");
        // tshark has dissectors of images, whose frames count as media here.
        for row in rows(capture, "protocols", &[]).into_iter().filter(|row| row["protocol"] != "media") {
            let (name, depth) = (row["protocol"].as_str().expect("a name"), row["depth"].as_u64().expect("a depth"));
            let counts = format!("frames:{} bytes:{}", number(&row, "frames"), number(&row, "bytes"));
            let begin = format!("{}{name} ", "  ".repeat(depth as usize));
            let is_it = |line: &&String| line.starts_with(&begin) && line.ends_with(&counts);
            assert!(theirs.iter().any(|line| is_it(&line)), "{capture}: {begin}{counts}\n{theirs:#?}");
        }
        let theirs = tshark(capture, "io,stat,0.01").expect("tshark");
        let counts = theirs.iter().filter(|line| line.contains("<>")).map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            [cells[2].parse().expect("frames"), cells[3].parse().expect("bytes")]
        });
        let own: Vec<[u64; 2]> = rows(capture, "io", &["--interval", "0.01"])
            .iter()
            .map(|row| [number(row, "frames"), number(row, "bytes")])
            .collect();
        assert_eq!(own, counts.collect::<Vec<[u64; 2]>>(), "{capture}");
    }
}

#[test]
fn endpoints_are_those_of_tshark() {
    let captures = [
        "http/parallel-connections.pcap",
        "dns/udp.pcap",
        "journey/shop.pcapng",
        "journey/hosts.pcap",
        "link/vxlan.pcap",
    ];
    for capture in captures {
        let all = rows(capture, "endpoints", &[]);
        for (kind, tables) in
            [("ip", &["endpoints,ip", "endpoints,ipv6"][..]), ("tcp", &["endpoints,tcp"]), ("udp", &["endpoints,udp"])]
        {
            let mut theirs = BTreeMap::new();
            for table in tables {
                let Some(lines) = tshark(capture, table) else {
                    eprintln!("SKIPPED: endpoints: tshark is absent");
                    return;
                };
                let begin = if kind == "ip" { 1 } else { 2 };
                for words in lines.iter().map(|line| words(line)).filter(|words| words.len() == begin + 6) {
                    let counts: Vec<u64> =
                        words[begin + 2..].iter().map(|word| word.parse().expect("a number")).collect();
                    theirs.insert(words[..begin].join(" "), counts);
                }
            }
            let own: BTreeMap<String, Vec<u64>> = all
                .iter()
                .filter(|row| row["kind"] == kind)
                .map(|row| {
                    let port = row["port"].as_u64().map(|port| format!(" {port}")).unwrap_or_default();
                    let keys = ["frames_sent", "bytes_sent", "frames_received", "bytes_received"];
                    let counts = keys.map(|key| row[key].as_u64().expect("a number"));
                    (format!("{}{port}", row["host"].as_str().expect("a host")), counts.to_vec())
                })
                .collect();
            // Of a tunnel, the hosts of its packets count, not its ends.
            if kind == "ip" {
                theirs.retain(|host, _| capture != "link/vxlan.pcap" || !host.starts_with("10.0.0."));
            }
            assert_eq!(own, theirs, "{capture} {kind}");
        }
    }
}

#[test]
fn endpoints_have_the_names_of_their_addresses() {
    let folder = folder();
    let hosts = super::write(folder.path(), "hosts", b"10.0.0.2 web.test\n");
    let capture = "http/post-login.pcap";
    let all = rows(capture, "endpoints", &["-N", "n", "--hosts", &hosts]);
    let name = |host: &str, port: Option<u64>| {
        let row = all.iter().find(|row| row["host"] == host && row["port"].as_u64() == port).expect("a row");
        row["name"].as_str().map(str::to_owned)
    };
    assert_eq!(
        (name("10.0.0.2", None), name("10.0.0.2", Some(8080))),
        (Some("web.test".into()), Some("web.test".into()))
    );
    assert_eq!((name("10.0.0.1", None), name("10.0.0.1", Some(50000))), (None, None));
    let (text, _, _) = run(&["stats", &fixture(capture), "-z", "endpoints", "-N", "n", "--hosts", &hosts]);
    assert!(text.lines().next().expect("a heading").ends_with("NAME") && text.contains("web.test"), "{text}");
    // Without resolution, there is no column of names.
    assert!(rows(capture, "endpoints", &[]).iter().all(|row| row.get("name").is_none()));
}

/// Returns the cells of the intervals of tshark.
fn intervals_of_tshark(capture: &str, statistics: &str) -> Option<Vec<Vec<String>>> {
    let lines = tshark(capture, statistics)?;
    let cells = |line: &String| line.split('|').skip(2).map(|cell| cell.trim().to_owned()).collect();
    Some(lines.iter().filter(|line| line.contains("<>")).map(cells).collect())
}

#[test]
fn segments_by_time_are_those_of_tshark() {
    for (capture, interval) in [
        ("tcp/loss.pcap", "0.001"),
        ("tcp/zero-window.pcap", "0.005"),
        ("tcp/reset-by-server.pcap", "0.005"),
        ("tcp/spurious-retransmission.pcap", "0.01"),
        ("journey/shop.pcapng", "0.1"),
    ] {
        let fields = "COUNT(tcp.stream)tcp.stream,COUNT(tcp.analysis.retransmission)tcp.analysis.retransmission,\
                      COUNT(tcp.analysis.lost_segment)tcp.analysis.lost_segment,\
                      COUNT(tcp.analysis.zero_window)tcp.analysis.zero_window,\
                      MIN(tcp.window_size)tcp.window_size && tcp.flags.reset == 0,\
                      MAX(tcp.analysis.ack_rtt)tcp.analysis.ack_rtt";
        let Some(theirs) = intervals_of_tshark(capture, &format!("io,stat,{interval},{fields}")) else {
            eprintln!("SKIPPED: segments by time: tshark is absent");
            return;
        };
        let own = rows(capture, "tcp,time", &["--interval", interval]);
        assert_eq!(own.len(), theirs.len(), "{capture}");
        for (row, cells) in own.iter().zip(&theirs) {
            for (key, cell) in ["segments", "retransmissions", "lost_segments", "zero_windows"].iter().zip(cells) {
                assert_eq!(row[*key].to_string(), *cell, "{capture} {key} {row}");
            }
            // tshark has 0 for no value.
            assert_eq!(row["min_window"].as_u64().unwrap_or(0).to_string(), cells[4], "{capture} {row}");
            let rtt = row["ack_rtt_max"].as_f64().unwrap_or(0.0);
            assert!((rtt - cells[5].parse::<f64>().expect("seconds")).abs() < 0.000_001, "{capture} {row} {cells:?}");
        }
    }
    // The median of the round-trip times of a capture, by nearest rank.
    let file = fixture("tcp/loss.pcap");
    let (times, _, _) = run(&["print", &file, "tcp.analysis.ack_rtt", "-e", "tcp.analysis.ack_rtt"]);
    let mut times: Vec<f64> = times.lines().map(|time| time.parse().expect("seconds")).collect();
    times.sort_by(f64::total_cmp);
    let exact = times[(times.len() - 1) / 2];
    let own = rows("tcp/loss.pcap", "tcp,time", &["--interval", "60"])[0]["ack_rtt_p50"].as_f64().expect("seconds");
    assert!((own - exact).abs() <= exact * 0.016, "{own} {exact}");
    // Of 85 frames, 3 are in the first 4.096 ms.
    let (_, error, code) = run(&["stats", &file, "-z", "tcp,time", "--interval", "0.000001"]);
    let note = "tcp_by_time: limit of 4096 intervals reached; 82 later frames are not counted";
    assert!(error.contains(note) && code == 0, "{error}");
}

#[test]
fn a_window_whose_scale_is_not_known_is_not_known() {
    // The handshake is not in the capture.
    let all = rows("tcp/mid-stream.pcap", "tcp,time", &["--interval", "1"]);
    assert_eq!((all[0]["segments"].as_u64(), all[0]["min_window"].as_u64()), (Some(6), None), "{all:?}");
}

#[test]
fn durations_have_a_histogram_for_each_group() {
    let capture = "journey/shop.pcapng";
    let (calls, _, _) = run(&["calls", &fixture(capture), "-T", "json"]);
    let calls: Vec<Value> = serde_json::from_str(&calls).expect("rows");
    let sum = |row: &Value| -> u64 {
        let steps = row["histogram"].as_array().expect("steps");
        steps.iter().map(|step| step["calls"].as_u64().expect("a number")).sum()
    };
    for (table, by, key) in [
        ("latency,host", "host", "histograms_by_host"),
        ("latency,method", "method", "histograms_by_method"),
        ("latency,path_template", "path_template", "histograms_by_path"),
        ("latency,digest", "sql.digest", "histograms_by_digest"),
    ] {
        let all = tables(capture, &["-z", table]);
        let own = all[key].as_array().expect("rows");
        let (grouped, _, _) = run(&["calls", &fixture(capture), "--by", by, "-T", "json"]);
        let grouped: Vec<Value> = serde_json::from_str(&grouped).expect("rows");
        assert!(!own.is_empty());
        // Paths are those of HTTP only, and digests those of databases.
        for row in own.iter().filter(|row| row["kind"] == "value") {
            let same = grouped.iter().find(|group| group["value"] == row["value"]).expect("the group");
            for column in ["count", "p50", "p95", "p99", "max"] {
                assert_eq!(row[column], same[column], "{table} {row}");
            }
            assert_eq!(Some(sum(row)), row["count"].as_u64(), "{table} {row}");
        }
    }
    // The steps of a method, counted from the durations of its calls.
    let get = rows(capture, "latency,method", &[]).into_iter().find(|row| row["value"] == "GET").expect("a row");
    let seconds: Vec<f64> =
        calls.iter().filter(|call| call["method"] == "GET").filter_map(|call| call["total"].as_f64()).collect();
    for step in get["histogram"].as_array().expect("steps") {
        let (from, to) = (step["from"].as_f64().expect("seconds"), step["to"].as_f64().expect("seconds"));
        let within = |low: f64, high: f64| seconds.iter().filter(|time| (low..high).contains(*time)).count() as u64;
        // Within the error of the histogram.
        let (least, most) = (within(from * 1.02, to * 0.98), within(from * 0.98, to * 1.02));
        assert!((least..=most).contains(&step["calls"].as_u64().expect("a number")), "{step} {least} {most}");
    }
    let (text, _, code) = run(&["stats", &fixture(capture), "-z", "latency,host"]);
    assert!(text.contains("CALLS BY DURATION") && text.contains('█') && code == 0, "{text}");
}

#[test]
fn a_bar_is_for_people_only() {
    for table in ["io", "latency,histogram", "tcp,time"] {
        let all = rows("journey/shop.pcapng", table, &[]);
        assert!(all.len() > 1 && all.iter().all(|row| row.get("bar").is_none()), "{table}");
        let (csv, _, _) = run(&["stats", &fixture("journey/shop.pcapng"), "-z", table, "-T", "csv"]);
        let lengths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(lengths, vec![all[0].as_object().expect("a row").len(); all.len() + 1], "{table}");
        assert!(!csv.contains("bar") && !csv.contains('█'), "{csv}");
    }
}

#[test]
fn the_summary_states_what_is_in_a_capture() {
    let (text, error, code) = run(&["stats", &fixture("http/post-login.pcap")]);
    assert_eq!((&*error, code), ("", 0));
    for line in [
        "Frames:       16, 2.8 kB\n",
        "TCP:          1 connection, 0 retransmitted segments, 0 B missing in the capture\n",
        "Calls http:   4, 1 client error, p50 3.8 ms, p95 7.6 ms\n",
        "Slowest:      7.6 ms  call 2: POST 10.0.0.2:8080/user/login → 401\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(text.lines().count() <= 24, "{text}");
    let (text, _, _) = run(&["stats", &fixture("websocket/python.pcap")]);
    assert!(text.contains("Calls websocket: 32\n"), "{text}");
    let (text, _, code) = run(&["stats", &fixture("file/empty.pcap")]);
    assert!(text.contains("Time:         no frames\n") && text.contains("Calls:        none\n") && code == 0, "{text}");
}

#[test]
fn calls_are_grouped_by_what_they_are() {
    let count = |rows: &[Value], value: &str| {
        rows.iter().find(|row| row["value"] == value).map_or(0, |row| row["count"].as_u64().expect("a number"))
    };
    let all = tables("http/post-login.pcap", &["-z", "http"]);
    let of = |key: &str| all[key].as_array().expect("rows").clone();
    assert_eq!((count(&of("web_by_status"), "200"), count(&of("web_by_status"), "401")), (3, 1));
    assert_eq!((count(&of("web_by_method"), "GET"), count(&of("web_by_method"), "POST")), (2, 2));
    assert_eq!(count(&of("web_by_host"), "10.0.0.2:8080"), 4);
    let all = tables(
        "journey/shop.pcapng",
        &["-z", "dns", "-z", "sql", "-z", "latency", "-z", "tls", "-z", "tcp", "-z", "notes"],
    );
    let of = |key: &str| all[key].as_array().expect("rows").clone();
    let (calls, _, _) = run(&["calls", &fixture("journey/shop.pcapng"), "-T", "json"]);
    let calls: Vec<Value> = serde_json::from_str(&calls).expect("rows");
    let of_protocol = |name: &str| calls.iter().filter(|call| call["protocol"] == name).count() as u64;
    let sum = |rows: &[Value]| rows.iter().map(|row| row["count"].as_u64().expect("a number")).sum::<u64>();
    assert_eq!(sum(&of("lookups_by_status")), of_protocol("dns"));
    assert!(count(&of("lookups_by_name"), "www.shop.test") > 0);
    assert_eq!(sum(&of("statements")), of_protocol("pgsql"));
    assert!(
        of("statements").iter().any(|row| row["value"].as_str().is_some_and(|value| value.starts_with("SELECT name")))
    );
    assert!(count(&of("latency_by_path"), "/product") > 0);
    let bars: u64 = of("latency").iter().map(|row| row["calls"].as_u64().expect("a number")).sum();
    assert_eq!(bars, calls.len() as u64);
    // Of the ciphers that clients offer, that which the server selects counts.
    let (hellos, _, _) =
        run(&["print", &fixture("journey/shop.pcapng"), "tls.handshake.type == 2", "-e", "frame.number"]);
    let of_field = |name: &str| of("handshakes").into_iter().filter(|row| row["field"] == name).collect::<Vec<_>>();
    let ciphers = of_field("tls.handshake.ciphersuite");
    assert_eq!((ciphers.len(), sum(&ciphers)), (1, hellos.lines().count() as u64));
    assert_eq!(ciphers[0]["value"], "0x1302 TLS_AES_256_GCM_SHA384");
    assert_eq!(sum(&of_field("tls.handshake.extensions_server_name")), 2);
    let connections = of("tcp").iter().find(|row| row["name"] == "connections").cloned().expect("a row");
    let (streams, _, _) = run(&["streams", &fixture("journey/shop.pcapng"), "-T", "ndjson"]);
    assert_eq!(connections["count"].as_u64(), Some(streams.lines().count() as u64));
    let (fields, _, _) = run(&["print", &fixture("journey/shop.pcapng"), "-e", "_ws.expert.severity"]);
    let notes = fields.split([',', '\n']).filter(|word| !word.is_empty()).count() as u64;
    assert_eq!(sum(&of("notes")), notes);
    // The number of frames that tshark lists.
    let notes = rows("tcp/loss.pcap", "notes", &[]);
    let duplicates = notes.iter().find(|row| row["field"] == "tcp.analysis.duplicate_ack").expect("a row");
    assert_eq!(duplicates["count"], 20, "{duplicates}");
}

#[test]
fn a_filter_selects_frames_calls_and_connections() {
    let capture = "http/parallel-connections.pcap";
    let (frames, _, _) = run(&["print", &fixture(capture), "tcp.stream == 1", "-e", "frame.len"]);
    let protocols = rows(capture, "protocols", &["-Y", "tcp.stream == 1"]);
    assert_eq!(protocols[0]["frames"].as_u64(), Some(frames.lines().count() as u64));
    let streams = rows(capture, "tcp", &["-Y", "tcp.stream == 1"]);
    assert_eq!(streams[0]["count"], 1);
    let (calls, _, _) = run(&["calls", &fixture(capture), "tcp.stream == 1", "-T", "ndjson"]);
    let all = tables(capture, &["-z", "http", "-Y", "tcp.stream == 1"]);
    assert_eq!(all["web_by_method"][0]["count"].as_u64(), Some(calls.lines().count() as u64));
}

#[test]
fn a_call_has_the_number_of_its_row_in_calls() {
    let file = fixture("http/post-login.pcap");
    let (text, _, _) = run(&["stats", &file, "status == 401 or uri contains logout"]);
    assert!(text.contains("call 2: POST 10.0.0.2:8080/user/login → 401\n"), "{text}");
    let (journey, _, _) = run(&["journey", &file, "2"]);
    assert!(journey.contains("/user/login"), "{journey}");
    // Two halves of a capture whose frames take turns have numbers that only the merged capture has.
    let folder = folder();
    let name = |name: &str| folder.path().join(name).display().to_string();
    let (odd, even, both) = (name("odd.pcap"), name("even.pcap"), name("both.pcap"));
    let file = fixture("http/parallel-connections.pcap");
    for (filter, out) in [("tcp.stream % 2 == 1", &odd), ("tcp.stream % 2 == 0", &even)] {
        assert_eq!(run(&["export", "pcap", &file, filter, "-o", out]).2, 0);
    }
    assert_eq!(run(&["merge", &odd, &even, "-o", &both]).2, 0);
    let (text, error, _) = run(&["stats", &odd, &even]);
    assert_eq!(text, run(&["stats", &both]).0);
    assert!(error.contains("numbers of frames and calls are those of the merged capture"), "{error}");
    let (har, error, _) = run(&["export", "har", &odd, &even]);
    assert_eq!(har, run(&["export", "har", &both]).0);
    assert!(error.contains("numbers of frames and calls are those of the merged capture"), "{error}");
    // Captures that follow each other have the numbers that `calls` prints.
    let (_, error, _) = run(&["stats", &fixture("http/post-login.pcap"), &fixture("http/post-login.pcap")]);
    assert!(error.contains("merged capture"), "{error}");
    let later = [fixture("http/post-login.pcap"), fixture("journey/shop.pcapng")];
    let (_, error, _) = run(&["stats", &later[0], &later[1]]);
    assert_eq!(error, "");
}

#[test]
fn udp_conversations_are_those_of_tshark_in_tunnels_and_errors() {
    // An error of ICMP quotes a datagram, which was not sent again.
    for capture in ["dns/quoted.pcap", "ip/icmp-port-unreachable.pcap", "link/vxlan.pcap", "link/geneve.pcap"] {
        let Some(lines) = tshark(capture, "conv,udp") else {
            eprintln!("SKIPPED: conversations of UDP: tshark is absent");
            return;
        };
        let own = rows(capture, "conversations", &[]);
        let own: BTreeMap<[String; 2], u64> =
            own.iter().filter(|row| row["kind"] == "udp").map(|row| (ends(row), frames(row))).collect();
        let theirs = lines.iter().filter(|line| line.contains("<->")).map(|line| {
            let words = words(line);
            let mut ends = [words[0].clone(), words[1].clone()];
            ends.sort();
            (ends, words[6].parse().expect("frames"))
        });
        assert_eq!(own, theirs.collect::<BTreeMap<_, u64>>(), "{capture}");
    }
}

/// The endpoints of a conversation in the order of their text. tshark writes addresses of IPv6 without brackets.
fn ends(row: &Value) -> [String; 2] {
    let mut ends = ["a", "b"].map(|key| row[key].as_str().expect("an endpoint").replace(['[', ']'], ""));
    ends.sort();
    ends
}

fn frames(row: &Value) -> u64 {
    ["frames_a_to_b", "frames_b_to_a"].iter().map(|key| row[*key].as_u64().expect("a number")).sum()
}

#[test]
fn all_tables_are_text_and_one_is_csv() {
    let file = fixture("journey/shop.pcapng");
    let (text, error, code) = run(&["stats", &file, "-z", "all"]);
    assert_eq!((&*error, code), ("", 0));
    for title in
        ["Summary\n", "\nProtocols\n", "\nWeb calls by host\n", "\nDurations of calls\n", "\nTraffic by time\n"]
    {
        assert!(text.contains(title), "{title}");
    }
    assert!(text.contains('█'));
    let all = tables("journey/shop.pcapng", &["-z", "all"]);
    assert_eq!(all.as_object().expect("tables").len(), 20);
    let (csv, _, code) = run(&["stats", &file, "-z", "endpoints", "-T", "csv"]);
    let heading = "kind,host,port,frames_sent,bytes_sent,frames_received,bytes_received\n";
    assert!(csv.starts_with(heading) && code == 0, "{csv}");
    // A part of a group is one table. Each has the rows of that part.
    for (part, key) in [("http,host", "web_by_host"), ("dns,name", "lookups_by_name"), ("tcp,totals", "tcp")] {
        let (csv, error, code) = run(&["stats", &file, "-z", part, "-T", "csv"]);
        let group = part.split(',').next().expect("a group");
        let rows = tables("journey/shop.pcapng", &["-z", group])[key].as_array().expect("rows").len();
        assert_eq!((csv.lines().count(), &*error, code), (rows + 1, "", 0), "{part}");
    }
    // A table that is selected twice is printed once.
    let all = tables("journey/shop.pcapng", &["-z", "http", "-z", "http,host"]);
    assert_eq!(all.as_object().expect("tables").len(), 3);
    for table in ["http", "latency", "tcp", "summary"] {
        let (_, error, code) = run(&["stats", &file, "-z", table, "-T", "csv"]);
        assert!(error.contains("-T csv has one table") && code == 2, "{error}");
    }
    let folder = folder();
    let out = folder.path().join("a.json").display().to_string();
    assert_eq!(run(&["stats", &file, "-T", "json", "-o", &out]), (String::new(), String::new(), 0));
    assert!(serde_json::from_slice::<Value>(&std::fs::read(out).expect("a file")).is_ok());
    let (piped, _, _) = run_on(&std::fs::read(&file).expect("a capture"), &["stats", "-", "-z", "io"]);
    assert_eq!(piped, run(&["stats", &file, "-z", "io"]).0);
}

#[test]
fn a_page_has_all_tables_with_charts_and_no_text_of_the_wire_as_markup() {
    let folder = folder();
    let out = folder.path().join("a.html").display().to_string();
    let (_, error, code) = run(&["stats", &fixture("journey/shop.pcapng"), "-z", "all", "-T", "html", "-o", &out]);
    assert_eq!((&*error, code), ("", 0));
    let page = std::fs::read_to_string(&out).expect("a page");
    assert_eq!((page.matches("<section id=").count(), page.matches("<figure").count()), (20, 3));
    assert!(!page.contains("src=") && !page.contains("url(") && page.contains("prefers-color-scheme: dark"));
    // Charts are in the order of the tables: durations, traffic by time, segments by time. Their columns are the rows of the tables.
    let body = page.split_once("<main>").expect("a body").1.split_once("</main>").expect("a body").0;
    let body = format!("<main>{body}</main>");
    let document = roxmltree::Document::parse(&body).expect("XML");
    for id in ["latency", "intervals", "tcp_by_time"] {
        let section = document.descendants().find(|node| node.attribute("id") == Some(id)).expect("a section");
        let count = |name: &str| section.descendants().filter(|node| node.has_tag_name(name)).count();
        assert_eq!(count("rect") + 1, count("tr"), "{id}");
        assert!(count("rect") > 2);
    }
    let hostile =
        super::transfer(b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: <b>\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n");
    let hostile = super::write(folder.path(), "<i>.pcap", &hostile);
    let (page, _, _) = run(&["stats", &hostile, "-z", "all", "-T", "html"]);
    assert!(page.contains("&lt;script&gt;") && page.contains("&lt;b&gt;") && page.contains("&lt;i&gt;.pcap"), "{page}");
    assert!(!page.contains("<script>") && !page.contains("<b>") && !page.contains("<i>"));
}

#[test]
fn a_truncated_capture_has_the_numbers_of_its_readable_part() {
    let (text, error, code) = run(&["stats", &fixture("file/cut-short.pcap")]);
    assert!(text.contains("Frames:       9, 1.3 kB\n"), "{text}");
    assert!(error.contains("truncated record") && code == 2, "{error}");
    let (_, error, code) = run(&["stats", "missing.pcap"]);
    assert!(error.contains("no such file") && code == 2, "{error}");
    let (text, error, code) = run(&["stats", "http", &fixture("file/empty.pcap")]);
    assert!(error.contains("http: no such file; the table http is printed with -z http") && code == 2, "{error}");
    assert_eq!(text, "");
}

#[test]
fn notes_that_later_frames_decide_are_counted() {
    // As tshark 4.4 -2 lists them: frames 1 and 3 have no response.
    let rows = rows("dns/no-response.pcap", "notes", &[]);
    let counted: Vec<_> = rows.iter().map(|row| (row["field"].as_str(), row["count"].as_u64())).collect();
    let [missing, query, response] = ["response_missing", "retransmit_request", "retransmit_response"];
    let expected = [(missing, 2), (query, 1), (response, 1)].map(|(name, count)| (format!("dns.{name}"), count));
    let expected: Vec<_> = expected.iter().map(|(name, count)| (Some(&**name), Some(*count))).collect();
    assert_eq!(counted, expected);
    let file = std::fs::read(fixture("dns/no-response.pcap")).expect("the fixture");
    let (piped, _, _) = run_on(&file, &["stats", "-", "-z", "notes"]);
    assert!(piped.contains("dns.response_missing"), "{piped}");
}
