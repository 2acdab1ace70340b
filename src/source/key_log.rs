//! TLS secrets: key log files, which may grow, private keys, and the Decryption Secrets Blocks of capture files.

use super::Secret;
use super::file::open_without_waiting;
use dissectors::key_log;
use dissectors::private_key::PrivateKey;
use dissectors::session::Secrets;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum bytes read of all key logs: some 350,000 secrets.
const MAX_BYTES: u64 = 64 << 20;
/// Maximum bytes of a line that is not complete; a secret has some 200.
const MAX_LINE: usize = 4096;
/// Maximum bytes of a file with private keys.
const MAX_KEY_FILE: u64 = 1 << 20;
/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;
/// Maximum wait for the writer of a named pipe, and for its next bytes.
const PIPE_TIMEOUT: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 5000 });
/// Interval between two attempts to read a named pipe.
const PIPE_INTERVAL: Duration = Duration::from_millis(10);
/// Maximum bytes of the blocks of a capture, as for blocks that are read with its frames.
const MAX_BLOCK_BYTES: u64 = 8 << 20;
/// Secrets type of a TLS key log (draft-ietf-opsawg-pcapng 4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Type of a Decryption Secrets Block.
const SECRETS_BLOCK: u32 = 10;
/// Type of a Section Header Block, the same in both byte orders.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;

/// Key log files, which are read again when they have grown.
#[derive(Debug, Default)]
pub struct KeyLogs {
    files: Vec<KeyLogFile>,
    /// Files with private keys.
    key_files: Vec<PathBuf>,
    secrets: Arc<Secrets>,
    /// Bytes read of all files.
    bytes: u64,
}

/// A key log file. It stays open, so that it can be read after the process has dropped its privileges.
#[derive(Debug)]
struct KeyLogFile {
    path: PathBuf,
    file: File,
    /// Bytes read so far.
    offset: u64,
    /// Last line, without its end.
    line: Vec<u8>,
    /// Whether the present line is longer than a secret may be.
    is_too_long: bool,
    malformed: usize,
    /// Whether a named pipe was not read to its end.
    is_unfinished: bool,
}

impl KeyLogFile {
    /// Reads the secrets of complete lines, and keeps the bytes after them.
    fn add(&mut self, bytes: &[u8], at_frame: u32, secrets: &mut Secrets) {
        let mut bytes = bytes;
        if self.is_too_long {
            let Some(end) = memchr::memchr(b'\n', bytes) else { return };
            bytes = &bytes[end + 1..];
            self.is_too_long = false;
            self.malformed += 1;
        }
        let complete = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        let (lines, rest) = bytes.split_at(complete);
        if !lines.is_empty() {
            self.line.extend_from_slice(lines);
            self.malformed += key_log::read(&self.line, at_frame, secrets).malformed;
            self.line.clear();
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > MAX_LINE {
            (self.is_too_long, self.line) = (true, Vec::new());
        }
    }
}

impl KeyLogs {
    /// Adds a file and reads it.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn open(&mut self, path: &Path) -> io::Result<()> {
        let file = open_without_waiting(path)?;
        self.files.push(KeyLogFile {
            path: path.to_owned(),
            file,
            offset: 0,
            line: Vec::new(),
            is_too_long: false,
            malformed: 0,
            is_unfinished: false,
        });
        self.read_file(self.files.len() - 1, 0, true).map(drop)
    }

    /// Adds the RSA private keys of a PEM file. Returns whether all were added: there is a maximum number.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or has no RSA private key.
    pub fn add_private_keys(&mut self, path: &Path) -> Result<bool, String> {
        let mut text = Vec::new();
        let file = File::open(path).and_then(|file| file.take(MAX_KEY_FILE + 1).read_to_end(&mut text));
        file.map_err(|error| error.to_string())?;
        if text.len() as u64 > MAX_KEY_FILE {
            return Err(format!("expected a private key, found more than {} MiB", MAX_KEY_FILE >> 20));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let keys = PrivateKey::read_pem(&name, &text).map_err(|error| error.to_string())?;
        self.key_files.push(path.to_owned());
        Ok(Arc::make_mut(&mut self.secrets).add_private_keys(keys.into_iter().map(Arc::new)))
    }

    /// Returns the named pipes whose end was not read within the time limit.
    pub fn unfinished(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().filter(|file| file.is_unfinished).map(|file| file.path.as_path())
    }

    /// Declares that more secrets may come for the frames read last.
    pub fn await_more(&mut self) {
        if !self.files.is_empty() {
            Arc::make_mut(&mut self.secrets).awaits_more = true;
        }
    }

    /// Returns whether there is no key log.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the paths of the key logs, and of the files with private keys.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| &file.path).chain(&self.key_files).map(PathBuf::as_path)
    }

