//! The oracle: tshark and overhear print the same fields of every capture, and are compared cell by cell.
//!
//! `cargo test --test oracle -- [--diff] [--cells] [--list] [PART OF A CAPTURE'S NAME]`
//!
//! Captures are those of `fixtures/` and of `CORPUS_DIR` (default `../shared/captures`). `TSHARK`, `TSHARK44` and
//! `OVERHEAR_BIN` name other programs; `ORACLE_DIFF=NAME` is `--diff NAME`. A difference that no rule of `rules.tsv`
//! covers fails the run, and so does a rule that covers nothing or too much.

mod ask;
mod compare;
mod fields;
mod filters;
mod report;
mod rules;
mod selfcheck;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, io, thread};

use ask::{Overhear, Table, Tshark, key_options};
use compare::{Count, Difference, EXIT, FRAMES, Oracle, binds};
use fields::GROUPS;
use rules::{Around, Rules};

/// The command line.
#[derive(Default)]
pub(crate) struct Options {
    /// Only captures whose name contains this.
    pub(crate) only: Option<String>,
    /// Print every differing cell.
    pub(crate) diff: bool,
    /// Print every differing cell in a line: version, capture, field, frame, both values, the line of the rule.
    pub(crate) cells: bool,
    list: bool,
}

/// A capture to compare.
#[derive(Clone)]
pub(crate) struct Capture {
    /// `fixtures/...` or `corpus/...`
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Arguments without which tshark would not see a protocol that is compared.
    pub(crate) hints: Vec<String>,
}

