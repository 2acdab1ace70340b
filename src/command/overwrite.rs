//! Files that a command writes, none of which may be one that it reads.

use super::decode::decode_files;
use super::output::escape_paths;
use crate::args::DecodeArgs;
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Symbolic links that are followed from a name to a file that does not exist.
const MAX_LINKS: usize = 40;

/// A file, whatever path leads to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileId {
    /// A regular file, by its device and inode.
    Existing(u64, u64),
    /// A file that does not exist, by its path without symbolic links.
    Missing(PathBuf),
    /// Standard output that is a pipe or a terminal.
    Stdout,
}

impl FileId {
    /// The file at a path. Devices and pipes have none: they hold nothing that can be overwritten.
    pub(super) fn of(path: &Path) -> Option<FileId> {
        match fs::metadata(path) {
            Ok(metadata) => FileId::existing(&metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing(path).map(FileId::Missing),
            Err(_) => None,
        }
    }

    /// The file that is read; `-` is standard input.
    pub(super) fn of_input(path: &Path) -> Option<FileId> {
        if path == Path::new("-") { FileId::of_open(io::stdin().as_fd()) } else { FileId::of(path) }
    }

    /// The file that is written; `-` is standard output.
    pub(super) fn of_output(path: &Path) -> Option<FileId> {
        match path == Path::new("-") {
            true => FileId::of_open(io::stdout().as_fd()).or(Some(FileId::Stdout)),
            false => FileId::of(path),
        }
    }

    fn of_open(file: BorrowedFd<'_>) -> Option<FileId> {
        let file = File::from(file.try_clone_to_owned().ok()?);
        FileId::existing(&file.metadata().ok()?)
    }

    fn existing(metadata: &fs::Metadata) -> Option<FileId> {
        metadata.is_file().then(|| FileId::Existing(metadata.dev(), metadata.ino()))
    }
}

/// The path of a file that would be created, without symbolic links; none if there is no such folder.
fn missing(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Some(fs::canonicalize(folder).ok()?.join(path.file_name()?)),
        }
    }
    None
}

/// Returns whether a file, which may not exist, is in a folder or below it, after all symbolic links.
pub(super) fn is_within(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let Ok(folder) = real(folder) else { return false };
    path.ancestors().find_map(|part| real(part).ok()).is_some_and(|part| part.starts_with(folder))
}

/// Refuses to overwrite a file that is read. `output` is the value of an option, standard output if it is not there.
pub(super) fn refuse_inputs<'a>(
    option: &str,
    output: Option<&Path>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), String> {
    let Some(own) = FileId::of_output(output.unwrap_or(Path::new("-"))) else { return Ok(()) };
    match inputs.into_iter().any(|input| FileId::of_input(input).is_some_and(|input| input == own)) {
        false => Ok(()),
        true => Err(format!("{}: the file is also an input; name another file to write", named(option, output))),
    }
}

/// Refuses to overwrite a capture that is read, or a file that it is decoded with.
pub(super) fn refuse_captures(
    option: &str,
    output: Option<&Path>,
    captures: &[PathBuf],
    decode: &DecodeArgs,
) -> Result<(), String> {
    // Any file of types in the folder may be read.
    let is_proto = |path: &&Path| path.extension().is_some_and(|of| of == "proto");
    let is_read = |path: &&Path| decode.proto_folder().is_some_and(|folder| is_within(path, folder));
    let proto = output.filter(is_proto).filter(is_read);
    let files = decode_files(decode);
    refuse_inputs(option, output, captures.iter().chain(&files).map(PathBuf::as_path).chain(proto))
}

/// Refuses to write rows and packets to the same file. Without `output` rows go to standard output, but for when it has
/// the packets.
#[cfg(feature = "live")]
pub(super) fn refuse_same(output: Option<&Path>, packets: Option<&Path>) -> Result<(), String> {
    let stdout = Path::new("-");
    let Some(packets) = packets.filter(|packets| output.is_some() || *packets != stdout) else { return Ok(()) };
    match FileId::of_output(output.unwrap_or(stdout)) {
        Some(own) if FileId::of_output(packets).is_some_and(|packets| packets == own) => {
            let packets = escape_paths([packets]);
            Err(format!("{}: the file is also that of -w {packets}; name another file to write", named("-o", output)))
        }
        _ => Ok(()),
    }
}

fn named(option: &str, output: Option<&Path>) -> String {
    output.map_or("standard output".to_owned(), |path| format!("{option} {}", escape_paths([path])))
}
