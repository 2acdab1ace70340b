//! Secrets that written frames need: those of the client hellos among them.

use crate::source::{Secret, add_block_secrets, derived_secrets_block};
use dissectors::key_log;
use dissectors::session::Secrets;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Secrets type of a TLS key log (draft-ietf-opsawg-pcapng 4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// Known secrets, of which those of written connections are needed. Copies share what is known: each file has its own.
#[derive(Clone, Debug, Default)]
pub struct NeededSecrets {
    known: Arc<Mutex<KnownSecrets>>,
    /// Client randoms whose secrets are written.
    written: HashSet<[u8; 32]>,
}

#[derive(Debug, Default)]
struct KnownSecrets {
    secrets: Secrets,
    clients: HashSet<[u8; 32]>,
}

impl NeededSecrets {
    /// Returns the secrets of key logs and of captures, and those that private keys opened, as far as they are known.
    #[must_use]
    pub fn new(secrets: Secrets) -> NeededSecrets {
        let clients = secrets.client_randoms().copied().collect();
        let derived = derived_secrets_block(&secrets);
        let known = Arc::new(Mutex::new(KnownSecrets { secrets, clients }));
        let mut needed = NeededSecrets { known, written: HashSet::new() };
        needed.add_blocks(derived.as_slice()).for_each(drop);
        needed
    }

    fn known(&self) -> MutexGuard<'_, KnownSecrets> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the secrets of blocks of a capture. Returns the blocks of other kinds, which are written as they are.
    pub(super) fn add_blocks<'b>(&mut self, blocks: &'b [Secret]) -> impl Iterator<Item = &'b Secret> + use<'b> {
        let mut added = Secrets::default();
        add_block_secrets(blocks, 0, &mut added);
        let mut known = self.known();
        known.clients.extend(added.client_randoms());
        known.secrets.merge(&added);
        blocks.iter().filter(|block| block.kind != TLS_KEY_LOG)
    }

    /// Returns the secrets of the client hellos in a frame, each once.
    pub(super) fn take(&mut self, frame: &[u8]) -> Option<Secret> {
        let known = Arc::clone(&self.known);
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.written.len() == known.clients.len() {
            return None;
        }
        let mut text = String::new();
        self.take_from(frame, &known, &mut text);
        for payload in dissectors::hello_payloads(frame) {
            self.take_from(&payload, &known, &mut text);
        }
        (!text.is_empty()).then(|| Secret { kind: TLS_KEY_LOG, bytes: text.into_bytes() })
    }

    /// Adds the secrets of the client hellos in some bytes. A client random follows the version of the hello, so only the bytes
    /// after a version are compared.
    fn take_from(&mut self, bytes: &[u8], known: &KnownSecrets, text: &mut String) {
        for at in memchr::memchr_iter(3, bytes) {
            let Some((&[minor], rest)) = bytes.get(at + 1..).and_then(|rest| rest.split_first_chunk()) else { break };
            if minor <= 4
                && let Some(random) = rest.first_chunk()
                && known.clients.contains(random)
                && self.written.insert(*random)
            {
                *text += &key_log::write(random, &known.secrets);
            }
        }
    }
}
