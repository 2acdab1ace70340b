//! What sessions need of the hello messages of TLS, whatever carries them: parameters that a client offers, and that a server selects.

/// Random of a Hello Retry Request (RFC 8446 4.1.3): the SHA-256 of `HelloRetryRequest`.
pub(crate) const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Types of extensions.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const ENCRYPT_THEN_MAC: u16 = 22;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SESSION_TICKET: u16 = 35;
pub(crate) const EARLY_DATA: u16 = 42;
pub(crate) const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
const ENCRYPTED_CLIENT_HELLO: u16 = 65_037;

/// The parameters that a client hello offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientOffer<'b> {
    pub(crate) random: [u8; 32],
    /// Name of the requested server; empty if there is none.
    pub(crate) server_name: &'b [u8],
    /// List of application protocols (ALPN, RFC 7301 3.1), the preferred one first; empty if there is none.
    pub(crate) protocols: &'b [u8],
    /// Whether early data may follow.
    pub(crate) has_early_data: bool,
    /// Whether it has an encrypted hello, or bytes that look like one (RFC 9849 6.2).
    pub(crate) has_encrypted_hello: bool,
    /// ID of the session to resume; empty if there is none.
    pub(crate) session_id: &'b [u8],
    /// Ticket of the session to resume (RFC 5077 3.2); empty if there is none.
    pub(crate) ticket: &'b [u8],
}

impl<'b> ClientOffer<'b> {
    /// Reads the body of a client hello, as far as it is complete.
    pub(crate) fn read(body: &'b [u8]) -> Option<ClientOffer<'b>> {
        let (random, rest) = body.get(2..)?.split_first_chunk::<32>()?;
        let (session_id, rest) = vector::<1>(rest)?;
        let (_, rest) = vector::<2>(rest)?;
        let (_, rest) = vector::<1>(rest)?;
        let mut offer = ClientOffer { random: *random, session_id, ..ClientOffer::default() };
        for (kind, value) in extensions(rest) {
            match (kind, value) {
                // RFC 6066 3: a list with the length, a type (0 for a host name), and the name.
                (SERVER_NAME, [_, _, 0, name @ ..]) => offer.server_name = vector::<2>(name).unwrap_or_default().0,
                (SESSION_TICKET, ticket) => offer.ticket = ticket,
                (ALPN, value) => offer.protocols = value,
                (EARLY_DATA, _) => offer.has_early_data = true,
                (ENCRYPTED_CLIENT_HELLO, _) => offer.has_encrypted_hello = true,
                _ => {}
            }
        }
        Some(offer)
    }
}

/// The parameters that a server hello selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ServerSelection<'b> {
    pub(crate) random: [u8; 32],
    pub(crate) version: u16,
    pub(crate) suite: u16,
    /// ID of the session; empty if it cannot be resumed by one.
    pub(crate) session_id: &'b [u8],
    /// Name of the application protocol (ALPN), if it is negotiated here.
    pub(crate) alpn: Option<&'b [u8]>,
    /// Whether the authentication code of a record is of the encrypted bytes (RFC 7366).
    pub(crate) encrypts_then_macs: bool,
    /// Whether the master secret depends on the messages of the handshake (RFC 7627).
    pub(crate) extends_master_secret: bool,
    /// Whether the message is a Hello Retry Request.
    pub(crate) is_retry: bool,
}

impl<'b> ServerSelection<'b> {
    /// Reads the body of a server hello, as far as it is complete.
    pub(crate) fn read(body: &'b [u8]) -> Option<ServerSelection<'b>> {
        let (version, rest) = body.split_first_chunk()?;
        let (random, rest) = rest.split_first_chunk::<32>()?;
        let (session_id, rest) = vector::<1>(rest)?;
        let (suite, rest) = rest.split_first_chunk()?;
        let mut selection = ServerSelection {
            random: *random,
            version: u16::from_be_bytes(*version),
            suite: u16::from_be_bytes(*suite),
            session_id,
            is_retry: *random == RETRY_RANDOM,
            ..ServerSelection::default()
        };
        // The compression method is one byte.
        for (kind, value) in extensions(rest.get(1..).unwrap_or_default()) {
            match (kind, value) {
                (SUPPORTED_VERSIONS, &[high, low]) => selection.version = u16::from_be_bytes([high, low]),
                (ENCRYPT_THEN_MAC, _) => selection.encrypts_then_macs = true,
                (EXTENDED_MASTER_SECRET, _) => selection.extends_master_secret = true,
                (ALPN, value) => selection.alpn = first_name(value),
                _ => {}
            }
        }
        Some(selection)
    }
}

/// Returns the application protocol that Encrypted Extensions select.
pub(crate) fn selected_protocol(body: &[u8]) -> Option<&[u8]> {
    extensions(body).find(|&(kind, _)| kind == ALPN).and_then(|(_, value)| first_name(value))
}

/// Returns the first name of a list of application protocols (RFC 7301 3.1).
fn first_name(list: &[u8]) -> Option<&[u8]> {
    protocol_names(list).next()
}

/// Returns the names of a list of application protocols, as far as it is complete.
pub(crate) fn protocol_names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list.get(2..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (name, after) = vector::<1>(rest)?;
        rest = after;
        Some(name)
    })
}

/// Returns the type and the value of each extension. The last one may be truncated; it is omitted.
pub(crate) fn extensions(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    core::iter::from_fn(move || {
        let (kind, after) = rest.split_first_chunk()?;
        let (value, after) = vector::<2>(after)?;
        rest = after;
        Some((u16::from_be_bytes(*kind), value))
    })
}

/// Returns the content of a vector with a length of `N` bytes, and the bytes after it.
pub(crate) fn vector<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<N>()?;
    rest.split_at_checked(len.iter().fold(0, |len, &byte| len << 8 | usize::from(byte)))
}