/// What became of one group of one capture.
pub(crate) struct Unit {
    /// The group's name, or `answer` for exit code and number of frames.
    pub(crate) group: &'static str,
    /// Why it could not be compared at all.
    pub(crate) broken: Option<String>,
    /// Frames are missing or surplus without an explanation: cells that cannot be compared do not pass.
    pub(crate) lost: bool,
    /// Counted and not failed.
    pub(crate) informative: bool,
    /// Cells by field.
    pub(crate) counts: Vec<(&'static str, Count)>,
    /// Each difference, and the entry that explains it.
    pub(crate) differences: Vec<(Difference, Option<usize>)>,
}

impl Unit {
    /// Nothing in it is without an explanation.
    pub(crate) fn passed(&self) -> bool {
        self.broken.is_none() && !self.lost && self.differences.iter().all(|(_, why)| why.is_some())
    }
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => return usage(&why),
    };
    let (held, broken) = selfcheck::run();
    for name in &broken {
        println!("self-check FAILED: {name}");
    }
    println!("self-check: {held} held, {} failed", broken.len());
    let (all, ignored) = match captures() {
        Ok(found) => found,
        Err(why) => return usage(&why),
    };
    if options.list {
        all.iter().for_each(|capture| println!("{}", capture.name));
        return ExitCode::SUCCESS;
    }
    let (tsharks, mut missing) = Tshark::find_all();
    if all.is_empty() {
        missing.push("no captures in fixtures/ and none in CORPUS_DIR".to_owned());
    }
    missing.iter().for_each(|why| println!("SKIPPED: {why}"));
    if tsharks.is_empty() || all.is_empty() {
        let required = env::var_os("OVERHEAR_REQUIRE_TSHARK").is_some();
        println!("0 passed, {} failed, {} skipped", broken.len() + usize::from(required), missing.len());
        return if required || !broken.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let overhear = match Overhear::find() {
        Ok(overhear) => overhear,
        Err(why) => return usage(&why),
    };
    let (passed, failed) = compare_all(&options, &all, &ignored, &tsharks, &overhear);
    let (passed, failed) = (passed + held, failed + broken.len());
    missing.iter().for_each(|why| println!("SKIPPED: {why}"));
    println!("{passed} passed, {failed} failed, {} skipped", missing.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Compares the captures with each version of tshark. Returns how many units passed and failed.
fn compare_all(
    options: &Options,
    all: &[Capture],
    ignored: &[String],
    tsharks: &[Tshark],
    overhear: &Overhear,
) -> (usize, usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/rules.tsv");
    let rules = fs::read_to_string(&file).map_err(|e| vec![format!("{}: {e}", file.display())]);
    let (rules, errors) = match rules.and_then(|text| Rules::parse(&text)) {
        Ok(rules) => (rules, Vec::new()),
        Err(errors) => (Rules::default(), errors),
    };
    errors.iter().for_each(|why| println!("FAILED {why}"));
    let selected: Vec<&Capture> =
        all.iter().filter(|c| options.only.as_ref().is_none_or(|part| c.name.contains(part))).collect();
    let mut results = work(&selected, |capture| examine(capture, tsharks, overhear, &rules));
    let (mut passed, mut failed) = (0, errors.len());
    for (nth, tshark) in tsharks.iter().enumerate() {
        report::opening(tshark, overhear, ignored);
        let results: Vec<Vec<Unit>> = results.iter_mut().map(|units| std::mem::take(&mut units[nth])).collect();
        let complaints = report::complaints(&rules, tshark, all, &selected, &results);
        let failures = report::closing(options, tshark, &rules, &selected, &results, &complaints);
        let filters = filters::run(options, &selected, &results, tshark, overhear);
        let units = results.iter().flatten().filter(|unit| !unit.informative).count();
        passed += units - failures + filters.passed;
        failed += failures + complaints.len() + filters.failed.len();
    }
    (passed, failed)
}

fn usage(why: &str) -> ExitCode {
    println!("oracle: {why}");
    println!("0 passed, 1 failed");
    ExitCode::from(2)
}

/// Reads the command line; ignores what cargo passes to every test program.
fn options(words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    if let Ok(name) = env::var("ORACLE_DIFF") {
        options.diff = true;
        options.only = Some(name);
    }
    for word in words {
        match word.as_str() {
            "--diff" => options.diff = true,
            "--cells" => options.cells = true,
            "--list" => options.list = true,
            "--nocapture" | "--no-capture" | "--quiet" | "-q" | "--exact" => {}
            _ if word.starts_with("--test-threads") || word.starts_with("--color") => {}
            _ if word.starts_with('-') => return Err(format!("unknown option {word}")),
            _ if options.only.is_some() => return Err(format!("expected one name, found also {word}")),
            _ => options.only = Some(word),
        }
    }
    Ok(options)
}

/// Every capture of both places, by name, and the hints left out.
fn captures() -> Result<(Vec<Capture>, Vec<String>), String> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = match env::var_os("CORPUS_DIR") {
        Some(given) if !Path::new(&given).is_dir() => return Err(format!("CORPUS_DIR: no folder {}", given.display())),
        Some(given) => PathBuf::from(given),
        None => home.join("../shared/captures"),
    };
    let (mut all, mut ignored) = (Vec::new(), Vec::new());
    for (root, folder) in [("fixtures", home.join("fixtures")), ("corpus", corpus)] {
        if !folder.is_dir() {
            println!("no folder {}: nothing of {root}/ is compared", folder.display());
            continue;
        }
        let hints = hints(&folder, &mut ignored);
        let mut names = Vec::new();
        walk(&folder, "", &mut names).map_err(|e| format!("{}: {e}", folder.display()))?;
        names.sort();
        for name in names {
            let mut hints = hints.get(&name).cloned().unwrap_or_default();
            let path = folder.join(&name);
            let [_, keys] = key_options(&path);
            hints.extend(keys);
            all.push(Capture { path, name: format!("{root}/{name}"), hints });
        }
    }
    Ok((all, ignored))
}

/// The column oracle_hint of a folder's MANIFEST.tsv, `-d tcp.port==N,PROTOCOL`: used where it shows a protocol we compare.
fn hints(folder: &Path, ignored: &mut Vec<String>) -> HashMap<String, Vec<String>> {
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap_or_default();
    let mut lines = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap_or_default();
    let column = |name| head.iter().position(|title| *title == name);
    let (Some(file), Some(hint)) = (column("file"), column("oracle_hint")) else {
        return HashMap::new();
    };
    let mut hints: HashMap<String, Vec<String>> = HashMap::new();
    for line in lines {
        let (Some(name), Some(hint)) = (line.get(file), line.get(hint)) else { continue };
        for decode in hint.split("-d ").map(str::trim).filter(|decode| !decode.is_empty()) {
            if decode.ends_with(",http") || decode.ends_with(",http2") {
                hints.entry((*name).to_owned()).or_default().extend(["-d".to_owned(), decode.to_owned()]);
            } else {
                ignored.push(decode.to_owned());
            }
        }
    }
    hints
}

fn walk(folder: &Path, below: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{below}{name}/"), names)?;
        } else if is_capture(&entry.path())? {
            names.push(format!("{below}{name}"));
        }
    }
    Ok(())
}

/// By its name, or by its first bytes: pcap in all its kinds, or pcapng.
fn is_capture(path: &Path) -> io::Result<bool> {
    use std::io::Read;
    let name = path.to_string_lossy();
    let name = [".gz", ".zst", ".lz4"].iter().fold(&*name, |name, end| name.strip_suffix(end).unwrap_or(name));
    if [".pcap", ".pcapng", ".cap"].iter().any(|end| name.ends_with(end)) {
        return Ok(true);
    }
    let mut first = Vec::new();
    fs::File::open(path)?.take(4).read_to_end(&mut first)?;
    let number = <[u8; 4]>::try_from(first).map_or(0, u32::from_be_bytes);
    let kinds = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34_u32];
    Ok(number == 0x0a0d_0d0a || kinds.iter().any(|kind| number == *kind || number == kind.swap_bytes()))
}

