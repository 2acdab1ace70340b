//! Display filters: the frames that tshark and overhear match, and the tables of tests/filters compared with tshark.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::ask::{LAUNCHERS, Overhear, Tshark, key_options};
use crate::compare::FRAMES;
use crate::rules::{glob, ranges};
use crate::{Capture, Options, Unit, work};

/// The tables of tests/filters: expression, capture, frames, expression for tshark.
const TABLES: [&str; 7] = ["logic", "text", "values", "parts", "captures", "aliases", "pasted"];

/// One tap of tshark for each expression.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/filters.lua");

/// Maximum number of expressions in one run: tshark 4.0.17 crashes with more than about sixty taps.
const AT_ONCE: usize = 32;

type Frames = BTreeSet<usize>;

/// Expressions to compare.
#[derive(Default)]
struct Lists {
    /// Expressions, and globs of their captures.
    pairs: Vec<(Vec<String>, String)>,
    /// Rows of the tables.
    rows: Vec<Row>,
    /// Differences that have a reason of their own.
    reasons: Vec<Reason>,
}

struct Row {
    place: String,
    capture: String,
    frames: String,
    asked: String,
    /// Whether this version may refuse the expression, as it does an alias of ours.
    is_optional: bool,
}

struct Reason {
    line: usize,
    capture: String,
    expression: String,
    frames: String,
}

/// What was found in one capture, or in all.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Pairs and rows that are well.
    pub(crate) passed: usize,
    /// What is not, in a line each.
    pub(crate) failed: Vec<String>,
    equal: usize,
    said: usize,
    /// Differences with a reason.
    explained: Vec<String>,
    rows: usize,
    used: BTreeSet<usize>,
}

/// Asks everything. `results` are those of the same captures: a frame is explained where a cell of a field in the
/// expression is.
pub(crate) fn run(
    options: &Options,
    asked: &[&Capture],
    results: &[Vec<Unit>],
    tshark: &Tshark,
    overhear: &Overhear,
) -> Outcome {
    let Some(tshark) = &with_scripts(tshark) else {
        println!("SKIPPED: the display filters with tshark {}: it runs no Lua script", tshark.version);
        return Outcome::default();
    };
    let lists = match Lists::read(&tshark.version) {
        Ok(lists) => lists,
        Err(why) => {
            println!("FAILED filters: {why}");
            return Outcome { failed: vec![why], ..Outcome::default() };
        }
    };
    let mut all = Outcome { failed: lists.refused(overhear), ..Outcome::default() };
    let units: HashMap<&str, &Vec<Unit>> = asked.iter().map(|c| c.name.as_str()).zip(results).collect();
    let each = work(asked, |capture| lists.examine(capture, units.get(capture.name.as_str()), tshark, overhear));
    for one in each {
        all.passed += one.passed;
        all.failed.extend(one.failed);
        all.equal += one.equal;
        all.said += one.said;
        all.explained.extend(one.explained);
        all.rows += one.rows;
        all.used.extend(one.used);
    }
    for reason in lists.reasons.iter().filter(|reason| !all.used.contains(&reason.line)) {
        if units.contains_key(reason.capture.as_str()) {
            all.failed.push(format!("filters-explained.tsv:{}: stale: nothing differs so", reason.line));
        }
    }
    for why in all.explained.iter().filter(|_| options.diff) {
        println!("explained {why}");
    }
    for why in &all.failed {
        println!("FAILED {why}");
    }
    println!(
        "filters: {} pairs of an expression and a capture are equal, {} of them with frames; {} are explained; {} rows of \
         tests/filters are as tshark says; {} failed",
        all.equal,
        all.said,
        all.explained.len(),
        all.rows,
        all.failed.len()
    );
    all
}

/// This tshark, started so that it runs scripts.
fn with_scripts(tshark: &Tshark) -> Option<Tshark> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tcp/refused.pcap");
    let probe = Capture { name: String::new(), path, hints: Vec::new() };
    let runs_scripts = |tshark: &Tshark| {
        frames_of_tshark(tshark, &probe, &["frame"]).is_ok_and(|found| found.values().flatten().any(has_frames))
    };
    LAUNCHERS.iter().map(|launcher| tshark.started_by(launcher)).find(runs_scripts)
}

