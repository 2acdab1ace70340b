//! Least privilege: what listening took is given up before the first byte of a stranger is read.
//!
//! [`confine`] is called when the devices and the first file are open, and before there is a second thread: on Linux
//! capabilities and the sandbox are a thread's own, and only threads that begin later have them from this one. Who still
//! starts a program, and files of its user, does it in two steps: [`become_caller`], and after the start [`disarm`].

#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod user;

use std::fmt;
use std::path::PathBuf;

/// What is still to be done when rights have been given up.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// Files are still to be made, and removed, in this folder: the next ones of several.
    pub folder: Option<PathBuf>,
    /// Files are still to be read in these folders, which is no matter if they are not there.
    pub read: Vec<PathBuf>,
}

/// What was reached.
///
/// Shown as one line, such as `user 1000, no capabilities, no new privileges, Landlock 7: no files, no TCP`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Who this process is now; `None` where there are no user ids.
    pub uid: Option<u32>,
    /// Whether it has no capability, and can get none by what it keeps for later (Linux).
    pub no_capabilities: bool,
    /// Whether it has given up what programs it starts could be given (the bounding set), which takes a capability to do.
    pub no_bounding: bool,
    /// Whether no program it starts can have more rights than it has (Linux's `no_new_privs`).
    pub no_new_privs: bool,
    /// The version of Landlock that it is confined by; `None` if the system has none.
    pub landlock: Option<u32>,
    /// Where Landlock still lets it write; see [`Needs::folder`].
    pub folder: Option<PathBuf>,
}

/// Why rights were not given up. The process may have lost some of them, and had better end.
///
/// Shown as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was to be given up or looked at.
    pub what: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Error {
    #[cfg(unix)]
    fn new(what: &'static str, why: impl fmt::Display) -> Error {
        Error { what, why: why.to_string() }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the privileges for listening cannot be given up: {}: {}", self.what, self.why)
    }
}

/// The first version of Landlock that knows of TCP, and the first that knows of signals and abstract sockets.
const LANDLOCK_TCP: u32 = 4;
const LANDLOCK_SCOPES: u32 = 6;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(uid) = self.uid else { return f.write_str("nothing: this system has no means for it that are used") };
        write!(f, "user {uid}")?;
        if self.no_capabilities {
            f.write_str(", no capabilities")?;
        }
        if self.no_new_privs {
            f.write_str(", no new privileges")?;
        }
        let Some(version) = self.landlock else { return f.write_str(", no Landlock") };
        write!(f, ", Landlock {version}: ")?;
        match &self.folder {
            None => f.write_str("no files")?,
            Some(folder) => write!(f, "no files but new ones in {}", folder.display().to_string().escape_debug())?,
        }
        if version >= LANDLOCK_TCP {
            f.write_str(", no TCP")?;
        }
        if version >= LANDLOCK_SCOPES {
            f.write_str(", no signals")?;
        }
        Ok(())
    }
}

/// Gives up all rights but those that are needed: everything that is open stays usable, standard output too.
///
/// * Who is root becomes who called `sudo`, or else `nobody`. If files are still to be made, then only where that user
///   may make them; else root stays root, without a capability: an owner of files, to whom rules apply as to others.
/// * Linux: every capability of every set is given up; `no_new_privs`; Landlock, as much of it as the kernel has: no
///   file can be opened, no TCP port bound or connected to, no process outside be signalled, no abstract socket
///   outside be connected to. In the folder that is needed files can be made, written and removed.
///
/// It holds for this thread and those that begin later, so no other may be there yet. What the kernel has no means for
/// is told in the report and is no error.
///
/// # Errors
///
/// There are other threads, or a right that this process has cannot be given up.
pub fn confine(needs: &Needs) -> Result<Report, Error> {
    #[cfg(target_os = "linux")]
    return linux::confine(needs);
    #[cfg(all(unix, not(target_os = "linux")))]
    return Ok(Report { uid: Some(user::give_up_root(needs.folder.as_deref())?), ..Report::default() });
    #[cfg(not(unix))]
    return Ok(Report::default());
}

/// Whom root worked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user's name.
    pub name: String,
    /// Where the user is at home.
    pub home: PathBuf,
}

/// Becomes who called this program through `sudo` or by its set-user-ID bit, with all groups of that user. Root itself
/// stays root, and anyone else stays who that is. Returns whom it became, if that user has a name.
///
/// # Errors
///
/// This process may not become another user.
pub fn become_caller() -> Result<Option<Caller>, Error> {
    #[cfg(unix)]
    return user::become_caller();
    #[cfg(not(unix))]
    return Ok(None);
}

/// Gives up capabilities and new privileges (Linux), and nothing else: the files of this user stay within reach. Who is
/// root and has still files to make keeps the right to make them anywhere (`CAP_DAC_OVERRIDE`), and no other. Like
/// [`confine`] it holds for this thread and those that begin later.
///
/// # Errors
///
/// There are other threads, or a right that this process has cannot be given up.
pub fn disarm(files: Files) -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    return linux::disarm(files);
    #[cfg(not(target_os = "linux"))]
    return Ok(drop(files));
}

/// What a program has still to do with files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// To read its own.
    Read,
    /// To make new ones, too.
    Make,
}
