//! Decryption of a connection: the secrets of its handshake, and the keys and record numbers of both sides.
//!
//! Records before TLS 1.3 are encrypted after Change Cipher Spec. In TLS 1.3, a side has a secret for each epoch:
//!
//! ```text
//! client  cleartext -> (early data) -> handshake -> application -> application, updated -> ...
//! server  cleartext ----------------> handshake -> application -> application, updated -> ...
//! ```
//!
//! A record that is not authentic with the keys of its epoch is tried with those of the next epochs, whose beginning may be
//! lost. After a loss, several record numbers are tried.

use super::crypto::{Record, RecordCipher};
use super::fields::CIPHERSUITE;
use super::handshake::{is_tls13, key_exchange};
use super::key_exchange::{KeyExchange, KeyFailure};
use crate::cipher_suite::CipherSuite;
use crate::derived_secrets::DerivedSecret;
use crate::hello::{ClientOffer, ServerSelection};
use crate::key_log::CLIENT_RANDOM;
use crate::session::{Secrets, Side};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Maximum record numbers that are tried after a loss. Each costs the authentication of a record.
const MAX_LOST: u64 = 256;
/// Number of consecutive records that are not authentic after which a side is no longer decrypted.
const MAX_FAILURES: u32 = 3;
/// The same after a record was decrypted, and no loss: the records may be replayed or forged.
const MAX_FORGED: u32 = 16;
/// Cipher suites of TLS 1.3 (RFC 8446 B.4), of which one encrypts early data before the server selects one.
const TLS13_SUITES: core::ops::RangeInclusive<u16> = 0x1301..=0x1305;

/// Labels of the secrets that decrypt records, in a key log (RFC 9850).
const LABELS: &[&str] = &[
    CLIENT_RANDOM,
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];

/// What became of a record.
#[derive(Debug)]
pub(super) enum Decrypted {
    /// The record is not encrypted.
    Cleartext,
    /// Content type and content. `follows_missing`: records before it were sent and not decrypted.
    Content { content: u8, bytes: Vec<u8>, follows_missing: bool },
    /// The record is encrypted, and is not decrypted.
    Failed(Failure),
}

/// Why a record is not decrypted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    /// There is no secret for it.
    NoSecret,
    /// It is not authentic with the secrets.
    NotAuthentic,
    /// It is not authentic, as several before: the side is not decrypted any more.
    LastAttempt,
    /// The side is not decrypted any more.
    Ended,
}

/// What became of the records that are encrypted with the secrets of a connection: a value of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretsResult {
    Unknown = 0,
    Decrypted = 1,
    Wrong = 2,
    PartlyWrong = 3,
    /// No private key is that of the certificate.
    NoKey = 4,
    /// The private key only signs the key exchange.
    Ephemeral = 5,
    /// The session is resumed, and was not seen before.
    NoSession = 6,
}

/// A record of a side, with what its decryption depends on.
#[derive(Clone, Copy)]
pub(super) struct EncryptedRecord<'a> {
    pub(super) side: Side,
    pub(super) record: Record<'a>,
    /// Negotiated version.
    pub(super) version: u16,
    /// Negotiated cipher suite.
    pub(super) suite: u16,
    pub(super) known: KnownSecrets<'a>,
}

impl EncryptedRecord<'_> {
    fn is_application_data(&self) -> bool {
        self.record.content == super::header::APPLICATION_DATA
    }
}

/// Secrets, as known at a frame.
#[derive(Clone, Copy)]
pub(super) struct KnownSecrets<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) frame: u32,
}

/// State of the decryption of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Decryption {
    client_random: Option<[u8; 32]>,
    server_random: Option<[u8; 32]>,
    encrypts_then_macs: bool,
    /// Key exchange, if there are private keys.
    pub(super) key_exchange: Option<Box<KeyExchange>>,
    sides: [SideKeys; 2],
    results: [SideResult; 2],
}

/// Keys of a side.
#[derive(Clone, Debug, Default)]
struct SideKeys {
    epoch: Epoch,
    cipher: Option<RecordCipher>,
    /// Number of the next record.
    sequence: u64,
    /// Maximum number of records that were lost before the next one.
    lost: u64,
    /// Number of consecutive records that are not authentic.
    failures: u32,
    /// Stamp of the newest secret when one was missing.
    missing_at: Option<u32>,
}