impl Lists {
    fn read(version: &str) -> Result<Lists, String> {
        let mut lists = Lists::default();
        for (_, columns) in table("oracle/filters.tsv", "captures\texpression")? {
            let [captures, expression] = columns.as_slice() else { continue };
            lists.pairs.push((captures.split(' ').map(str::to_owned).collect(), expression.clone()));
        }
        for name in TABLES {
            for (line, columns) in table(&format!("filters/{name}.tsv"), "expression\tcapture\tframes\tasked")? {
                let [expression, capture, frames, asked] = columns.as_slice() else { continue };
                // Other expressions have the meaning of ours in 4.0, which does not repeat fields of a request, and after `!`
                // in all versions.
                let (asked, is_optional) = match asked.strip_prefix('!') {
                    Some(asked) => (asked, false),
                    None if asked == "=" => (expression.as_str(), false),
                    None if version.starts_with("4.0") => (asked.as_str(), false),
                    None => (expression.as_str(), true),
                };
                lists.rows.push(Row {
                    place: format!("{name}.tsv:{line}"),
                    capture: format!("fixtures/{capture}"),
                    frames: frames.clone(),
                    asked: asked.to_owned(),
                    is_optional,
                });
            }
        }
        let columns = "capture\texpression\tframes\ttshark\treason";
        for (line, columns) in table("oracle/filters-explained.tsv", columns)? {
            let [capture, expression, frames, versions, reason] = columns.as_slice() else { continue };
            if reason.is_empty() || reason.starts_with('?') {
                return Err(format!("filters-explained.tsv:{line}: the reason is missing"));
            }
            if versions.split(',').any(|prefix| version.starts_with(prefix)) {
                let [capture, expression, frames] = [capture, expression, frames].map(Clone::clone);
                lists.reasons.push(Reason { line, capture, expression, frames });
            }
        }
        Ok(lists)
    }

    /// The expressions that overhear refuses: in a capture without frames nothing else can be wrong.
    fn refused(&self, overhear: &Overhear) -> Vec<String> {
        let capture = "fixtures/file/empty.pcap";
        let answer = |expression: &str| overhear.run_once(&["print", capture, "-Y", expression].map(str::to_owned));
        let refused = |expression: &str| match answer(expression) {
            Ok(answer) if answer.exit == "0" => None,
            Ok(answer) => Some(format!("filters.tsv: {expression}: overhear: {}", answer.complaint)),
            Err(why) => Some(format!("filters.tsv: {expression}: {why}")),
        };
        self.pairs.iter().filter_map(|(_, expression)| refused(expression)).collect()
    }

    fn examine(&self, capture: &Capture, units: Option<&&Vec<Unit>>, tshark: &Tshark, overhear: &Overhear) -> Outcome {
        let pairs = self.pairs.iter().filter(|(globs, _)| globs.iter().any(|one| glob(one, &capture.name)));
        let pairs: Vec<&str> = pairs.map(|(_, expression)| expression.as_str()).collect();
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.capture == capture.name).collect();
        let expressions: BTreeSet<&str> = rows.iter().map(|row| &*row.asked).chain(pairs.iter().copied()).collect();
        let mut outcome = Outcome::default();
        if expressions.is_empty() {
            return outcome;
        }
        let theirs = match frames_of_tshark(tshark, capture, &expressions.into_iter().collect::<Vec<_>>()) {
            Ok(theirs) => theirs,
            Err(why) => {
                outcome.failed.push(format!("{} filters: {why}", capture.name));
                return outcome;
            }
        };
        for row in rows {
            let found = theirs.get(&*row.asked).map_or(Err("no output".to_owned()), Clone::clone);
            match found.as_ref().map(written) {
                Ok(found) if found == row.frames => outcome.rows += 1,
                Ok(found) => outcome.failed.push(format!("{}: {}, tshark {found}", row.place, row.frames)),
                Err(_) if row.is_optional => {}
                Err(why) => outcome.failed.push(format!("{}: tshark: {why}", row.place)),
            }
        }
        for expression in pairs {
            let theirs = theirs.get(expression).map_or(Err("no output".to_owned()), Clone::clone);
            let ours = frames_of_overhear(overhear, capture, expression);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => self.compare(capture, expression, units, [&ours, &theirs], &mut outcome),
                (Err(why), _) => outcome.failed.push(format!("{} {expression}: overhear: {why}", capture.name)),
                (_, Err(why)) => outcome.failed.push(format!("{} {expression}: tshark: {why}", capture.name)),
            }
        }
        outcome.passed = outcome.equal + outcome.explained.len() + outcome.rows;
        outcome
    }

    /// Counts one pair.
    fn compare(
        &self,
        capture: &Capture,
        expression: &str,
        units: Option<&&Vec<Unit>>,
        [ours, theirs]: [&Frames; 2],
        outcome: &mut Outcome,
    ) {
        let differing: Frames = ours.symmetric_difference(theirs).copied().collect();
        if differing.is_empty() {
            outcome.equal += 1;
            outcome.said += usize::from(!ours.is_empty());
            return;
        }
        let reason = self.reasons.iter().find(|reason| {
            reason.capture == capture.name && reason.expression == expression && reason.frames == written(&differing)
        });
        let only = |these: &Frames, those: &Frames| written(&these.difference(those).copied().collect());
        let (mine, other) = (only(ours, theirs), only(theirs, ours));
        let difference = format!("{} {expression}: only overhear {mine}, only tshark {other}", capture.name);
        if let Some(reason) = reason {
            outcome.used.insert(reason.line);
            outcome.explained.push(difference);
        } else if units.is_some_and(|units| differing.iter().all(|frame| follows(units, expression, *frame))) {
            outcome.explained.push(difference);
        } else {
            outcome.failed.push(difference);
        }
    }
}

