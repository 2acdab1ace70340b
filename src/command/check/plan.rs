//! What is checked: check files read, patterns of captures resolved, and which checks each capture has.

use super::files;
use crate::args::{Check as Args, Excuse};
use crate::command::output::shown;
#[cfg(feature = "live")]
use crate::command::overwrite::refuse_same;
use crate::command::overwrite::{FileId, refuse_inputs};
use crate::command::tell;
use overhear::check::file::{self, Allow, Check, File};
use overhear::check::{CAPTURE, Draft, Rule, Value, Wrong, plain};
use overhear::filter::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// All that was asked for.
pub(super) struct Plan {
    files: Vec<File>,
    /// The rules of the command line.
    rules: Vec<Check>,
    /// The captures of the command line.
    captures: Vec<PathBuf>,
    /// What the capture is called that will be heard.
    heard: Option<String>,
    allow: Allow,
    pub(super) bless: bool,
}

/// A capture, and what must hold of it.
pub(super) struct Job<'p> {
    pub(super) path: PathBuf,
    /// As it is called.
    pub(super) name: String,
    /// Whether its file is gone afterwards.
    pub(super) passes: bool,
    pub(super) allow: Allow,
    pub(super) checks: Vec<Due<'p>>,
}

/// A check of a capture.
pub(super) struct Due<'p> {
    pub(super) check: &'p Check,
    /// The check file, if it stands in one.
    pub(super) file: Option<&'p str>,
    /// Its snapshot, and what is in it if it is there.
    pub(super) snapshot: Option<(PathBuf, Option<String>)>,
}

impl Plan {
    /// Reads check files and rules; all that is wrong with them is told before any capture is read.
    pub(super) fn new(args: &mut Args) -> Result<Plan, Vec<String>> {
        let mut plan = Plan {
            files: Vec::new(),
            rules: Vec::new(),
            captures: Vec::new(),
            heard: None,
            allow: Allow::default(),
            bless: args.bless,
        };
        let mut wrong = Vec::new();
        for excuse in &args.allow {
            match excuse {
                Excuse::Missing => plan.allow.missing = true,
                Excuse::Empty => plan.allow.empty = true,
                Excuse::Truncated => plan.allow.truncated = true,
            }
        }
        for word in std::mem::take(&mut args.words) {
            let path = PathBuf::from(word);
            if path.extension().is_none_or(|ending| ending != "toml") {
                plan.captures.push(path);
                continue;
            }
            match read(&path) {
                Ok(file) => plan.files.push(file),
                Err(faults) => wrong.extend(faults),
            }
        }
        for (option, draft) in std::mem::take(&mut args.rules.0) {
            match rule(option, draft, args) {
                Ok(check) => plan.rules.push(check),
                Err(fault) => wrong.push(fault),
            }
        }
        let listens = listens(args);
        if let Some(named) = plan.captures.first().filter(|_| listens) {
            let named = shown([named.as_path()]);
            wrong.push(format!("{named}: -i listens, and judges what it hears and no other capture"));
        }
        if wrong.is_empty() {
            wrong.extend(plan.missing(listens || !plan.captures.is_empty()));
        }
        if wrong.is_empty() { Ok(plan) } else { Err(wrong) }
    }

    /// The same checks of a capture that will be heard, with its name if its file is soon gone.
    #[cfg(feature = "live")]
    pub(super) fn of_heard(self, (path, name): (PathBuf, Option<String>)) -> Plan {
        Plan { captures: vec![path], heard: name, ..self }
    }

