//! Files that a capture is split into.

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
    /// Open files by number.
    open: BTreeMap<u64, Extract>,
    /// Names and secrets of the captures so far, for the files that are opened later.
    metadata: SectionMetadata,
    summary: PartsSummary,
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
        let (open, metadata, summary) = (BTreeMap::new(), SectionMetadata::default(), PartsSummary::default());
        Parts { output, inputs, decode, settings, open, metadata, summary }
    }

    /// Writes a frame to the file of this number.
    pub(super) fn write(&mut self, number: u64, frame: &Frame<'_>) -> Result<(), String> {
        if !self.open.contains_key(&number) {
            let file = self.create(number)?;
            self.open.insert(number, file);
        }
        let file = self.open.get_mut(&number);
        file.map_or(Ok(()), |file| file.write(frame)).map_err(text)
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
        for file in self.open.values_mut() {
            file.write_metadata(&added).map_err(text)?;
        }
        self.metadata.names.extend(added.names);
        self.metadata.secrets.extend(added.secrets);
        Ok(())
    }

    /// Returns the bytes and the frames of the file that was opened last.
    pub(super) fn size_of_last(&self) -> (u64, u64) {
        self.open.values().next_back().map_or((0, 0), |file| (file.bytes(), file.count()))
    }

    /// Completes the open files.
    pub(super) fn close_all(&mut self) -> Result<(), String> {
        for (number, file) in std::mem::take(&mut self.open) {
            self.summary.first.get_or_insert(number);
            self.summary.omits_secrets |= file.omits_secrets();
            self.summary.frames += file.finish().map_err(text)?;
            self.summary.files += 1;
        }
        Ok(())
    }

    /// Completes the open files before the captures are read again.
    pub(super) fn begin_pass(&mut self) -> Result<(), String> {
        self.metadata = SectionMetadata::default();
        self.close_all()
    }

    /// Completes all files, and returns their numbers.
    pub(super) fn finish(mut self) -> Result<PartsSummary, String> {
        self.close_all()?;
        Ok(self.summary)
    }
}

fn text(error: Error) -> String {
    error.to_string()
}