/// Whether a frame differs because a cell does that is explained: of a field in the expression, of a protocol in it, or
/// of a frame that only one program read.
fn follows(units: &[Unit], expression: &str, frame: usize) -> bool {
    let words: Vec<&str> = expression
        .split(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c))
        .filter(|w| !w.is_empty())
        .collect();
    let has = |layers: &str, word: &str| layers.split(':').any(|layer| layer == word);
    units.iter().flat_map(|unit| &unit.differences).filter(|(_, why)| why.is_some()).any(|(it, _)| {
        let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
        it.frame == frame && words.contains(&it.field)
            || it.field == "frame.protocols"
                && it.frame == frame
                && words.iter().any(|word| has(&it.ours, word) != has(&it.theirs, word))
            || it.field == FRAMES && frame > number(&it.ours).min(number(&it.theirs))
    })
}

fn has_frames(frames: &Frames) -> bool {
    !frames.is_empty()
}

/// What a program finds for each expression.
type Answers = BTreeMap<String, Result<Frames, String>>;

/// What tshark finds for each expression, in a few runs.
fn frames_of_tshark(tshark: &Tshark, capture: &Capture, expressions: &[&str]) -> Result<Answers, String> {
    let mut all = Answers::new();
    for some in expressions.chunks(AT_ONCE) {
        all.extend(frames_in_one_run(tshark, capture, some)?);
    }
    Ok(all)
}

fn frames_in_one_run(tshark: &Tshark, capture: &Capture, expressions: &[&str]) -> Result<Answers, String> {
    let mut words: Vec<String> = ["-2", "-n", "-q", "-r"].map(str::to_owned).into();
    words.push(capture.path.display().to_string());
    words.extend(capture.hints.iter().cloned());
    words.extend(["-X".to_owned(), format!("lua_script:{SCRIPT}")]);
    let mut version = DefaultHasher::new();
    include_str!("filters.lua").hash(&mut version);
    for argument in std::iter::once(&*format!("{:x}", version.finish())).chain(expressions.iter().copied()) {
        words.extend(["-X".to_owned(), format!("lua_script1:{argument}")]);
    }
    let answer = tshark.answer(&capture.path, &words)?;
    // A capture that is cut short ends with 2; without Lua the script is no option at all.
    // 4.4 exits with 3 for a damaged file, after the frames before the damage.
    if !["0", "2", "3"].contains(&answer.exit.as_str()) || answer.complaint.contains("lua") {
        return Err(format!("{} {}", answer.exit, answer.complaint));
    }
    let mut found: Answers =
        expressions.iter().map(|expression| ((*expression).to_owned(), Ok(Frames::new()))).collect();
    for line in answer.text.lines() {
        let (nth, rest) = line.split_once('\t').ok_or_else(|| format!("tshark printed {line}"))?;
        let nth: usize = nth.parse().map_err(|_| format!("tshark printed {line}"))?;
        let expression = nth.checked_sub(1).and_then(|nth| expressions.get(nth));
        let frames = expression.and_then(|expression| found.get_mut(*expression)).ok_or("tshark counts otherwise")?;
        match (rest.parse(), frames.as_mut()) {
            (Ok(frame), Ok(frames)) => {
                frames.insert(frame);
            }
            _ => *frames = Err(rest.to_owned()),
        }
    }
    Ok(found)
}

fn frames_of_overhear(overhear: &Overhear, capture: &Capture, expression: &str) -> Result<Frames, String> {
    let path = capture.path.display().to_string();
    let words = ["print", &path, "-n", "-Y", expression, "-T", "fields", "-e", "frame.number"].map(str::to_owned);
    let [keys, _] = key_options(&capture.path);
    let words = [words.as_slice(), &keys].concat();
    let answer = overhear.run_once(&words)?;
    // A capture that is cut short ends with 2 as well: only a wrong filter is shown with a caret and prints nothing.
    if !["0", "2"].contains(&answer.exit.as_str()) || answer.complaint.contains("panicked") {
        return Err(format!("{} {}", answer.exit, answer.complaint));
    }
    answer.text.lines().map(|line| line.parse().map_err(|_| format!("printed {line}"))).collect()
}

fn written(frames: &Frames) -> String {
    let numbers: Vec<usize> = frames.iter().copied().collect();
    if numbers.is_empty() { "-".to_owned() } else { ranges(&numbers) }
}

/// The rows of a table below tests/, each with its line; remarks begin with `# `.
fn table(name: &str, columns: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    if text.lines().next() != Some(columns) {
        return Err(format!("{name}:1: the first line is not {columns:?}"));
    }
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty() && !line.starts_with("# ")) {
        let row: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if row.len() != columns.split('\t').count() {
            return Err(format!("{name}:{}: {} columns, not those of the first line", at + 1, row.len()));
        }
        rows.push((at + 1, row));
    }
    Ok(rows)
}
