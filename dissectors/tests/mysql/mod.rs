//! MySQL alone: commands and results cut anywhere, losses, limits, and hostile lengths.

use crate::http::host::{Gap, SessionInput, SessionOutput, c, closed, run_protocol, s};
use overhear_dissectors::mysql;
use overhear_dissectors::session::{Side, Successor};

const OK: &[u8] = b"\0\0\0\x02\0\0\0";

/// A packet with its number.
fn packet(number: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
    [&[a, b, c, number][..], payload].concat()
}

/// Packets that count up from 1.
fn packets(payloads: &[&[u8]]) -> Vec<u8> {
    payloads.iter().enumerate().flat_map(|(nth, payload)| packet(nth as u8 + 1, payload)).collect()
}

fn greeting(abilities: u32) -> SessionInput {
    let [a, b, c, d] = abilities.to_le_bytes();
    let start = b"\x0a8.0.36\0\x08\0\0\0aaaaaaaa\0";
    let rest = [a, b, 8, 2, 0, c, d, 21];
    s(packet(0, [&start[..], &rest, &[0; 10], b"bbbbbbbbbbbb\0mysql_native_password\0"].concat()))
}

fn login(abilities: u32) -> SessionInput {
    let start = [&abilities.to_le_bytes()[..], &[0, 0, 0, 1, 45], &[0; 23]].concat();
    c(packet(1, [&start[..], b"alice\0\x07hunter2", b"shop\0mysql_native_password\0"].concat()))
}

const ABILITIES: u32 = 1 << 3 | 1 << 9 | 1 << 15 | 1 << 19;
const DEPRECATE_EOF: u32 = 1 << 24;

fn begin(abilities: u32) -> [SessionInput; 3] {
    [greeting(abilities), login(abilities), s(packet(2, OK))]
}

fn query(text: &str) -> SessionInput {
    c(packet(0, format!("\x03{text}")))
}

fn column() -> Vec<u8> {
    [&b"\x03def\0\0\0\x01a\0\x0c"[..], &[45, 0, 0, 0, 0, 0, 253, 0, 0, 0, 0, 0]].concat()
}

fn run(steps: &[SessionInput]) -> SessionOutput {
    run_protocol(&mysql::PROTOCOL, steps, &|_| false)
}

#[test]
fn commands_are_calls_with_their_results_however_they_are_cut() {
    let eof: &[u8] = b"\xfe\0\0\x02\0";
    let end: &[u8] = b"\xfe\0\0\x02\0\0\0";
    for (abilities, rows) in [
        (ABILITIES, packets(&[b"\x01", &column(), eof, b"\x01x", b"\xfb", eof])),
        (ABILITIES | DEPRECATE_EOF, packets(&[b"\x01", &column(), b"\x01x", b"\xfb", end])),
    ] {
        let steps: Vec<SessionInput> = begin(abilities)
            .into_iter()
            .chain([
                query("select a"),
                s(rows),
                query("SELEC"),
                s(packet(1, b"\xff\x28\x04#42000wrong")),
                query("UPDATE t"),
                s(packet(1, b"\0\x03\0\x02\0\0\0")),
                c(packet(0, b"\x0e")),
                s(packet(1, OK)),
                c(packet(0, b"\x01")),
            ])
            .collect();
        let expected = [
            "LOGIN shop OK Success",
            "SELECT select a 2 rows Success",
            "SELEC SELEC ERROR 1064 42000 ClientError",
            "UPDATE UPDATE t OK 3 rows Success",
            "PING  OK Success",
            "QUIT   Success",
        ];
        let whole = run(&steps);
        assert_eq!(whole.results(), expected);
        assert_eq!(whole.values("mysql.row"), ["x", "NULL"]);
        assert!(whole.exchanges.iter().all(|exchange| exchange.authority == "alice@shop"));
        assert!(
            whole
                .lines
                .iter()
                .filter(|line| !line.starts_with("mysql = "))
                .all(|line| !line.contains("hunter2") && !line.contains("68756e746572"))
        );
        for size in [1, 2, 3, 7] {
            assert_eq!(
                run_protocol(&mysql::PROTOCOL, &steps, &|offset| offset % size == 0).results(),
                expected,
                "{size}"
            );
        }
    }
}

