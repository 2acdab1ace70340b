//! The master secret of an RSA key exchange (RFC 5246 7.4.7.1), with the private key of the server's certificate.
//!
//! A client encrypts the premaster secret with the public key of the certificate. The master secret is derived from it and
//! from both randoms, or from the hash of the handshake messages (RFC 7627):
//!
//! ```text
//! client hello | server hello, certificate, ..., hello done | (certificate,) client key exchange
//! ```
//!
//! A resumed session has the master secret of an earlier handshake, which is kept under the names of the session.

use super::crypto;
use super::decryption::KnownSecrets;
use super::handshake::{
    CERTIFICATE, CLIENT_KEY_EXCHANGE, KeyExchangeMethod, MESSAGE_HEADER_LEN, NEW_SESSION_TICKET, SERVER_HELLO,
    SERVER_HELLO_DONE,
};
use super::resumption::SessionNames;
use super::x509;
use crate::cipher_suite::CipherSuite;
use crate::derived_secrets::DerivedSecret;
use crate::hello::{ClientOffer, ServerSelection, vector};
use crate::kdf::Hash;
use crate::private_key::PrivateKey;
use crate::session::{Secret, Side};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::take;

/// Maximum bytes of the messages of a handshake that are kept; a certificate chain has some thousand.
const MAX_TRANSCRIPT: usize = 1 << 17;
/// Maximum bytes of an encrypted premaster secret: those of the largest key.
const MAX_ENCRYPTED: usize = 1024;
/// Length of a premaster secret (RFC 5246 7.4.7.1): a version and a random of the client.
const PREMASTER_SECRET: usize = 48;

/// Why a private key does not decrypt a connection: a value of the field of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFailure {
    /// No private key is that of the certificate.
    NoKey,
    /// The key exchange is ephemeral: the private key only signs it.
    Ephemeral,
    /// The premaster secret is not one.
    Malformed,
    /// The session is resumed, and its master secret is not known.
    NoSession {
        /// Whether secrets were dropped at a limit.
        drops_oldest: bool,
    },
}

/// State of the key exchange of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyExchange {
    /// The private key of the certificate, with its number.
    key: Option<(usize, Arc<PrivateKey>)>,
    /// Messages of the handshake so far: the client hello, those of the server, those of the client after them.
    messages: [Vec<u8>; 3],
    /// Whether messages are missing above.
    is_incomplete: bool,
    /// Whether the master secret depends on all messages (RFC 7627).
    is_extended: bool,
    /// Hash of the messages, with an extended master secret.
    hash: Option<Vec<u8>>,
    /// The encrypted premaster secret, until it is needed.
    encrypted: Option<Vec<u8>>,
    master_secret: Option<Secret>,
    /// Number of the private key with which the master secret was derived.
    key_number: Option<usize>,
    /// Whether a record is authentic with the master secret.
    is_confirmed: bool,
    session: SessionNames,
    failure: Option<KeyFailure>,
}

impl KeyExchange {
    /// Starts with a client hello.
    pub(super) fn begin(hello: &[u8], offer: &ClientOffer<'_>) -> KeyExchange {
        let mut exchange = KeyExchange { session: SessionNames::of_client(offer), ..KeyExchange::default() };
        exchange.keep(0, hello);
        exchange
    }

    /// Sets whether the server selects an extended master secret.
    pub(super) fn set_extended(&mut self, is_extended: bool) {
        self.is_extended = is_extended;
        if !is_extended {
            self.lose_messages();
        }
    }

    /// Continues with a message of the handshake. Returns why there is no key, after Client Key Exchange.
    pub(super) fn read(
        &mut self,
        side: Side,
        message: &[u8],
        negotiated: (u16, Option<CipherSuite>, KeyExchangeMethod),
        keys: &[Arc<PrivateKey>],
    ) -> Option<KeyFailure> {
        let (version, suite, method) = negotiated;
        let kind = message.first().copied().unwrap_or_default();
        let body = message.get(MESSAGE_HEADER_LEN..).unwrap_or_default();
        self.keep(if side == Side::Server { 1 } else { 2 }, message);
        if matches!(kind, CERTIFICATE | SERVER_HELLO_DONE | CLIENT_KEY_EXCHANGE) {
            self.session.full_handshake();
        }
        match kind {
            SERVER_HELLO => {
                if let Some(selection) = ServerSelection::read(body) {
                    self.session.server_hello(&selection);
                }
            }
            CERTIFICATE if side == Side::Server => self.key = find_key(body, keys),
            NEW_SESSION_TICKET => self.session.new_ticket(body),
            CLIENT_KEY_EXCHANGE => {
                self.finish(version, suite);
                return match (method, &self.key) {
                    (KeyExchangeMethod::Rsa, None) => Some(KeyFailure::NoKey),
                    (KeyExchangeMethod::Rsa, Some(_)) => {
                        let encrypted = vector::<2>(body).map(|(encrypted, _)| encrypted);
                        self.encrypted = encrypted.filter(|bytes| bytes.len() <= MAX_ENCRYPTED).map(<[u8]>::to_vec);
                        None
                    }
                    (_, Some(_)) => Some(KeyFailure::Ephemeral),
                    (_, None) => None,
                };
            }
            _ => {}
        }
        None
    }

    /// Notes that messages were lost.
    pub(super) fn lose_messages(&mut self) {
        self.is_incomplete = true;
        self.messages = Default::default();
    }

