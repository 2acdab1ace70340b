//! Files that a capture is split into, of which a bounded number is open.

use super::frames::EncoderSettings;
use crate::args::DecodeArgs;
use crate::command::overwrite::refuse_captures;
use overhear::sink::{Error, Extract, Overwrite};
use overhear::source::{Frame, SectionMetadata};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files of a split capture. Each is renamed to its name when it is complete.
pub(super) struct Parts {
    /// Name after which the files are named.
    pub(super) output: PathBuf,
    inputs: Vec<PathBuf>,
    decode: DecodeArgs,
    settings: EncoderSettings,
    /// Incomplete files by number.
    files: BTreeMap<u64, Part>,
    /// Number of them that are open.
    open: usize,
    max_open: usize,
    /// Number of writes.
    writes: u64,
    /// Names and secrets of the captures so far, for the files that are opened later.
    metadata: SectionMetadata,
    summary: PartsSummary,
}

/// An incomplete file.
struct Part {
    file: Extract,
    /// Number of the last write to it.
    last_write: u64,
}

/// Maximum number of files that are open at a time.
const MAX_OPEN: usize = 256;

/// Number of files that the program may have open beside the parts and the captures.
const OTHER_FILES: usize = 32;

/// Returns the number of parts that can be open beside the captures, within the limit of the process.
fn max_open(captures: usize) -> usize {
    #[cfg(unix)]
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    #[cfg(not(unix))]
    let limit = u64::MAX;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    limit.saturating_sub(captures + OTHER_FILES).clamp(1, MAX_OPEN)
}

/// Numbers of complete files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PartsSummary {
    pub(super) files: u64,
    /// Number in the name of the first file.
    pub(super) first: Option<u64>,
    pub(super) frames: u64,
    pub(super) omits_secrets: bool,
}

/// Returns the name of a file: `out.pcapng` becomes `out_00001.pcapng`.
pub(super) fn part_path(path: &Path, number: u64) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{number:05}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

impl Parts {
    pub(super) fn new(output: PathBuf, inputs: Vec<PathBuf>, decode: DecodeArgs, settings: EncoderSettings) -> Parts {
        let max_open = max_open(inputs.len());
        Parts {
            output,
            inputs,
            decode,
            settings,
            files: BTreeMap::new(),
            open: 0,
            max_open,
            writes: 0,
            metadata: SectionMetadata::default(),
            summary: PartsSummary::default(),
        }
    }

    /// Writes a frame to the file of this number.
    pub(super) fn write(&mut self, number: u64, frame: &Frame<'_>) -> Result<(), String> {
        if !self.files.get(&number).is_some_and(|part| part.file.is_open()) {
            self.make_room()?;
            if !self.files.contains_key(&number) {
                let file = self.create(number)?;
                self.files.insert(number, Part { file, last_write: 0 });
            }
            self.open += 1;
        }
        self.writes += 1;
        let Some(part) = self.files.get_mut(&number) else { return Ok(()) };
        part.last_write = self.writes;
        part.file.write(frame).map_err(text)
    }

    /// Closes those open files that were written to before the others, if no more can be opened.
    fn make_room(&mut self) -> Result<(), String> {
        if self.open < self.max_open {
            return Ok(());
        }
        let mut writes: Vec<u64> =
            self.files.values().filter(|part| part.file.is_open()).map(|part| part.last_write).collect();
        writes.sort_unstable();
        // A quarter of them, so that files are seldom searched.
        let last = writes.get(writes.len() / 4).copied().unwrap_or_default();
        for part in self.files.values_mut().filter(|part| part.file.is_open() && part.last_write <= last) {
            part.file.close().map_err(text)?;
            self.open -= 1;
        }
        Ok(())
    }

    fn create(&self, number: u64) -> Result<Extract, String> {
        let path = part_path(&self.output, number);
        refuse_captures("-o", Some(&path), &self.inputs, &self.decode)?;
        let mut file = Extract::create_encoded(&path, Overwrite::Replace, self.settings.encoder()).map_err(text)?;
        file.write_metadata(&self.metadata).map_err(text)?;
        Ok(file)
    }

    /// Adds names and secrets to all files.
    pub(super) fn add_metadata(&mut self, added: SectionMetadata) -> Result<(), String> {
        for part in self.files.values_mut() {
            let was_open = part.file.is_open();
            part.file.write_metadata(&added).map_err(text)?;
            if !was_open {
                part.file.close().map_err(text)?;
            }
        }
        self.metadata.names.extend(added.names);
        self.metadata.secrets.extend(added.secrets);
        Ok(())
    }

    /// Returns the bytes and the frames of the file that was opened last.
    pub(super) fn size_of_last(&self) -> (u64, u64) {
        self.files.values().next_back().map_or((0, 0), |part| (part.file.bytes(), part.file.count()))
    }

    /// Completes the files.
    pub(super) fn finish_all(&mut self) -> Result<(), String> {
        self.open = 0;
        for (number, Part { file, .. }) in std::mem::take(&mut self.files) {
            self.summary.first.get_or_insert(number);
            self.summary.omits_secrets |= file.omits_secrets();
            self.summary.frames += file.finish().map_err(text)?;
            self.summary.files += 1;
        }
        Ok(())
    }

    /// Completes all files, and returns their numbers.
    pub(super) fn finish(mut self) -> Result<PartsSummary, String> {
        self.finish_all()?;
        Ok(self.summary)
    }
}

fn text(error: Error) -> String {
    error.to_string()
}
