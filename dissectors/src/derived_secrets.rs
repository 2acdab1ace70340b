//! A secret, and the secrets that sessions derived, under the names by which other connections refer to them.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

/// Maximum number of derived secrets, of some 200 bytes each. A handshake of TLS has up to three.
pub const MAX_DERIVED: usize = 1 << 15;

/// Bytes of a secret. They are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A secret of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Secret {
        Secret(bytes.into())
    }

    /// The bytes, for deriving keys.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Name of a derived secret: a label, and a random or the hash of an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName {
    /// Kind of the name.
    pub label: &'static str,
    /// The random, or the hash.
    pub id: [u8; 32],
}

/// A secret that a session derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedSecret {
    /// The name.
    pub name: SecretName,
    /// Frame from which it is known.
    pub frame: u32,
    /// Number of the private key that it was derived with.
    pub key: usize,
    /// The secret.
    pub secret: Secret,
}

/// The secrets that were derived last in a capture.
#[derive(Clone, Debug, Default)]
pub struct DerivedSecrets {
    secrets: BTreeMap<SecretName, DerivedSecret>,
    /// Names in the order in which they were added.
    order: VecDeque<SecretName>,
    drops_oldest: bool,
}

impl DerivedSecrets {
    /// Adds a secret. Of several with a name, that of the first frame is kept, so that each reading of a capture finds the same.
    /// At the limit, the oldest is dropped.
    pub fn insert(&mut self, derived: DerivedSecret) {
        let name = derived.name;
        if self.has(&derived) {
            return;
        }
        if self.secrets.insert(name, derived).is_none() {
            self.order.push_back(name);
        }
        if self.secrets.len() > MAX_DERIVED
            && let Some(oldest) = self.order.pop_front()
        {
            self.secrets.remove(&oldest);
            self.drops_oldest = true;
        }
    }

    /// Returns whether adding a secret would change nothing.
    #[must_use]
    pub fn has(&self, derived: &DerivedSecret) -> bool {
        self.secrets.get(&derived.name).is_some_and(|known| known.frame <= derived.frame)
    }

    /// Returns the secret of a name, if it was known at a frame.
    #[must_use]
    pub fn get(&self, name: &SecretName, at_frame: u32) -> Option<&DerivedSecret> {
        self.secrets.get(name).filter(|derived| derived.frame <= at_frame)
    }

    /// Returns the secrets whose names have a label.
    pub fn with_label(&self, label: &str) -> impl Iterator<Item = &DerivedSecret> {
        self.secrets.values().filter(move |derived| derived.name.label == label)
    }

    /// Returns the number of secrets that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Returns whether secrets were dropped at the limit.
    #[must_use]
    pub fn drops_oldest(&self) -> bool {
        self.drops_oldest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(id: usize, frame: u32, secret: &[u8]) -> DerivedSecret {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(id.to_be_bytes()).for_each(|(byte, value)| *byte = value);
        DerivedSecret { name: SecretName { label: "ID", id: bytes }, frame, key: 0, secret: Secret::new(secret) }
    }

    #[test]
    fn the_secret_of_the_first_frame_is_kept_and_known_from_that_frame_on() {
        let mut secrets = DerivedSecrets::default();
        secrets.insert(derived(1, 5, b"first"));
        secrets.insert(derived(1, 6, b"second"));
        let name = derived(1, 0, b"").name;
        assert_eq!(secrets.get(&name, 4), None);
        assert_eq!(secrets.get(&name, 6).map(|known| known.secret.bytes()), Some(&b"first"[..]));
        assert_eq!(secrets.with_label("ID").count(), 1);
        assert_eq!(secrets.with_label("OTHER").count(), 0);
    }

    #[test]
    fn the_oldest_secret_is_dropped_at_the_limit() {
        let mut secrets = DerivedSecrets::default();
        (0..MAX_DERIVED).for_each(|id| secrets.insert(derived(id, 1, b"secret")));
        assert!(!secrets.drops_oldest());
        secrets.insert(derived(MAX_DERIVED, 2, b"secret"));
        assert_eq!((secrets.len(), secrets.order.len(), secrets.drops_oldest()), (MAX_DERIVED, MAX_DERIVED, true));
        assert_eq!(secrets.get(&derived(0, 0, b"").name, 9), None);
        assert!(secrets.get(&derived(MAX_DERIVED, 0, b"").name, 9).is_some());
    }
}