    /// Returns whether the master secret is known or can be derived.
    pub(super) fn has_secret(&self, known: KnownSecrets<'_>) -> bool {
        self.master_secret.is_some() || self.has_premaster_secret() || self.resumed(known).is_some()
    }

    fn has_premaster_secret(&self) -> bool {
        self.encrypted.is_some() && (!self.is_extended || self.hash.is_some())
    }

    /// Returns the secret of the session that is resumed, if it is known.
    fn resumed<'a>(&self, known: KnownSecrets<'a>) -> Option<&'a DerivedSecret> {
        self.session.resumed().find_map(|name| known.secrets.derived.get(&name, known.frame))
    }

    /// Returns the master secret, if it was derived.
    pub(super) fn master_secret(&self) -> Option<&Secret> {
        self.master_secret.as_ref()
    }

    /// Finds the master secret of the session that is resumed, or derives that of a full handshake, once. The premaster secret of
    /// another key or of changed bytes gives a wrong one, with which no record is authentic.
    pub(super) fn derive(
        &mut self,
        known: KnownSecrets<'_>,
        negotiated: (u16, CipherSuite, KeyExchangeMethod),
        randoms: [&[u8; 32]; 2],
    ) {
        let (version, suite, method) = negotiated;
        if self.master_secret.is_some() {
            return;
        }
        if self.session.resumed().next().is_some() {
            return self.resume(known, method);
        }
        if !self.has_premaster_secret() {
            return;
        }
        let (Some(encrypted), Some((number, key))) = (self.encrypted.take(), &self.key) else { return };
        let premaster = key.decrypt(&encrypted).filter(|secret| secret.len() == PREMASTER_SECRET);
        let Some(premaster) = premaster else {
            self.failure = Some(KeyFailure::Malformed);
            return;
        };
        let secret = match &self.hash {
            Some(hash) => crypto::master_secret(version, suite, &premaster, "extended master secret", hash),
            None => crypto::master_secret(
                version,
                suite,
                &premaster,
                "master secret",
                &randoms.map(|random| random.as_slice()).concat(),
            ),
        };
        (self.master_secret, self.key_number) = (Some(Secret::new(&secret)), Some(*number));
    }

    /// Takes the master secret of the session that is resumed.
    fn resume(&mut self, known: KnownSecrets<'_>, method: KeyExchangeMethod) {
        if let Some(session) = self.resumed(known) {
            (self.master_secret, self.key_number) = (Some(session.secret.clone()), Some(session.key));
        } else if method == KeyExchangeMethod::Rsa {
            let drops_oldest = known.secrets.derived.drops_oldest();
            self.failure = Some(KeyFailure::NoSession { drops_oldest });
        }
        self.session.full_handshake();
    }

    /// Notes that a record is authentic with the keys of the master secret.
    pub(super) fn confirm(&mut self) {
        self.is_confirmed = self.master_secret.is_some();
    }

    /// Returns the master secret under the names by which it may be needed, each once, if it was derived and a record is
    /// authentic with it.
    pub(super) fn take_derived(&mut self, frame: u32) -> Vec<DerivedSecret> {
        let (Some(secret), Some(key)) = (self.master_secret.as_ref().filter(|_| self.is_confirmed), self.key_number)
        else {
            return Vec::new();
        };
        let names = self.session.take_given().into_iter();
        names.map(|name| DerivedSecret { name, frame, key, secret: secret.clone() }).collect()
    }

    /// Returns why the master secret could not be derived, once.
    pub(super) fn take_failure(&mut self) -> Option<KeyFailure> {
        self.failure.take()
    }

    /// Returns the number of the private key with which the master secret was derived.
    pub(super) fn key_number(&self) -> Option<usize> {
        self.key_number
    }

    /// Returns the number of buffered bytes.
    pub(super) fn buffered(&self) -> usize {
        self.messages.iter().map(Vec::capacity).sum::<usize>() + self.encrypted.as_ref().map_or(0, Vec::capacity)
    }

    /// Keeps a message for the hash.
    fn keep(&mut self, part: usize, message: &[u8]) {
        let len: usize = self.messages.iter().map(Vec::len).sum();
        if len + message.len() > MAX_TRANSCRIPT {
            return self.lose_messages();
        }
        if let Some(messages) = self.messages.get_mut(part).filter(|_| !self.is_incomplete) {
            messages.extend_from_slice(message);
        }
    }

    /// Replaces the messages by their hash, after Client Key Exchange (RFC 7627 3).
    fn finish(&mut self, version: u16, suite: Option<CipherSuite>) {
        let messages = take(&mut self.messages);
        if self.is_extended && !core::mem::replace(&mut self.is_incomplete, true) {
            let parts = messages.each_ref().map(Vec::as_slice);
            self.hash = match version {
                0x0303.. => suite.map(|suite| suite.hash.digest(&parts)),
                _ => Some([Hash::Md5.digest(&parts), Hash::Sha1.digest(&parts)].concat()),
            };
        }
    }
}

/// Returns the private key of the first certificate of a chain, with its number.
fn find_key(body: &[u8], keys: &[Arc<PrivateKey>]) -> Option<(usize, Arc<PrivateKey>)> {
    let (chain, _) = vector::<3>(body)?;
    let (certificate, _) = vector::<3>(chain)?;
    let public = x509::rsa_public_key(certificate)?;
    let number = keys.iter().position(|key| key.is_of(public.modulus, public.exponent))?;
    keys.get(number).map(|key| (number, Arc::clone(key)))
}
