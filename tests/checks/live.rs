//! Live capture of a command: a real server and a real client on the loopback device. Requires the privilege to
//! capture, such as root has; without it each test is skipped.

use super::running::{Run, check, command, folder};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;

/// Starts a server that responds with 200, or with 404 to paths that begin with `/no`.
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
                    let response = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nhello");
                    if (&stream).write_all(response.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Whether this process may capture, and has curl. If not, prints why.
fn may_capture(test: &str) -> bool {
    let folder = folder(&[], "");
    let run = check(
        folder.path(),
        &["-i", LOOPBACK, "--allow", "empty", "--none", "tcp.port == 1", "--", "curl", "--version"],
    );
    if run.code != Some(0) {
        eprintln!("SKIPPED: {test}: {}", run.err.trim_end());
    }
    run.code == Some(0)
}

/// Whether this process is root, and may capture.
#[cfg(target_os = "linux")]
fn is_root(test: &str) -> bool {
    let is_root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("/proc")) == 0;
    if !is_root {
        eprintln!("SKIPPED: {test}: requires root");
    }
    is_root && may_capture(test)
}

const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// `overhear check -i lo -f 'tcp port N' ARGS -- sh -c SCRIPT`, where `$URL` is the server's.
fn check_live(folder: &Path, address: SocketAddr, args: &[&str], script: &str) -> Run {
    let filter = format!("tcp port {}", address.port());
    let args = [&["-i", LOOPBACK, "-f", &filter], args, &["--", "sh", "-c", script]].concat();
    command(folder, &args).env("URL", format!("http://{address}")).output().expect("overhear").into()
}

const TWO_CALLS: &str =
    "curl -s -o curl.txt -w '%{http_code}\\n' $URL/one && curl -s -o curl.txt -w '%{http_code}\\n' $URL/no";

#[test]
fn the_traffic_of_a_command_is_checked() {
    if !may_capture("the_traffic_of_a_command_is_checked") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let rules = ["--count", "http.request == 2", "--each", "http.request", "status == 200", "--orderly", "--answered"];
    let run = check_live(folder.path(), address, &rules, TWO_CALLS);
    // The output of the command comes first. The checks count what curl reports.
    let expected = "\
200
404
ok    lo: count http.request == 2 (2 calls)
FAIL  lo: each http.request satisfies status == 200
        found   1 of 2 calls does not; first: GET /no -> 404
";
    assert!(run.out.starts_with(&expected.replace("lo:", &format!("{LOOPBACK}:"))), "{}{}", run.out, run.err);
    assert!(
        run.out.contains(": orderly (2 connections)\n") && run.out.contains(": answered (2 requests)\n"),
        "{}",
        run.out
    );
    // The capture is removed, so no command shows its frames.
    assert!(!run.out.contains("overhear print"), "{}", run.out);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""));
}

