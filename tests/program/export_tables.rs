//! `export parquet` and `export arrow`.

use super::{fixture, folder, run, write};
use crate::common::{IPV4, SYN, Segment, pcap_every};
use parquet::basic::{LogicalType, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use walkdir::WalkDir;

/// Captures with calls, connections, notes and DNS of all kinds.
const CAPTURES: [&str; 9] = [
    "journey/shop.pcapng",
    "dns/rare-records.pcap",
    "dns/tcp.pcap",
    "http2/nginx.pcap",
    "websocket/node.pcap",
    "tcp/loss.pcap",
    "http3/nginx-retry.pcapng",
    "file/two-interfaces.pcapng",
    "tls/bad-certificates.pcapng",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => json!(value),
        Field::Int(value) => json!(value),
        Field::Long(value) => json!(value),
        Field::ULong(value) => json!(value),
        Field::Double(value) => json!(value),
        Field::Str(value) => json!(value),
        Field::Bytes(value) => json!(value.data()),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        other => unreachable!("{other:?}"),
    }
}

/// Returns the rows of the files below a folder, in the order of a number.
fn rows(folder: &Path, order: &str) -> Vec<Map<String, Value>> {
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for path in files(folder) {
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a Parquet file");
        let read = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row"));
        rows.extend(read.map(|row| row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()));
    }
    rows.sort_by_key(|row| row[order].as_i64());
    rows
}

fn export(capture: &str, target: &Path, options: &[&str]) {
    let target = target.to_str().expect("a name in UTF-8");
    let (_, error, code) = run(&[&["export", "parquet", capture, "-o", target], options].concat());
    assert_eq!(code, 0, "{capture}: {error}");
}

fn objects(arguments: &[&str]) -> Vec<Value> {
    let (text, error, code) = run(&[arguments, &["-T", "json"]].concat());
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&text).expect("JSON")
}

/// Returns nanoseconds of seconds in JSON, which has nine decimals.
fn nanos(seconds: &Value) -> Value {
    seconds.as_f64().map_or(Value::Null, |seconds| json!((seconds * 1e9).round() as i64))
}

