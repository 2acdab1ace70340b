//! Names of a session, by which later connections resume it with its master secret (RFC 5246 7.3, RFC 5077 3).
//!
//! ```text
//! full     client hello              -> server hello with an ID, certificate, ...; NewSessionTicket
//! resumed  client hello: ID, ticket  -> server hello with the same ID, or after a ticket with any; Change Cipher Spec
//! ```

use crate::derived_secrets::SecretName;
use crate::hello::{ClientOffer, ServerSelection, vector};
use crate::kdf::Hash;
use alloc::vec::Vec;

/// Labels of the names.
const SESSION_ID: &str = "SESSION_ID";
const SESSION_TICKET: &str = "SESSION_TICKET";
/// Maximum number of names that wait to be reported; a server gives an ID, and one ticket.
const MAX_GIVEN: usize = 8;

/// Names of the session of a handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionNames {
    /// The ID that the client offers to resume.
    id: Option<SecretName>,
    /// The ticket that the client offers.
    ticket: Option<SecretName>,
    /// Whether the server has sent its hello, and no message of a full handshake.
    may_resume: bool,
    /// Names under which the master secret is to be kept.
    given: Vec<SecretName>,
}

impl SessionNames {
    /// Starts with a client hello.
    pub(super) fn of_client(offer: &ClientOffer<'_>) -> SessionNames {
        SessionNames {
            id: name(SESSION_ID, offer.session_id),
            ticket: name(SESSION_TICKET, offer.ticket),
            may_resume: false,
            given: [SecretName { label: crate::key_log::CLIENT_RANDOM, id: offer.random }].into(),
        }
    }

    /// Continues with a server hello. Another ID than the offered one does not resume it.
    pub(super) fn server_hello(&mut self, selection: &ServerSelection<'_>) {
        let id = name(SESSION_ID, selection.session_id);
        self.id = self.id.filter(|offered| Some(*offered) == id);
        self.may_resume = true;
        self.give(id);
    }

    /// Continues with a message that only a full handshake has.
    pub(super) fn full_handshake(&mut self) {
        self.may_resume = false;
    }

    /// Continues with the body of NewSessionTicket: four bytes of lifetime, and the ticket.
    pub(super) fn new_ticket(&mut self, body: &[u8]) {
        let ticket = body.get(4..).and_then(vector::<2>).and_then(|(ticket, _)| name(SESSION_TICKET, ticket));
        self.give(ticket);
    }

    fn give(&mut self, name: Option<SecretName>) {
        if self.given.len() < MAX_GIVEN {
            self.given.extend(name);
        }
    }

    /// Returns the names of the session that the handshake resumes, if it does. The ticket comes first (RFC 5077 3.4).
    pub(super) fn resumed(&self) -> impl Iterator<Item = SecretName> {
        [self.ticket, self.id].into_iter().flatten().filter(|_| self.may_resume)
    }

    /// Returns the names under which the master secret is to be kept, each once.
    pub(super) fn take_given(&mut self) -> Vec<SecretName> {
        core::mem::take(&mut self.given)
    }
}

/// Returns the name of an identifier that is not empty.
fn name(label: &'static str, identifier: &[u8]) -> Option<SecretName> {
    let id = Hash::Sha256.digest(&[identifier]).try_into().ok()?;
    (!identifier.is_empty()).then_some(SecretName { label, id })
}