/// Whether records of a side were decrypted, and whether its secrets failed.
#[derive(Clone, Copy, Debug, Default)]
struct SideResult {
    is_decrypted: bool,
    has_failed: bool,
}

/// The keys that a side uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Epoch {
    #[default]
    Cleartext,
    /// Keys of the master secret, after Change Cipher Spec.
    MasterSecret,
    Early,
    Handshake,
    Application,
}

impl Decryption {
    /// Starts with a client hello. A second one follows a Hello Retry Request, or starts a renegotiation.
    pub(super) fn client_hello(&mut self, offer: &ClientOffer<'_>) {
        self.client_random = Some(offer.random);
        let [client, _] = &mut self.sides;
        if offer.has_early_data && client.epoch == Epoch::Cleartext {
            client.begin(Epoch::Early);
        }
    }

    /// Continues with a server hello.
    pub(super) fn server_hello(&mut self, selection: &ServerSelection<'_>) {
        let [client, server] = &mut self.sides;
        if selection.is_retry {
            // RFC 8446 4.1.2: the second hello is cleartext, and early data is not sent again.
            client.begin(Epoch::Cleartext);
            return;
        }
        self.server_random = Some(selection.random);
        self.encrypts_then_macs = selection.encrypts_then_macs;
        if let Some(exchange) = &mut self.key_exchange {
            exchange.set_extended(selection.extends_master_secret && !is_tls13(selection.version));
        }
        if is_tls13(selection.version) {
            server.begin(Epoch::Handshake);
            match client.epoch {
                // Early data may still follow. If the server rejects it, the handshake does.
                Epoch::Early => client.missing_at = None,
                _ => client.begin(Epoch::Handshake),
            }
        }
    }

    /// Continues after Change Cipher Spec, which has no meaning in TLS 1.3 (RFC 8446 5).
    pub(super) fn change_cipher_spec(&mut self, side: Side, version: u16) {
        if self.server_random.is_some() && !is_tls13(version) {
            self.side(side).begin(Epoch::MasterSecret);
        }
    }

    /// Continues after the end of early data.
    pub(super) fn end_of_early_data(&mut self) {
        self.side(Side::Client).begin(Epoch::Handshake);
    }

    /// Continues after Finished of TLS 1.3.
    pub(super) fn finished(&mut self, side: Side) {
        self.side(side).begin(Epoch::Application);
    }

    /// Continues after Key Update.
    pub(super) fn key_update(&mut self, side: Side) {
        let state = self.side(side);
        state.cipher = state.cipher.take().and_then(|cipher| cipher.updated());
        state.sequence = 0;
    }

    /// Returns whether a side sends early data.
    pub(super) fn is_early(&self, side: Side) -> bool {
        let [client, _] = &self.sides;
        side == Side::Client && client.epoch == Epoch::Early
    }

    /// Notes that a record was lost whose header is known. Returns whether it was encrypted.
    pub(super) fn lose_record(&mut self, side: Side, is_application_data: bool) -> bool {
        let state = self.side(side);
        let is_encrypted = state.epoch.encrypts(is_application_data);
        state.sequence += u64::from(is_encrypted);
        is_encrypted
    }

    /// Returns whether a record may be decrypted as soon as a secret is known.
    pub(super) fn awaits(&self, side: Side, is_application_data: bool, known: KnownSecrets<'_>) -> bool {
        let state = side.of(&self.sides);
        let Some(random) = &self.client_random else { return false };
        let is_known = |epoch: &Epoch| {
            epoch.label(side).is_some_and(|label| known.secrets.get(label, random, known.frame).is_some())
                || *epoch == Epoch::MasterSecret
                    && self.key_exchange.as_ref().is_some_and(|keys| keys.has_secret(known))
        };
        state.cipher.is_none()
            && state.missing_at.is_none()
            && state.epoch.encrypts(is_application_data)
            && !is_known(&state.epoch)
            && !state.epoch.following().iter().any(is_known)
    }

