//! RESP alone: commands and responses cut anywhere, losses, limits, subscriptions, and hostile lengths.

use crate::http::host::{Gap, Release, SessionInput, SessionOutput, c, closed, run_protocol, s};
use overhear_dissectors::resp;

fn command(words: &[&str]) -> SessionInput {
    let words: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    let count = words.matches('$').count();
    c(format!("*{count}\r\n{words}"))
}

fn run(steps: &[SessionInput]) -> SessionOutput {
    run_protocol(&resp::PROTOCOL, steps, &|_| false)
}

#[test]
fn pipelined_commands_are_paired_in_order_however_they_are_cut() {
    let steps = [
        command(&["SET", "a", "1"]),
        command(&["get", "a"]),
        command(&["INCR", "list"]),
        s("+OK\r\n$1\r\n1\r\n-WRONGTYPE not a number\r\n"),
        command(&["GET", "missing value"]),
        s("$-1\r\n"),
    ];
    let expected = [
        "SET a 1 OK Success",
        "GET a OK Success",
        "INCR list WRONGTYPE ClientError",
        "GET \"missing value\" nil Success",
    ];
    let whole = run(&steps);
    assert_eq!(whole.results(), expected);
    assert_eq!(whole.values("resp.error"), ["WRONGTYPE not a number"]);
    for size in [1, 2, 3, 7] {
        let cut = run_protocol(&resp::PROTOCOL, &steps, &|offset| offset % size == 0);
        assert_eq!(cut.results(), expected, "{size}");
        assert_eq!(cut.values("resp.bulk_string.value"), whole.values("resp.bulk_string.value"), "{size}");
    }
}

#[test]
fn each_channel_of_a_subscription_has_a_response_and_messages_are_calls_of_the_server() {
    let confirmation = |kind: &str, channel: &str, count: u8| {
        format!("*3\r\n${}\r\n{kind}\r\n${}\r\n{channel}\r\n:{count}\r\n", kind.len(), channel.len())
    };
    let steps = [
        command(&["SUBSCRIBE", "a", "b"]),
        s(confirmation("subscribe", "a", 1)),
        s("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"),
        s(confirmation("subscribe", "b", 2)),
        command(&["UNSUBSCRIBE", "a"]),
        s(confirmation("unsubscribe", "a", 1)),
        s(">3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$2\r\nho\r\n"),
    ];
    let output = run(&steps);
    assert_eq!(
        output.results(),
        ["MESSAGE a  Success", "SUBSCRIBE a b OK Success", "UNSUBSCRIBE a OK Success", "MESSAGE b  Success"]
    );
    assert!(output.exchanges[0].is_one_way);
}

#[test]
fn passwords_are_in_no_field_and_no_call() {
    let steps = [
        command(&["AUTH", "alice", "hunter2"]),
        s("+OK\r\n"),
        command(&["CONFIG", "SET", "requirepass", "hunter2"]),
        s("+OK\r\n"),
        command(&["CONFIG", "GET", "require*"]),
        s("*2\r\n$11\r\nrequirepass\r\n$7\r\nhunter2\r\n"),
        c("AUTH hunter2\r\n"),
        s("-WRONGPASS invalid\r\n"),
        command(&["PING"]),
        s("+PONG\r\n"),
    ];
    let output = run(&steps);
    let hex = "68756e74657232";
    assert!(
        output
            .lines
            .iter()
            .filter(|line| !line.starts_with("resp = "))
            .all(|line| !line.contains("hunter2") && !line.contains(hex)),
        "{:#?}",
        output.lines
    );
    assert!(output.results().iter().all(|call| !call.contains("hunter2")));
    assert_eq!(output.exchanges.last().map(|exchange| &*exchange.authority), Some("alice"));
}