    /// Returns the secrets read so far.
    #[must_use]
    pub fn secrets(&self) -> Arc<Secrets> {
        Arc::clone(&self.secrets)
    }

    /// Returns the files with malformed lines, and their number.
    pub fn malformed(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.files.iter().filter(|file| file.malformed > 0).map(|file| (file.path.as_path(), file.malformed))
    }

    /// Returns whether the limit is reached, so that further lines are not read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES
    }

    /// Reads the lines that were appended since the last call. Their secrets are known from a frame on. Returns whether
    /// there are new ones. A file that cannot be read any more has none.
    pub fn read_appended(&mut self, at_frame: u32) -> bool {
        let count = self.files.len();
        (0..count).fold(false, |is_new, nth| is_new | self.read_file(nth, at_frame, false).unwrap_or(false))
    }

    /// Reads the further lines of a file.
    fn read_file(&mut self, nth: usize, at_frame: u32, is_whole: bool) -> io::Result<bool> {
        let Some(log) = self.files.get_mut(nth) else { return Ok(false) };
        let metadata = log.file.metadata()?;
        let (len, is_pipe) = (metadata.len(), metadata.file_type().is_fifo());
        if metadata.is_file() {
            if len < log.offset {
                // The file was truncated and is written anew.
                (log.offset, log.is_too_long) = (0, false);
                log.line.clear();
            }
            if len == log.offset && !is_whole {
                return Ok(false);
            }
            log.file.seek(SeekFrom::Start(log.offset))?;
        }
        let secrets = Arc::make_mut(&mut self.secrets);
        let before = secrets.len();
        let mut chunk = vec![0; CHUNK];
        let mut last_read = Instant::now();
        while self.bytes < MAX_BYTES {
            let has_writer = match log.file.read(&mut chunk) {
                Ok(0) => false,
                Ok(count) => {
                    log.add(&chunk[..count], at_frame, secrets);
                    log.offset += count as u64;
                    self.bytes += count as u64;
                    last_read = Instant::now();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => true,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            // A pipe without a writer ends after its bytes; before them, a writer may still come.
            if !(is_pipe && is_whole && (has_writer || log.offset == 0)) {
                break;
            }
            if last_read.elapsed() > PIPE_TIMEOUT {
                log.is_unfinished = true;
                break;
            }
            std::thread::sleep(PIPE_INTERVAL);
        }
        if is_whole {
            // A last line without its end may still be written. Then it is read again.
            key_log::read(&log.line, at_frame, secrets);
        }
        Ok(secrets.len() > before)
    }
}

/// Adds the TLS secrets of blocks of a capture file, known from a frame on. Returns the number of malformed lines.
pub fn add_block_secrets(blocks: &[Secret], at_frame: u32, secrets: &mut Secrets) -> usize {
    let blocks = blocks.iter().filter(|block| block.kind == TLS_KEY_LOG);
    blocks.map(|block| key_log::read(&block.bytes, at_frame, secrets).malformed).sum()
}

/// Returns a block with the secrets that were derived, such as with private keys, if there are some.
#[must_use]
pub fn derived_secrets_block(secrets: &Secrets) -> Option<Secret> {
    let text = key_log::write_derived(secrets);
    (!text.is_empty()).then(|| Secret { kind: TLS_KEY_LOG, bytes: text.into_bytes() })
}

/// Returns the secrets of the Decryption Secrets Blocks of pcapng files, wherever they are. Secrets of other files, such as
/// compressed ones and pipes, are found while their frames are read.
#[must_use]
pub fn find_block_secrets<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Vec<Secret> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_file()
            && let Ok(file) = File::open(path)
        {
            found.extend(read_block_secrets(file));
        }
    }
    found
}

