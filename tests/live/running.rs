//! Running programs: their output so far, and their end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Timeout of any step, on a machine under load.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a condition holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "timeout after {} s: {what}", PATIENCE.as_secs());
        thread::sleep(Duration::from_millis(5));
    }
}

/// A program with its output so far. It is killed when this is dropped.
pub struct Running {
    child: Child,
    out: PipeText,
    err: PipeText,
}

/// Text read from a pipe, and the thread that reads it.
#[derive(Default)]
struct PipeText {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl PipeText {
    fn new(pipe: impl Read + Send + 'static) -> PipeText {
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
        PipeText { text, reader: Some(reader) }
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
    /// Starts a program whose output is read as it arrives.
    pub fn new(command: &mut Command) -> Running {
        let (mut running, out) = Running::unread(command);
        running.out = PipeText::new(out);
        running
    }

    /// Starts a program whose output only the caller reads.
    pub fn unread(command: &mut Command) -> (Running, ChildStdout) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let out = child.stdout.take().expect("a pipe");
        let err = PipeText::new(child.stderr.take().expect("a pipe"));
        (Running { child, out: PipeText::default(), err }, out)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until packets are captured: the capture thread starts when all resources are open.
    pub fn wait_for_capture(&mut self) {
        let id = self.id();
        let is_capture = |name: String| name.trim() == "capture";
        until("it captures", || {
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {}", self.err.all());
            let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
            threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok()).any(is_capture)
        });
    }

    /// Returns stdout so far.
    pub fn out(&self) -> String {
        self.out.text()
    }

    /// Returns stderr so far.
    pub fn err(&self) -> String {
        self.err.text()
    }

    /// Waits until this many lines are printed.
    pub fn prints(&self, lines: usize) {
        let begun = Instant::now();
        while self.out().lines().count() < lines {
            assert!(begun.elapsed() < PATIENCE, "{lines} lines expected:\n{}{}", self.out(), self.err());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Ends the program with Ctrl-C. Returns stdout, stderr and the exit code.
    pub fn interrupt(self) -> (String, String, i32) {
        self.signal("INT");
        self.end()
    }

    /// Waits for the end. Returns stdout, stderr and the exit code, which is 128 plus the number of a signal.
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
        // The program may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
