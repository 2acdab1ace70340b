//! Asks tshark and overhear for the fields of one capture and reads the answer into a table.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use crate::fields::{GROUPS, Group, tsharks_name};

/// Separator between the values of a field that occurs more than once: a byte that is rare in traffic.
pub(crate) const BETWEEN: char = '\u{1f}';

/// Maximum time without output of a program.
const PATIENCE: Duration = Duration::from_secs(120);

/// Programs that start tshark without root, which some versions require for a script. In a user namespace it can still read
/// all files, and change its root directory.
pub(crate) const LAUNCHERS: [&[&str]; 3] =
    [&[], &["unshare", "--user", "--keep-caps"], &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]];

/// What a program printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The exit code, or `signal` or `timeout`.
    pub(crate) exit: String,
    /// Standard output; bytes that are not UTF-8 as `\xHH`.
    pub(crate) text: String,
    /// The first line of standard error that is not a greeting.
    pub(crate) complaint: String,
}

/// One capture as one program sees it: a column per field, all of the same length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// How many frames were printed.
    pub(crate) rows: usize,
    /// The values of a field, frame by frame, under 4.4's name.
    pub(crate) columns: HashMap<&'static str, Vec<String>>,
}

impl Table {
    /// The value of a field in a row, counted from 0; empty where there is none.
    pub(crate) fn cell(&self, field: &str, row: usize) -> &str {
        self.columns.get(field).and_then(|column| column.get(row)).map_or("", String::as_str)
    }

    /// Adds the columns of an output, or returns which line does not have the expected cells.
    pub(crate) fn add(&mut self, fields: &[&'static str], text: &str) -> Result<usize, String> {
        let mut columns = vec![Vec::new(); fields.len()];
        let mut rows = 0;
        for line in text.lines_of_the_program() {
            rows += 1;
            let mut cells = line.split('\t');
            for column in &mut columns {
                column.push(
                    cells
                        .next()
                        .map(str::to_owned)
                        .ok_or_else(|| format!("line {rows} has fewer cells than the requested {}", fields.len()))?,
                );
            }
            if cells.next().is_some() {
                return Err(format!("line {rows} has more cells than the requested {}", fields.len()));
            }
        }
        self.rows = self.rows.max(rows);
        self.columns.extend(fields.iter().copied().zip(columns));
        Ok(rows)
    }
}

trait Lines {
    fn lines_of_the_program(&self) -> std::str::Split<'_, char>;
}

impl Lines for str {
    /// Unlike `lines`, leaves a carriage return where it is: it would be a difference.
    fn lines_of_the_program(&self) -> std::str::Split<'_, char> {
        let mut lines = self.strip_suffix('\n').unwrap_or(self).split('\n');
        if self.is_empty() {
            lines.next();
        }
        lines
    }
}

/// The installed tshark.
#[derive(Clone)]
pub(crate) struct Tshark {
    program: String,
    /// Program that starts it, with arguments; one of [`LAUNCHERS`].
    launcher: &'static [&'static str],
    /// `4.0.17`
    pub(crate) version: String,
    /// The type of every field it knows, as `FT_BOOLEAN`.
    pub(crate) types: HashMap<String, String>,
    /// An empty profile, so that no user preferences change an output.
    profile: PathBuf,
    /// Outputs stored between runs: tshark spends most of its time on starting.
    kept: PathBuf,
}

