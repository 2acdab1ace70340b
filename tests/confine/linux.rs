//! The child before and after the reduction, and the ways to start it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use overhear::confine::{AllowedPaths, confine};
use overhear::live::{self, CaptureSettings, Limits};
use overhear::sink::{
    CapturedPacket, Device, Format, RotateOption, Rotation, Sink, StopConditions, Target, WriteStatus,
};
use overhear::source::Time;

/// The environment variable of the child: its folder, `one` or `many` files, and the port of its parent.
const TASK: &str = "OVERHEAR_TEST_CONFINE";

pub fn main() {
    if let Ok(task) = std::env::var(TASK) {
        let words: Vec<&str> = task.split(' ').collect();
        return child(Path::new(words[0]), words[1] == "many", words[2].parse().expect("a port"));
    }
    no_other_thread_may_be_there();
    let me = fs::metadata("/proc/self").expect("this process").uid();
    if me != 0 {
        println!("SKIPPED: dropping root: this is user {me}; only the privileges of a user are tested");
        assert_eq!((run("one", (me, 0o700), &[]), run("many", (me, 0o700), &[])), (me, me));
        return;
    }
    let roots = (0, 0o755);
    let sudo = [("SUDO_UID", "12345"), ("SUDO_GID", "12345")];
    assert_eq!(run("one", roots, &[]), 65534, "root becomes the user `nobody`");
    assert_eq!(run("many", roots, &[]), 0, "root's files are root's");
    assert_eq!(run("one", roots, &sudo), 12345, "root becomes the caller of sudo");
    assert_eq!(run("many", roots, &sudo), 0, "the caller of sudo may not create files here");
    assert_eq!(run("many", (12345, 0o700), &sudo), 12345, "the caller of sudo may create files here");
    assert_eq!(run("many", (0, 0o777), &sudo), 12345, "everyone may create files here");
    assert_eq!(run("many", (0, 0o1777), &sudo), 0, "others cannot remove the files");
    assert_eq!(run("one", roots, &[("SUDO_UID", "0"), ("SUDO_GID", "0")]), 65534, "root called sudo");
    assert_eq!(run("one", roots, &[("SUDO_UID", "x"), ("SUDO_GID", "")]), 65534, "the caller is unknown");
    let namespace = ["unshare", "--user", "--map-root-user"];
    if works(&namespace) {
        let (output, error) = through(&namespace, "one", roots, &[]);
        assert_eq!(error, None, "the namespace has no other user");
        assert!(output.starts_with("user 0, no capabilities, no new privileges"), "{output}");
    }
    let without = ["setpriv", "--bounding-set=-setuid,-setgid"];
    if works(&without) {
        let error = through(&without, "one", roots, &[]).1.expect("an error without the privilege to drop root");
        let wanted = r#"subject: "root", reason: "switching to user 65534: Operation not permitted""#;
        assert!(error.contains(wanted), "{error}");
    }
}

/// Whether a program can run another one. If not, prints why.
fn works(words: &[&str]) -> bool {
    let works = Command::new(words[0]).args(&words[1..]).arg("true").output();
    let works = works.is_ok_and(|output| output.status.success());
    if !works {
        println!("SKIPPED: {}: it is absent or not allowed", words.join(" "));
    }
    works
}

/// The second thread makes this process unsuitable: no privilege is dropped.
fn no_other_thread_may_be_there() {
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let error = confine(&AllowedPaths::default()).expect_err("there are two").to_string();
    let wanted = "cannot drop privileges: threads: expected a single thread, found 2";
    assert!(error.starts_with(wanted), "{error}");
    assert!(File::open("/proc/self/status").is_ok());
    drop(end);
    let _ = thread.join();
}

/// Runs the child in a folder of this owner and mode. Returns its final user.
fn run(files: &str, folder: (u32, u32), variables: &[(&str, &str)]) -> u32 {
    let (output, error) = through(&[], files, folder, variables);
    assert_eq!(error, None, "{files} {variables:?}: {output}");
    let words: Vec<&str> = output.split(|char: char| !char.is_alphanumeric()).collect();
    words[1].parse().expect("user NUMBER")
}

/// Runs the child through another program, which gets it as its last argument. Returns its output, and standard error
/// if it fails.
fn through(
    words: &[&str],
    files: &str,
    (owner, mode): (u32, u32),
    variables: &[(&str, &str)],
) -> (String, Option<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    chown(folder.path(), Some(owner), None).expect("an owner");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).expect("permissions");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let program = std::env::current_exe().expect("this test");
    let mut words = words.iter().map(Into::into).chain([program.into_os_string()]);
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).env_remove("SUDO_UID").env_remove("SUDO_GID").envs(variables.iter().copied());
    command.env(TASK, format!("{} {files} {port}", folder.path().display()));
    let output = command.output().expect("a child");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stdout = text(&output.stdout);
    println!("{files} {variables:?}: {}", stdout.trim());
    (stdout, (!output.status.success()).then(|| text(&output.stderr)))
}