/// Returns an address and a port as `calls` prints them.
fn endpoint(row: &Map<String, Value>, role: &str) -> Value {
    let (address, port) = (row[role].as_str().unwrap_or_default(), &row[&format!("{role}_port")]);
    json!(if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") })
}

#[test]
fn calls_and_streams_have_the_values_of_their_commands() {
    for capture in CAPTURES {
        let (path, folder) = (fixture(capture), folder());
        export(&path, folder.path(), &["--tables", "calls,streams"]);
        let (own, expected) = (rows(&folder.path().join("calls"), "call"), objects(&["calls", &path]));
        assert_eq!(own.len(), expected.len(), "{capture}");
        for (row, call) in own.iter().zip(&expected) {
            for (column, key) in [
                ("nth", "nth"),
                ("session", "session"),
                ("protocol", "protocol"),
                ("method", "method"),
                ("host", "host"),
                ("uri", "uri"),
                ("media_type", "type"),
                ("request_frame", "request_frame"),
                ("response_frame", "response_frame"),
                ("request_size", "request_size"),
                ("request_complete", "request_complete"),
                ("response_complete", "response_complete"),
                ("outcome", "outcome"),
            ] {
                assert_eq!(row[column], call[key], "{capture}: {column} of {call}");
            }
            for (column, key) in
                [("connect_ns", "connect"), ("ttfb_ns", "ttfb"), ("download_ns", "download"), ("total_ns", "total")]
            {
                assert_eq!(row[column], nanos(&call[key]), "{capture}: {column} of {call}");
            }
            let (tcp, udp) = (&row["stream"], &row["udp_stream"]);
            let number = if tcp.is_null() { json!(format!("udp {udp}")) } else { tcp.clone() };
            assert_eq!(number, call["stream"], "{capture}");
            let status = if row["code"].is_null() { &row["status"] } else { &row["code"] };
            assert_eq!(*status, call["status"], "{capture}");
            assert_eq!(
                (endpoint(row, "client"), endpoint(row, "server")),
                (call["client"].clone(), call["server"].clone())
            );
            let size = if row["one_way"] == true { &row["request_size"] } else { &row["response_size"] };
            assert_eq!(*size, call["size"], "{capture}");
        }
        let (own, expected) = (rows(&folder.path().join("streams"), "stream"), objects(&["streams", &path]));
        let expected: BTreeMap<i64, &Value> =
            expected.iter().map(|stream| (stream["stream"].as_i64().expect("a number"), stream)).collect();
        assert_eq!(own.len(), expected.len(), "{capture}");
        for row in own {
            let stream = expected[&row["stream"].as_i64().expect("a number")];
            for key in [
                "opened",
                "closed",
                "client_state",
                "server_state",
                "client_bytes",
                "server_bytes",
                "client_frames",
                "server_frames",
                "client_retransmissions",
                "server_retransmissions",
                "client_missing",
                "server_missing",
                "first_frame",
                "last_frame",
            ] {
                assert_eq!(row[key], stream[key], "{capture}: {key} of {stream}");
            }
            assert_eq!(row["completeness"], stream["completeness_bits"], "{capture}");
            assert_eq!(row["initial_rtt_ns"], nanos(&stream["rtt"]), "{capture}");
            assert_eq!(endpoint(&row, "client"), stream["client"], "{capture}");
        }
    }
}

#[test]
fn frames_have_the_fields_of_print() {
    const FIELDS: [&str; 8] = [
        "frame.len",
        "ip.src",
        "tcp.port",
        "tcp.flags",
        "tcp.analysis.ack_rtt",
        "http.request.uri",
        "tcp.options.timestamp.tsval",
        "_ws.col.info",
    ];
    let selected: Vec<&str> = FIELDS.iter().flat_map(|field| ["-e", field]).collect();
    for capture in CAPTURES {
        let (path, folder) = (fixture(capture), folder());
        export(&path, folder.path(), &[&["--tables", "frames"][..], &selected].concat());
        let own = rows(folder.path(), "number");
        let options =
            [&["print", &path, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch"], &selected[..]].concat();
        let (text, _, _) = run(&options);
        assert_eq!(own.len(), text.lines().count(), "{capture}");
        for (row, line) in own.iter().zip(text.lines()) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [number, time, cells @ ..] = &cells[..] else { unreachable!("{line}") };
            assert_eq!(row["number"].to_string(), *number);
            assert_eq!(row["time"].to_string(), time.replace('.', ""), "{capture}");
            for (field, cell) in FIELDS.iter().zip(cells) {
                let text = |value: &Value| match (*field, value) {
                    ("tcp.flags", value) => format!("0x{:04x}", value.as_i64().expect("a number")),
                    ("tcp.analysis.ack_rtt", value) => format!("0.{:09}", value.as_i64().expect("nanoseconds")),
                    (_, Value::String(text)) => text.clone(),
                    (_, Value::Null) => String::new(),
                    (_, value) => value.to_string(),
                };
                let own = match &row[*field] {
                    Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
                    value => text(value),
                };
                // Values of -T fields are escaped.
                assert_eq!(own.replace('\\', "\\\\"), *cell, "{capture}, frame {number}: {field}");
            }
            let addresses = row["ip.src_bytes"].as_array().expect("a list");
            let texts = addresses.iter().map(|bytes| {
                let bytes = bytes.as_array().expect("bytes").iter().map(Value::to_string);
                json!(bytes.collect::<Vec<_>>().join("."))
            });
            assert_eq!(texts.collect::<Value>(), row["ip.src"], "{capture}");
        }
    }
}

#[test]
fn one_value_of_a_field_can_be_selected() {
    let folder = folder();
    let capture = fixture("http/post-login.pcap");
    for (which, expected) in [("first", "tcp.srcport"), ("last", "tcp.dstport")] {
        let target = folder.path().join(which);
        // A field that is named twice is one column.
        let names = ["-e", "tcp.port", "-e", expected, "-e", "tcp.port"];
        let options = [&["--tables", "frames"][..], &names, &["--occurrence", which]].concat();
        export(&capture, &target, &options);
        let rows = rows(&target, "number");
        assert!(rows.len() > 5 && rows.iter().all(|row| row["tcp.port"] == row[expected]), "{which}");
    }
}

#[test]
fn notes_are_those_that_print_counts() {
    for capture in ["tcp/loss.pcap", "tls/bad-certificates.pcapng", "dns/no-response.pcap", "http/lenient.pcap"] {
        let (path, folder) = (fixture(capture), folder());
        export(&path, folder.path(), &["--tables", "notes"]);
        let own = rows(folder.path(), "frame");
        let (text, _, _) = run(&["print", &path, "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"]);
        let noted = text.lines().filter_map(|line| line.split_once('\t')).filter(|(_, notes)| !notes.is_empty());
        let expected: BTreeSet<&str> = noted.clone().map(|(number, _)| number).collect();
        let frames: BTreeSet<String> = own.iter().map(|row| row["frame"].to_string()).collect();
        assert!(!expected.is_empty() && expected.iter().all(|number| frames.contains(*number)), "{capture}");
        // Notes of messages that no frame completes are in no frame of print.
        assert!(own.iter().all(|row| row["severity"].is_string() && row["text"].is_string()), "{capture}");
        for (number, notes) in noted {
            let texts: Vec<&str> = own
                .iter()
                .filter(|row| row["frame"].as_i64() == number.parse().ok())
                .filter_map(|row| row["text"].as_str())
                .collect();
            assert!(
                texts.iter().any(|text| notes.contains(&text.replace('\\', "\\\\"))),
                "{capture}: {notes}: {texts:?}"
            );
        }
    }
}

#[test]
fn messages_have_headers_and_bodies() {
    let folder = folder();
    export(&fixture("http/post-login.pcap"), folder.path(), &["--tables", "messages", "--body-limit", "5"]);
    let rows = rows(folder.path(), "call");
    let request = rows.iter().find(|row| row["method"] == "POST").expect("a login");
    assert_eq!(request["response"], false);
    assert!(request["start_line"].as_str().is_some_and(|line| line.starts_with("POST ")));
    let names = request["header_names"].as_array().expect("names");
    let at = names.iter().position(|name| name == "Host").expect("a host");
    assert_eq!(request["header_values"][at], request["authority"]);
    assert_eq!(request["body"].as_array().map(Vec::len), Some(5));
    assert_eq!(request["body_length"], request["size"]);
}

#[test]
fn the_files_are_the_same_for_any_number_of_threads() {
    let folder = folder();
    let exported = ["1", "2", "7"].map(|threads| {
        let target = folder.path().join(threads);
        export(&fixture("journey/shop.pcapng"), &target, &["--threads", threads]);
        let name = |path: &PathBuf| path.strip_prefix(&target).expect("below it").to_owned();
        files(&target).iter().map(|path| (name(path), fs::read(path).expect("a file"))).collect::<Vec<_>>()
    });
    assert!(exported[0].len() == 6 && exported.iter().all(|other| *other == exported[0]));
}

#[test]
fn columns_have_their_documentation_and_names_of_their_own() {
    let folder = folder();
    export(&fixture("dns/udp.pcap"), folder.path(), &["--body-limit", "9"]);
    let files = files(folder.path());
    assert_eq!(files.len(), 6);
    for path in files {
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a Parquet file");
        let metadata = reader.metadata().file_metadata();
        let names: Vec<&str> = metadata.schema().get_fields().iter().map(|field| field.name()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let values = metadata.key_value_metadata().expect("metadata");
        let of = |key: &str| values.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
        let docs: Value = serde_json::from_str(of("overhear.columns").expect("columns")).expect("JSON");
        for name in names {
            let doc = docs[name]["doc"].as_str().expect("documentation");
            assert!(doc.ends_with('.') && doc.len() > 5, "{name}: {doc}");
            assert_eq!(docs[name]["unit"], if name.ends_with("_ns") { json!("ns") } else { Value::Null }, "{name}");
        }
        assert!(of("ARROW:schema").is_some());
    }
}

#[test]
fn the_page_describes_all_columns() {
    let folder = folder();
    export(&fixture("dns/udp.pcap"), folder.path(), &["--body-limit", "9", "--digest"]);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/datasets.md")).expect("a page");
    for table in ["frames", "calls", "streams", "messages", "dns", "notes"] {
        let path = files(&folder.path().join(table)).remove(0);
        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("a Parquet file");
        let metadata = reader.metadata().file_metadata();
        let values = metadata.key_value_metadata().expect("metadata");
        let docs = values.iter().find(|pair| pair.key == "overhear.columns").and_then(|pair| pair.value.as_deref());
        let docs: Value = serde_json::from_str(docs.expect("columns")).expect("JSON");
        let mut text = format!("### {table}\n\n| column | type | |\n|---|---|---|\n");
        for (column, schema) in metadata.schema().get_fields().iter().map(|field| (field.name(), field)) {
            let of = |field: &parquet::schema::types::Type| {
                let info = field.get_basic_info();
                match (field.get_physical_type(), info.logical_type_ref()) {
                    (_, Some(LogicalType::String)) => "text",
                    (_, Some(LogicalType::Timestamp(_))) => "time",
                    (_, _) if docs[column]["unit"] == "ns" => "duration",
                    (Type::BOOLEAN, _) => "bool",
                    (Type::INT32, _) => "int32",
                    (Type::INT64, _) => "int64",
                    (Type::BYTE_ARRAY, _) => "bytes",
                    (other, _) => unreachable!("{other}"),
                }
            };
            let name = match schema.is_primitive() {
                true => of(schema).to_owned(),
                false => format!("list of {}", of(&schema.get_fields()[0].get_fields()[0])),
            };
            let own = |field: &str| docs[column][field].as_str().map(str::to_owned);
            let field = own("field").map(|field| format!(" (`{field}`)")).unwrap_or_default();
            text += &format!(
                "| `{column}` | {name} | {}{field} |\n",
                own("doc").expect("documentation").replace('|', "\\|")
            );
        }
        assert!(page.contains(&text), "docs/datasets.md does not have:\n{text}");
    }
}

#[test]
fn rows_are_replaced_only_if_that_is_allowed() {
    let folder = folder();
    let target = folder.path().join("dataset");
    let name = target.to_str().expect("a name in UTF-8");
    let capture = fixture("dns/udp.pcap");
    export(&capture, &target, &["--tables", "calls"]);
    let before = rows(&target, "call").len();
    let (_, error, code) = run(&["export", "parquet", &capture, "-o", name, "-c", "2"]);
    assert!(code == 2 && error.contains("exists; --replace replaces it"), "{error}");
    assert!(!target.join("frames").exists() && rows(&target, "call").len() == before);
    export(&capture, &target, &["--tables", "calls", "--replace", "-c", "2"]);
    assert_eq!(rows(&target, "call").len(), 1);
    let inside = files(&target)[0].with_file_name("udp.pcap");
    fs::copy(&capture, &inside).expect("a copy");
    let (_, error, code) = run(&["export", "parquet", inside.to_str().expect("UTF-8"), "-o", name, "--replace"]);
    assert!(code == 2 && error.contains("has a capture that is read"), "{error}");
    assert_eq!(fs::read(&inside).expect("it stays"), fs::read(&capture).expect("a fixture"));
    assert!(fs::read_dir(&target).expect("a folder").flatten().all(|entry| entry.file_name() == "calls"));
}

#[test]
fn captures_of_equal_names_have_their_folders_in_theirs() {
    let folder = folder();
    let paths = ["a", "b"].map(|name| {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        write(&folder.path().join(name), "1=2.pcap", &fs::read(fixture("dns/udp.pcap")).expect("a fixture"))
    });
    let target = folder.path().join("dataset");
    let name = target.to_str().expect("a name in UTF-8");
    let (_, error, code) = run(&["export", "parquet", &paths[0], &paths[1], "--tables", "dns", "-o", name]);
    assert_eq!(code, 0, "{error}");
    let found: Vec<String> = fs::read_dir(target.join("dns"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().into_string().expect("ASCII"))
        .collect();
    assert!(found.len() == 2 && found.iter().all(|name| name.ends_with("%2F1%3D2.pcap")), "{found:?}");
    let (_, error, code) = run(&["export", "parquet", &paths[0], &paths[0], "-o", name]);
    assert!(code == 2 && error.contains("duplicate capture"), "{error}");
    let merged = ["export", "parquet", &paths[0], &paths[1], "--merge-as", "both", "--tables", "frames", "-o", name];
    assert_eq!(run(&merged).2, 0);
    let single = objects(&["print", &paths[0], "-e", "frame.number"]).len();
    let both = rows(&target.join("frames/capture=both"), "number");
    assert_eq!(both.len(), 2 * single);
    for path in &paths {
        assert_eq!(both.iter().filter(|row| row["file"] == **path).count(), single);
    }
}

#[test]
fn the_readable_part_of_a_truncated_capture_is_written() {
    let folder = folder();
    let bytes = fs::read(fixture("dns/udp.pcap")).expect("a fixture");
    let capture = write(folder.path(), "cut.pcap", &bytes[..bytes.len() - 5]);
    let target = folder.path().join("dataset");
    let (_, error, code) = run(&["export", "parquet", &capture, "-o", target.to_str().expect("UTF-8")]);
    assert!(code == 2 && error.contains("cut.pcap"), "{error}");
    let whole = objects(&["print", &fixture("dns/udp.pcap"), "-e", "frame.number"]).len();
    assert_eq!(rows(&target.join("frames"), "number").len(), whole - 1);
}

#[test]
fn rows_are_apart_by_hour() {
    let folder = folder();
    let segment = |seq| Segment { from_client: true, flags: SYN, seq, ack: 0, data: Vec::new() }.packet();
    // More hours than files that are open at a time.
    let packets: Vec<Vec<u8>> = (0..100).map(segment).collect();
    let capture = write(folder.path(), "hours.pcap", &pcap_every(3_600_000, IPV4, &packets));
    let target = folder.path().join("dataset");
    export(&capture, &target, &["--tables", "frames"]);
    let files = files(&target);
    assert_eq!(files.len(), 100);
    for file in files {
        let hour = file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a name");
        let [row] = &rows(&file, "number")[..] else { unreachable!("a row") };
        let seconds = row["time"].as_i64().expect("a time") / 1_000_000_000;
        let time = jiff::Timestamp::from_second(seconds).expect("a time");
        assert_eq!(hour, format!("hour={}", time.strftime("%Y-%m-%dT%H")));
    }
}

#[test]
fn a_filter_selects_frames_calls_and_streams() {
    let folder = folder();
    let capture = fixture("journey/shop.pcapng");
    let filter = "http.response.code >= 500";
    export(&capture, folder.path(), &["-Y", filter, "--tables", "frames,calls,streams,messages"]);
    let of = |table: &str, order| rows(&folder.path().join(table), order);
    let expected = |command: &str| objects(&[command, &capture, "-Y", filter]);
    let numbers = |rows: &[Map<String, Value>], key: &str| rows.iter().map(|row| row[key].clone()).collect::<Vec<_>>();
    let calls = expected("calls");
    assert!(!calls.is_empty());
    let responses: BTreeSet<_> = calls.iter().map(|call| call["response_frame"].as_i64()).collect();
    let own = of("calls", "call");
    assert_eq!(own.iter().map(|call| call["response_frame"].as_i64()).collect::<BTreeSet<_>>(), responses);
    assert_eq!(of("messages", "call").len(), 2 * own.len());
    let streams: Vec<Value> = expected("streams").iter().map(|stream| stream["stream"].clone()).collect();
    let mut own = numbers(&of("streams", "stream"), "stream");
    own.sort_by_key(Value::as_i64);
    let mut streams = streams;
    streams.sort_by_key(Value::as_i64);
    assert_eq!(own, streams);
    let (text, _, _) = run(&["print", &capture, "-Y", filter, "-T", "fields", "-e", "frame.number"]);
    let frames = of("frames", "number").iter().map(|row| row["number"].to_string()).collect::<Vec<_>>();
    assert_eq!(frames, text.lines().collect::<Vec<_>>());
}

#[test]
fn usage_errors_name_what_is_wrong() {
    let capture = fixture("dns/udp.pcap");
    for (options, expected) in [
        (&["export", "parquet", &capture, "-o", "-"][..], "expected a folder"),
        (&["export", "parquet", &capture, "-o", "x", "-e", "ip.sorce"], "unknown field ip.sorce"),
        (&["export", "parquet", &capture, "-o", "x", "-e", "ip.src", "--tables", "calls"], "-e selects columns"),
        (&["export", "parquet", &capture, "-o", "x", "--digest", "--redact"], "--digest is of the captured bytes"),
        (&["export", "parquet", "/no/such.pcap", "-o", "x"], "no such file"),
    ] {
        let (_, error, code) = run(options);
        assert!(code == 2 && error.to_lowercase().contains(expected), "{error}");
    }
}

#[test]
fn a_stream_of_arrow_has_the_rows_of_all_captures() {
    let folder = folder();
    let out = folder.path().join("calls.arrow");
    let out = out.to_str().expect("a name in UTF-8");
    let captures = [fixture("dns/udp.pcap"), fixture("journey/shop.pcapng")];
    let (_, error, code) = run(&["export", "arrow", &captures[0], &captures[1], "--table", "messages", "-o", out]);
    assert_eq!(code, 0, "{error}");
    let reader = arrow_ipc::reader::StreamReader::try_new(File::open(out).expect("a file"), None).expect("a stream");
    let schema = reader.schema();
    assert_eq!(schema.field(0).name(), "capture");
    assert!(schema.fields().iter().all(|field| field.metadata()["doc"].ends_with('.')));
    let counts: usize = reader.map(|batch| batch.expect("a batch").num_rows()).sum();
    export(&captures[0], &folder.path().join("0"), &["--tables", "messages"]);
    export(&captures[1], &folder.path().join("1"), &["--tables", "messages"]);
    let expected: usize = ["0", "1"].map(|name| rows(&folder.path().join(name), "call").len()).iter().sum();
    assert_eq!(counts, expected);
}

#[test]
fn a_signal_leaves_no_files() {
    // Folders that were created are removed, too, and one that existed is not.
    for (existing, path) in [("", "new/dataset"), ("new", "new/dataset"), ("new/dataset", "new/dataset")] {
        let folder = folder();
        fs::create_dir_all(folder.path().join(existing)).expect("a folder");
        interrupt_export(&folder.path().join(path));
        let is_left = |name: &str| folder.path().join(name).exists();
        assert_eq!([is_left("new"), is_left(path)], [!existing.is_empty(), existing == path], "{existing}");
    }
}

/// Ends an export to a folder while it waits for its capture.
fn interrupt_export(target: &Path) {
    let capture = fs::read(fixture("http/keep-alive.pcap")).expect("a fixture");
    let mut program = Command::new(env!("CARGO_BIN_EXE_overhear"));
    let program = program.args(["export", "parquet", "-", "-o"]).arg(target).stdin(Stdio::piped());
    let mut child = program.spawn().expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, &capture[..1000]).expect("a part of a capture");
    // The program waits for the rest.
    let entries = || fs::read_dir(target).map_or(0, |entries| entries.count());
    while entries() == 0 {
        std::thread::yield_now();
    }
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!((child.wait().expect("it ends").code(), entries()), (Some(130), 0));
}