impl Tshark {
    /// Finds the versions to compare with: `TSHARK` or tshark, and `TSHARK44` if the first is older than 4.4. Also returns
    /// why one of them is missing.
    pub(crate) fn find_all() -> (Vec<Tshark>, Vec<String>) {
        let mut missing = Vec::new();
        let named = env::var("TSHARK").unwrap_or_else(|_| "tshark".to_owned());
        let mut found: Vec<Tshark> = Tshark::find(named).map_err(|why| missing.push(why)).into_iter().collect();
        if found.iter().any(|tshark| tshark.series() >= (4, 4)) {
            return (found, missing);
        }
        match env::var("TSHARK44").ok().filter(|named| !named.is_empty()).map(Tshark::find) {
            Some(Ok(tshark)) if tshark.series() >= (4, 4) => found.push(tshark),
            Some(Ok(tshark)) => missing.push(format!("TSHARK44 is {}, expected 4.4 or later", tshark.version)),
            Some(Err(why)) => missing.push(format!("TSHARK44: {why}")),
            None => missing.push("no tshark 4.4: TSHARK44 does not name one".to_owned()),
        }
        (found, missing)
    }

    /// Starts this program, and reads its version and fields.
    fn find(program: String) -> Result<Tshark, String> {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
        let (profile, kept) = (scratch.join("profile"), scratch.join("answers"));
        for folder in [&profile, &kept] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let mut tshark =
            Tshark { program, launcher: &[], version: String::new(), types: HashMap::new(), profile, kept };
        let hello = tshark.run(&["--version".to_owned()])?;
        tshark.version = hello
            .text
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
            .map(|word| word.trim_end_matches('.').to_owned())
            .ok_or_else(|| format!("{} prints no version", tshark.program))?;
        let fields = tshark.run(&["-G".to_owned(), "fields".to_owned()])?;
        for line in fields.text.lines() {
            // `F` describes a field, with its type; `P` a protocol, and each TCP option is one.
            let mut parts = line.split('\t');
            match (parts.next(), parts.next(), parts.next(), parts.next()) {
                (Some("F"), Some(_), Some(name), Some(kind)) => tshark.types.insert(name.to_owned(), kind.to_owned()),
                (Some("P"), Some(_), Some(name), _) => tshark.types.insert(name.to_owned(), "FT_PROTOCOL".to_owned()),
                _ => None,
            };
        }
        Ok(tshark)
    }