#[test]
fn a_gap_leaves_the_pairs_before_and_after_it() {
    let get = |key: &str| command(&["GET", key]);
    // In a value whose length is known, only this response is incomplete.
    let output = run(&[
        get("a"),
        get("b"),
        s("$10\r\n01"),
        Gap(overhear_dissectors::session::Side::Server, 4),
        s("6789\r\n$1\r\nb\r\n"),
    ]);
    assert_eq!(output.results(), ["GET a OK Aborted", "GET b OK Success"]);
    // Elsewhere the next command shows where messages begin.
    let output = run(&[
        get("a"),
        get("b"),
        s("$1\r"),
        Gap(overhear_dissectors::session::Side::Server, 20),
        s("89\r\n"),
        get("c"),
        s("$1\r\nc\r\n"),
    ]);
    assert_eq!(output.results(), ["GET a  Aborted", "GET b  Unanswered", "GET c OK Success"]);
    assert_eq!(output.values("resp.skipped").len(), 1);
    // Commands are missing: their responses have none.
    let output = run(&[
        get("a"),
        s("$1\r\na\r\n"),
        Gap(overhear_dissectors::session::Side::Client, 22),
        s("$1\r\nb\r\n"),
        get("c"),
        s("$1\r\nc\r\n"),
    ]);
    assert_eq!(output.results(), ["GET a OK Success", "  OK Success", "GET c OK Success"]);
}

#[test]
fn lengths_of_2_31_and_deep_arrays_are_read_in_flat_memory() {
    let value = [c("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2147483647\r\n")];
    let parts = (0..200).map(|_| c([b'x'; 1400]));
    let output = run(&value.into_iter().chain(parts).chain(closed()).collect::<Vec<_>>());
    assert_eq!(output.results().len(), 1);
    assert!(output.unconsumed.iter().all(|rest| rest.len() <= 256 << 10));
    let deep = s("*1\r\n".repeat(10_000));
    let output = run(&[command(&["PING"]), deep, command(&["PING"]), s("+PONG\r\n")]);
    assert_eq!(output.values("resp.malformed").len(), 1);
    assert_eq!(output.results().last().map(String::as_str), Some("PING  PONG Success"));
    let many = s(format!("*100000\r\n{}", ":1\r\n".repeat(100_000)));
    let output = run(&[command(&["PING"]), many, command(&["PING"]), s("+PONG\r\n")]);
    assert_eq!(output.results(), ["PING  OK Success", "PING  PONG Success"]);
}

#[test]
fn commands_beyond_the_limit_are_counted_so_that_later_ones_have_their_responses() {
    let many: String = (0..5000).map(|_| "*1\r\n$4\r\nPING\r\n").collect();
    let responses: String = (0..5000).map(|nth| format!("+{nth}\r\n")).collect();
    let output =
        run(&[c(many), command(&["GET", "last"]), s(responses + "$1\r\n!\r\n"), command(&["PING"]), s("+PONG\r\n")]);
    let calls = output.results();
    assert_eq!(calls.len(), 5002);
    assert_eq!(calls.iter().filter(|call| call.ends_with("Unknown")).count(), 905);
    assert!(calls.contains(&"PING  4095 Success".to_owned()) && !calls.contains(&"PING  4096 Success".to_owned()));
    assert_eq!(calls.last().map(String::as_str), Some("PING  PONG Success"));
    let output = run(&[command(&["GET", "a"]), Release, s("$1\r\na\r\n"), command(&["PING"]), s("+PONG\r\n")]);
    assert_eq!(output.results(), ["GET a  Unanswered", "PING  PONG Success"]);
}

#[test]
fn a_replica_reads_a_snapshot_and_then_commands() {
    let output = run(&[
        command(&["PSYNC", "?", "-1"]),
        s("+FULLRESYNC 8de1787ba490483314a4d30f1c628bc5025eb761 0\r\n"),
        s("\n$10\r\n*1\r\n$4\r\nPI"),
        s("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"),
        command(&["REPLCONF", "ACK", "23"]),
    ]);
    assert_eq!(output.exchanges.len(), 3);
    assert!(output.results()[1].starts_with("SELECT 0"));
}

#[test]
fn no_responses_are_expected_after_client_reply_off() {
    let output = run(&[
        command(&["CLIENT", "REPLY", "OFF"]),
        command(&["SET", "a", "1"]),
        command(&["CLIENT", "REPLY", "ON"]),
        s("+OK\r\n"),
        command(&["PING"]),
        s("+PONG\r\n"),
    ]);
    assert_eq!(
        output.results(),
        ["CLIENT REPLY OFF  Success", "SET a 1  Success", "CLIENT REPLY ON OK Success", "PING  PONG Success"]
    );
}
