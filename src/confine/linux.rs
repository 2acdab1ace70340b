//! Linux: capabilities, `no_new_privs` and Landlock.

use std::fs;
use std::path::{Path, PathBuf};

use caps::{CapSet, Capability};
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::{Error, Needs, Report, user};

/// The sets of capabilities that a thread has, beside the one that bounds them.
const SETS: [CapSet; 4] = [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable];

pub(super) fn confine(needs: &Needs) -> Result<Report, Error> {
    // Without /proc it cannot be known.
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(Error::new("those of every thread", format!("{threads} threads are there already, 1 was wanted")));
    }
    // A name without a folder is of this one.
    let folder = needs.folder.as_deref().map(|folder| if folder == "" { Path::new(".") } else { folder });
    // The folder is opened with the rights of before.
    let rules = rules(folder, &needs.read)?;
    let no_bounding = bound()?;
    let uid = user::give_up_root(folder)?;
    for set in SETS {
        caps::clear(None, set).map_err(|error| Error::new("capabilities", error))?;
    }
    for set in SETS {
        let left = caps::read(None, set).map_err(|error| Error::new("capabilities", error))?;
        if !left.is_empty() {
            return Err(Error::new("capabilities", format!("{left:?} stay in the set {set:?}")));
        }
    }
    nix::sys::prctl::set_no_new_privs().map_err(|errno| Error::new("new privileges", errno.desc()))?;
    let landlock = restrict(rules)?;
    let folder = folder.map(Path::to_owned);
    Ok(Report { uid: Some(uid), no_capabilities: true, no_bounding, no_new_privs: true, landlock, folder })
}

/// Empties the set of capabilities that programs could be given; false if this process has not the right to.
fn bound() -> Result<bool, Error> {
    let failed = |error| Error::new("capabilities", error);
    if !caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).map_err(failed)? {
        return Ok(caps::read(None, CapSet::Bounding).map_err(failed)?.is_empty());
    }
    caps::clear(None, CapSet::Bounding).map_err(failed)?;
    Ok(true)
}

/// Everything that Landlock can refuse is refused; what this kernel's cannot is left out.
fn rules(folder: Option<&Path>, read: &[PathBuf]) -> Result<RulesetCreated, Error> {
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
    let writing = AccessFs::MakeReg | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::RemoveFile;
    rules.add_rule(PathBeneath::new(opened, writing)).map_err(failed)
}

/// Puts the rules in force; returns which version of Landlock holds them, if the kernel has it.
fn restrict(rules: RulesetCreated) -> Result<Option<u32>, Error> {
    let status = rules.restrict_self().map_err(|error| Error::new("Landlock", error))?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => None,
        (_, LandlockStatus::Available { effective_abi, .. }) => Some(effective_abi as u32),
        _ => None,
    })
}