    /// The same tshark, started by another program.
    pub(crate) fn started_by(&self, launcher: &'static [&'static str]) -> Tshark {
        Tshark { launcher, ..self.clone() }
    }

    /// The first two numbers of the version.
    pub(crate) fn series(&self) -> (u32, u32) {
        let mut numbers = self.version.split('.').map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    /// Whether this version has the field; the columns are not in its list, but all have these.
    pub(crate) fn knows(&self, field: &'static str) -> bool {
        let name = tsharks_name(field, self.series());
        name.starts_with("_ws.col.") || self.types.contains_key(name)
    }

    /// The arguments after the program's name; `more` are preferences and hints.
    pub(crate) fn arguments(&self, capture: &Path, fields: &[&'static str], more: &[String]) -> Vec<String> {
        let mut words: Vec<String> = ["-2", "-n", "-r"].map(str::to_owned).into();
        words.push(capture.display().to_string());
        words.extend(more.iter().cloned());
        words.extend(form());
        for field in fields {
            words.push("-e".to_owned());
            words.push(tsharks_name(field, self.series()).to_owned());
        }
        words
    }

    /// All fields it knows, of one capture, in one run.
    pub(crate) fn ask(&self, capture: &Path, more: &[String]) -> Result<(Answer, Table), String> {
        let fields: Vec<&'static str> =
            GROUPS.iter().flat_map(|g| g.fields.iter().copied()).filter(|f| self.knows(f)).collect();
        let answer = self.answer(capture, &self.arguments(capture, &fields, more))?;
        let mut table = Table::default();
        table.add(&fields, &answer.text).map_err(|e| format!("tshark: {e}"))?;
        Ok((answer, table))
    }

    /// Returns its output with these arguments, stored between runs.
    pub(crate) fn answer(&self, capture: &Path, words: &[String]) -> Result<Answer, String> {
        let kept = self.kept.join(format!("{:016x}", self.key(capture, words)?));
        if let Some(answer) = remembered(&kept) {
            return Ok(answer);
        }
        let answer = self.run(words)?;
        remember(&kept, &answer).map_err(|e| format!("{}: {e}", kept.display()))?;
        Ok(answer)
    }

    /// Changes with the bytes of the capture, the arguments and the program; not with the path of the capture or script.
    fn key(&self, capture: &Path, words: &[String]) -> Result<u64, String> {
        let mut hasher = DefaultHasher::new();
        (&self.program, &self.version).hash(&mut hasher);
        self.launcher.iter().for_each(|word| word.hash(&mut hasher));
        let place = capture.display().to_string();
        let named = |word: &String| *word == place || word.starts_with("lua_script:");
        words.iter().filter(|word| !named(word)).for_each(|word| word.hash(&mut hasher));
        if let Ok(seen) = fs::metadata(&self.program) {
            (seen.len(), seen.modified().ok()).hash(&mut hasher);
        }
        fs::read(capture).map_err(|e| format!("{}: {e}", capture.display()))?.hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn run(&self, words: &[String]) -> Result<Answer, String> {
        let mut all = self.launcher.iter().copied().chain([&*self.program]);
        let mut command = Command::new(all.next().unwrap_or_default());
        command.args(all).args(words).env("WIRESHARK_CONFIG_DIR", &self.profile);
        run(&mut command, &self.program)
    }
}

/// The program under test.
pub(crate) struct Overhear {
    program: String,
    /// Fields it does not know: their columns count as empty.
    pub(crate) unknown: BTreeSet<&'static str>,
    /// Answers to display filters, which each version of tshark is compared with.
    filtered: Mutex<HashMap<Vec<String>, Answer>>,
}

impl Overhear {
    /// Finds `OVERHEAR_BIN`, or else the binary that cargo built, and reads the list of its fields.
    pub(crate) fn find() -> Result<Overhear, String> {
        let program = env::var("OVERHEAR_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_overhear").to_owned());
        let mut overhear = Overhear { program, unknown: BTreeSet::new(), filtered: Mutex::default() };
        let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle/empty.pcap");
        fs::write(&empty, EMPTY_PCAP).map_err(|e| format!("{}: {e}", empty.display()))?;
        for group in GROUPS {
            if overhear.run(&arguments(&empty, group.fields))?.exit == "0" {
                continue;
            }
            for field in group.fields {
                if overhear.run(&arguments(&empty, &[field]))?.exit != "0" {
                    overhear.unknown.insert(field);
                }
            }
        }
        if overhear.unknown.len() == GROUPS.iter().map(|group| group.fields.len()).sum::<usize>() {
            let output = overhear.run(&arguments(&empty, &["frame.number"]))?;
            return Err(format!("{} prints no field at all: {}", overhear.program, output.complaint));
        }
        Ok(overhear)
    }

    /// Adds the fields of one group of one capture; the exit code and the number of frames, or the exit code and
    /// why there is nothing to compare. Requested group by group, so that no field depends on another being recorded.
    pub(crate) fn ask(
        &self,
        capture: &Path,
        group: &Group,
        table: &mut Table,
    ) -> Result<(String, usize), (String, String)> {
        let known: Vec<&'static str> = group.fields.iter().copied().filter(|f| !self.unknown.contains(f)).collect();
        // Without fields, the frame number shows how many frames there are.
        let asked = if known.is_empty() { vec!["frame.number"] } else { known };
        let answer = self.run(&arguments(capture, &asked)).map_err(|why| ("not run".to_owned(), why))?;
        if answer.complaint.contains("panicked") || answer.exit == "timeout" || answer.exit == "signal" {
            return Err((answer.exit.clone(), format!("{} {}", answer.exit, answer.complaint)));
        }
        match table.add(&asked, &answer.text) {
            Ok(rows) => Ok((answer.exit, rows)),
            Err(why) => Err((answer.exit, why)),
        }
    }

    /// Returns its output with these arguments, of the first run with them.
    pub(crate) fn run_once(&self, words: &[String]) -> Result<Answer, String> {
        let kept = || self.filtered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(answer) = kept().get(words) {
            return Ok(answer.clone());
        }
        let answer = self.run(words)?;
        kept().insert(words.to_vec(), answer.clone());
        Ok(answer)
    }

    /// Returns its output with these arguments.
    pub(crate) fn run(&self, words: &[String]) -> Result<Answer, String> {
        run(Command::new(&self.program).args(words).env("NO_COLOR", "1"), &self.program)
    }
}

/// overhear's arguments after the program's name.
pub(crate) fn arguments(capture: &Path, fields: &[&'static str]) -> Vec<String> {
    let mut words = vec!["print".to_owned(), capture.display().to_string(), "-n".to_owned()];
    let [keys, _] = key_options(capture);
    words.extend(keys);
    words.extend(form());
    for field in fields {
        words.push("-e".to_owned());
        words.push((*field).to_owned());
    }
    words
}

/// Options of overhear and of tshark for the keys beside a capture, in files of its name: a key log, or a private key.
pub(crate) fn key_options(capture: &Path) -> [Vec<String>; 2] {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for (extension, option, preference) in
        [("keys", "--keylog", "tls.keylog_file:PATH"), ("pem", "--tls-key", "uat:rsa_keys:\"PATH\",\"\"")]
    {
        let path = capture.with_extension(extension);
        if path.is_file() {
            let path = path.display().to_string();
            theirs.extend(["-o".to_owned(), preference.replace("PATH", &path)]);
            ours.extend([option.to_owned(), path]);
        }
    }
    [ours, theirs]
}

/// Format options common to both programs.
fn form() -> Vec<String> {
    let aggregator = format!("aggregator={BETWEEN}");
    ["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", &aggregator].map(str::to_owned).into()
}

/// A pcap header and no frame: Ethernet, microseconds, little endian.
const EMPTY_PCAP: &[u8] = &[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

/// Runs to the end or to the end of patience.
fn run(command: &mut Command, name: &str) -> Result<Answer, String> {
    command.env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| format!("{name}: {e}"))?;
    let out = child.stdout.take().map(|pipe| thread::spawn(move || read(pipe)));
    let err = child.stderr.take().map(|pipe| thread::spawn(move || read(pipe)));
    let began = Instant::now();
    let exit = loop {
        match child.try_wait().map_err(|e| format!("{name}: {e}"))? {
            Some(status) => break status.code().map_or("signal".to_owned(), |code| code.to_string()),
            None if began.elapsed() > PATIENCE => {
                child.kill().and_then(|()| child.wait()).map_err(|e| format!("{name}: {e}"))?;
                break "timeout".to_owned();
            }
            None => thread::sleep(Duration::from_millis(3)),
        }
    };
    let text = out.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let complaints = err.and_then(|reader| reader.join().ok()).unwrap_or_default();
    let complaint = complaints.lines().find(|line| !line.starts_with("Running as user")).unwrap_or("").to_owned();
    Ok(Answer { exit, text, complaint })
}

fn read(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    // A broken pipe ends the text; the exit code has the rest.
    let _ = pipe.read_to_end(&mut bytes);
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Reads a stored output: exit code and complaint on a line each, then the text.
fn remembered(file: &Path) -> Option<Answer> {
    let stored = fs::read_to_string(file).ok()?;
    let mut parts = stored.splitn(3, '\n').map(str::to_owned);
    Some(Answer { exit: parts.next()?, complaint: parts.next()?, text: parts.next()? })
}

/// Writes a new file and renames it, so that an aborted run leaves no partial output.
fn remember(file: &Path, answer: &Answer) -> io::Result<()> {
    if answer.exit == "timeout" || answer.exit == "signal" {
        return Ok(());
    }
    let beside = file.with_extension("part");
    fs::write(&beside, format!("{}\n{}\n{}", answer.exit, answer.complaint, answer.text))?;
    fs::rename(beside, file)
}