    /// What there is too little of; `named` is whether there are captures beside those of check files.
    fn missing(&self, named: bool) -> Option<String> {
        let called = |file: &File| shown([Path::new(&file.path)]);
        if self.files.is_empty() && self.rules.is_empty() {
            return Some("nothing is checked: name a check file (.toml) or a rule; see `overhear check --help`".into());
        }
        if !named && !self.rules.is_empty() {
            return Some("a capture is missing: overhear check CAPTURE --none FILTER".into());
        }
        self.files.iter().find_map(|file| match named {
            false if file.captures.is_empty() && !file.checks.is_empty() => {
                Some(format!("{}: [checks] are of no capture: captures = [\"*.pcap\"] is missing", called(file)))
            }
            true if file.checks.is_empty() => {
                Some(format!("{}: it has no [checks], which alone are of captures named here", called(file)))
            }
            _ => None,
        })
    }

    /// The captures and their checks: check file by check file, in each by the captures' names; then the captures of
    /// the command line with its rules.
    pub(super) fn jobs(&self) -> Result<Vec<Job<'_>>, String> {
        let mut jobs = Vec::new();
        for file in &self.files {
            let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
            let mut found: BTreeMap<PathBuf, Vec<&Check>> = BTreeMap::new();
            if self.captures.is_empty() {
                let all = file.captures.iter().map(|pattern| (pattern, &file.checks));
                for (pattern, checks) in all.chain(file.only.iter().map(|(pattern, checks)| (pattern, checks))) {
                    for path in files::captures(folder, pattern)? {
                        let own = found.entry(path).or_default();
                        // Two patterns may name the same capture.
                        let new = |check: &&Check| !own.iter().any(|other| std::ptr::eq(*other, *check));
                        let new: Vec<_> = checks.iter().filter(new).collect();
                        own.extend(new);
                    }
                }
            }
            for path in &self.captures {
                found.entry(path.clone()).or_insert_with(|| file.checks.iter().collect());
            }
            for (path, checks) in found {
                jobs.push(self.job(path, &checks, Some((file, folder)))?);
            }
        }
        if !self.rules.is_empty() {
            let rules: Vec<_> = self.rules.iter().collect();
            for path in &self.captures {
                jobs.push(self.job(path.clone(), &rules, None)?);
            }
        }
        self.snapshots(&jobs)?;
        Ok(jobs)
    }

    /// Holds that no snapshot is that of two, and that none is written over what is read.
    fn snapshots(&self, jobs: &[Job<'_>]) -> Result<(), String> {
        let (mut seen, mut files) = (BTreeSet::new(), BTreeSet::new());
        let snapshots = jobs.iter().flat_map(|job| &job.checks).filter_map(|due| due.snapshot.as_ref());
        for (path, _) in snapshots {
            if !seen.insert(path) || FileId::of(path).is_some_and(|file| !files.insert(file)) {
                let path = shown([path.as_path()]);
                return Err(format!("{path} is the snapshot of two; {CAPTURE} in its name is the name of the capture"));
            }
        }
        if seen.is_empty() {
            return Ok(());
        }
        let read: BTreeSet<_> = self.inputs(jobs).filter_map(FileId::of_input).collect();
        match seen.into_iter().find(|path| FileId::of(path).is_some_and(|file| read.contains(&file))) {
            Some(path) => Err(format!("{}: a check file or a capture is no snapshot", shown([path.as_path()]))),
            None => Ok(()),
        }
    }

    /// Check files and captures.
    fn inputs<'p>(&'p self, jobs: &'p [Job<'_>]) -> impl Iterator<Item = &'p Path> {
        self.files().chain(jobs.iter().map(|job| job.path.as_path()))
    }

    /// Check files.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| Path::new(&file.path))
    }

    /// Refuses to overwrite what is read, captured or compared with: check files, captures and snapshots.
    pub(super) fn refuse_inputs(&self, output: Option<&Path>, jobs: &[Job<'_>]) -> Result<(), String> {
        let snapshots = jobs.iter().flat_map(|job| &job.checks).filter_map(|due| due.snapshot.as_ref());
        refuse_inputs("-o", output, self.inputs(jobs).chain(snapshots.map(|(path, _)| path.as_path())))
    }

    /// Refuses to write captured packets to a check file, or to the file that has the findings.
    #[cfg(feature = "live")]
    pub(super) fn refuse_packets(&self, args: &Args) -> Result<(), String> {
        let Some(packets) = args.keep.as_deref() else { return Ok(()) };
        refuse_same(args.output.as_deref(), Some(packets))?;
        refuse_inputs("-w", Some(packets), self.files())
    }

    fn job<'p>(&self, path: PathBuf, checks: &[&'p Check], file: Option<(&'p File, &Path)>) -> Result<Job<'p>, String> {
        let mut dues = Vec::new();
        for check in checks {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = self.heard.as_deref().unwrap_or(&name).replace(['/', '\\'], "_");
            let snapshot = check.rule.snapshot().map(|snapshot| {
                let folder = file.map_or(Path::new(""), |(_, folder)| folder);
                folder.join(snapshot.replace(CAPTURE, &name))
            });
            let snapshot = snapshot.map(|path| Ok((path.clone(), kept(&path)?))).transpose();
            let snapshot = snapshot.map_err(|(path, error): (PathBuf, io::Error)| {
                format!("{}: the snapshot cannot be read: {error}", shown([path.as_path()]))
            })?;
            dues.push(Due { check, file: file.map(|(file, _)| file.path.as_str()), snapshot });
        }
        let own = file.map_or(Allow::default(), |(file, _)| file.allow);
        let allow = Allow {
            missing: self.allow.missing || own.missing,
            empty: self.allow.empty || own.empty,
            truncated: self.allow.truncated || own.truncated,
        };
        let name = self.heard.clone().unwrap_or_else(|| path.to_string_lossy().into_owned());
        Ok(Job { path, name, passes: self.heard.is_some(), allow, checks: dues })
    }
}