#[test]
fn passwords_in_statements_are_in_no_field() {
    let eof: &[u8] = b"\xfe\0\0\x02\0";
    let prepare = c(packet(0, "\x16SET PASSWORD FOR bob = PASSWORD('correcthorse')"));
    let execute = c(packet(0, [&b"\x17\x01\0\0\0\0\x01\0\0\0"[..]].concat()));
    let steps: Vec<SessionInput> = begin(ABILITIES)
        .into_iter()
        .chain([
            query("CREATE USER 'bob'@'%' IDENTIFIED BY \"correcthorse\" /*!50000 PASSWORD EXPIRE */"),
            s(packet(1, OK)),
            prepare,
            s(packet(1, b"\0\x01\0\0\0\0\0\0\0\0\0\0")),
            execute,
            s(packet(1, OK)),
            query("SELECT 'correcthorse'"),
            s(packets(&[b"\x01", &column(), eof, eof])),
        ])
        .collect();
    let whole = run(&steps);
    let set = "SET PASSWORD FOR bob = PASSWORD('(redacted)')";
    let user = "CREATE USER 'bob'@'%' IDENTIFIED BY '(redacted)' /*!50000 PASSWORD EXPIRE */";
    assert_eq!(whole.values("mysql.query"), [user, set, "SELECT 'correcthorse'"]);
    assert_eq!(whole.values("sql.statement"), [user, set, "SELECT 'correcthorse'"]);
    assert_eq!(whole.values("mysql.executed"), [user, set, set, "SELECT 'correcthorse'"]);
    let targets: Vec<&str> = whole.exchanges.iter().map(|exchange| exchange.target.as_str()).collect();
    assert_eq!(targets, ["shop", user, set, set, "SELECT 'correcthorse'"]);
}

#[test]
fn a_statement_that_is_prepared_has_its_text_and_values() {
    let eof: &[u8] = b"\xfe\0\0\x02\0";
    let execute =
        |flag: &[u8]| c(packet(0, [&b"\x17\x01\0\0\0\0\x01\0\0\0\0"[..], flag, &7_u32.to_le_bytes()].concat()));
    let steps: Vec<SessionInput> = begin(ABILITIES)
        .into_iter()
        .chain([
            c(packet(0, b"\x16DELETE FROM t WHERE a = ?")),
            s(packets(&[b"\0\x01\0\0\0\0\0\x01\0\0\0\0", &column(), eof])),
            execute(b"\x01\x03\0"),
            s(packet(1, b"\0\x01\0\x02\0\0\0")),
            execute(b"\0"),
            s(packet(1, b"\0\0\0\x02\0\0\0")),
            c(packet(0, b"\x19\x01\0\0\0")),
            execute(b"\0"),
            s(packet(1, OK)),
        ])
        .collect();
    let output = run(&steps);
    assert_eq!(
        output.results()[1..],
        [
            "STMT_PREPARE DELETE FROM t WHERE a = ? OK Success",
            "DELETE DELETE FROM t WHERE a = ? OK 1 row Success",
            "DELETE DELETE FROM t WHERE a = ? OK Success",
            "STMT_CLOSE DELETE FROM t WHERE a = ?  Success",
            "STMT_EXECUTE  OK Success",
        ]
    );
    assert_eq!(output.values("mysql.value"), ["7", "7"]);
}

#[test]
fn tls_and_compression_follow_the_handshake() {
    let tls = [&(ABILITIES | 1 << 11).to_le_bytes()[..], &[0, 0, 0, 1, 45], &[0; 23]].concat();
    let output = run(&[greeting(ABILITIES | 1 << 11), c(packet(1, tls))]);
    assert_eq!(output.successor, Some(Successor::Upgrade("TLS".into())));
    // zlib, and zstd.
    for ability in [1 << 5, 1 << 26] {
        let output = run(&begin(ABILITIES | ability));
        assert_eq!(output.successor, Some(Successor::Upgrade("mysql-compression".into())));
    }
}

