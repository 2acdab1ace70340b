//! Output files: never an input, and none before an input can be read.

use super::{capture, folder, outcome, program, run, write};
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// Asserts that a folder has exactly these files with these contents.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().expect("UTF-8"), fs::read(entry.path()).unwrap_or_default()))
        .collect();
    files.sort();
    files
}

/// A folder with a capture, other names of it, another capture and check files.
fn full() -> tempfile::TempDir {
    let folder = folder();
    write(folder.path(), "x.pcap", &capture());
    write(folder.path(), "y.pcap", &capture());
    write(folder.path(), "y.toml", b"captures = [\"x.pcap\"]\n[checks.a]\nsome = \"tcp\"\n");
    write(
        folder.path(),
        "h.toml",
        b"captures = [\"x.pcap\"]
[checks.a]
snapshot = \"hard.txt\"
fields = [\"tcp.port\"]
",
    );
    write(
        folder.path(),
        "o.toml",
        b"captures = [\"x.pcap\"]\n[checks.a]\nsnapshot = \"o.txt\"\nfields = [\"tcp.port\"]\n",
    );
    write(folder.path(), "o.txt", b"tcp.port: 1\n");
    write(folder.path(), "none.keys", b"");
    write(folder.path(), "hosts", b"10.0.0.2 server.example\n");
    fs::create_dir(folder.path().join("protos")).expect("a folder");
    write(&folder.path().join("protos"), "a.proto", b"syntax = \"proto3\";\nmessage A {}\n");
    symlink("x.pcap", folder.path().join("link")).expect("a link");
    symlink("link", folder.path().join("far")).expect("a link");
    symlink("new", folder.path().join("dangling")).expect("a link");
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    symlink("..", folder.path().join("folder/up")).expect("a link");
    fs::hard_link(folder.path().join("x.pcap"), folder.path().join("hard")).expect("a link");
    fs::hard_link(folder.path().join("h.toml"), folder.path().join("hard.txt")).expect("a link");
    folder
}

/// Returns the program in a folder.
fn within(folder: &Path, line: &str) -> Command {
    let mut command = program(&line.split(' ').collect::<Vec<_>>());
    command.current_dir(folder);
    command
}

#[test]
fn an_input_is_never_overwritten() {
    let folder = full();
    let before = files(folder.path());
    let lines = [
        "print x.pcap -o x.pcap",
        "print x.pcap -o ./x.pcap",
        "print ./x.pcap -o x.pcap",
        "print x.pcap -o link",
        "print x.pcap -o far",
        "print far -o x.pcap",
        "print x.pcap -o hard",
        "print y.pcap x.pcap -o x.pcap",
        "print -r x.pcap -r y.pcap tcp -o x.pcap",
        "print x.pcap --follow-file -o x.pcap",
        "print x.pcap -o folder/up/x.pcap",
        "print x.pcap tcp -w x.pcap",
        "print y.pcap x.pcap -w ./x.pcap",
        "print - http -w far",
        "print hard -w x.pcap",
        "print - -o x.pcap",
        "print /dev/stdin -o x.pcap",
        "print x.pcap --keylog none.keys -o none.keys",
        "print x.pcap --hosts hosts -w ./hosts",
        "calls x.pcap --keylog none.keys -o folder/up/none.keys",
        "journey x.pcap --keylog none.keys -o none.keys",
        "trace x.pcap --hosts hosts -o hosts",
        "ladder x.pcap 0 --hosts hosts -o hosts",
        "follow x.pcap 0 --keylog none.keys -o none.keys",
        "calls x.pcap --proto protos -o protos/a.proto",
        "calls x.pcap -o link",
        "streams x.pcap -T csv -o hard",
        "follow x.pcap 0 -o x.pcap",
        "follow x.pcap 0 --http -o x.pcap",
        "check x.pcap --some tcp -o x.pcap",
        "check - --some tcp -o x.pcap",
        "check y.toml -o y.toml",
        "check y.toml -o x.pcap",
        "check y.toml -o hard",
        "check o.toml -o o.txt",
        "check o.toml --bless -o o.txt",
    ];
    for line in lines {
        let input = File::open(folder.path().join("x.pcap")).expect("the capture");
        let (text, error, code) = outcome(&within(folder.path(), line).stdin(input).output().expect("the program"));
        let option = line.rfind("-o").or(line.rfind("-w")).expect("an option");
        let wanted = format!("{}: the file is also an input; name another file to write\n", &line[option..]);
        assert_eq!((&*text, &*error, code), ("", &*format!("overhear: {wanted}"), 2), "{line}");
        assert!(files(folder.path()) == before, "{line}");
    }
}

#[test]
fn a_snapshot_is_never_an_input_by_another_name() {
    let folder = full();
    let before = files(folder.path());
    let (_, error, code) = outcome(&within(folder.path(), "check h.toml --bless").output().expect("the program"));
    assert_eq!((&*error, code), ("overhear: hard.txt: a snapshot would overwrite this input file\n", 2));
    assert!(files(folder.path()) == before);
}

#[test]
fn rows_are_not_appended_to_the_capture_that_is_read() {
    let folder = full();
    let before = files(folder.path());
    let append = OpenOptions::new().append(true).open(folder.path().join("x.pcap")).expect("the capture");
    let output = within(folder.path(), "print hard").stdout(append).output().expect("the program");
    let (_, error, code) = outcome(&output);
    assert_eq!(
        (&*error, code),
        ("overhear: standard output: the file is also an input; name another file to write\n", 2)
    );
    assert!(files(folder.path()) == before);
}

#[cfg(feature = "live")]
#[test]
fn packets_and_rows_go_to_different_files() {
    let folder = full();
    let before = files(folder.path());
    let lines = [
        ("print -i lo -w a -o a", "-o a: the file is also that of -w a"),
        ("print -i lo -w a -o ./a", "-o ./a: the file is also that of -w a"),
        ("calls -i lo -w dangling -o new", "-o new: the file is also that of -w dangling"),
        ("streams -i lo -w hard -o link", "-o link: the file is also that of -w hard"),
        ("print -i lo -w - -o -", "-o -: the file is also that of -w -"),
        ("check y.toml -i lo -w a -o a -- true", "-o a: the file is also that of -w a"),
        ("check y.toml -i lo -w y.toml -- true", "-w y.toml: the file is also an input"),
    ];
    for (line, wanted) in lines {
        let (text, error, code) = outcome(&within(folder.path(), line).output().expect("the program"));
        let wanted = format!("overhear: {wanted}; name another file to write\n");
        assert_eq!((&*text, &*error, code), ("", &*wanted, 2), "{line}");
        assert!(files(folder.path()) == before, "{line}");
    }
}

#[test]
fn an_output_file_is_kept_if_the_input_cannot_be_read() {
    let folder = full();
    write(folder.path(), "k", b"keep");
    write(folder.path(), "text", b"no capture");
    let before = files(folder.path());
    let lines = [
        "print nofile.pcap -o k",
        "print nofile.pcap -o new",
        "print text -T json -o k",
        "calls nofile.pcap none.pcap -o k",
        "streams text -o k",
        "follow nofile.pcap 0 -o k",
        "follow x.pcap 7 -o k",
        "print x.pcap htp -o k",
        "print nofile.pcap -w k",
        "print text http -w k",
        "print x.pcap htp -w k",
        "print x.pcap -w k -o k",
        "print x.pcap -w k -e frame.number",
        "calls x.pcap -w k",
        "streams x.pcap -w k",
        "x.pcap -w k",
        "check none.toml -o k",
    ];
    for line in lines {
        let (text, error, code) = outcome(&within(folder.path(), line).output().expect("the program"));
        assert_eq!((&*text, code), ("", 2), "{line}: {error}");
        assert!(files(folder.path()) == before, "{line}");
    }
    // One readable file of two is enough.
    let (_, _, code) =
        outcome(&within(folder.path(), "print nofile.pcap x.pcap -e frame.number -c 2 -o k").output().expect("it"));
    assert_eq!((code, fs::read(folder.path().join("k")).expect("the file")), (2, b"1\n2\n".to_vec()));
}

#[test]
fn a_hyphen_is_standard_output() {
    let folder = full();
    let before = files(folder.path());
    let file = folder.path().join("x.pcap");
    let file = file.to_str().expect("UTF-8");
    for line in ["print", "calls", "streams"] {
        assert_eq!(run(&[line, file, "-o", "-"]), run(&[line, file]), "{line}");
    }
    assert_eq!(run(&["follow", file, "0", "-o", "-"]), run(&["follow", file, "0"]));
    let check = ["check", file, "--some", "tcp"];
    assert_eq!(run(&[&check[..], &["-o", "-"]].concat()), run(&check));
    let (text, ..) = outcome(&within(folder.path(), "fields tcp.port -o -").output().expect("the program"));
    assert!(text.starts_with("tcp.port\n"), "{text}");
    assert!(files(folder.path()) == before);
}

#[test]
fn a_snapshot_is_never_outside_of_the_folder_of_its_check_file() {
    let (folder, outside) = (full(), full());
    for (link, target) in [("out", outside.path().into()), ("s.txt", outside.path().join("k")), ("in", "folder".into())]
    {
        symlink::<std::path::PathBuf, _>(target, folder.path().join(link)).expect("a link");
    }
    write(outside.path(), "k", b"keep");
    let before = files(outside.path());
    for (snapshot, code) in [("out/new.txt", 2), ("out/a/new.txt", 2), ("out/k", 2), ("s.txt", 2), ("in/new.txt", 0)] {
        let checks = format!("captures = ['x.pcap']\n[checks.a]\nsnapshot = '{snapshot}'\nfields = ['tcp.port']\n");
        write(folder.path(), "s.toml", checks.as_bytes());
        let (_, error, found) = outcome(&within(folder.path(), "check s.toml --bless").output().expect("the program"));
        assert_eq!(found, code, "{snapshot}: {error}");
        if code == 2 {
            let wanted =
                format!("overhear: {snapshot}: a symbolic link leads out of the directory of the check file\n");
            assert_eq!(error, wanted);
        }
        assert!(files(outside.path()) == before, "{snapshot}");
    }
    assert!(folder.path().join("folder/new.txt").exists());
}

#[test]
fn a_replaced_file_keeps_its_mode() {
    let folder = full();
    let path = folder.path().join("k");
    for mode in [0o640, 0o666, 0o604] {
        for line in ["print x.pcap -o k", "print x.pcap tcp -w k", "check x.pcap --some tcp -o k"] {
            fs::write(&path, "").expect("a file");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
            let (_, error, code) = outcome(&within(folder.path(), line).output().expect("the program"));
            assert_eq!(code, 0, "{line}: {error}");
            assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, mode, "{line}");
        }
    }
    outcome(&within(folder.path(), "print x.pcap tcp -w new.pcapng").output().expect("the program"));
    let mode = fs::metadata(folder.path().join("new.pcapng")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "packets are for their owner");
}