    /// Notes that an unknown number of records was lost.
    pub(super) fn lose_records(&mut self, side: Side) {
        let has_ended = self.has_failures(side) && self.side(side).failures >= self.max_failures(side);
        let state = self.side(side);
        state.lost = MAX_LOST;
        if !has_ended {
            state.failures = state.failures.min(MAX_FAILURES - 1);
        }
    }

    /// Returns the labels of the secrets that are known for the client hello.
    pub(super) fn known_labels<'a>(&'a self, known: KnownSecrets<'a>) -> impl Iterator<Item = &'static str> + 'a {
        self.client_random.into_iter().flat_map(move |random| labels_of(random, known))
    }

    /// Returns what became of the records.
    pub(super) fn result(&self) -> SecretsResult {
        let is_decrypted = self.results.iter().any(|side| side.is_decrypted);
        let is_wrong = self.results.iter().any(|side| side.has_failed && !side.is_decrypted);
        match (is_decrypted, is_wrong) {
            (true, true) => SecretsResult::PartlyWrong,
            (true, false) => SecretsResult::Decrypted,
            (false, true) => SecretsResult::Wrong,
            (false, false) => SecretsResult::Unknown,
        }
    }

    /// Returns whether the last records of a side are not authentic.
    pub(super) fn has_failures(&self, side: Side) -> bool {
        let state = side.of(&self.sides);
        state.failures > 0
    }

    /// Returns whether the records of a side may be decrypted.
    pub(super) fn is_active(&self, side: Side, known: KnownSecrets<'_>) -> bool {
        let state = side.of(&self.sides);
        self.client_random.is_some()
            && !known.secrets.is_empty()
            && state.failures < self.max_failures(side)
            && (state.cipher.is_some() || state.missing_at.is_none_or(|at| at != known.newest()))
    }

    /// Maximum number of consecutive records that are not authentic.
    fn max_failures(&self, side: Side) -> u32 {
        let state = side.of(&self.sides);
        let [client, server] = self.results;
        let result = if side == Side::Client { client } else { server };
        if result.is_decrypted && state.lost <= u64::from(MAX_FORGED) { MAX_FORGED } else { MAX_FAILURES }
    }

    /// Decrypts the next record of a side.
    pub(super) fn decrypt(&mut self, record: EncryptedRecord<'_>) -> Decrypted {
        let side = record.side;
        if !self.is_encrypted(record) {
            return Decrypted::Cleartext;
        }
        self.derive_master_secret(record);
        if !self.is_active(side, record.known) {
            let state = self.side(side);
            state.sequence += 1;
            return Decrypted::Failed(if state.cipher.is_none() { Failure::NoSecret } else { Failure::Ended });
        }
        let decrypted = self.decrypt_in_epochs(record);
        if let Some(cipher) = &mut self.side(side).cipher {
            cipher.end_record(record.record.body);
        }
        if matches!(decrypted, Decrypted::Content { .. }) {
            self.side_result(side).is_decrypted = true;
            if let Some(exchange) = &mut self.key_exchange {
                exchange.confirm();
            }
        }
        decrypted
    }

    /// Derives the master secret with a private key, or finds that of the resumed session, if no key log has it.
    fn derive_master_secret(&mut self, record: EncryptedRecord<'_>) {
        let is_needed = self.side(record.side).epoch == Epoch::MasterSecret;
        let (Some(exchange), Some(client), Some(server)) =
            (&mut self.key_exchange, &self.client_random, &self.server_random)
        else {
            return;
        };
        if is_needed
            && record.known.secrets.get(CLIENT_RANDOM, client, record.known.frame).is_none()
            && let Some(suite) = suite(record.suite)
        {
            let negotiated = (record.version, suite, key_exchange(record.suite));
            exchange.derive(record.known, negotiated, [client, server]);
        }
    }

    /// Returns the secrets that were derived, and are authentic, each once.
    pub(super) fn take_derived(&mut self, frame: u32) -> Vec<DerivedSecret> {
        self.key_exchange.as_mut().map(|exchange| exchange.take_derived(frame)).unwrap_or_default()
    }

    /// Returns the number of the private key that gave the master secret.
    pub(super) fn key_number(&self) -> Option<usize> {
        self.key_exchange.as_ref()?.key_number()
    }

    /// Returns why a private key does not decrypt the connection, once.
    pub(super) fn take_key_failure(&mut self) -> Option<KeyFailure> {
        self.key_exchange.as_mut()?.take_failure()
    }

    /// Returns whether a record is encrypted.
    fn is_encrypted(&mut self, record: EncryptedRecord<'_>) -> bool {
        let is_application_data = record.is_application_data();
        let state = self.side(record.side);
        match state.epoch {
            // The first encrypted records were lost.
            Epoch::Cleartext if is_application_data && record.version != 0 && !is_tls13(record.version) => {
                state.begin(Epoch::MasterSecret);
                state.lost = MAX_LOST;
                true
            }
            epoch => epoch.encrypts(is_application_data),
        }
    }

    /// Tries the keys of the present epoch and of the next ones, with each possible record number.
    fn decrypt_in_epochs(&mut self, record: EncryptedRecord<'_>) -> Decrypted {
        let EncryptedRecord { side, known, .. } = record;
        let state = self.side(side);
        let (epoch, present, lost) = (state.epoch, state.cipher.take(), state.lost);
        let mut first = state.sequence;
        let has_failures = state.failures > 0;
        let expected = (epoch, first);
        let mut ciphers: Vec<(Epoch, RecordCipher)> = Vec::new();
        match present {
            Some(cipher) => ciphers.push((epoch, cipher)),
            None => self.load(record, epoch, &mut ciphers),
        }
        let of_present = ciphers.len();
        let mut following = epoch.following().iter();
        let mut next = 0;
        loop {
            let Some((epoch, cipher)) = ciphers.get(next) else {
                let Some(&epoch) = following.next() else { break };
                first = 0;
                match ciphers.first().filter(|_| epoch == Epoch::Application && of_present > 0) {
                    Some((Epoch::Application, cipher)) => {
                        let updated = cipher.updated();
                        ciphers.extend(updated.map(|cipher| (epoch, cipher)));
                    }
                    _ => self.load(record, epoch, &mut ciphers),
                }
                continue;
            };
            let mut numbers = first..=first.saturating_add(lost);
            let found = numbers.find_map(|number| Some((number, cipher.decrypt(record.record, number)?)));
            if let Some((number, (content, bytes))) = found {
                let epoch = *epoch;
                let cipher = Some(ciphers.swap_remove(next).1);
                *self.side(side) = SideKeys { epoch, cipher, sequence: number + 1, ..SideKeys::default() };
                let follows_missing = has_failures && (epoch, number) != expected;
                return Decrypted::Content { content, bytes, follows_missing };
            }
            next += 1;
        }
        let newest = known.newest();
        let has_secret = self.has_secret(record, epoch);
        let state = self.side(side);
        // A known secret without keys has another length than the cipher suite needs.
        if of_present == 0 && !has_secret {
            state.sequence += 1;
            state.missing_at = Some(newest).filter(|_| ciphers.is_empty());
            return Decrypted::Failed(Failure::NoSecret);
        }
        if of_present == 1 {
            state.cipher = Some(ciphers.swap_remove(0).1);
        }
        if epoch == Epoch::Early {
            // Early data that the server rejects cannot be decrypted.
            state.sequence += 1;
            return Decrypted::Failed(Failure::NotAuthentic);
        }
        // The next record has the same number, if this one was replayed or forged, or else the next one.
        (state.lost, state.failures) = (state.lost + 1, state.failures + 1);
        let is_last = state.failures == self.max_failures(side);
        self.side_result(side).has_failed = true;
        Decrypted::Failed(if is_last { Failure::LastAttempt } else { Failure::NotAuthentic })
    }

    /// Adds the keys of an epoch, as far as its secret is known; several if the cipher suite is not known.
    fn load(&self, record: EncryptedRecord<'_>, epoch: Epoch, ciphers: &mut Vec<(Epoch, RecordCipher)>) {
        let EncryptedRecord { side, known, .. } = record;
        let Some(client_random) = &self.client_random else { return };
        let suite = suite(record.suite);
        let get = |label| known.secrets.get(label, client_random, known.frame);
        if epoch == Epoch::MasterSecret {
            let derived = || self.key_exchange.as_ref().and_then(|exchange| exchange.master_secret());
            let secret = get(CLIENT_RANDOM).or_else(derived);
            let (Some(suite), Some(secret), Some(server_random)) = (suite, secret, &self.server_random) else { return };
            let randoms = [client_random, server_random];
            let (version, etm) = (record.version, self.encrypts_then_macs);
            let pair = RecordCipher::from_master_secret(suite, version, etm, secret.bytes(), randoms);
            let Some([client, server]) = pair else { return };
            ciphers.push((Epoch::MasterSecret, if side == Side::Client { client } else { server }));
            return;
        }
        let Some(secret) = epoch.label(side).and_then(get) else { return };
        let is_unknown = suite.is_none() && epoch == Epoch::Early;
        let suites = TLS13_SUITES.filter(|_| is_unknown).filter_map(self::suite).chain(suite);
        for suite in suites {
            let cipher = RecordCipher::from_traffic_secret(suite, secret.bytes());
            ciphers.extend(cipher.map(|cipher| (epoch, cipher)));
        }
    }

    /// Returns whether the traffic secret of an epoch of TLS 1.3 is known, and the cipher suite.
    fn has_secret(&self, record: EncryptedRecord<'_>, epoch: Epoch) -> bool {
        let EncryptedRecord { side, known, .. } = record;
        let label = epoch.label(side).filter(|_| epoch != Epoch::MasterSecret && suite(record.suite).is_some());
        let random = self.client_random.as_ref();
        label.zip(random).is_some_and(|(label, random)| known.secrets.get(label, random, known.frame).is_some())
    }

    fn side_result(&mut self, side: Side) -> &mut SideResult {
        side.of_mut(&mut self.results)
    }

    fn side(&mut self, side: Side) -> &mut SideKeys {
        side.of_mut(&mut self.sides)
    }
}

