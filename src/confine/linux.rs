//! Linux: capabilities, `no_new_privs` and Landlock.

use std::fs;
use std::path::{Path, PathBuf};

use caps::{CapSet, Capability, CapsHashSet};
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::{AllowedPaths, Confinement, Error, FileAccess, user};

/// Capability sets of a thread, except the bounding set (capabilities(7)).
const SETS: [CapSet; 4] = [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable];

pub(super) fn confine(needs: &AllowedPaths) -> Result<Confinement, Error> {
    require_single_thread()?;
    // A file name without a folder refers to the current folder.
    let folder = needs.write_folder.as_deref().map(|folder| if folder == "" { Path::new(".") } else { folder });
    // The folders are opened before the privileges are dropped.
    let rules = ruleset(folder, &needs.read_folders)?;
    let no_bounding = clear_bounding_set()?;
    let uid = user::drop_root(folder)?;
    limit_capabilities(&CapsHashSet::new())?;
    let landlock = enforce(rules)?;
    let folder = folder.map(Path::to_owned);
    Ok(Confinement {
        uid: Some(uid),
        no_capabilities: true,
        no_bounding,
        no_new_privs: true,
        landlock,
        write_folder: folder,
    })
}

pub(super) fn drop_capabilities(files: FileAccess) -> Result<(), Error> {
    require_single_thread()?;
    clear_bounding_set()?;
    let mut kept = CapsHashSet::new();
    if files == FileAccess::Create && nix::unistd::geteuid().is_root() {
        kept.insert(Capability::CAP_DAC_OVERRIDE);
    }
    let had = caps::read(None, CapSet::Effective).map_err(|error| Error::new("capabilities", error))?;
    limit_capabilities(&kept.intersection(&had).copied().collect())
}

/// Returns an error if the process has other threads: capabilities and sandbox apply to one thread only.
fn require_single_thread() -> Result<(), Error> {
    // Without /proc the number of threads is unknown; 1 is assumed.
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    match threads {
        0 | 1 => Ok(()),
        _ => Err(Error::new("threads", format!("expected a single thread, found {threads}"))),
    }
}

/// Drops all capabilities except `kept` and sets `no_new_privs`. Programs started later inherit no capability.
fn limit_capabilities(kept: &CapsHashSet) -> Result<(), Error> {
    let failed = |error| Error::new("capabilities", error);
    let target =
        |set| if matches!(set, CapSet::Effective | CapSet::Permitted) { kept.clone() } else { CapsHashSet::new() };
    for set in SETS {
        caps::set(None, set, &target(set)).map_err(failed)?;
    }
    for set in SETS {
        let found = caps::read(None, set).map_err(failed)?;
        if found != target(set) {
            return Err(Error::new("capabilities", format!("{found:?} remain in the {set:?} set")));
        }
    }
    nix::sys::prctl::set_no_new_privs().map_err(|errno| Error::new("no_new_privs", errno.desc()))
}

/// Clears the bounding set, which limits the capabilities of programs started later. Returns whether the set is empty:
/// clearing requires `CAP_SETPCAP`.
fn clear_bounding_set() -> Result<bool, Error> {
    let failed = |error| Error::new("capabilities", error);
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).map_err(failed)? {
        return Ok(caps::read(None, CapSet::Bounding).map_err(failed)?.is_empty());
    }
    caps::clear(None, CapSet::Bounding).map_err(failed)?;
    Ok(true)
}

/// Creates a ruleset that denies everything this kernel's Landlock can deny, except the access needed.
fn ruleset(folder: Option<&Path>, read: &[PathBuf]) -> Result<RulesetCreated, Error> {
    let failed = |error| Error::new("Landlock", error);
    let abi = ABI::V9;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for folder in read.iter().filter_map(|folder| PathFd::new(folder).ok()) {
        rules = rules.add_rule(PathBeneath::new(folder, AccessFs::ReadFile)).map_err(failed)?;
    }
    let Some(folder) = folder else { return Ok(rules) };
    let opened = PathFd::new(folder).map_err(|error| Error::new("Landlock", error))?;
    let write_access = AccessFs::MakeReg | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::RemoveFile;
    rules.add_rule(PathBeneath::new(opened, write_access)).map_err(failed)
}

/// Enforces the ruleset; returns the Landlock version that enforces it, or `None` if the kernel has no Landlock.
fn enforce(rules: RulesetCreated) -> Result<Option<u32>, Error> {
    let status = rules.restrict_self().map_err(|error| Error::new("Landlock", error))?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => Some(effective_abi as u32),
        _ => None,
    })
}