/// Does the work on a few threads; results in the order of the captures.
pub(crate) fn work<T: Send>(asked: &[&Capture], examine: impl Fn(&Capture) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(capture) = asked.get(at) else { break };
                    let found = examine(capture);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, found));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, found)| found).collect()
}

/// The answers of overhear about one capture.
struct Ours {
    table: Table,
    /// Exit codes and numbers of frames of all groups: one each, unless the groups differ.
    exits: Vec<String>,
    frames: Vec<String>,
    /// Why each group has no answer.
    broken: Vec<Option<String>>,
}

impl Ours {
    fn read(capture: &Capture, overhear: &Overhear) -> Ours {
        let mut ours = Ours { table: Table::default(), exits: Vec::new(), frames: Vec::new(), broken: Vec::new() };
        for group in GROUPS {
            let broken = match overhear.ask(&capture.path, group, &mut ours.table) {
                Ok((exit, rows)) => {
                    note(&mut ours.exits, exit);
                    note(&mut ours.frames, rows.to_string());
                    None
                }
                Err((exit, why)) => {
                    note(&mut ours.exits, exit);
                    Some(format!("overhear: {why}"))
                }
            };
            ours.broken.push(broken);
        }
        ours
    }
}

/// Compares one capture with each version of tshark.
fn examine(capture: &Capture, tsharks: &[Tshark], overhear: &Overhear, rules: &Rules) -> Vec<Vec<Unit>> {
    let ours = Ours::read(capture, overhear);
    tsharks.iter().map(|tshark| compare_one(capture, tshark, &ours, rules)).collect()
}

/// Compares one capture with one version of tshark.
fn compare_one(capture: &Capture, tshark: &Tshark, ours: &Ours, rules: &Rules) -> Vec<Unit> {
    let mut answer = Unit::new("answer", false);
    let (reply, theirs) = match tshark.ask(&capture.path, &capture.hints) {
        Ok(reply) => reply,
        Err(why) => {
            answer.broken = Some(why);
            return vec![answer];
        }
    };
    let preferred: RefCell<HashMap<String, Option<Table>>> = RefCell::default();
    let otherwise = |preference: &str, it: &Difference| {
        let mut preferred = preferred.borrow_mut();
        let table = preferred.entry(preference.to_owned()).or_insert_with(|| {
            let mut more = capture.hints.clone();
            more.extend(["-o".to_owned(), preference.to_owned()]);
            tshark.ask(&capture.path, &more).ok().map(|(_, table)| table)
        });
        table.as_ref().is_some_and(|t| it.frame > 0 && t.cell(it.field, it.frame - 1) == it.ours)
    };
    let around = Around { ours: &ours.table, theirs: &theirs, otherwise: &otherwise };
    let why = |it: &Difference| rules.covers(&capture.name, &tshark.version, it, &around);
    let oracle = Oracle { series: tshark.series(), types: &tshark.types };
    let mut units = Vec::new();
    for (group, broken) in GROUPS.iter().zip(&ours.broken) {
        let mut unit = Unit::new(group.name, !binds(group));
        if broken.is_some() {
            unit.broken.clone_from(broken);
            unit.counts = oracle.nothing(group, |field| tshark.knows(field), &theirs);
        } else {
            let (counts, differences) = oracle.compare(group, |field| tshark.knows(field), &ours.table, &theirs);
            unit.counts = counts;
            unit.differences = differences.into_iter().map(|it| (it.clone(), why(&it))).collect();
        }
        units.push(unit);
    }
    for (field, ours, theirs) in [(EXIT, &ours.exits, reply.exit), (FRAMES, &ours.frames, theirs.rows.to_string())] {
        // More than one value, if the answers of the groups differ.
        let ours = ours.join(" or ");
        let equal = u64::from(ours == theirs);
        answer.counts.push((field, Count { cells: 1, equal, full: equal, said: 1, lost: 0 }));
        if ours != theirs {
            let it = Difference { field, frame: 0, ours, theirs };
            answer.differences.push((it.clone(), why(&it)));
        }
    }
    let explained = answer.differences.iter().any(|(it, why)| it.field == FRAMES && why.is_some());
    for unit in &mut units {
        unit.lost = !explained && unit.counts.iter().any(|(_, count)| count.lost > 0);
    }
    units.insert(0, answer);
    units
}

fn note(seen: &mut Vec<String>, value: String) {
    if !seen.contains(&value) {
        seen.push(value);
    }
}

impl Unit {
    fn new(group: &'static str, informative: bool) -> Unit {
        Unit { group, broken: None, lost: false, informative, counts: Vec::new(), differences: Vec::new() }
    }
}