#[test]
fn an_error_of_the_output_names_its_path() {
    let folder = full();
    write(folder.path(), "k", b"keep");
    for (line, path) in [
        ("calls x.pcap -o k/x", "k/x"),
        ("calls x.pcap -o no/x", "no/x"),
        ("calls x.pcap -o /dev/full", "/dev/full"),
        ("info x.pcap -o /dev/full", "/dev/full"),
        ("print x.pcap tcp -w k/x", "k/x"),
        ("export objects x.pcap -o k", "k"),
        #[cfg(feature = "parquet")]
        ("export parquet x.pcap -o k", "k"),
        #[cfg(feature = "parquet")]
        ("export parquet x.pcap -o k/x", "k/x"),
    ] {
        let (_, error, code) = outcome(&within(folder.path(), line).output().expect("the program"));
        assert!(code == 2 && error.contains(&format!("{path}: ")), "{line}: {error}");
    }
    assert_eq!(fs::read(folder.path().join("k")).expect("the file"), b"keep");
}

#[test]
fn a_pipe_without_a_writer_ends_at_the_first_signal() {
    let folder = full();
    write(folder.path(), "k", b"keep");
    nix::unistd::mkfifo(&folder.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("a named pipe");
    for line in ["print pipe -o k", "calls pipe", "follow pipe 0", "print pipe http.response_in", "print x.pcap pipe"] {
        let mut child = within(folder.path(), line).stdout(Stdio::piped()).spawn().expect("the program runs");
        // The program waits for the writer when its handler of signals is installed.
        let status = format!("/proc/{}/status", child.id());
        while !fs::read_to_string(&status).is_ok_and(|status| catches_interrupt(&status)) {
            std::thread::yield_now();
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success(), "{line}");
        assert!(child.wait().expect("it ends").code().is_some(), "{line}");
    }
    assert_eq!(fs::read(folder.path().join("k")).expect("the file"), b"keep");
}

/// Whether a process has a handler of SIGINT, which is signal 2, by its status in `/proc`.
fn catches_interrupt(status: &str) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn content_outside_of_messages_is_followed_and_exported() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http/lenient.pcap");
    // Without a head, and after responses that have no body (RFC 9112 6.3).
    for trick in ["no-head", "body-100", "body-101", "body-102", "body-204", "body-304"] {
        let of_request = format!("http.request.uri == \"/{trick}\"");
        let (streams, ..) = run(&["print", file, &of_request, "-T", "fields", "-e", "tcp.stream"]);
        let stream = streams.lines().next().expect("a request");
        let content = format!("the hidden content of {trick}, in several chunks");
        let (text, error, code) = run(&["follow", file, stream, "--http"]);
        assert_eq!((&*error, code), ("", 0), "{trick}");
        let block = text.split("--- ").find(|block| block.contains(&content)).expect("the content");
        assert!(block.starts_with("server, ") && block.contains("[Lenient reading]"), "{trick}: {text}");
        let (text, ..) = run(&["follow", file, stream]);
        assert!(text.contains(&content), "{trick}: {text}");
        let in_stream = format!("tcp.stream == {} and body contains \"hidden\"", stream);
        let (hex, ..) = run(&["print", file, &in_stream, "-T", "fields", "-e", "http.file_data"]);
        let expected: String = content.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex.trim(), expected, "{trick}");
    }
}