#[cfg(feature = "live")]
fn listens(args: &Args) -> bool {
    !args.interfaces.is_empty()
}

#[cfg(not(feature = "live"))]
fn listens(_: &Args) -> bool {
    false
}

/// What is in a snapshot; none if there is no such file.
fn kept(path: &Path) -> Result<Option<String>, (PathBuf, io::Error)> {
    match files::text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err((path.to_owned(), error)),
    }
}

/// Reads a check file.
fn read(path: &Path) -> Result<File, Vec<String>> {
    let source = files::text(path).map_err(|error| {
        let why = if error.kind() == io::ErrorKind::NotFound { "no such file".into() } else { error.to_string() };
        vec![format!("{}: {why}", shown([path]))]
    })?;
    let (file, remarks) = file::read(&path.to_string_lossy(), &source)?;
    remarks.iter().for_each(|remark| tell(remark));
    Ok(file)
}

/// Reads a rule of the command line.
fn rule(option: &str, mut draft: Draft, args: &Args) -> Result<Check, String> {
    let mut add = |word: &str, texts: &[String]| {
        if !texts.is_empty() {
            draft.said.push((word.into(), texts.iter().cloned().map(Value::Text).collect()));
        }
    };
    add("per", args.per.as_slice());
    add("where", args.only.as_slice());
    if option == "snapshot" {
        add("fields", &args.fields);
        add("without", &args.without);
    }
    let mut remarks = Vec::new();
    let rule = Rule::read(&draft, &mut remarks);
    remarks.iter().for_each(|remark| tell(&told(option, &draft, remark)));
    let rule = rule.map_err(|wrong| told(option, &draft, &wrong))?;
    Ok(Check { name: plain(&rule.text), rule, line: None })
}

/// What is wrong with a rule of the command line, with the text that has it.
fn told(option: &str, draft: &Draft, wrong: &Wrong) -> String {
    let message = format!("--{option}: {}", wrong.message);
    let values = draft.said.iter().find(|(word, _)| *word == wrong.key).map(|(_, values)| values.as_slice());
    match (wrong.span, values.and_then(|values| values.get(wrong.nth?))) {
        (Some(span), Some(Value::Text(text))) => Fault { message, span }.shown(text).to_string(),
        _ => plain(&message),
    }
}