/// Returns a line of `/proc/self/status`, in hexadecimal for capabilities.
fn value<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.expect("a line").split_whitespace().collect()
}

fn child(folder: &Path, several: bool, port: u16) {
    // Operations that succeed before the reduction, so that a later failure is due to it.
    let mut status = File::open("/proc/self/status").expect("a status");
    assert!(File::open("/etc/passwd").is_ok() && TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(TcpListener::bind("127.0.0.1:0").is_ok());
    let mut before = File::create(folder.join("before")).expect("a file");
    let loopback = || live::open(["lo"], &CaptureSettings::default());
    let opened = loopback();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let device = Device { name: "lo".into(), description: None, link: 1, snaplen: 0, filter: None, nanos: true };
    let rotation: Rotation = match several {
        true => ["packets:1", "files:2"].iter().map(|text| text.parse::<RotateOption>().expect("an option")).collect(),
        false => Rotation::default(),
    };
    let target = Target::File(folder.join("a.pcapng"));
    let sink = Sink::create(target, Format::PcapNg, vec![device], rotation, StopConditions::default());
    let mut sink = sink.expect("a sink");
    let was_root = nix::unistd::geteuid().is_root();

    // libpcap reads drop counters of an interface here: a link to a folder elsewhere.
    let counters = Path::new("/sys/class/net/lo/statistics");
    let has_counters = counters.join("rx_dropped").is_file();
    let read = vec![counters.to_owned(), "/no/such/folder".into()];
    let needs = AllowedPaths { write_folder: several.then(|| folder.to_owned()), read_folders: read };
    let report = confine(&needs).expect("confined");

    // Open resources stay usable.
    let mut text = String::new();
    status.read_to_string(&mut text).expect("a status");
    before.write_all(b"still").expect("a file that was open");
    println!("{report}");
    let packet = CapturedPacket { time: Time(1), device: 0, length: 3, bytes: b"abc" };
    (0..4).for_each(|_| assert_eq!(sink.write(&packet).expect("written"), WriteStatus::Continue));
    let summary = sink.finish(&[]).expect("written");
    assert_eq!((summary.packets, summary.files), if several { (4, 5) } else { (4, 1) });
    assert_eq!(summary.removed, if several { 3 } else { 0 });
    if has_counters {
        fs::read_to_string(counters.join("rx_dropped")).expect("a counter");
    }
    if let Ok(opened) = opened {
        let mut live =
            opened.start(None, Default::default(), Limits { packets: Some(1), time: None }).expect("a capture");
        let to = udp.local_addr().expect("an address");
        let is_captured = (0..100).any(|_| {
            udp.send_to(b"sent", to).expect("sent");
            live.wait(Duration::from_millis(100));
            live.next().is_some()
        });
        assert!(is_captured, "the open interface captures");
    }

    // Everything else is out of reach.
    let uid = report.uid.expect("a user").to_string();
    assert_eq!(value(&text, "Uid"), [uid.as_str(); 4]);
    if was_root {
        assert!(value(&text, "Groups").len() <= 1, "no group but its own");
        assert!(report.no_bounding);
        assert_eq!(value(&text, "CapBnd"), ["0000000000000000"]);
    }
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(value(&text, set), ["0000000000000000"], "{set}");
    }
    assert_eq!(value(&text, "NoNewPrivs"), ["1"]);
    assert!(loopback().is_err(), "an interface is not opened again");
    let Some(version) = report.landlock else {
        eprintln!("SKIPPED: files and network: this kernel has no Landlock");
        return;
    };
    assert!(File::open("/etc/passwd").is_err(), "a file is not read");
    assert!(File::open(folder.join("before")).is_err(), "nor one of its own");
    assert!(fs::read_dir(folder).is_err() && fs::read_dir("/").is_err(), "a folder is not listed");
    let outside = std::env::temp_dir().join(format!("overhear-test-{}", std::process::id()));
    assert!(File::create(outside).is_err(), "a file is not made elsewhere");
    assert!(OpenOptions::new().append(true).open("/etc/passwd").is_err(), "a file is not written");
    assert_eq!(File::create(folder.join("after")).is_ok(), several, "a file is made where files are needed");
    assert!(Command::new("/bin/true").status().is_err(), "no program is started");
    if version >= 4 {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "no connection is made");
        assert!(TcpListener::bind("127.0.0.1:0").is_err(), "no port can be opened");
    }
    let _ = fs::remove_file(folder.join("after"));
}
