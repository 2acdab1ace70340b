//! Plan of a `check` run: reads check files, resolves capture patterns and assigns checks to captures.

use super::files;
use crate::args::{CaptureDefect, CheckArgs as Args};
use crate::command::decode::decode_options;
use crate::command::output::escape_paths;
#[cfg(feature = "live")]
use crate::command::overwrite::refuse_same;
use crate::command::overwrite::{FileId, is_within, refuse_inputs};
use crate::command::print_message;
use overhear::analysis::DecodeOptions;
use overhear::check::check_file::{self, AllowedDefects, Check, CheckFile};
use overhear::check::{CAPTURE_PLACEHOLDER, Rule, RuleError, RuleSource, RuleValue, escape_unprintable};
use overhear::filter::Diagnostic;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// Checks and captures of a command line.
pub(super) struct CheckPlan {
    files: Vec<CheckFile>,
    /// Rules of the command line.
    rules: Vec<Check>,
    /// Captures of the command line.
    captures: Vec<PathBuf>,
    /// Display name of a command's capture, if its file is temporary.
    live_name: Option<String>,
    /// Capture defects that the command line allows.
    allow: AllowedDefects,
    pub(super) bless: bool,
    decode: DecodeOptions,
}

/// Capture and its checks.
pub(super) struct CaptureJob<'p> {
    pub(super) path: PathBuf,
    /// Display name.
    pub(super) name: String,
    /// Whether the capture file is temporary.
    pub(super) is_temporary: bool,
    pub(super) allow: AllowedDefects,
    pub(super) decode: &'p DecodeOptions,
    pub(super) checks: Vec<PlannedCheck<'p>>,
}

/// Check of one capture.
pub(super) struct PlannedCheck<'p> {
    pub(super) check: &'p Check,
    /// Check file that contains the check; `None` for a rule of the command line.
    pub(super) file: Option<&'p str>,
    /// Path of the snapshot and its text, if the file exists.
    pub(super) snapshot: Option<(PathBuf, Option<String>)>,
    /// Path of the capture that it compares with.
    pub(super) base: Option<PathBuf>,
}

impl CheckPlan {
    /// Reads check files and rules. Returns all errors at once, before any capture is read.
    pub(super) fn new(args: &mut Args) -> Result<CheckPlan, Vec<String>> {
        let mut plan = CheckPlan {
            files: Vec::new(),
            rules: Vec::new(),
            captures: Vec::new(),
            live_name: None,
            allow: AllowedDefects::default(),
            bless: args.bless,
            decode: DecodeOptions::default(),
        };
        let mut errors = Vec::new();
        match decode_options(&args.decode) {
            Ok(decode) => plan.decode = decode,
            Err(error) => errors.push(error),
        }
        for defect in &args.allow {
            match defect {
                CaptureDefect::Missing => plan.allow.missing = true,
                CaptureDefect::Empty => plan.allow.empty = true,
                CaptureDefect::Truncated => plan.allow.truncated = true,
                CaptureDefect::Unsupported => plan.allow.unsupported = true,
            }
        }
        for word in std::mem::take(&mut args.words) {
            let path = PathBuf::from(word);
            if path.extension().is_none_or(|extension| extension != "toml") {
                plan.captures.push(path);
                continue;
            }
            match read_check_file(&path) {
                Ok(file) => plan.files.push(file),
                Err(messages) => errors.extend(messages),
            }
        }
        for (option, source) in std::mem::take(&mut args.rules.0) {
            match parse_rule(option, source, args) {
                Ok(check) => plan.rules.push(check),
                Err(message) => errors.push(message),
            }
        }
        let is_live = is_live(args);
        if let Some(path) = plan.captures.first().filter(|_| is_live) {
            let name = escape_paths([path.as_path()]);
            errors.push(format!("{name}: a capture file cannot be combined with -i"));
        }
        if errors.is_empty() {
            errors.extend(plan.missing_input(is_live || !plan.captures.is_empty()));
        }
        if errors.is_empty() { Ok(plan) } else { Err(errors) }
    }

    /// Applies the checks to the capture of a command, given its path and the display name of a temporary file.
    #[cfg(feature = "live")]
    pub(super) fn with_command_capture(self, (path, name): (PathBuf, Option<String>)) -> CheckPlan {
        CheckPlan { captures: vec![path], live_name: name, ..self }
    }

    /// Returns an error message if checks or captures are missing. `has_captures` is whether the command line names
    /// captures or interfaces.
    fn missing_input(&self, has_captures: bool) -> Option<String> {
        let name = |file: &CheckFile| escape_paths([Path::new(&file.path)]);
        if self.files.is_empty() && self.rules.is_empty() {
            return Some("no checks: expected a check file (.toml) or a rule; see `overhear check --help`".into());
        }
        if !has_captures && !self.rules.is_empty() {
            return Some("missing capture file: overhear check CAPTURE --none FILTER".into());
        }
        self.files.iter().find_map(|file| match has_captures {
            false if file.captures.is_empty() && !file.checks.is_empty() => {
                Some(format!("{}: missing captures for [checks]: captures = [\"*.pcap\"]", name(file)))
            }
            true if file.checks.is_empty() => {
                Some(format!("{}: missing [checks], which apply to captures of the command line", name(file)))
            }
            _ => None,
        })
    }