#[test]
fn several_results_of_a_query_are_one_call() {
    let more: &[u8] = b"\xfe\0\0\x0a\0";
    let eof: &[u8] = b"\xfe\0\0\x02\0";
    let rows = packets(&[b"\x01", &column(), eof, b"\x01x", more, b"\0\x01\0\x02\0\0\0"]);
    let steps: Vec<SessionInput> = begin(ABILITIES).into_iter().chain([query("SELECT 1; UPDATE t"), s(rows)]).collect();
    assert_eq!(run(&steps).results()[1..], ["SELECT SELECT 1; UPDATE t 1 row Success"]);
}

#[test]
fn a_file_of_the_client_belongs_to_its_command() {
    let steps: Vec<SessionInput> = begin(ABILITIES)
        .into_iter()
        .chain([
            query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t"),
            s(packet(1, b"\xfbf")),
            c([packet(2, "a\nb\n"), packet(3, "")].concat()),
            s(packet(4, b"\0\x02\0\x02\0\0\0")),
        ])
        .collect();
    let output = run(&steps);
    assert_eq!(output.results()[1..], ["LOAD LOAD DATA LOCAL INFILE 'f' INTO TABLE t OK 2 rows Success"]);
    assert_eq!(output.values("mysql.infile"), ["f"]);
    assert_eq!(output.values("mysql.payload"), ["610a620a"]);
}

#[test]
fn a_gap_leaves_the_commands_before_and_after_it() {
    let steps: Vec<SessionInput> = begin(ABILITIES)
        .into_iter()
        .chain([query("SELECT 1"), s(packet(1, b"\x01")), Gap(Side::Server, 40), query("SELECT 2"), s(packet(1, OK))])
        .collect();
    assert_eq!(run(&steps).results()[1..], ["SELECT SELECT 1  Aborted", "SELECT SELECT 2 OK Success"]);
}

#[test]
fn hostile_lengths_are_read_in_flat_memory() {
    let long = [&b"\xff\xff\xff\0\x03SELECT"[..], &[b' '; 100]].concat();
    let parts = (0..300).map(|_| c([b' '; 1400]));
    let steps = begin(ABILITIES).into_iter().chain([c(long)]).chain(parts).chain(closed());
    let output = run(&steps.collect::<Vec<_>>());
    assert!(output.unconsumed.iter().all(|rest| rest.len() <= 256 << 10));
    assert_eq!(output.results().len(), 2);
    let many = [b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(), b"\xfc".to_vec(), b"\xfe".to_vec()];
    for payload in many {
        let steps: Vec<SessionInput> =
            begin(ABILITIES).into_iter().chain([query("SELECT 1"), s(packet(1, payload))]).collect();
        run(&steps);
    }
}

#[test]
fn parameters_that_are_passwords_are_not_recorded() {
    let prepare = packet(0, "\x16UPDATE users SET name = ?, password = SHA2(?, 256) WHERE id = 3");
    let (number, eof) = (b"\0\x01\0\0\0\0\0\x02\0\0\0\0", b"\xfe\0\0\x02\0");
    let prepared = packets(&[number, &column(), &column(), eof]);
    let types = [253, 0, 253, 0];
    let values = b"\x03bob\x07hunter2";
    let execute = [&b"\x17\x01\0\0\0\0\x01\0\0\0\0\x01"[..], &types, values].concat();
    let steps = [&begin(ABILITIES)[..], &[c(prepare), s(prepared), c(packet(0, execute)), s(packet(1, OK))]].concat();
    let output = run(&steps);
    assert_eq!(output.values("mysql.value"), ["bob", "(redacted)"]);
    assert_eq!(output.values("mysql.row"), [r"bob\t(redacted)"]);
    assert!(!output.lines.iter().any(|line| line.contains("hunter2")));
}
