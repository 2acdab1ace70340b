//! Linux: capabilities, `no_new_privs` and Landlock.

use std::fs;
use std::path::{Path, PathBuf};

use caps::{CapSet, Capability, CapsHashSet};
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::{Error, Files, Needs, Report, user};

/// The sets of capabilities that a thread has, beside the one that bounds them.
const SETS: [CapSet; 4] = [CapSet::Ambient, CapSet::Effective, CapSet::Permitted, CapSet::Inheritable];

pub(super) fn confine(needs: &Needs) -> Result<Report, Error> {
    assert_alone()?;
    // A name without a folder is of this one.
    let folder = needs.folder.as_deref().map(|folder| if folder == "" { Path::new(".") } else { folder });
    // The folder is opened with the rights of before.
    let rules = rules(folder, &needs.read)?;
    let no_bounding = bound()?;
    let uid = user::give_up_root(folder)?;
    keep_only(&CapsHashSet::new())?;
    let landlock = restrict(rules)?;
    let folder = folder.map(Path::to_owned);
    Ok(Report { uid: Some(uid), no_capabilities: true, no_bounding, no_new_privs: true, landlock, folder })
}

pub(super) fn disarm(files: Files) -> Result<(), Error> {
    assert_alone()?;
    bound()?;
    let mut kept = CapsHashSet::new();
    if files == Files::Make && nix::unistd::geteuid().is_root() {
        kept.insert(Capability::CAP_DAC_OVERRIDE);
    }
    let had = caps::read(None, CapSet::Effective).map_err(|error| Error::new("capabilities", error))?;
    keep_only(&kept.intersection(&had).copied().collect())
}

/// All of this is a thread's own.
fn assert_alone() -> Result<(), Error> {
    // Without /proc it cannot be known.
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    match threads {
        0 | 1 => Ok(()),
        _ => Err(Error::new("those of every thread", format!("{threads} threads are there already, 1 was wanted"))),
    }
}

/// Gives up all capabilities but these, which no program that is started has, and new privileges.
fn keep_only(kept: &CapsHashSet) -> Result<(), Error> {
    let failed = |error| Error::new("capabilities", error);
    let mine =
        |set| if matches!(set, CapSet::Effective | CapSet::Permitted) { kept.clone() } else { CapsHashSet::new() };
    for set in SETS {
        caps::set(None, set, &mine(set)).map_err(failed)?;
    }
    for set in SETS {
        let has = caps::read(None, set).map_err(failed)?;
        if has != mine(set) {
            return Err(Error::new("capabilities", format!("{has:?} stay in the set {set:?}")));
        }
    }
    nix::sys::prctl::set_no_new_privs().map_err(|errno| Error::new("new privileges", errno.desc()))
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
