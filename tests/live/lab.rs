//! Two network namespaces on a virtual cable, the programs in them, and curl's record of its calls.

use crate::running::{Running, until};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Address of the server, address of the client, and name of the cable on both sides.
pub const SERVER: &str = "10.99.0.2";
pub const CLIENT: &str = "10.99.0.1";
pub const CABLE: &str = "veth0";

/// Number of labs of this process, for unique names.
static LABS: AtomicU32 = AtomicU32::new(0);

/// Two namespaces, removed when this is dropped, and a folder.
pub struct Lab {
    name: String,
    folder: TempDir,
}

impl Lab {
    /// Creates a lab if its requirements are met: root, iproute2, and these programs. If not, prints why.
    pub fn new(test: &str, programs: &[&str]) -> Option<Lab> {
        let absent = ["ip"].iter().chain(programs).find(|program| !is_there(program));
        if let Some(program) = absent {
            eprintln!("SKIPPED: {test}: {program} is absent");
            return None;
        }
        let name = format!("oh{}-{}", std::process::id(), LABS.fetch_add(1, Ordering::Relaxed));
        let lab = Lab { name, folder: tempfile::tempdir().expect("a folder") };
        if let Err(error) = lab.build() {
            eprintln!("SKIPPED: {test}: namespaces cannot be created (requires root): {error}");
            return None;
        }
        Some(lab)
    }

    fn build(&self) -> Result<(), String> {
        let [client, server] = ["c", "s"].map(|side| self.namespace(side));
        for namespace in [&client, &server] {
            ip(&["netns", "add", namespace])?;
            // Without IPv6 there is no background traffic.
            let quiet = "for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done";
            ip(&["netns", "exec", namespace, "sh", "-c", quiet])?;
            ip(&["-n", namespace, "link", "set", "lo", "up"])?;
        }
        let [one, other] = [("c", &client), ("s", &server)];
        ip(&["link", "add", CABLE, "netns", one.1, "type", "veth", "peer", "name", CABLE, "netns", other.1])?;
        for (namespace, address) in [(&client, CLIENT), (&server, SERVER)] {
            ip(&["-n", namespace, "addr", "add", &format!("{address}/24"), "dev", CABLE])?;
            ip(&["-n", namespace, "link", "set", CABLE, "up"])?;
        }
        Ok(())
    }

    fn namespace(&self, side: &str) -> String {
        format!("{}{side}", self.name)
    }

    /// Returns a command in the namespace of the client.
    pub fn client(&self, program: &str) -> Command {
        self.within("c", program)
    }

    /// Returns a command in the namespace of the server.
    pub fn server(&self, program: &str) -> Command {
        self.within("s", program)
    }