#[test]
fn a_check_file_applies_to_live_traffic_and_the_capture_can_be_saved() {
    if !may_capture("a_check_file_applies_to_live_traffic_and_the_capture_can_be_saved") {
        return;
    }
    let checks = "captures = 'none.pcap'\n[checks]\n'two calls' = { count = 'http.request == 2' }\n";
    let (folder, address) = (folder(&[], checks), serve());
    let run = check_live(folder.path(), address, &["checks.toml", "-w", "saved.pcapng"], TWO_CALLS);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(
        run.out.ends_with("ok    saved.pcapng: two calls (2 calls)\n1 capture, 1 check: all hold\n"),
        "{}",
        run.out
    );
    let again = check(folder.path(), &["saved.pcapng", "--count", "http.request == 2"]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
}

#[test]
fn the_exit_code_of_a_failing_command_is_returned() {
    if !may_capture("the_exit_code_of_a_failing_command_is_returned") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let rule = ["--count", "http.request == 1"];
    let one = "curl -s -o curl.txt $URL/one; ";
    for (script, code) in [("exit 7", 7), ("kill -TERM $$", 128 + 15), ("true", 0)] {
        let run = check_live(folder.path(), address, &rule, &format!("{one}{script}"));
        assert_eq!(run.code, Some(code), "{script}: {}{}", run.out, run.err);
        assert!(run.out.ends_with("1 capture, 1 check: all hold\n"), "{}", run.out);
    }
    // A failing check gives 1, a failing command its own exit code.
    assert_eq!(check_live(folder.path(), address, &["--none", "http"], one).code, Some(1));
    assert_eq!(check_live(folder.path(), address, &["--none", "http"], &format!("{one} exit 7")).code, Some(7));
}

#[test]
fn a_command_without_traffic_fails_unless_it_is_allowed() {
    if !may_capture("a_command_without_traffic_fails_unless_it_is_allowed") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    assert_eq!(check_live(folder.path(), address, &["--none", "http"], "true").code, Some(1));
    assert_eq!(check_live(folder.path(), address, &["--none", "http", "--allow", "empty"], "true").code, Some(0));
}

#[test]
fn a_command_or_interface_that_cannot_be_opened_is_reported() {
    if !may_capture("a_command_or_interface_that_cannot_be_opened_is_reported") {
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
    for (args, expected) in wrong {
        let run = check(folder.path(), &args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{args:?}: {}", run.err);
        assert!(run.err.starts_with(expected), "{args:?}: {}", run.err);
    }
    assert!(!folder.path().join("ran").exists());
}

/// The environment of the command: its user, its capabilities, its open sockets.
#[cfg(target_os = "linux")]
const ENVIRONMENT: &str = "id -u; echo $HOME; grep CapEff /proc/self/status; ls -l /proc/self/fd | grep -c socket; \
                   ls -ld /proc/$PPID/fd | cut -d' ' -f3; grep -E 'CapEff|NoNewPrivs' /proc/$PPID/status; curl -s -o /dev/null $URL/";

#[test]
#[cfg(target_os = "linux")]
fn the_command_runs_as_the_caller_without_capture_privileges() {
    if !is_root("the_command_runs_as_the_caller_without_capture_privileges") {
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
        &format!("sleep 0.2; {ENVIRONMENT}"),
    ];
    let mut sudo = command(folder.path(), &args);
    sudo.env("SUDO_UID", "65534").env("SUDO_GID", "65534").env("URL", format!("http://{address}"));
    let run = Run::from(sudo.output().expect("overhear"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let lines: Vec<_> = run.out.lines().collect();
    let none = "CapEff:\t0000000000000000";
    assert_eq!([lines[0], lines[2], lines[3]], ["65534", none, "0"], "{}", run.out);
    assert_ne!(lines[1], "/root");
    // The capturing process has no more privileges than the command.
    assert_eq!(lines[5..], [none, "NoNewPrivs:\t1"], "{}", run.out);
    let results = std::fs::metadata(folder.path().join("results.txt")).expect("results");
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&results), 65534);
}

#[test]
#[cfg(target_os = "linux")]
fn as_root_the_command_runs_as_root_and_the_capture_has_no_capabilities() {
    if !is_root("as_root_the_command_runs_as_root_and_the_capture_has_no_capabilities") {
        return;
    }
    let (folder, address) = (folder(&[], ""), serve());
    let script = format!("sleep 0.2; {ENVIRONMENT}");
    let filter = format!("tcp port {}", address.port());
    let args = ["-i", LOOPBACK, "-f", &filter, "--answered", "--", "sh", "-c", &script];
    let mut root = command(folder.path(), &args);
    root.env_remove("SUDO_UID").env_remove("SUDO_GID").env("URL", format!("http://{address}"));
    let run = Run::from(root.output().expect("overhear"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!([lines[0], lines[3]], ["0", "0"], "{}", run.out);
    assert_eq!(lines[5..7], ["CapEff:\t0000000000000000", "NoNewPrivs:\t1"], "{}", run.out);
}