/// Returns the secrets of the Decryption Secrets Blocks of one pcapng file, as far as it can be read. What cannot is reported
/// when its frames are read.
#[must_use]
pub fn read_block_secrets(file: impl Read + Seek) -> Vec<Secret> {
    let mut found = Vec::new();
    let _ = scan_blocks(BufReader::with_capacity(256 << 10, file), &mut found);
    found
}

/// Reads the headers of all blocks, and the bodies of those with secrets.
fn scan_blocks(mut file: BufReader<impl Read + Seek>, found: &mut Vec<Secret>) -> io::Result<()> {
    if !file.fill_buf()?.starts_with(&SECTION_HEADER.to_be_bytes()) {
        return Ok(());
    }
    let mut is_big_endian = false;
    let mut budget = MAX_BLOCK_BYTES;
    loop {
        let mut head = [0; 12];
        file.read_exact(&mut head)?;
        let [kind, length, magic] = [0, 4, 8].map(|at| [head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if kind == SECTION_HEADER.to_be_bytes() {
            is_big_endian = magic == [0x1a, 0x2b, 0x3c, 0x4d];
        }
        let number = |bytes| if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        let rest = u64::from(number(length)).next_multiple_of(4).checked_sub(12).ok_or(io::ErrorKind::InvalidData)?;
        if number(kind) != SECRETS_BLOCK || rest > budget {
            file.seek_relative(rest as i64)?;
            continue;
        }
        // `magic` is the secrets type; their length and the secrets follow.
        let mut body = vec![0; rest as usize];
        file.read_exact(&mut body)?;
        budget -= rest;
        if let Some((&length, bytes)) = body.split_first_chunk() {
            let bytes = bytes.get(..number(length) as usize).unwrap_or_default().to_vec();
            found.push(Secret { kind: number(magic), bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn line(byte: &str) -> String {
        format!("CLIENT_RANDOM {} {}\n", byte.repeat(32), "01".repeat(48))
    }

    #[test]
    fn a_key_log_that_grows_is_read_from_its_last_complete_line_on() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let mut logs = KeyLogs::default();
        let (first, second) = (line("0a"), line("0b"));
        write!(file, "{first}malformed\n{}", &second[..40]).expect("written");
        logs.open(file.path()).expect("opened");
        assert_eq!(logs.secrets().len(), 1);
        assert!(!logs.read_appended(3));
        write!(file, "{}", &second[40..]).expect("written");
        assert!(logs.read_appended(7));
        assert!(!logs.read_appended(8));
        let known = |byte: u8, frame| logs.secrets().get("CLIENT_RANDOM", &[byte; 32], frame).is_some();
        assert!(known(10, 0) && known(11, 7) && !known(11, 6));
        assert_eq!(logs.malformed().map(|(_, count)| count).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_not_buffered() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        write!(file, "{}\n{}", "x".repeat(1 << 20), line("0a")).expect("written");
        let mut logs = KeyLogs::default();
        logs.open(file.path()).expect("opened");
        assert_eq!(logs.secrets().len(), 1);
        assert_eq!(logs.malformed().map(|(_, count)| count).collect::<Vec<_>>(), [1]);
        logs.open(Path::new("/dev/zero")).expect("opened");
        assert!(logs.is_full());
        assert!(logs.files.iter().all(|file| file.line.capacity() <= 2 * CHUNK));
    }

    #[test]
    fn a_named_pipe_is_read_until_its_writer_is_silent() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let mut logs = KeyLogs::default();
        logs.open(&path).expect("opened");
        assert_eq!((logs.secrets().len(), logs.unfinished().count()), (0, 1));
        let mut writer = File::options().read(true).write(true).open(&path).expect("a writer");
        write!(writer, "{}", line("0a")).expect("written");
        let mut logs = KeyLogs::default();
        logs.open(&path).expect("opened");
        assert_eq!((logs.secrets().len(), logs.unfinished().count()), (1, 1));
        write!(writer, "{}", line("0b")).expect("written");
        assert!(logs.read_appended(7));
    }

    #[test]
    fn a_last_line_without_its_end_is_read_if_it_is_complete() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        write!(file, "{}", line("0a").trim_end()).expect("written");
        let mut logs = KeyLogs::default();
        logs.open(file.path()).expect("opened");
        assert_eq!(logs.secrets().len(), 1);
        assert_eq!(logs.malformed().count(), 0);
    }
}
