//! A command is listened to: a real server and a real client on the loopback device. It takes the right to listen, as
//! root has it; without it each test says so and ends.

use super::running::{Said, check, command, folder};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;

/// A server that answers each request of a connection: 200, or 404 to what begins with `/no`.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                while let Some(request) = lines.next() {
                    let status = if request.contains(" /no") { "404 Not Found" } else { "200 OK" };
                    let _ = lines.by_ref().find(String::is_empty);
                    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nhello");
                    if (&stream).write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Whether this machine lets us listen, and has curl; if not, that is said.
fn may_listen(test: &str) -> bool {
    let folder = folder(&[], "");
    let said = check(
        folder.path(),
        &["-i", LOOPBACK, "--allow", "empty", "--none", "tcp.port == 1", "--", "curl", "--version"],
    );
    if said.code != Some(0) {
        eprintln!("SKIPPED: {test}: {}", said.err.trim_end());
    }
    said.code == Some(0)
}

/// Whether we are root, and may listen.
#[cfg(target_os = "linux")]
fn is_root(test: &str) -> bool {
    let is_root = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").expect("/proc")) == 0;
    if !is_root {
        eprintln!("SKIPPED: {test}: it takes root");
    }
    is_root && may_listen(test)
}

const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// `overhear check -i lo -f 'tcp port N' ARGS -- sh -c SCRIPT`, where `$URL` is the server's.
fn hear(folder: &Path, address: SocketAddr, args: &[&str], script: &str) -> Said {
    let filter = format!("tcp port {}", address.port());
    let args = [&["-i", LOOPBACK, "-f", &filter], args, &["--", "sh", "-c", script]].concat();
    command(folder, &args).env("URL", format!("http://{address}")).output().expect("overhear").into()
}

const TWO_CALLS: &str =
    "curl -s -o curl.txt -w '%{http_code}\\n' $URL/one && curl -s -o curl.txt -w '%{http_code}\\n' $URL/no";

#[test]
fn what_a_command_said_is_judged() {
    if !may_listen("what_a_command_said_is_judged") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let rules = ["--count", "http.request == 2", "--each", "http.request", "status == 200", "--orderly", "--answered"];
    let said = hear(folder.path(), address, &rules, TWO_CALLS);
    // What the command prints stands first, what curl saw and what was heard are the same.
    let expected = "\
200
404
ok    lo: count http.request == 2 (2 calls)
FAIL  lo: each http.request satisfies status == 200
        found   1 of 2 calls does not; first: GET /no -> 404
";
    assert!(said.out.starts_with(&expected.replace("lo:", &format!("{LOOPBACK}:"))), "{}{}", said.out, said.err);
    assert!(
        said.out.contains(": orderly (2 connections)\n") && said.out.contains(": answered (2 requests)\n"),
        "{}",
        said.out
    );
    // The capture is gone, so no command shows its frames.
    assert!(!said.out.contains("overhear print"), "{}", said.out);
    assert_eq!((said.code, said.err.as_str()), (Some(1), ""));
}

#[test]
fn a_check_file_judges_what_is_heard_and_what_was_heard_can_be_kept() {
    if !may_listen("a_check_file_judges_what_is_heard_and_what_was_heard_can_be_kept") {
        return;
    }
    let checks = "captures = 'none.pcap'\n[checks]\n'two calls' = { count = 'http.request == 2' }\n";
    let (folder, address) = (folder(&[], checks), serve());
    let said = hear(folder.path(), address, &["checks.toml", "-w", "heard.pcapng"], TWO_CALLS);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.ends_with("ok    heard.pcapng: two calls (2 calls)\n1 capture, 1 check: all hold\n"),
        "{}",
        said.out
    );
    let again = check(folder.path(), &["heard.pcapng", "--count", "http.request == 2"]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
}

#[test]
fn the_exit_of_a_command_that_fails_is_passed_on() {
    if !may_listen("the_exit_of_a_command_that_fails_is_passed_on") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let rule = ["--count", "http.request == 1"];
    let one = "curl -s -o curl.txt $URL/one; ";
    for (script, code) in [("exit 7", 7), ("kill -TERM $$", 128 + 15), ("true", 0)] {
        let said = hear(folder.path(), address, &rule, &format!("{one}{script}"));
        assert_eq!(said.code, Some(code), "{script}: {}{}", said.out, said.err);
        assert!(said.out.ends_with("1 capture, 1 check: all hold\n"), "{}", said.out);
    }
    // A check that fails says 1, a command that fails says more.
    assert_eq!(hear(folder.path(), address, &["--none", "http"], one).code, Some(1));
    assert_eq!(hear(folder.path(), address, &["--none", "http"], &format!("{one} exit 7")).code, Some(7));
}

