//! Name resolution: which addresses have their names, and from where. Nothing is looked up.

use super::limits;
use dissectors::host_names::HostNames;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// The names that replace addresses.
#[derive(Clone, Debug)]
pub struct NameResolution {
    /// The kinds of names.
    pub flags: NameFlags,
    /// Hosts files that names were read from.
    pub hosts_files: Vec<PathBuf>,
    /// Names of network addresses.
    pub host_names: Arc<HostNames>,
}

impl Default for NameResolution {
    fn default() -> NameResolution {
        let host_names = Arc::new(HostNames::with_limit(limits::HOST_NAME_BYTES));
        NameResolution { flags: NameFlags::DEFAULT, hosts_files: Vec::new(), host_names }
    }
}

/// The kinds of names, as in tshark's `-N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameFlags {
    /// Names of Ethernet addresses.
    pub ethernet: bool,
    /// Names of network addresses.
    pub network: bool,
    /// Names of network addresses in DNS messages of the capture.
    pub messages: bool,
}

impl NameFlags {
    /// No names.
    pub const NONE: NameFlags = NameFlags { ethernet: false, network: false, messages: false };
    /// The names that are shown by default.
    pub const DEFAULT: NameFlags = NameFlags { ethernet: true, ..NameFlags::NONE };
    /// All names.
    pub const ALL: NameFlags = NameFlags { ethernet: true, network: true, messages: true };

    /// Whether names are collected from messages.
    #[must_use]
    pub fn collects_messages(self) -> bool {
        self.network && self.messages
    }
}

impl FromStr for NameFlags {
    type Err = String;

    /// Reads letters such as `mnd`.
    fn from_str(text: &str) -> Result<NameFlags, String> {
        let mut flags = NameFlags::NONE;
        for letter in text.chars() {
            match letter {
                'm' => flags.ethernet = true,
                'n' => flags.network = true,
                'd' => flags.messages = true,
                'N' => return Err("N requires a name server, and overhear never looks up anything".into()),
                'g' | 's' | 't' | 'v' => return Err(format!("{letter} is not supported; {EXPECTED}")),
                _ => return Err(format!("unknown letter {letter}; {EXPECTED}")),
            }
        }
        if flags.messages && !flags.network {
            return Err("d requires n: names in messages are names of network addresses".into());
        }
        Ok(flags)
    }
}

/// The letters that are accepted.
const EXPECTED: &str =
    "expected m (Ethernet addresses), n (network addresses), d (names in DNS messages of the capture)";

impl fmt::Display for NameFlags {
    /// Writes the letters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(self.ethernet, "m"), (self.network, "n"), (self.messages, "d")];
        letters.into_iter().filter(|(is_set, _)| *is_set).try_for_each(|(_, letter)| f.write_str(letter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_select_kinds_of_names() {
        let all = NameFlags::ALL;
        assert_eq!("dnm".parse(), Ok(all));
        assert_eq!(all.to_string(), "mnd");
        assert_eq!("n".parse(), Ok(NameFlags { network: true, ..NameFlags::NONE }));
        for (letters, error) in [
            ("nN", "N requires a name server, and overhear never looks up anything"),
            ("x", "unknown letter x; expected m (Ethernet addresses), n (network"),
            ("v", "v is not supported; expected m (Ethernet"),
            ("d", "d requires n: names in messages are names of network addresses"),
        ] {
            let found = letters.parse::<NameFlags>().err().unwrap_or_default();
            assert!(found.starts_with(error), "{letters}: {found}");
        }
    }
}
