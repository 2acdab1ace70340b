//! PostgreSQL alone: statements and results cut anywhere, losses, limits, and hostile lengths.

use crate::http::host::{Gap, Release, SessionInput, SessionOutput, c, closed, run_protocol, s};
use overhear_dissectors::pgsql;
use overhear_dissectors::session::{Side, Successor};

/// A message with a type.
fn message(kind: u8, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

fn startup() -> SessionInput {
    let parameters = b"user\0alice\0database\0shop\0\0";
    c([&(parameters.len() as u32 + 8).to_be_bytes()[..], &[0, 3, 0, 0], parameters].concat())
}

fn query(text: &str) -> SessionInput {
    c(message(b'Q', format!("{text}\0")))
}

fn ready() -> Vec<u8> {
    message(b'Z', "I")
}

fn result(tag: &str) -> SessionInput {
    s([message(b'C', format!("{tag}\0")), ready()].concat())
}

/// Parse, Bind and Execute of a statement under a name.
fn extended(name: &str, text: &str) -> Vec<u8> {
    let parse = message(b'P', format!("{name}\0{text}\0\0\0"));
    [parse, execute(name)].concat()
}

fn execute(name: &str) -> Vec<u8> {
    [message(b'B', format!("\0{name}\0\0\0\0\0\0\0")), message(b'E', b"\0\0\0\0\0")].concat()
}

fn sync() -> Vec<u8> {
    message(b'S', "")
}

fn error(code: &str) -> Vec<u8> {
    message(b'E', format!("SERROR\0C{code}\0Mwrong\0\0"))
}

fn run(steps: &[SessionInput]) -> SessionOutput {
    run_protocol(&pgsql::PROTOCOL, steps, &|_| false)
}

#[test]
fn statements_are_calls_with_their_results_however_they_are_cut() {
    let steps = [
        startup(),
        s([message(b'R', [0; 4]), ready()].concat()),
        query("select 1"),
        s(message(b'D', b"\0\x01\0\0\0\x01a")),
        result("SELECT 1"),
        query("SELECT x"),
        s([error("42703"), ready()].concat()),
        c([extended("", "INSERT INTO t VALUES ($1)"), sync()].concat()),
        s([message(b'1', ""), message(b'2', "")].concat()),
        result("INSERT 0 1"),
    ];
    let expected = [
        "STARTUP alice@shop OK Success",
        "SELECT select 1 SELECT 1 Success",
        "SELECT SELECT x ERROR 42703 ClientError",
        "INSERT INSERT INTO t VALUES ($1) INSERT 0 1 Success",
    ];
    let whole = run(&steps);
    assert_eq!(whole.results(), expected);
    assert!(whole.exchanges.iter().all(|exchange| exchange.authority == "alice@shop"));
    assert_eq!(whole.values("pgsql.rows"), ["1", "1"]);
    for size in [1, 2, 3, 7] {
        assert_eq!(run_protocol(&pgsql::PROTOCOL, &steps, &|offset| offset % size == 0).results(), expected, "{size}");
    }
}

#[test]
fn statements_after_an_error_are_skipped_up_to_sync() {
    let all = [extended("", "SELECT 1"), extended("", "SELECT x"), extended("", "SELECT 3"), sync()].concat();
    let next = [extended("", "SELECT 4"), sync()].concat();
    let completions = [message(b'1', ""), message(b'2', "")].concat();
    let done = |tag: &str| [completions.clone(), message(b'C', format!("{tag}\0"))].concat();
    let output = run(&[
        c([all, next].concat()),
        s([done("SELECT 1"), error("42703"), ready(), done("SELECT 9"), ready()].concat()),
    ]);
    assert_eq!(
        output.results(),
        [
            "SELECT SELECT 1 SELECT 1 Success",
            "SELECT SELECT x ERROR 42703 ClientError",
            "SELECT SELECT 3 skipped Aborted",
            "SELECT SELECT 4 SELECT 9 Success",
        ]
    );
}

#[test]
fn a_statement_that_was_prepared_before_has_its_text() {
    let output = run(&[
        c([message(b'P', "s1\0SELECT a FROM b\0\0\0"), sync()].concat()),
        s([message(b'1', ""), ready()].concat()),
        c([execute("s1"), sync()].concat()),
        s(message(b'2', "")),
        result("SELECT 3"),
        c([execute("s2"), sync()].concat()),
        s(message(b'2', "")),
        result("SELECT 4"),
    ]);
    assert_eq!(
        output.results(),
        ["PARSE SELECT a FROM b  Success", "SELECT SELECT a FROM b SELECT 3 Success", "BIND  SELECT 4 Success"]
    );
    assert_eq!(output.values("pgsql.unknown_statement").len(), 2);
}

#[test]
fn passwords_are_in_no_field() {
    let output = run(&[
        startup(),
        s(message(b'R', [0, 0, 0, 3])),
        c(message(b'p', "hunter2\0")),
        s([message(b'R', [0; 4]), ready()].concat()),
    ]);
    assert!(
        output
            .lines
            .iter()
            .filter(|line| !line.starts_with("pgsql = "))
            .all(|line| !line.contains("hunter2") && !line.contains("68756e746572"))
    );
    assert_eq!(output.values("pgsql.password.redacted").len(), 1);
    assert_eq!(output.results(), ["STARTUP alice@shop OK Success"]);
}

#[test]
fn tls_follows_a_request_that_the_server_accepts() {
    let request = c([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    assert_eq!(run(&[request.clone(), s("S")]).successor, Some(Successor::Upgrade("TLS".into())));
    let refused = run(&[request, s("N"), startup(), s([message(b'R', [0; 4]), ready()].concat())]);
    assert_eq!(refused.results(), ["STARTUP alice@shop OK Success"]);
}

#[test]
fn a_gap_leaves_the_statements_before_and_after_it() {
    let output = run(&[
        query("SELECT 1"),
        s(message(b'D', b"\0\x01\0\0\0\x01a")),
        Gap(Side::Server, 30),
        query("SELECT 2"),
        result("SELECT 2"),
    ]);
    assert_eq!(output.results(), ["SELECT SELECT 1  Aborted", "SELECT SELECT 2 SELECT 2 Success"]);
    // In a row whose length is known, nothing else is lost.
    let row = message(b'D', [&b"\0\x01\0\0\0\x64"[..], &[b'a'; 100]].concat());
    let output = run(&[query("SELECT 1"), s(&row[..20]), Gap(Side::Server, 50), s(&row[70..]), result("SELECT 1")]);
    assert_eq!(output.results(), ["SELECT SELECT 1 SELECT 1 Success"]);
    assert_eq!(output.values("pgsql.incomplete").len(), 1);
}

#[test]
fn a_connection_that_is_joined_between_a_statement_and_its_result_is_read_alike_however_it_is_cut() {
    let parse = [message(b'P', b"1\0delete from t where id=$1\0\0\0"), message(b'D', b"S1\0"), sync()].concat();
    let done = [message(b'2', ""), message(b'C', b"DELETE 0\0"), ready()].concat();
    let steps = [c(parse), Gap(Side::Server, 50), s(done), query("SELECT 2"), result("SELECT 2")];
    let whole = run(&steps);
    assert!(whole.results().iter().any(|result| result == "SELECT SELECT 2 SELECT 2 Success"), "{:?}", whole.results());
    for size in [1, 2, 3, 7, 11] {
        let cut = run_protocol(&pgsql::PROTOCOL, &steps, &|offset| offset % size == 0);
        assert_eq!(cut.results(), whole.results(), "{size}");
    }
}

#[test]
fn hostile_lengths_are_read_in_flat_memory() {
    let long = [&b"Q\x3f\xff\xff\xff"[..], b"SELECT 1"].concat();
    let parts = (0..300).map(|_| c([b' '; 1400]));
    let output = run(&[c(long)].into_iter().chain(parts).chain(closed()).collect::<Vec<_>>());
    assert!(output.unconsumed.iter().all(|rest| rest.len() <= 256 << 10));
    assert_eq!(output.results().len(), 1);
    let output = run(&[query("SELECT 1"), s(b"D\xff\xff\xff\xff\0\xff"), query("SELECT 2"), result("SELECT 2")]);
    assert_eq!(output.results().last().map(String::as_str), Some("SELECT SELECT 2 SELECT 2 Success"));
    let names: Vec<u8> = (0..5000).flat_map(|nth| message(b'P', format!("s{nth}\0SELECT {nth}\0\0\0"))).collect();
    let output = run(&[c([names, sync()].concat()), Release, query("SELECT 2"), result("SELECT 2")]);
    assert!(output.results().len() >= 5000);
}

#[test]
fn data_of_copy_belong_to_their_statement() {
    let output = run(&[
        query("COPY t FROM STDIN"),
        s(message(b'G', [0, 0, 1, 0, 0])),
        c([message(b'd', "a\n"), message(b'd', "b\n"), message(b'c', "")].concat()),
        result("COPY 2"),
    ]);
    assert_eq!(output.results(), ["COPY COPY t FROM STDIN COPY 2 Success"]);
    assert_eq!(output.values("pgsql.copydata").len(), 2);
    assert_eq!(output.exchanges[0].request.map(|request| request.body), Some(23 + 7 + 7 + 5));
}

/// Bind of a prepared statement to texts.
fn bind(name: &str, values: &[&str]) -> Vec<u8> {
    let mut body = [format!("\0{name}\0").as_bytes(), &[0, 0], &(values.len() as u16).to_be_bytes()].concat();
    for value in values {
        body.extend((value.len() as u32).to_be_bytes());
        body.extend(value.as_bytes());
    }
    message(b'B', [&body[..], &[0, 0]].concat())
}

#[test]
fn parameters_that_are_passwords_are_not_recorded() {
    let parse = message(b'P', "p\0INSERT INTO users (name, password) VALUES ($1, $2)\0\0\0");
    let bound = [&parse[..], &bind("p", &["bob", "hunter2"]), &message(b'E', b"\0\0\0\0\0"), &sync()].concat();
    let output = run(&[startup(), s([message(b'R', [0; 4]), ready()].concat()), c(bound), result("INSERT 0 1")]);
    assert_eq!(output.values("pgsql.value"), ["bob"]);
    assert_eq!(output.values("pgsql.row"), [r"bob\t(redacted)"]);
    assert_eq!(output.values("pgsql.password.redacted").len(), 1);
}

#[test]
fn an_error_does_not_repeat_a_password() {
    let near = |text: &str| message(b'E', format!("SERROR\0C42601\0Msyntax error at or near \"{text}\"\0\0"));
    let output = run(&[
        startup(),
        s([message(b'R', [0; 4]), ready()].concat()),
        query("ALTER ROLE bob PASSWORD 'hunter2"),
        s([near("'hunter2"), ready()].concat()),
        query("SELEC 1"),
        s([near("SELEC"), ready()].concat()),
    ]);
    assert_eq!(output.values("pgsql.message"), ["(redacted)", r#"syntax error at or near "SELEC""#]);
}
