//! Profiles of base captures: each base is read once, whatever the number of captures and of rules that compare with it.

use super::capture::read_capture;
use super::plan::CaptureJob;
use overhear::analysis::{DecodeOptions, Task};
use overhear::check::{Evaluation, Expected, Rule, escape_unprintable, rules_task};
use overhear::diff::CaptureProfile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Base captures by their paths.
#[derive(Default)]
pub(super) struct BaseProfiles<'p>(BTreeMap<PathBuf, BaseCapture<'p>>);

/// A base capture with the rules that compare with it.
struct BaseCapture<'p> {
    rules: Vec<&'p Rule>,
    decode: &'p DecodeOptions,
    /// The profile for each rule, once the capture is read, or why it cannot be read.
    profiles: OnceLock<Result<Vec<Option<CaptureProfile>>, String>>,
}

impl<'p> BaseProfiles<'p> {
    /// Returns the base captures of jobs. They are read when they are first needed.
    pub(super) fn of_jobs(jobs: &[CaptureJob<'p>]) -> BaseProfiles<'p> {
        let mut bases = BaseProfiles::default();
        for job in jobs {
            for planned in &job.checks {
                if let Some(path) = &planned.base {
                    bases.add(path, &planned.check.rule, job.decode);
                }
            }
        }
        bases
    }

    fn add(&mut self, path: &Path, rule: &'p Rule, decode: &'p DecodeOptions) {
        let base = self.0.entry(path.to_owned());
        let base = base.or_insert_with(|| BaseCapture { rules: Vec::new(), decode, profiles: OnceLock::new() });
        // A rule of a check file is that of each of its captures.
        if !base.rules.iter().any(|own| std::ptr::eq(*own, rule)) {
            base.rules.push(rule);
        }
    }

    /// Returns the profile of a base capture for a rule, or why there is none.
    pub(super) fn profile(&self, path: &Path, rule: &Rule) -> Result<CaptureProfile, String> {
        let missing = || "cannot evaluate: no profile of the base capture".to_owned();
        let base = self.0.get(path).ok_or_else(missing)?;
        let profiles = base.profiles.get_or_init(|| base.read(path)).as_ref().map_err(Clone::clone)?;
        let nth = base.rules.iter().position(|own| std::ptr::eq(*own, rule));
        nth.and_then(|nth| profiles.get(nth)?.clone()).ok_or_else(missing)
    }
}

impl BaseCapture<'_> {
    /// Reads the capture, and returns the profile for each rule.
    fn read(&self, path: &Path) -> Result<Vec<Option<CaptureProfile>>, String> {
        let mut evaluation = Evaluation::new(self.rules.iter().map(|&rule| (rule, Expected::default())));
        let task = Task { decode: self.decode.clone(), ..rules_task(self.rules.iter().copied()) };
        match read_capture(path, task, &mut evaluation, &mut Vec::new(), Some(1)) {
            Ok(_) => Ok(evaluation
                .into_verdicts()
                .into_iter()
                .map(|verdict| verdict.profile.map(|profile| *profile))
                .collect()),
            Err((error, _)) => Err(format!("cannot evaluate: {}", escape_unprintable(&error.to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overhear::check::RuleSource;

    fn rule(path: &Path) -> Rule {
        let source = RuleSource::default().with_keyword("no_slower_than", &[path.to_str().expect("a name in UTF-8")]);
        Rule::parse(&source, &mut Vec::new()).expect("a rule")
    }

    #[test]
    fn a_base_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("base.pcap");
        let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/http/post-login.pcap");
        std::fs::copy(fixture, &path).expect("a capture");
        let (all, decode) = ([rule(&path), rule(&path)], DecodeOptions::default());
        let mut bases = BaseProfiles::default();
        all.iter().for_each(|rule| bases.add(&path, rule, &decode));
        bases.add(&path, &all[0], &decode);
        assert_eq!(bases.profile(&path, &all[0]).expect("a profile").calls, 4);
        // It is not read again: it is no longer there.
        std::fs::remove_file(&path).expect("a file");
        for rule in &all {
            assert_eq!(bases.profile(&path, rule).expect("a profile").calls, 4);
        }
        let missing = BaseProfiles::default().profile(&path, &all[0]);
        assert!(missing.expect_err("no profile").contains("no profile of the base capture"));
    }
}