    /// Returns the captures with their checks. Check files come first, in command-line order, each with its captures
    /// sorted by path. The captures of the command line with its rules follow.
    pub(super) fn create_jobs(&self) -> Result<Vec<CaptureJob<'_>>, String> {
        let mut jobs = Vec::new();
        for file in &self.files {
            let directory = Path::new(&file.path).parent().unwrap_or(Path::new(""));
            let mut found: BTreeMap<PathBuf, Vec<&Check>> = BTreeMap::new();
            if self.captures.is_empty() {
                let all = file.captures.iter().map(|pattern| (pattern, &file.checks));
                for (pattern, checks) in
                    all.chain(file.pattern_checks.iter().map(|(pattern, checks)| (pattern, checks)))
                {
                    for path in files::find_captures(directory, pattern)? {
                        let assigned = found.entry(path).or_default();
                        // Two patterns may match the same capture.
                        let is_new = |check: &&Check| !assigned.iter().any(|other| std::ptr::eq(*other, *check));
                        let new: Vec<_> = checks.iter().filter(is_new).collect();
                        assigned.extend(new);
                    }
                }
            }
            for path in &self.captures {
                found.entry(path.clone()).or_insert_with(|| file.checks.iter().collect());
            }
            for (path, checks) in found {
                jobs.push(self.create_job(path, &checks, Some((file, directory)))?);
            }
        }
        if !self.rules.is_empty() {
            let rules: Vec<_> = self.rules.iter().collect();
            for path in &self.captures {
                jobs.push(self.create_job(path.clone(), &rules, None)?);
            }
        }
        self.validate_snapshots(&jobs)?;
        Ok(jobs)
    }

    /// Returns an error if two checks share a snapshot, or if a snapshot would overwrite a check file or a capture.
    fn validate_snapshots(&self, jobs: &[CaptureJob<'_>]) -> Result<(), String> {
        let (mut seen, mut files) = (BTreeSet::new(), BTreeSet::new());
        let snapshots = jobs.iter().flat_map(|job| &job.checks).filter_map(|planned| planned.snapshot.as_ref());
        for (path, _) in snapshots {
            if !seen.insert(path) || FileId::of(path).is_some_and(|file| !files.insert(file)) {
                let path = escape_paths([path.as_path()]);
                return Err(format!(
                    "{path}: snapshot used by two checks or captures; put {CAPTURE_PLACEHOLDER}, the capture's name, into its name"
                ));
            }
        }
        if seen.is_empty() {
            return Ok(());
        }
        let read: BTreeSet<_> = self.inputs(jobs).filter_map(FileId::of_input).collect();
        match seen.into_iter().find(|path| FileId::of(path).is_some_and(|file| read.contains(&file))) {
            Some(path) => {
                Err(format!("{}: a snapshot would overwrite this input file", escape_paths([path.as_path()])))
            }
            None => Ok(()),
        }
    }

    /// Check files and captures, also those that others are compared with.
    fn inputs<'p>(&'p self, jobs: &'p [CaptureJob<'_>]) -> impl Iterator<Item = &'p Path> {
        let bases = jobs.iter().flat_map(|job| &job.checks).filter_map(|planned| planned.base.as_deref());
        self.files().chain(jobs.iter().map(|job| job.path.as_path())).chain(bases)
    }

    /// Check files.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| Path::new(&file.path))
    }

    /// Refuses to overwrite what is read, captured or compared with: check files, captures and snapshots.
    pub(super) fn refuse_inputs(&self, output: Option<&Path>, jobs: &[CaptureJob<'_>]) -> Result<(), String> {
        let snapshots = jobs.iter().flat_map(|job| &job.checks).filter_map(|due| due.snapshot.as_ref());
        refuse_inputs("-o", output, self.inputs(jobs).chain(snapshots.map(|(path, _)| path.as_path())))
    }

    /// Refuses to write captured packets to a check file, or to the file that has the findings.
    #[cfg(feature = "live")]
    pub(super) fn refuse_packets(&self, args: &Args) -> Result<(), String> {
        let Some(packets) = args.write.as_deref() else { return Ok(()) };
        refuse_same(args.output.as_deref(), Some(packets))?;
        refuse_inputs("-w", Some(packets), self.files())
    }

    /// Creates the job of a capture. `file` is the check file and its directory; `None` for rules of the command line.
    fn create_job<'p>(
        &'p self,
        path: PathBuf,
        checks: &[&'p Check],
        file: Option<(&'p CheckFile, &Path)>,
    ) -> Result<CaptureJob<'p>, String> {
        let mut planned = Vec::new();
        for check in checks {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = self.live_name.as_deref().unwrap_or(&name).replace(['/', '\\'], "_");
            let snapshot = check.rule.snapshot_path().map(|snapshot| {
                let directory = file.map_or(Path::new(""), |(_, directory)| directory);
                directory.join(snapshot.replace(CAPTURE_PLACEHOLDER, &name))
            });
            if let (Some(path), Some((_, directory))) = (&snapshot, file)
                && !is_within(path, directory)
            {
                let path = escape_paths([path.as_path()]);
                return Err(format!("{path}: a symbolic link leads out of the directory of the check file"));
            }
            let snapshot = snapshot.map(|path| Ok((path.clone(), read_snapshot(&path)?))).transpose();
            let snapshot = snapshot.map_err(|(path, error): (PathBuf, io::Error)| {
                format!("{}: cannot read the snapshot: {error}", escape_paths([path.as_path()]))
            })?;
            let base = check.rule.base_path().map(|base| match file {
                Some((_, directory)) => directory.join(base),
                None => PathBuf::from(base),
            });
            if let Some(base) = base.as_ref().filter(|base| !base.is_file()) {
                return Err(format!("{}: no such file", escape_paths([base.as_path()])));
            }
            planned.push(PlannedCheck { check, file: file.map(|(file, _)| file.path.as_str()), snapshot, base });
        }
        let own = file.map_or(AllowedDefects::default(), |(file, _)| file.allow);
        let allow = AllowedDefects {
            missing: self.allow.missing || own.missing,
            empty: self.allow.empty || own.empty,
            truncated: self.allow.truncated || own.truncated,
            unsupported: self.allow.unsupported || own.unsupported,
        };
        let name = self.live_name.clone().unwrap_or_else(|| path.to_string_lossy().into_owned());
        Ok(CaptureJob {
            path,
            name,
            is_temporary: self.live_name.is_some(),
            allow,
            decode: &self.decode,
            checks: planned,
        })
    }
}