impl KnownSecrets<'_> {
    fn newest(self) -> u32 {
        self.secrets.newest(self.frame)
    }
}

impl SideKeys {
    /// Begins an epoch. Failures before it count no more.
    fn begin(&mut self, epoch: Epoch) {
        *self = SideKeys { epoch, ..SideKeys::default() };
    }
}

impl Epoch {
    /// The epochs that can follow; after that of the application, its keys are updated.
    fn following(self) -> &'static [Epoch] {
        match self {
            Epoch::Cleartext | Epoch::MasterSecret => &[],
            Epoch::Early => &[Epoch::Handshake, Epoch::Application],
            Epoch::Handshake | Epoch::Application => &[Epoch::Application],
        }
    }

    /// Returns whether a record is encrypted: of application data, or of another content type.
    fn encrypts(self, is_application_data: bool) -> bool {
        match self {
            Epoch::Cleartext => false,
            Epoch::MasterSecret => true,
            Epoch::Early | Epoch::Handshake | Epoch::Application => is_application_data,
        }
    }

    /// Label of the secret in a key log.
    fn label(self, side: Side) -> Option<&'static str> {
        Some(match (self, side) {
            (Epoch::MasterSecret, _) => CLIENT_RANDOM,
            (Epoch::Early, Side::Client) => "CLIENT_EARLY_TRAFFIC_SECRET",
            (Epoch::Handshake, Side::Client) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Epoch::Handshake, Side::Server) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            (Epoch::Application, Side::Client) => "CLIENT_TRAFFIC_SECRET_0",
            (Epoch::Application, Side::Server) => "SERVER_TRAFFIC_SECRET_0",
            _ => return None,
        })
    }
}

/// Returns the labels of the secrets that are known for a client.
pub(super) fn labels_of(random: [u8; 32], known: KnownSecrets<'_>) -> impl Iterator<Item = &'static str> {
    LABELS.iter().copied().filter(move |label| known.secrets.get(label, &random, known.frame).is_some())
}

/// Returns the algorithms of a suite, given by its number.
pub(super) fn suite(number: u16) -> Option<CipherSuite> {
    CipherSuite::named(CIPHERSUITE.value_name(number.into())?)
}
