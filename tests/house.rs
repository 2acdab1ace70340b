//! Rules for the code that a test can check: directions of dependencies, descriptions and lengths of files.

#[path = "house/rooms.rs"]
mod rooms;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder of the project").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a text");
                files.push((path.strip_prefix(root()).expect("inside").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// The modules of the program from the top down: each may use those after it.
const DOWN: [&str; 22] = [
    "command",
    "tui",
    "check",
    "browse",
    "diff",
    "export",
    "statistics",
    "trace",
    "journey",
    "diagram",
    "report",
    "call_matcher",
    "filter",
    "analysis",
    "redact",
    "capture",
    "live",
    "sink",
    "confine",
    "source",
    "naming",
    "priority",
];

#[test]
fn modules_use_only_modules_below_them() {
    let mut arrows = 0;
    for (path, text) in sources("src") {
        let own = path.iter().nth(1).expect("src/NAME").to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(level) = DOWN.iter().position(|name| *name == own) else { continue };
        for above in &DOWN[..level] {
            let arrow = format!("crate::{above}");
            assert!(!text.contains(&arrow), "{} uses {above}, which is above it", path.display());
        }
        arrows += text.matches("use crate::").count();
    }
    assert!(arrows > 10, "the arrows were not found");
}

#[test]
fn a_protocol_names_no_sibling() {
    // The frame notes truncation; the filter language names the two transports, whose packets form streams. What protocols have
    // in common is no protocol.
    let shared = ["frame", "web", "sql_secrets"];
    let protocols: Vec<String> = dissectors_folders();
    for (path, text) in sources("dissectors/src") {
        let Some(own) = path.iter().nth(2).map(|name| name.to_string_lossy().into_owned()) else { continue };
        if !protocols.contains(&own) {
            continue;
        }
        for sibling in protocols.iter().filter(|name| **name != own && !shared.contains(&name.as_str())) {
            for arrow in [format!("crate::{sibling}::"), format!("super::{sibling}::")] {
                let inner = root().join("dissectors/src").join(&own).join(format!("{sibling}.rs"));
                assert!(!text.contains(&arrow) || inner.exists(), "{} names {sibling}", path.display());
            }
        }
    }
}

fn dissectors_folders() -> Vec<String> {
    let entries = fs::read_dir(root().join("dissectors/src")).expect("the dissectors").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The protocol modules that files of the program name on purpose: the frame and its columns, and the transports,
/// whose packets form streams. Everything else is derived from the declarations of the protocols.
const NAMED_PROTOCOLS: [(&str, &[&str]); 43] = [
    // Layers and transports: reassembly, streams, and the fields of a frame itself.
    ("src/analysis/layers.rs", &["data", "ipv4", "ipv6"]),
    ("src/analysis/link_types.rs", &["frame"]),
    ("src/analysis/seek.rs", &["column", "frame"]),
    ("src/analysis/task.rs", &["column", "data", "frame", "tcp", "udp"]),
    ("src/analysis/tcp/connection.rs", &["data", "tcp"]),
    ("src/analysis/tcp/mod.rs", &["tcp"]),
    ("src/analysis/tcp/progress.rs", &["tcp"]),
    ("src/analysis/tcp/record.rs", &["tcp"]),
    ("src/analysis/tcp/sequence.rs", &["tcp"]),
    ("src/analysis/tcp/state.rs", &["tcp"]),
    // The headers that most frames have.
    ("src/analysis/transport_packet.rs", &["ethernet", "ipv4", "ipv6"]),
    ("src/analysis/udp.rs", &["data", "udp"]),
    // The parts of a multipart body.
    ("src/browse/body/multipart.rs", &["multipart"]),
    ("src/export/parts.rs", &["multipart"]),
    // The handshake of a call, and the address of its server.
    ("src/browse/call.rs", &["column", "tcp"]),
    ("src/browse/filter_job.rs", &["udp"]),
    // The addresses, the ports and the stream of each frame of the index.
    ("src/browse/index_filter.rs", &["column", "frame", "ipv4", "ipv6", "tcp"]),
    // The notes of an orderly close.
    ("src/browse/frame_indexer.rs", &["tcp"]),
    // The segments and datagrams of a ladder.
    ("src/browse/ladder/handshake.rs", &["tcp"]),
    ("src/browse/ladder/row.rs", &["tcp", "udp"]),
    // The segments of the connection of a call.
    ("src/journey/segment.rs", &["tcp"]),
    // The direction of a frame, which shows the addresses of the machine of the capture.
    ("src/trace/collector.rs", &["sll"]),
    // The columns of the frame list as columns of a table.
    ("src/export/dataset/field_columns.rs", &["column"]),
    ("src/export/dataset/frames.rs", &["column"]),
    // Rules on streams and on notes.
    ("src/check/rule/mod.rs", &["tcp", "udp"]),
    ("src/check/rule/notes.rs", &["frame"]),
    ("src/check/rule/stream_map.rs", &["tcp", "udp"]),
    // Frame numbers and columns as operands of filters.
    ("src/filter/frame_limit.rs", &["frame"]),
    ("src/filter/plan.rs", &["column"]),
    ("src/naming.rs", &["column"]),
    // Reports of frames and of TCP streams.
    ("src/report/detail.rs", &["column", "frame"]),
    // The ranges of the parts of a body.
    ("src/redact/parts.rs", &["multipart"]),
    ("src/report/json.rs", &["column"]),
    ("src/report/messages.rs", &["tcp", "udp"]),
    ("src/report/selection.rs", &["column"]),
    ("src/report/side_heading.rs", &["tcp", "udp"]),
    ("src/report/streams.rs", &["tcp"]),
    ("src/report/summary.rs", &["column"]),
    // The names of link types.
    ("src/statistics/file_forms.rs", &["frame"]),
    // Segments by time.
    ("src/statistics/tables/segments.rs", &["tcp"]),
    // Protocols and notes of frames.
    ("src/statistics/tables/protocols.rs", &["frame"]),
    ("src/statistics/tables/values.rs", &["frame"]),
    // The severity of a selected note.
    ("src/tui/panes/selection.rs", &["frame"]),
];

#[test]
fn the_program_names_only_the_protocol_modules_in_the_list() {
    let protocols = dissectors_folders();
    let mut found = Vec::new();
    for (path, text) in sources("src") {
        let text = rooms::code(&text);
        let modules = dissectors_modules(&text);
        let named: Vec<&str> = protocols.iter().map(String::as_str).filter(|name| modules.contains(name)).collect();
        if !named.is_empty() {
            found.push((path.to_string_lossy().into_owned(), named));
        }
    }
    for (path, named) in &found {
        let listed = NAMED_PROTOCOLS.iter().find(|(listed, _)| listed == path).map_or(&[][..], |(_, names)| names);
        let new: Vec<_> = named.iter().filter(|name| !listed.contains(name)).collect();
        assert!(
            new.is_empty(),
            "{path} names the modules {new:?} of dissectors: use the fields that PROTOCOLS declares"
        );
    }
    for (path, listed) in NAMED_PROTOCOLS {
        let named = found.iter().find(|(found, _)| found == path).map_or(&[][..], |(_, names)| names);
        let unused: Vec<_> = listed.iter().filter(|name| !named.contains(name)).collect();
        assert!(unused.is_empty(), "{path} no longer names the modules {unused:?} of dissectors");
    }
}

#[test]
fn the_program_names_no_module_of_an_application_protocol() {
    for (path, names) in NAMED_PROTOCOLS {
        for name in ["http", "tls"] {
            assert!(!names.contains(&name), "{path} names {name}");
        }
    }
}

/// Files that name HTTP on purpose: examples for users, and what only HTTP has.
const NAMING_HTTP: [&str; 29] = [
    // Examples in the help and in messages, and the option of `follow`.
    "src/args.rs",
    "src/args/check.rs",
    "src/args/export.rs",
    "src/args/follow.rs",
    "src/args/print.rs",
    "src/args/stats.rs",
    "src/check/check_file.rs",
    "src/check/rule/parse.rs",
    "src/command/mod.rs",
    "src/filter/numeric.rs",
    // The curl command of a request.
    "src/browse/call.rs",
    "src/export/requests/curl.rs",
    "src/export/requests/grpcurl.rs",
    // What a HAR has: headers, cookies and URLs of HTTP; and requests that are repeated.
    "src/command/export/mod.rs",
    "src/export/requests/httpie.rs",
    "src/export/requests/mod.rs",
    "src/export/requests/python.rs",
    "src/export/requests/raw.rs",
    "src/export/har/entry.rs",
    "src/export/web_text.rs",
    // Which fields and options of outputs have secrets.
    "src/command/redaction.rs",
    "src/redact/commands.rs",
    "src/redact/named.rs",
    "src/redact/tags.rs",
    "src/redact/tree.rs",
    // The namespace of SVG.
    "src/diagram/svg.rs",
    // The URL of a call, and the description of a column.
    "src/tui/model/calls.rs",
    // Names that fields had in earlier versions.
    "src/naming/old_names.rs",
    // The color of a protocol.
    "src/tui/widgets/theme.rs",
];

#[test]
fn the_program_names_http_only_in_the_files_of_the_list() {
    let named: Vec<String> = sources("src")
        .into_iter()
        .filter(|(path, text)| !path.ends_with("tests.rs") && rooms::code(text).to_ascii_lowercase().contains("http"))
        .map(|(path, _)| path.to_string_lossy().into_owned())
        .collect();
    let new: Vec<_> = named.iter().filter(|path| !NAMING_HTTP.contains(&path.as_str())).collect();
    assert!(new.is_empty(), "{new:?} name HTTP: use the fields that protocols declare");
    let unused: Vec<_> = NAMING_HTTP.iter().filter(|path| !named.contains(&(**path).to_owned())).collect();
    assert!(unused.is_empty(), "{unused:?} no longer name HTTP");
}

#[test]
fn modules_are_found_in_every_form_of_path() {
    let text = "use dissectors::tls;\n\
                use dissectors::{\n    Field, http as web,\n    tcp::{self, Flags}, tree::{frame, Node},\n};\n\
                // dissectors::icmp\n\
                let port = &::dissectors::udp::PORT;";
    assert_eq!(dissectors_modules(text), ["tls", "Field", "http", "tcp", "tree", "udp"]);
}

/// Returns the first names of all paths into the crate of dissectors, outside comments.
fn dissectors_modules(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, path) in text.match_indices("dissectors::") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        let path = &text[at + path.len()..];
        if line.trim_start().starts_with("//") {
            continue;
        }
        let Some(list) = path.strip_prefix('{') else {
            found.push(first_word(path));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push(first_word(&list[start..at]));
                    start = at + 1;
                    if letter == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|word| !word.is_empty());
    found
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

#[test]
fn every_file_has_a_description_and_a_limited_length() {
    for folder in ["src", "dissectors/src", "tests"] {
        for (path, text) in sources(folder) {
            if path.components().any(|part| part.as_os_str() == "target") {
                continue;
            }
            assert!(text.starts_with("//! ") || text.starts_with("#!["), "{} begins with no sentence", path.display());
            let lines = text.lines().count();
            assert!(lines <= 800, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn every_file_of_tests_is_in_a_program() {
    // Cargo looks for none by itself (autotests = false).
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("a text");
    for (folder, manifest) in [("tests", "Cargo.toml"), ("dissectors/tests", "dissectors/Cargo.toml")] {
        let (main, manifest) = (read(&format!("{folder}/main.rs")), read(manifest));
        for entry in fs::read_dir(root().join(folder)).expect("tests").flatten().map(|entry| entry.path()) {
            let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
            let is_file = entry.extension().is_some_and(|ending| ending == "rs") && name != "main";
            let is_listed = main.lines().any(|line| line == format!("mod {name};"))
                || manifest.lines().any(|line| line == format!("name = \"{name}\""));
            assert!(is_listed || !is_file, "{} is in no program of tests", entry.display());
        }
    }
}

#[test]
fn the_manual_of_fields_is_what_the_declarations_print() {
    let manual = fs::read_to_string(root().join("docs/fields.md")).expect("docs/fields.md");
    let printed = overhear::report::fields_page();
    assert!(manual == printed, "docs/fields.md is outdated: run `make docs`");
}