/// Returns whether the command line names interfaces.
#[cfg(feature = "live")]
fn is_live(args: &Args) -> bool {
    !args.interfaces.is_empty()
}

/// Returns whether the command line names interfaces.
#[cfg(not(feature = "live"))]
fn is_live(_: &Args) -> bool {
    false
}

/// Reads a snapshot. Returns `None` if the file does not exist.
fn read_snapshot(path: &Path) -> Result<Option<String>, (PathBuf, io::Error)> {
    match files::read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err((path.to_owned(), error)),
    }
}

/// Reads a check file and prints its warnings.
fn read_check_file(path: &Path) -> Result<CheckFile, Vec<String>> {
    let source = files::read_text(path).map_err(|error| {
        let reason = if error.kind() == io::ErrorKind::NotFound { "no such file".into() } else { error.to_string() };
        vec![format!("{}: {reason}", escape_paths([path]))]
    })?;
    let (file, warnings) = check_file::parse(&path.to_string_lossy(), &source)?;
    warnings.iter().for_each(|warning| print_message(warning));
    Ok(file)
}

/// Parses a rule of the command line and prints its warnings.
fn parse_rule(option: &str, mut source: RuleSource, args: &Args) -> Result<Check, String> {
    let mut add = |keyword: &str, texts: &[String]| {
        if !texts.is_empty() {
            source.keywords.push((keyword.into(), texts.iter().cloned().map(RuleValue::Text).collect()));
        }
    };
    add("per", args.per.as_slice());
    add("where", args.condition.as_slice());
    if option == "snapshot" {
        add("fields", &args.fields);
        add("without", &args.without);
    }
    if option == "same-as" {
        add("ignore", &args.ignore);
    }
    if option == "no-slower-than" {
        add("limit", args.limit.map(|limit| limit.to_string()).as_slice());
    }
    if args.any_host && ["same-as", "no-slower-than"].contains(&option) {
        source.keywords.push(("any_host".into(), vec![RuleValue::Boolean(true)]));
    }
    let mut warnings = Vec::new();
    let rule = Rule::parse(&source, &mut warnings);
    warnings.iter().for_each(|warning| print_message(&format_rule_error(option, &source, warning)));
    let rule = rule.map_err(|error| format_rule_error(option, &source, &error))?;
    Ok(Check { name: escape_unprintable(&rule.text), rule, line: None })
}

/// Formats an error or a warning about a rule of the command line, with a caret under the text in question.
fn format_rule_error(option: &str, source: &RuleSource, error: &RuleError) -> String {
    let message = format!("--{option}: {}", error.message);
    let values =
        source.keywords.iter().find(|(keyword, _)| *keyword == error.keyword).map(|(_, values)| values.as_slice());
    match (error.span, values.and_then(|values| values.get(error.value_index?))) {
        (Some(span), Some(RuleValue::Text(text))) => Diagnostic { message, span }.display(text).to_string(),
        _ => escape_unprintable(&message),
    }
}
