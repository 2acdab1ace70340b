//! Root becomes somebody else.

#[cfg(not(target_vendor = "apple"))]
use std::ffi::CString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{self, AccessFlags, Gid, Uid, User, faccessat, getegid, geteuid, getgid, getuid, setegid, seteuid};

use super::{Caller, Error};

/// `nobody`'s number where there is no such name.
const NOBODY: u32 = 65534;

/// The bit of a folder's mode that says whose files are removed by whom.
const STICKY: u32 = 0o1000;

/// A user and a group.
#[derive(Clone, Copy)]
struct Identity {
    uid: Uid,
    gid: Gid,
}

impl Identity {
    fn refused(self, errno: Errno) -> Error {
        Error::new("to be root", format!("becoming user {}: {}", self.uid, errno.desc()))
    }
}

/// Root becomes another user, unless files are to be made in a folder where that one may make none. Returns who this
/// process is then.
pub(super) fn give_up_root(folder: Option<&Path>) -> Result<u32, Error> {
    let other = match (geteuid().is_root(), getuid().is_root()) {
        (false, _) => Identity { uid: geteuid(), gid: getegid() },
        // A program that belongs to root and has the set-user-ID bit.
        (true, false) => Identity { uid: getuid(), gid: getgid() },
        (true, true) => match (by_sudo(), folder) {
            (Some(caller), _) => caller,
            (None, None) => nobody(),
            // What root asks for belongs to root.
            (None, Some(_)) => Identity { uid: getuid(), gid: getgid() },
        },
    };
    // Root of a namespace that has no other users is nobody's root outside.
    if !is_here(other) {
        return Ok(geteuid().as_raw());
    }
    let failed = |errno| other.refused(errno);
    if geteuid().is_root() {
        groups(other.gid).map_err(failed)?;
        if let Some(folder) = folder
            && !may_write(other, folder).map_err(failed)?
        {
            groups(getgid()).map_err(failed)?;
            return Ok(geteuid().as_raw());
        }
    }
    become_for_good(other)?;
    Ok(other.uid.as_raw())
}

/// Becomes who called root, if it was somebody else.
pub(super) fn become_caller() -> Result<Option<Caller>, Error> {
    let caller = match (geteuid().is_root(), getuid().is_root()) {
        (false, _) => None,
        // The groups are the caller's already.
        (true, false) => Some(Identity { uid: getuid(), gid: getgid() }),
        (true, true) => by_sudo().filter(|caller| is_here(*caller)),
    };
    let Some(caller) = caller else { return Ok(None) };
    // Looked up by root, as is all that takes it.
    let user = User::from_uid(caller.uid).ok().flatten();
    if getuid().is_root() {
        groups_of(caller, user.as_ref()).map_err(|errno| caller.refused(errno))?;
    }
    become_for_good(caller)?;
    Ok(user.map(|user| Caller { name: user.name, home: user.dir }))
}

/// Who called `sudo`; it tells so in the environment, which only root's callers have a say in.
fn by_sudo() -> Option<Identity> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let (uid, gid) = (number("SUDO_UID")?, number("SUDO_GID")?);
    (uid != 0).then_some(Identity { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid) })
}

fn nobody() -> Identity {
    match User::from_name("nobody") {
        Ok(Some(user)) => Identity { uid: user.uid, gid: user.gid },
        _ => Identity { uid: Uid::from_raw(NOBODY), gid: Gid::from_raw(NOBODY) },
    }
}

/// Whether there is such a user and such a group in this namespace (user_namespaces(7)): each line of the map has the
/// first number inside, the first outside, and how many there are. Without namespaces there are all.
fn is_here(user: Identity) -> bool {
    let maps = [("/proc/self/uid_map", user.uid.as_raw()), ("/proc/self/gid_map", user.gid.as_raw())];
    maps.into_iter().all(|(map, id)| {
        let Ok(map) = fs::read_to_string(map) else { return true };
        map.lines().any(|line| {
            let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
            let (first, count) = (numbers.next().unwrap_or(0), numbers.nth(1).unwrap_or(0));
            id.checked_sub(first).is_some_and(|nth| nth < count)
        })
    })
}

/// Whether a user may make files in a folder and remove the one that root made there. Asked as that user, as root may
/// do everything.
fn may_write(user: Identity, folder: &Path) -> Result<bool, Errno> {
    // In a sticky folder such as /tmp a file is removed by its owner only, or by the folder's.
    let sticky = |found: Metadata| found.mode() & STICKY != 0 && found.uid() != user.uid.as_raw();
    if fs::metadata(folder).is_ok_and(sticky) {
        return Ok(false);
    }
    let (uid, gid) = (geteuid(), getegid());
    setegid(user.gid)?;
    seteuid(user.uid)?;
    let may = faccessat(AT_FDCWD, folder, AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS);
    seteuid(uid)?;
    setegid(gid)?;
    Ok(may.is_ok())
}

/// No group but this. macOS keeps the others: what sets them there is not to be had without unsafe code.
fn groups(gid: Gid) -> Result<(), Errno> {
    #[cfg(not(target_vendor = "apple"))]
    unistd::setgroups(&[gid])?;
    let _ = gid;
    Ok(())
}

/// All groups of a user, where they are known. macOS keeps those there are: see [`groups`].
fn groups_of(identity: Identity, user: Option<&User>) -> Result<(), Errno> {
    #[cfg(not(target_vendor = "apple"))]
    if let Some(name) = user.and_then(|user| CString::new(user.name.as_str()).ok()) {
        return unistd::initgroups(&name, identity.gid);
    }
    let _ = user;
    groups(identity.gid)
}

/// Becomes a user, and cannot go back.
fn become_for_good(user: Identity) -> Result<(), Error> {
    set_all(user).map_err(|errno| user.refused(errno))?;
    if geteuid() != user.uid || getuid() != user.uid {
        return Err(user.refused(Errno::EPERM));
    }
    // Nobody who gave up root may have it back.
    if !user.uid.is_root() && seteuid(Uid::from_raw(0)).is_ok() {
        return Err(Error::new("to be root", "it can be taken back"));
    }
    Ok(())
}

/// Real, effective and saved.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
fn set_all(user: Identity) -> Result<(), Errno> {
    unistd::setresgid(user.gid, user.gid, user.gid)?;
    unistd::setresuid(user.uid, user.uid, user.uid)
}

/// Real, effective and saved: for root these two set all three.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd")))]
fn set_all(user: Identity) -> Result<(), Errno> {
    unistd::setgid(user.gid)?;
    unistd::setuid(user.uid)
}
