//! Switching from root to another user.

#[cfg(not(target_vendor = "apple"))]
use std::ffi::CString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{self, AccessFlags, Gid, Uid, User, faccessat, getegid, geteuid, getgid, getuid, setegid, seteuid};

use super::{Caller, Error};

/// User ID of `nobody` if that name does not exist.
const NOBODY: u32 = 65534;

/// Sticky bit of a folder's mode: only the owner of a file or of the folder removes the file.
const STICKY: u32 = 0o1000;

/// User and group.
#[derive(Clone, Copy)]
struct Identity {
    uid: Uid,
    gid: Gid,
}

impl Identity {
    fn switch_error(self, errno: Errno) -> Error {
        Error::new("root", format!("switching to user {}: {}", self.uid, errno.desc()))
    }
}

/// Switches from root to another user, unless files are to be created in a folder where that user cannot create any.
/// Returns the resulting user ID.
pub(super) fn drop_root(folder: Option<&Path>) -> Result<u32, Error> {
    let target = match (geteuid().is_root(), getuid().is_root()) {
        (false, _) => Identity { uid: geteuid(), gid: getegid() },
        // The program belongs to root and has the set-user-ID bit.
        (true, false) => Identity { uid: getuid(), gid: getgid() },
        (true, true) => match (sudo_caller(), folder) {
            (Some(caller), _) => caller,
            (None, None) => nobody_user(),
            // Files requested by root itself belong to root.
            (None, Some(_)) => Identity { uid: getuid(), gid: getgid() },
        },
    };
    // Root of a user namespace without other users has no privileges outside of it.
    if !is_mapped(target) {
        return Ok(geteuid().as_raw());
    }
    let failed = |errno| target.switch_error(errno);
    if geteuid().is_root() {
        set_only_group(target.gid).map_err(failed)?;
        if let Some(folder) = folder
            && !may_write(target, folder).map_err(failed)?
        {
            set_only_group(getgid()).map_err(failed)?;
            return Ok(geteuid().as_raw());
        }
    }
    become_permanently(target)?;
    Ok(target.uid.as_raw())
}

/// Switches to the user who called this program as root, if that was another user.
pub(super) fn become_caller() -> Result<Option<Caller>, Error> {
    let caller = match (geteuid().is_root(), getuid().is_root()) {
        (false, _) => None,
        // The groups are the caller's already.
        (true, false) => Some(Identity { uid: getuid(), gid: getgid() }),
        (true, true) => sudo_caller().filter(|caller| is_mapped(*caller)),
    };
    let Some(caller) = caller else { return Ok(None) };
    // The user is looked up while the process is still root.
    let user = User::from_uid(caller.uid).ok().flatten();
    if getuid().is_root() {
        set_groups_of(caller, user.as_ref()).map_err(|errno| caller.switch_error(errno))?;
    }
    become_permanently(caller)?;
    Ok(user.map(|user| Caller { name: user.name, home: user.dir }))
}

/// Returns the user who called `sudo`, from the environment variables that `sudo` sets. Only callers that may run
/// programs as root control this environment.
fn sudo_caller() -> Option<Identity> {
    let number = |name| std::env::var(name).ok()?.parse().ok();
    let (uid, gid) = (number("SUDO_UID")?, number("SUDO_GID")?);
    (uid != 0).then_some(Identity { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid) })
}

/// Returns the user `nobody`.
fn nobody_user() -> Identity {
    match User::from_name("nobody") {
        Ok(Some(user)) => Identity { uid: user.uid, gid: user.gid },
        _ => Identity { uid: Uid::from_raw(NOBODY), gid: Gid::from_raw(NOBODY) },
    }
}

/// Returns whether a user and a group exist in this user namespace (user_namespaces(7)). Each line of a map has the
/// first ID inside, the first ID outside, and the count. Without namespaces all IDs exist.
fn is_mapped(user: Identity) -> bool {
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

/// Returns whether a user can create files in a folder and remove the file that root created there. The check runs as
/// that user, because root may do everything.
fn may_write(user: Identity, folder: &Path) -> Result<bool, Errno> {
    // In a sticky folder such as /tmp, only the owner of a file or of the folder can remove the file.
    let is_sticky = |found: Metadata| found.mode() & STICKY != 0 && found.uid() != user.uid.as_raw();
    if fs::metadata(folder).is_ok_and(is_sticky) {
        return Ok(false);
    }
    let (uid, gid) = (geteuid(), getegid());
    setegid(user.gid)?;
    seteuid(user.uid)?;
    let access = faccessat(AT_FDCWD, folder, AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS);
    seteuid(uid)?;
    setegid(gid)?;
    Ok(access.is_ok())
}

/// Drops all groups except this one. On macOS the others remain, because setting them there requires unsafe code.
fn set_only_group(gid: Gid) -> Result<(), Errno> {
    #[cfg(not(target_vendor = "apple"))]
    unistd::setgroups(&[gid])?;
    let _ = gid;
    Ok(())
}

/// Sets all groups of a user, if the user is known. On macOS the current groups remain: see [`set_only_group`].
fn set_groups_of(identity: Identity, user: Option<&User>) -> Result<(), Errno> {
    #[cfg(not(target_vendor = "apple"))]
    if let Some(name) = user.and_then(|user| CString::new(user.name.as_str()).ok()) {
        return unistd::initgroups(&name, identity.gid);
    }
    let _ = user;
    set_only_group(identity.gid)
}

/// Switches to a user irrevocably.
fn become_permanently(user: Identity) -> Result<(), Error> {
    set_ids(user).map_err(|errno| user.switch_error(errno))?;
    if geteuid() != user.uid || getuid() != user.uid {
        return Err(user.switch_error(Errno::EPERM));
    }
    // Regaining root must be impossible.
    if !user.uid.is_root() && seteuid(Uid::from_raw(0)).is_ok() {
        return Err(Error::new("root", "root can be regained"));
    }
    Ok(())
}

/// Sets the real, effective and saved IDs.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd"))]
fn set_ids(user: Identity) -> Result<(), Errno> {
    unistd::setresgid(user.gid, user.gid, user.gid)?;
    unistd::setresuid(user.uid, user.uid, user.uid)
}

/// Sets the real, effective and saved IDs: for root, these calls set all three.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "openbsd")))]
fn set_ids(user: Identity) -> Result<(), Errno> {
    unistd::setgid(user.gid)?;
    unistd::setuid(user.uid)
}