    fn within(&self, side: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(side), program]);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command.env("TZ", "UTC").env("TERM", "xterm");
        command
    }

    /// Runs `ip` with these arguments in the namespace of the server.
    pub fn ip(&self, words: &[&str]) -> String {
        let namespace = self.namespace("s");
        ip(&[&["-n", &namespace], words].concat()).expect("ip does it")
    }

    /// Starts overhear on the server's side, and waits until it captures.
    pub fn overhear(&self, arguments: &[&str]) -> Running {
        let mut running = Running::new(self.server(env!("CARGO_BIN_EXE_overhear")).args(arguments));
        running.wait_for_capture();
        running
    }

    /// Runs overhear to its end. Returns stdout, stderr and the exit code.
    pub fn run(&self, arguments: &[&str]) -> (String, String, i32) {
        Running::new(self.server(env!("CARGO_BIN_EXE_overhear")).args(arguments)).end()
    }

    /// Returns the path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same as text.
    pub fn file(&self, name: &str) -> String {
        self.path(name).to_str().expect("a name in UTF-8").to_owned()
    }

    /// Starts nginx on these ports. `/big` has a megabyte, `/made` responds with 201 to anything, `/` has a line.
    pub fn nginx(&self, ports: &[u16]) -> Running {
        let folder = self.folder.path().display();
        fs::create_dir_all(self.path("www")).expect("a folder");
        fs::write(self.path("www/index.html"), "hello\n").expect("a file");
        fs::write(self.path("www/big"), vec![b'x'; 1 << 20]).expect("a file");
        fs::set_permissions(self.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
        let listen: String = ports.iter().map(|port| format!("listen {port}; ")).collect();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|of| format!("{of}_temp_path {folder}/{of}; ")).collect();
        let settings = format!(
            "daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ }}
             http {{ log_format own '$remote_port $request_method $request_uri $status'; access_log {folder}/access own;
             keepalive_requests 100000; {temporary}
             server {{ {listen} root {folder}/www; location /made {{ return 201 \"made\\n\"; }} }} }}"
        );
        fs::write(self.path("nginx.conf"), settings).expect("a file");
        let nginx = Running::new(self.server("nginx").args(["-c", &self.file("nginx.conf"), "-p", &self.file("")]));
        // The fourth column is the state; 0A is LISTEN.
        let listening = |port: &u16| {
            let sockets = fs::read_to_string(format!("/proc/{}/net/tcp", nginx.id())).unwrap_or_default();
            sockets.lines().any(|line| line.contains(&format!("00000000:{port:04X} 00000000:0000 0A")))
        };
        until("nginx listens", || ports.iter().all(listening));
        nginx
    }

    /// Makes calls with curl, and returns its record of them: client's port, method, URI, status.
    pub fn curl(&self, arguments: &[&str]) -> Vec<Call> {
        let record = "%{local_port} %{method} %{url_effective} %{response_code}\n";
        let mut curl = self.client("curl");
        curl.args(["--silent", "--output", "/dev/null", "--write-out", record]).args(arguments);
        let output = curl.output().expect("curl runs");
        assert!(output.status.success(), "curl {arguments:?}: {}", text(&output.stderr));
        let record = text(&output.stdout);
        let calls = record.lines().map(|line| {
            let [port, method, url, status] = four(line);
            let rest = url.split_once("://").expect("a URL").1;
            let uri = rest.find('/').map_or("/", |at| &rest[at..]);
            (port.parse().expect("a port"), method.into(), uri.into(), status.parse().expect("a status"))
        });
        calls.collect()
    }

    /// Returns nginx's record of all calls, sorted.
    pub fn served(&self) -> Vec<Call> {
        let record = fs::read_to_string(self.path("access")).expect("nginx's record");
        let calls = record.lines().map(|line| {
            let [port, method, uri, status] = four(line);
            (port.parse().expect("a port"), method.into(), uri.into(), status.parse().expect("a status"))
        });
        sorted(calls.collect())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The cable is removed with its ends. An error means that it was never created.
        for side in ["c", "s"] {
            let _ = ip(&["netns", "del", &self.namespace(side)]);
        }
    }
}

/// A call: client's port, method, URI, status.
pub type Call = (u16, String, String, u16);

/// Sorts calls.
pub fn sorted(mut calls: Vec<Call>) -> Vec<Call> {
    calls.sort();
    calls
}

/// Returns the calls that `overhear calls -T ndjson` printed, in order.
pub fn reported(text: &str) -> Vec<Call> {
    let call = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row of JSON");
        let word = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let port = word("client").rsplit_once(':').expect("a port").1.parse().expect("a port");
        (port, word("method"), word("uri"), row["status"].as_u64().unwrap_or(0) as u16)
    };
    text.lines().map(call).collect()
}

/// Returns the output of one of Wireshark's programs for a file, which it must be able to read.
pub fn wireshark(program: &str, arguments: &[&str], path: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(path).output().expect("it runs");
    assert!(output.status.success(), "{program} {arguments:?} {}: {}", path.display(), text(&output.stderr));
    text(&output.stdout)
}

/// Returns the number of packets that capinfos counts in a complete file.
pub fn packets(path: &Path) -> usize {
    let table = wireshark("capinfos", &["-M", "-T", "-r", "-c"], path);
    table.trim().rsplit('\t').next().expect("a column").parse().expect("a number")
}

/// Returns the files of a folder whose names have this prefix, in the order of their names.
pub fn files(folder: &Path, begin: &str) -> Vec<PathBuf> {
    let files: BTreeSet<PathBuf> =
        fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begin));
    files.into_iter().filter(named).collect()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns the words of a line of a record.
fn four(line: &str) -> [&str; 4] {
    line.split(' ').collect::<Vec<_>>().try_into().expect("four words")
}

fn ip(words: &[&str]) -> Result<String, String> {
    let output: Output = Command::new("ip").args(words).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr).trim().into()) }
}

fn is_there(program: &str) -> bool {
    // Daemons are in directories outside of the PATH of users.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.into_iter().any(|folder| folder.join(program).is_file())
}
