//! Passwords of databases: in no output unless `--show-secrets` is given. Raw bytes of a capture are shown as they are.

use super::{program, run};

/// Passwords in these captures, also those of proofs: as text and in hexadecimal digits.
const CANARIES: [&str; 5] = ["correcthorse", "hunter2", "wrong password", "636f7272656374686f727365", "68756e74657232"];
const CAPTURES: [&str; 4] = [
    "fixtures/resp/secrets.pcap",
    "fixtures/pgsql/passwords.pcap",
    "fixtures/mysql/passwords.pcap",
    "fixtures/pgsql/roles.pcap",
];

/// Arguments of commands that print what protocols have, before and after the capture.
const COMMANDS: [(&[&str], &[&str]); 12] = [
    (&["calls"], &[]),
    (&["calls"], &["-T", "json"]),
    (&["calls"], &["-T", "csv"]),
    (&["calls"], &["--by", "uri"]),
    (&["streams"], &["-T", "json"]),
    (&["print"], &[]),
    (&["print"], &["-T", "csv"]),
    (&["journey"], &[]),
    (&["journey"], &["-T", "json"]),
    (&["journey"], &["-T", "html"]),
    (&["journey"], &["-T", "otlp"]),
    (&["ladder"], &["0"]),
];

/// Returns what a command prints of every field of databases, and of the columns.
fn fields(capture: &str, options: &[&str]) -> String {
    let names = ["pgsql", "mysql", "resp", "sql"];
    // The field of a protocol itself has its bytes.
    let is_of = |name: &&str| names.iter().any(|own| name.starts_with(&format!("{own}.")));
    let fields = dissectors::fields().map(|field| field.name).filter(is_of);
    let selected: Vec<&str> = fields.chain(["_ws.col.info"]).flat_map(|name| ["-e", name]).collect();
    run(&[&["print", capture, "-T", "json"], &selected[..], options].concat()).0
}

/// Returns the canaries in a text.
fn found(text: &str) -> Vec<&'static str> {
    CANARIES.into_iter().filter(|canary| text.contains(canary)).collect()
}

#[test]
fn no_output_has_a_password_unless_it_is_requested() {
    for capture in CAPTURES {
        for (before, after) in COMMANDS {
            let arguments = [before, &[capture], after].concat();
            assert_eq!(found(&run(&arguments).0), [""; 0], "{arguments:?}");
        }
        assert_eq!(found(&fields(capture, &[])), [""; 0], "{capture}");
        assert_ne!(found(&fields(capture, &["--show-secrets"])).is_empty(), capture != CAPTURES[2], "{capture}");
    }
}

#[test]
fn the_detail_tree_has_passwords_only_if_they_are_requested() {
    let tree = |capture: &str, options: &[&str]| {
        let text = run(&[&["print", "-V", capture], options].concat()).0;
        // Raw bytes are shown in lines of the layers below.
        let lines = text.lines().filter(|line| !line.contains("TCP payload") && !line.contains("segment data"));
        lines.map(|line| line.to_owned() + "\n").collect::<String>()
    };
    for capture in CAPTURES {
        let text = tree(capture, &[]);
        assert_eq!(found(&text), [""; 0], "{capture}");
        assert!(text.contains("(redacted)"), "{capture}");
        assert!(!tree(capture, &["--show-secrets"]).contains("(redacted)"), "{capture}");
    }
    assert!(tree(CAPTURES[1], &["--show-secrets"]).contains("    Password: correcthorse\n"));
    assert!(tree(CAPTURES[0], &["--show-secrets"]).contains("hunter2"));
}

#[test]
fn passwords_that_are_requested_are_fields_with_the_names_of_wireshark() {
    let frames = |capture: &str, filter: &str, options: &[&str]| {
        let text = run(&[&["print", capture, filter, "-T", "fields", "-e", "frame.number"], options].concat()).0;
        text.lines().count()
    };
    for (capture, filter) in [
        (CAPTURES[1], r#"pgsql.password == "correcthorse""#),
        (CAPTURES[1], "pgsql.frontend == 1 and pgsql.auth.sasl.data"),
        (CAPTURES[2], "mysql.passwd"),
        (CAPTURES[2], "mysql.auth_switch_response.data"),
        (CAPTURES[0], r#"resp.arguments contains "correcthorse""#),
    ] {
        assert_eq!(frames(capture, filter, &[]), 0, "{filter}");
        assert!(frames(capture, filter, &["--show-secrets"]) > 0, "{filter}");
    }
    let (calls, _, _) = run(&["calls", CAPTURES[0], "--show-secrets"]);
    assert!(calls.contains("alice correcthorse"), "{calls}");
    // The bytes of the connection are those of the capture.
    let follow = program(&["follow", CAPTURES[0], "0", "--raw"]).output().expect("it runs").stdout;
    assert!(String::from_utf8_lossy(&follow).contains("correcthorse"));
}
