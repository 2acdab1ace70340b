//! Least privilege: privileges needed to open interfaces are dropped before the first captured byte is read.
//!
//! Call [`confine`] when the devices and the first file are open, and before a second thread starts. On Linux,
//! capabilities and the sandbox belong to a thread, and only threads started later inherit them. A program that still
//! starts another program and opens files of its user uses two steps: [`become_caller`], and after the start
//! [`drop_capabilities`].

#[cfg(target_os = "linux")]
mod linux;
#[cfg(unix)]
mod user;

use std::fmt;
use std::path::PathBuf;

/// File access still needed after privileges are dropped.
#[derive(Clone, Debug, Default)]
pub struct AllowedPaths {
    /// Folder in which files are still created and removed: the next files of a rotation.
    pub write_folder: Option<PathBuf>,
    /// Folders in which files are still read. A missing folder is not an error.
    pub read_folders: Vec<PathBuf>,
}

/// Restrictions in force after [`confine`].
///
/// Displayed in one line, such as `user 1000, no capabilities, no new privileges, Landlock 7: no files, no TCP`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// User ID of this process; `None` on systems without user IDs.
    pub uid: Option<u32>,
    /// Whether the process has no capability in any set and cannot gain one (Linux).
    pub no_capabilities: bool,
    /// Whether the bounding set is empty, which limits programs started later. Clearing the set requires a capability.
    pub no_bounding: bool,
    /// Whether `no_new_privs` is set: no program started later gains privileges (Linux).
    pub no_new_privs: bool,
    /// Landlock version that confines the process; `None` if the system has no Landlock.
    pub landlock: Option<u32>,
    /// Folder in which Landlock still permits writing; see [`AllowedPaths::write_folder`].
    pub write_folder: Option<PathBuf>,
}

/// Error while dropping privileges. The process may have lost some of them and should exit.
///
/// Displayed in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Privilege or mechanism that failed.
    pub subject: &'static str,
    /// Reason of the failure.
    pub reason: String,
}

impl Error {
    #[cfg(unix)]
    fn new(subject: &'static str, reason: impl fmt::Display) -> Error {
        Error { subject, reason: reason.to_string() }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot drop privileges: {}: {}", self.subject, self.reason)
    }
}

/// First Landlock version that restricts TCP, and first version that restricts signals and abstract sockets.
const LANDLOCK_TCP: u32 = 4;
const LANDLOCK_SCOPES: u32 = 6;

impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(uid) = self.uid else { return f.write_str("none: not supported on this system") };
        write!(f, "user {uid}")?;
        if self.no_capabilities {
            f.write_str(", no capabilities")?;
        }
        if self.no_new_privs {
            f.write_str(", no new privileges")?;
        }
        let Some(version) = self.landlock else { return f.write_str(", no Landlock") };
        write!(f, ", Landlock {version}: ")?;
        match &self.write_folder {
            None => f.write_str("no files")?,
            Some(folder) => write!(f, "no files except new ones in {}", folder.display().to_string().escape_debug())?,
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

/// Drops all privileges except the access needed. Everything already open stays usable, including standard output.
///
/// * Root becomes the user who called `sudo`, or `nobody` without `sudo`. If files are still to be created, it becomes
///   the user who called `sudo` only if that user may create them there. Otherwise the process stays root without
///   capabilities: it owns root's files, and permission checks apply to it.
/// * Linux: all capabilities of all sets are dropped and `no_new_privs` is set. Landlock denies, as far as the kernel
///   supports it: opening files, binding and connecting TCP ports, signalling processes outside, and connecting to
///   abstract sockets outside. In the needed folder, files can be created, written and removed.
///
/// The restrictions apply to this thread and to threads started later, so no other thread may exist yet. The result
/// shows which restrictions the kernel does not support; they are no error.
///
/// # Errors
///
/// Other threads exist, or a privilege of this process cannot be dropped.
pub fn confine(needs: &AllowedPaths) -> Result<Confinement, Error> {
    #[cfg(target_os = "linux")]
    return linux::confine(needs);
    #[cfg(all(unix, not(target_os = "linux")))]
    return Ok(Confinement { uid: Some(user::drop_root(needs.write_folder.as_deref())?), ..Confinement::default() });
    #[cfg(not(unix))]
    return Ok(Confinement::default());
}

/// User on whose behalf the process ran as root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// User name.
    pub name: String,
    /// Home directory.
    pub home: PathBuf,
}

/// Switches to the user who called this program through `sudo` or through its set-user-ID bit, with all groups of that
/// user. A direct call by root or by another user changes nothing. Returns the new user, if that user has a name.
///
/// # Errors
///
/// The process cannot switch to that user.
pub fn become_caller() -> Result<Option<Caller>, Error> {
    #[cfg(unix)]
    return user::become_caller();
    #[cfg(not(unix))]
    return Ok(None);
}

/// Drops capabilities and sets `no_new_privs` (Linux), and nothing else: the user's files stay accessible. If root
/// still creates files, it keeps only `CAP_DAC_OVERRIDE`, which permits creating them anywhere. As with [`confine`],
/// this applies to the current thread and to threads started later.
///
/// # Errors
///
/// Other threads exist, or a privilege of this process cannot be dropped.
pub fn drop_capabilities(files: FileAccess) -> Result<(), Error> {
    #[cfg(target_os = "linux")]
    return linux::drop_capabilities(files);
    #[cfg(not(target_os = "linux"))]
    return Ok(match files {
        FileAccess::Read | FileAccess::Create => (),
    });
}

/// File access that a program still needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Reads files of its user.
    Read,
    /// Creates new files as well.
    Create,
}