#[test]
fn who_says_nothing_fails_unless_it_is_allowed() {
    if !may_listen("who_says_nothing_fails_unless_it_is_allowed") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    assert_eq!(hear(folder.path(), address, &["--none", "http"], "true").code, Some(1));
    assert_eq!(hear(folder.path(), address, &["--none", "http", "--allow", "empty"], "true").code, Some(0));
}

#[test]
fn what_cannot_be_run_or_heard_is_told() {
    if !may_listen("what_cannot_be_run_or_heard_is_told") {
        return;
    }
    let folder = folder(&["http/post-login.pcap"], "[checks]\na = { none = 'a.b' }\n");
    let wrong = [
        (vec!["-i", LOOPBACK, "--none", "http", "--", "no-such-program"], "overhear: no-such-program: "),
        (vec!["-i", "no-such0", "--none", "http", "--", "touch", "ran"], "overhear: no-such0: "),
        (vec!["-i", LOOPBACK, "-f", "tcp prt 80", "--none", "http", "--", "touch", "ran"], "overhear: "),
        (vec!["-i", LOOPBACK, "checks.toml", "--", "touch", "ran"], "overhear: checks.toml:2:"),
        (
            vec!["-i", LOOPBACK, "post-login.pcap", "--none", "http", "--", "touch", "ran"],
            "overhear: post-login.pcap: a capture file cannot be combined with -i",
        ),
        (vec!["-i", LOOPBACK, "--none", "http"], "overhear: "),
    ];
    for (args, told) in wrong {
        let said = check(folder.path(), &args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}: {}", said.err);
        assert!(said.err.starts_with(told), "{args:?}: {}", said.err);
    }
    assert!(!folder.path().join("ran").exists());
}

/// What the command is told of itself: its user, its capabilities, what it has open.
#[cfg(target_os = "linux")]
const WHO: &str = "id -u; echo $HOME; grep CapEff /proc/self/status; ls -l /proc/self/fd | grep -c socket; \
                   ls -ld /proc/$PPID/fd | cut -d' ' -f3; grep -E 'CapEff|NoNewPrivs' /proc/$PPID/status; curl -s -o /dev/null $URL/";

#[test]
#[cfg(target_os = "linux")]
fn the_command_is_the_callers_and_has_no_right_to_listen() {
    if !is_root("the_command_is_the_callers_and_has_no_right_to_listen") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).expect("root");
    let filter = format!("tcp port {}", address.port());
    let args = [
        "-i",
        LOOPBACK,
        "-f",
        &filter,
        "--answered",
        "-o",
        "results.txt",
        "--",
        "sh",
        "-c",
        &format!("sleep 0.2; {WHO}"),
    ];
    let mut sudo = command(folder.path(), &args);
    sudo.env("SUDO_UID", "65534").env("SUDO_GID", "65534").env("URL", format!("http://{address}"));
    let said = Said::from(sudo.output().expect("overhear"));
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    let lines: Vec<_> = said.out.lines().collect();
    let none = "CapEff:\t0000000000000000";
    assert_eq!([lines[0], lines[2], lines[3]], ["65534", none, "0"], "{}", said.out);
    assert_ne!(lines[1], "/root");
    // Who listens has nothing more than that either.
    assert_eq!(lines[5..], [none, "NoNewPrivs:\t1"], "{}", said.out);
    let results = fs::metadata(folder.path().join("results.txt")).expect("results");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&results), 65534);
}

#[test]
#[cfg(target_os = "linux")]
fn root_itself_runs_the_command_as_root_and_listens_without_capabilities() {
    if !is_root("root_itself_runs_the_command_as_root_and_listens_without_capabilities") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let script = format!("sleep 0.2; {WHO}");
    let filter = format!("tcp port {}", address.port());
    let args = ["-i", LOOPBACK, "-f", &filter, "--answered", "--", "sh", "-c", &script];
    let mut root = command(folder.path(), &args);
    root.env_remove("SUDO_UID").env_remove("SUDO_GID").env("URL", format!("http://{address}"));
    let said = Said::from(root.output().expect("overhear"));
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!([lines[0], lines[3]], ["0", "0"], "{}", said.out);
    assert_eq!(lines[5..7], ["CapEff:\t0000000000000000", "NoNewPrivs:\t1"], "{}", said.out);
}
