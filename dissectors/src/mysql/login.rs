//! The handshake: what server and client have agreed on.

use super::header::text;
use crate::reader::cstring;
use compact_str::{CompactString, format_compact};

const CONNECT_WITH_DB: u32 = 1 << 3;
const COMPRESS: u32 = 1 << 5;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const PLUGIN_AUTH: u32 = 1 << 19;
const CONNECT_ATTRS: u32 = 1 << 20;
const LENGTH_OF_AUTH_DATA: u32 = 1 << 21;
const DEPRECATE_EOF: u32 = 1 << 24;
const ZSTD: u32 = 1 << 26;
const QUERY_ATTRIBUTES: u32 = 1 << 27;

/// Bytes of a login before the name of the user. A request for TLS has no more.
pub(super) const LOGIN_START: usize = 32;

/// Returns the first 64 bytes of a name as text: as long as names of MySQL are.
fn short_text(name: &[u8]) -> CompactString {
    crate::exchange::text(name.get(..64).unwrap_or(name))
}

/// What the handshake states.
#[derive(Clone, Debug)]
pub(super) struct Login {
    /// Abilities of the server; all if the greeting was not captured.
    server: u32,
    /// Abilities that the client uses; 0 if the login was not captured.
    client: u32,
    user: CompactString,
    pub(super) database: CompactString,
    /// User and database.
    pub(super) identity: CompactString,
}

impl Default for Login {
    fn default() -> Login {
        let (user, database, identity) = Default::default();
        Login { server: u32::MAX, client: 0, user, database, identity }
    }
}

/// Whether a payload is a login, or a request for TLS: most of the bytes before the name of the user are zero.
pub(super) fn is_login(payload: &[u8]) -> bool {
    let zeros = payload.get(9..LOGIN_START - 4);
    abilities(payload) & PROTOCOL_41 != 0 && zeros.is_some_and(|zeros| zeros.iter().all(|&byte| byte == 0))
}

/// The parts of a login after the abilities.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LoginParts<'b> {
    pub(super) user: &'b [u8],
    /// Position and length of the password.
    pub(super) password: (usize, usize),
    pub(super) database: Option<&'b [u8]>,
    pub(super) plugin: Option<&'b [u8]>,
    /// Attributes follow: their length, then names and values, in turn.
    pub(super) has_attributes: bool,
}

/// Reads the abilities of a login.
pub(super) fn abilities(payload: &[u8]) -> u32 {
    payload.first_chunk().map_or(0, |&abilities| u32::from_le_bytes(abilities))
}

/// Whether the level of a compression with zstd follows the attributes of a login.
pub(super) fn has_compression_level(payload: &[u8]) -> bool {
    abilities(payload) & ZSTD != 0
}

/// Reads the parts of a login.
///
/// ```text
///   | abilities, 4 | maximum packet, 4 | collation, 1 | zero, 23 | user, 0 | password | database, 0 | method, 0 | attributes | level |
/// ```
pub(super) fn parts(payload: &[u8]) -> Option<LoginParts<'_>> {
    let client = abilities(payload);
    if client & PROTOCOL_41 == 0 {
        return None;
    }
    let (user, rest) = cstring(payload.get(LOGIN_START..)?);
    let at = payload.len() - rest.len();
    let (start, len) = match rest.first() {
        _ if client & LENGTH_OF_AUTH_DATA != 0 => {
            let (password, len) = text(rest)?;
            (at + len - password.len(), password.len())
        }
        Some(&len) => (at + 1, usize::from(len)),
        None => return None,
    };
    let mut rest = payload.get(start + len..)?;
    let mut parts = LoginParts { user, password: (start, len), ..LoginParts::default() };
    if client & CONNECT_WITH_DB != 0 {
        let (database, after) = cstring(rest);
        (parts.database, rest) = (Some(database), after);
    }
    if client & PLUGIN_AUTH != 0 && !rest.is_empty() {
        let (plugin, after) = cstring(rest);
        (parts.plugin, rest) = (Some(plugin), after);
    }
    parts.has_attributes = client & CONNECT_ATTRS != 0 && !rest.is_empty();
    Some(parts)
}

impl Login {
    /// Reads the abilities of the greeting.
    pub(super) fn greet(&mut self, payload: &[u8]) {
        let (_, rest) = cstring(payload.get(1..).unwrap_or_default());
        let word =
            |at: usize| rest.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&word| u16::from_le_bytes(word));
        self.server = u32::from(word(13)) | u32::from(word(18)) << 16;
    }

    /// Reads a login, or a request for TLS.
    pub(super) fn read(&mut self, payload: &[u8]) {
        self.client = abilities(payload);
        if let Some(parts) = parts(payload) {
            self.user = short_text(parts.user);
            self.database = parts.database.map(short_text).unwrap_or_default();
        }
        self.set_identity();
    }

    /// Changes the user and the database.
    ///
    /// ```text
    ///   | user, 0 | length, 1 | password | database, 0 | ...
    /// ```
    pub(super) fn change_user(&mut self, payload: &[u8]) {
        let (user, rest) = cstring(payload);
        let database = rest.split_first().and_then(|(&len, rest)| rest.get(usize::from(len)..)).unwrap_or_default();
        (self.user, self.database) = (short_text(user), short_text(cstring(database).0));
        self.set_identity();
    }

    /// Changes the database.
    pub(super) fn use_database(&mut self, name: &[u8]) {
        self.database = short_text(name);
        self.set_identity();
    }

    fn set_identity(&mut self) {
        self.identity = match (self.user.is_empty(), self.database.is_empty()) {
            (_, true) => self.user.clone(),
            (true, false) => self.database.clone(),
            (false, false) => format_compact!("{}@{}", self.user, self.database),
        };
    }

    /// Whether a packet of the client requests TLS: a login without its parts.
    pub(super) fn requests_tls(&self, payload: &[u8]) -> bool {
        payload.len() <= LOGIN_START && self.client & SSL != 0
    }

    /// Whether both sides can compress packets: by zlib or by zstd.
    pub(super) fn compresses(&self) -> bool {
        self.server & self.client & (COMPRESS | ZSTD) != 0
    }

    /// Whether the columns of a result end with a packet of their own, if it is known.
    pub(super) fn has_column_ends(&self) -> Option<bool> {
        (self.client != 0).then_some(self.client & self.server & DEPRECATE_EOF == 0)
    }

    /// Whether a query has attributes. If the login was not captured, the query shows it: no text begins with these bytes.
    pub(super) fn has_query_attributes(&self, payload: &[u8]) -> bool {
        let abilities = if self.client == 0 { self.server } else { self.server & self.client };
        abilities & QUERY_ATTRIBUTES != 0 && (self.client != 0 || matches!(payload, [3, 0, 1, ..]))
    }
}
