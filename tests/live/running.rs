//! A program that runs: what it has said so far, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// As long as anything may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "in {} s it did not come about: {what}", PATIENCE.as_secs());
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program with what it has said. It ends when this goes, whatever happens.
pub struct Running {
    child: Child,
    out: Heard,
    err: Heard,
}

/// What came out of a pipe, and who takes it out.
#[derive(Default)]
struct Heard {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Heard {
    fn new(pipe: impl Read + Send + 'static) -> Heard {
        let text = Arc::new(Mutex::new(String::new()));
        let into = text.clone();
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                into.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Heard { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("a reader");
        }
        self.text()
    }
}

impl Running {
    /// Starts it; what it prints is taken from it as it comes.
    pub fn new(command: &mut Command) -> Running {
        let (mut running, out) = Running::unread(command);
        running.out = Heard::new(out);
        running
    }

    /// Starts it; nobody reads what it prints unless the caller does.
    pub fn unread(command: &mut Command) -> (Running, ChildStdout) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let out = child.stdout.take().expect("a pipe");
        let err = Heard::new(child.stderr.take().expect("a pipe"));
        (Running { child, out: Heard::default(), err }, out)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until packets are captured: the thread that does it begins when all is open.
    pub fn listens(&mut self) {
        let id = self.id();
        let is_capture = |name: String| name.trim() == "capture";
        until("it captures", || {
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {}", self.err.all());
            let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
            threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok()).any(is_capture)
        });
    }

    /// What it has printed so far.
    pub fn out(&self) -> String {
        self.out.text()
    }

    /// What it has said on stderr so far.
    pub fn err(&self) -> String {
        self.err.text()
    }

    /// Waits until it has printed so many lines.
    pub fn prints(&self, lines: usize) {
        let begun = Instant::now();
        while self.out().lines().count() < lines {
            assert!(begun.elapsed() < PATIENCE, "{lines} lines were wanted:\n{}{}", self.out(), self.err());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends it a signal, by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Ends it with Ctrl-C: what it printed, what it said on stderr, its exit code.
    pub fn interrupt(self) -> (String, String, i32) {
        self.signal("INT");
        self.end()
    }

    /// Waits for its end: what it printed, what it said on stderr, its exit code; that of a signal is 128 and its number.
    pub fn end(mut self) -> (String, String, i32) {
        let mut code = None;
        until("it ends", || {
            code = self.child.try_wait().expect("a child");
            code.is_some()
        });
        let code = code.and_then(|status| {
            use std::os::unix::process::ExitStatusExt;
            status.code().or(status.signal().map(|signal| 128 + signal))
        });
        (self.out.all(), self.err.all(), code.expect("it has ended"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended already is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
