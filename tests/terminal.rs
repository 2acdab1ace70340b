//! The terminal UI in a real terminal, that of tmux: it opens, reads keys, and restores the terminal however it ends.

use overhear::tui::{self, Model, Theme};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

/// A terminal with a shell, which ends when this is dropped.
struct Terminal {
    socket: String,
}

impl Terminal {
    /// Opens a terminal of this size, or none without tmux.
    fn open(name: &str, columns: u16, rows: u16) -> Option<Terminal> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("SKIPPED: there is no tmux on this machine");
            return None;
        }
        let terminal = Terminal { socket: format!("overhear-{name}-{}", std::process::id()) };
        let size = [columns.to_string(), rows.to_string()];
        let begin =
            ["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], "env PS1='% ' TZ=UTC sh -i"];
        let begun = terminal.tmux(&begin);
        assert!(begun.status.success(), "{begun:?}");
        terminal.wait("a prompt", |screen| screen.contains('%'));
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket]).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        tmux.output().expect("tmux runs")
    }

    /// Types a line.
    fn line(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    fn keys(&self, keys: &[&str]) {
        keys.iter().for_each(|key| drop(self.tmux(&["send-keys", key])));
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.tmux(&["capture-pane", "-p"]).stdout).into_owned()
    }

    /// Returns whether a program has the alternate screen, the mouse and a hidden cursor.
    fn modes(&self) -> String {
        let modes = self.tmux(&["display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"]);
        String::from_utf8_lossy(&modes.stdout).trim().to_owned()
    }

    fn wait(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !is_so(&self.screen()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "timeout: {what}:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Shows a capture.
    fn show(&self, arguments: &str) {
        let program = env!("CARGO_BIN_EXE_overhear");
        self.line(&format!("clear; {program} {arguments}; echo ended with $?"));
    }

    /// Asserts that the terminal is restored.
    fn is_back(&self) {
        self.line("stty -a | grep -o -- '-*icanon' | sed s/^/mode:/");
        self.wait("the line mode", |screen| screen.contains("mode:icanon"));
        assert_eq!(self.modes(), "0 0 1");
    }

    /// Returns the process id of the last program started in this terminal.
    fn program(&self) -> String {
        let shell = self.tmux(&["display-message", "-p", "#{pane_pid}"]).stdout;
        let shell = String::from_utf8_lossy(&shell).trim().to_owned();
        let children =
            Command::new("ps").args(["-o", "pid=,args=", "--ppid", &shell]).output().expect("ps runs").stdout;
        let children = String::from_utf8_lossy(&children).into_owned();
        let own = children.lines().find(|line| line.contains("overhear ")).expect("the program").to_owned();
        own.split_whitespace().next().expect("a number").to_owned()
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([signal, &self.program()]).status().expect("kill runs");
        assert!(done.success());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

const CAPTURE: &str = "fixtures/http/parallel-connections.pcap";

#[test]
fn a_capture_is_browsed_with_keys() {
    let Some(terminal) = Terminal::open("look", 80, 24) else { return };
    terminal.show(CAPTURE);
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css") && screen.contains("Calls 4"));
    assert_eq!(terminal.modes(), "1 1 0");
    terminal.keys(&["3", "Down", "Down", "Down", "Enter"]);
    terminal.wait("a tree", |screen| screen.contains("── Frame 4 ──") && screen.contains("Src Port: 50001"));
    terminal.tmux(&["resize-window", "-x", "160", "-y", "40"]);
    terminal.wait("a wide screen", |screen| {
        screen.lines().any(|line| line.contains("Frame 4 ─") && line.contains("Frame: 74 bytes"))
    });
    terminal.tmux(&["resize-window", "-x", "30", "-y", "5"]);
    terminal.wait("too small a screen", |screen| screen.contains("too small"));
    terminal.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    terminal.wait("the tree again", |screen| screen.contains("── Frame 4 ──"));
    terminal.keys(&["/"]);
    terminal.tmux(&["send-keys", "-l", "uri contains css"]);
    terminal.keys(&["Enter", "1"]);
    terminal.wait("one call", |screen| screen.contains("Calls 1") && screen.contains("1 of 40 frames"));
    terminal.keys(&["Escape"]);
    terminal.wait("all calls", |screen| screen.contains("Calls 4"));
    terminal.keys(&["q"]);
    terminal.wait("the end", |screen| screen.contains("ended with 0"));
    terminal.is_back();
}

/// Makes a request and reads its response on this machine.
#[cfg(feature = "live")]
fn converse(port: u16) {
    let server = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    let client = thread::spawn(move || {
        let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a server");
        client.write_all(b"GET /overheard HTTP/1.1\r\nHost: a.test\r\n\r\n").expect("a request");
        client.read_to_end(&mut Vec::new()).expect("a response");
    });
    let (mut side, _) = server.accept().expect("a client");
    let _ = side.read(&mut [0; 1000]).expect("a request");
    side.write_all(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").expect("a response");
    drop(side);
    client.join().expect("a client");
}

#[test]
#[cfg(feature = "live")]
fn live_packets_are_shown_as_they_arrive() {
    let Some(terminal) = Terminal::open("live", 100, 24) else { return };
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    terminal.show(&format!("-i lo -f 'tcp port {port}'"));
    terminal.wait("the screen", |screen| screen.contains("Calls 0") || screen.contains("ended with 2"));
    if terminal.screen().contains("ended with 2") {
        return eprintln!("SKIPPED: no permission to capture on lo");
    }
    for calls in 1..=3 {
        converse(port);
        terminal.wait("a call", |screen| {
            screen.contains(&format!("Calls {calls} ")) && screen.contains("a.test/overheard")
        });
    }
    assert!(terminal.screen().contains("dropped: kernel 0, interface 0, overhear 0"), "{}", terminal.screen());
    terminal.keys(&["q"]);
    terminal.wait("a question", |screen| screen.contains("not saved") && screen.contains("Discard"));
    terminal.keys(&["Down", "Down", "Enter"]);
    terminal.wait("the end", |screen| screen.contains("ended with 0"));
    terminal.is_back();
}

#[test]
#[cfg(feature = "live")]
fn captured_packets_are_kept_when_a_signal_ends_it() {
    let Some(terminal) = Terminal::open("kept", 120, 24) else { return };
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let room = tempfile::tempdir().expect("a folder");
    let program = env!("CARGO_BIN_EXE_overhear");
    terminal.line(&format!("clear; TMPDIR={} {program} -i lo -f 'tcp port {port}'", room.path().display()));
    terminal.wait("the screen", |screen| screen.contains("Calls 0") || screen.contains("no permission"));
    if terminal.screen().contains("no permission") {
        return eprintln!("SKIPPED: no permission to capture on lo");
    }
    converse(port);
    terminal.wait("a call", |screen| screen.contains("Calls 1 "));
    terminal.signal("-TERM");
    terminal.wait("where it is", |screen| screen.contains("overhear: capture saved in "));
    terminal.is_back();
    let folder = std::fs::read_dir(room.path()).expect("the folder").flatten().next().expect("it is kept").path();
    let mode = std::os::unix::fs::PermissionsExt::mode(&folder.metadata().expect("a folder").permissions());
    assert_eq!(mode & 0o777, 0o700, "it is of no interest to others");
    let mut kept = overhear::source::Capture::open([folder.join("capture.pcapng")]).expect("a capture");
    let mut frames = 0;
    while kept.next().expect("a complete file").is_some() {
        frames += 1;
    }
    assert!(frames >= 8, "a connection with a call has more than {frames} frames");
}

#[test]
fn a_terminal_that_is_closed_ends_it_like_the_signal() {
    let Some(terminal) = Terminal::open("closed", 80, 24) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let code = folder.path().join("code");
    let program = env!("CARGO_BIN_EXE_overhear");
    terminal.line(&format!("sh -c 'trap \"\" HUP; {program} {CAPTURE}; echo $? > {}'", code.display()));
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
    drop(terminal);
    let begun = Instant::now();
    let read = || std::fs::read_to_string(&code).unwrap_or_default();
    while read().is_empty() && begun.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(read().trim(), "129");
}

#[test]
fn standard_input_is_shown_and_keys_are_read() {
    let Some(terminal) = Terminal::open("pipe", 80, 24) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    terminal.line(&format!("cat {CAPTURE} | {program} -"));
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
    terminal.keys(&["2"]);
    terminal.wait("the streams", |screen| screen.contains("FIN by client"));
    terminal.keys(&["q"]);
    terminal.wait("the shell", |screen| !screen.contains("FIN by client"));
    terminal.is_back();
}

#[test]
fn the_terminal_is_restored_however_it_ends_or_stops() {
    let Some(terminal) = Terminal::open("end", 80, 24) else { return };
    // The shells' convention: 128 and the signal's number.
    for (signal, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129), ("-QUIT", 131), ("-ABRT", 134)] {
        terminal.line(&format!("clear; ulimit -c 0; {} {CAPTURE}", env!("CARGO_BIN_EXE_overhear")));
        terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
        terminal.signal(signal);
        terminal.wait("the shell", |screen| screen.contains('%') && !screen.contains("style.css"));
        terminal.line("echo ended with $?");
        terminal.wait("the end", |screen| screen.contains(&format!("ended with {code}")));
        terminal.is_back();
    }
    terminal.show(CAPTURE);
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
    terminal.keys(&["C-z"]);
    terminal.wait("the shell", |screen| screen.contains("Stopped") || screen.contains("Suspended"));
    terminal.is_back();
    terminal.line("fg");
    terminal.wait("the calls again", |screen| screen.contains("10.0.0.2/style.css") && screen.contains("q quit"));
    assert_eq!(terminal.modes(), "1 1 0");
    terminal.keys(&["q"]);
    terminal.wait("the end", |screen| !screen.contains("q quit"));
    terminal.is_back();
}

/// Runs a screen whose every request panics.
fn panic_on_screen(request: impl Fn()) {
    let (_sender, mail) = tui::inbox();
    let theme = Theme::detect(|_| None);
    let model = Model::new("a.pcap", theme, jiff::tz::TimeZone::UTC).with_filter("tcp");
    let _ = tui::run(model, mail, |_| request()).expect("a screen");
}

#[test]
#[ignore = "it panics: for the terminal of the next test"]
fn the_screen_thread_panics() {
    panic_on_screen(|| panic!("meant to be"));
}

#[test]
#[ignore = "it panics: for the terminal of the next test"]
fn a_request_thread_panics() {
    panic_on_screen(|| drop(thread::spawn(|| panic!("meant to be"))));
}

#[test]
fn a_panic_restores_the_terminal_and_is_reported() {
    let Some(terminal) = Terminal::open("panic", 80, 24) else { return };
    let program = std::env::current_exe().expect("this program");
    for test in ["terminal::the_screen_thread_panics", "terminal::a_request_thread_panics"] {
        terminal.line(&format!(
            "clear; RUST_BACKTRACE=0 {} --ignored --exact {test} --nocapture; echo {test} ended with $?",
            program.display()
        ));
        let end = format!("{test} ended with 101");
        terminal.wait("the end", |screen| screen.contains(&end) && screen.contains("meant to be"));
        terminal.is_back();
    }
}

#[test]
fn without_a_terminal_the_error_names_the_printing_commands() {
    let program = Path::new(env!("CARGO_BIN_EXE_overhear"));
    let output = Command::new(program).arg(CAPTURE).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the terminal UI requires a terminal"));
}

#[test]
fn copied_text_is_in_the_buffer_of_a_tmux_that_ignores_escape_sequences() {
    let Some(terminal) = Terminal::open("copy", 100, 24) else { return };
    terminal.tmux(&["set", "-s", "set-clipboard", "external"]);
    terminal.show(CAPTURE);
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
    terminal.keys(&["y", "Enter"]);
    terminal.wait("a copy", |screen| screen.contains("Copied to tmux's buffer. Sent to the terminal's clipboard: "));
    let buffer = terminal.tmux(&["show-buffer"]).stdout;
    assert!(String::from_utf8_lossy(&buffer).starts_with("http://10.0.0.2/"), "{buffer:?}");
    terminal.keys(&["q"]);
    terminal.wait("the end", |screen| screen.contains("ended with 0"));
    // Without a terminal that responds, only known facts are printed.
    terminal.line(&format!("clear; TMUX=/nonexistent,1,0 {} {CAPTURE}", env!("CARGO_BIN_EXE_overhear")));
    terminal.wait("the calls", |screen| screen.contains("10.0.0.2/style.css"));
    terminal.keys(&["y", "Enter"]);
    terminal.wait("the status", |screen| screen.contains(" Sent to the terminal's clipboard: http"));
    assert!(!terminal.screen().contains("tmux's"), "{}", terminal.screen());
    terminal.keys(&["q"]);
}

#[test]
fn an_unreadable_capture_is_an_error_before_the_screen_opens() {
    let Some(terminal) = Terminal::open("refused", 170, 24) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    for (environment, capture, wrong) in [
        ("TERM=dumb", CAPTURE, "TERM is dumb; use `overhear print`, `calls` or `streams`"),
        ("-u TERM", CAPTURE, "TERM is not set; use `overhear print`, `calls` or `streams`"),
        // Same message as that of `overhear print`.
        ("A=a", "fixtures", "fixtures: expected a capture file, found a directory"),
    ] {
        terminal.line(&format!("clear; env {environment} {program} {capture}; echo ended with $?"));
        terminal.wait("the end", |screen| screen.contains("ended with 2") && screen.contains(wrong));
        terminal.is_back();
    }
}
