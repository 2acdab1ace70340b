//! Prepared statements of a session, by number.

use super::header;
use super::values::{self, ValueType};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Maximum number of prepared statements that are known. At the limit, all are dropped.
const MAX_STATEMENTS: usize = 1024;
/// Maximum number of bytes of their texts.
const MAX_BYTES: usize = 256 << 10;
/// Maximum number of parameters whose types are known.
const MAX_PARAMETERS: usize = 1024;

/// A prepared statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub(super) text: Arc<[u8]>,
    parameters: usize,
    /// Types of the parameters, as the client has stated them last.
    types: Vec<ValueType>,
    /// Parameters whose values are passwords that are not shown.
    secrets: Vec<u16>,
    /// Parameters whose values were sent before.
    long: Vec<u16>,
}

/// The prepared statements of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    statements: BTreeMap<u32, Statement>,
    bytes: usize,
}

impl Statements {
    /// Keeps a statement under the number of the server.
    pub(super) fn prepare(&mut self, number: u32, text: Arc<[u8]>, parameters: u16, secrets: Vec<u16>) {
        if self.statements.len() >= MAX_STATEMENTS || self.bytes > MAX_BYTES {
            *self = Statements::default();
        }
        self.bytes += text.len();
        let statement = Statement { text, parameters: parameters.into(), secrets, ..Statement::default() };
        if let Some(old) = self.statements.insert(number, statement) {
            self.bytes -= old.text.len().min(self.bytes);
        }
    }

    pub(super) fn text(&self, number: u32) -> Option<&Arc<[u8]>> {
        self.statements.get(&number).map(|statement| &statement.text)
    }

    /// Whether the value of a parameter is a password that is not shown.
    pub(super) fn is_secret(&self, number: u32, parameter: u16) -> bool {
        self.statements.get(&number).is_some_and(|statement| statement.secrets.contains(&parameter))
    }

    pub(super) fn close(&mut self, number: u32) {
        if let Some(old) = self.statements.remove(&number) {
            self.bytes -= old.text.len().min(self.bytes);
        }
    }

    /// Notes that the value of a parameter was sent.
    pub(super) fn send_long(&mut self, number: u32, parameter: u16) {
        if let Some(statement) = self.statements.get_mut(&number)
            && statement.long.len() < MAX_PARAMETERS
            && !statement.long.contains(&parameter)
        {
            statement.long.push(parameter);
        }
    }

    /// Drops the values that were sent.
    pub(super) fn reset(&mut self, number: u32) {
        if let Some(statement) = self.statements.get_mut(&number) {
            statement.long.clear();
        }
    }

    /// Reads the parameters of an execution, after the number of iterations.
    ///
    /// ```text
    ///   | NULL, a bit each | types follow, 1 byte | type, 2 bytes each | values |
    /// ```
    pub(super) fn parameters(&mut self, number: u32, bytes: &[u8]) -> Option<Vec<(String, usize, usize)>> {
        let statement = self.statements.get_mut(&number)?;
        let count = statement.parameters;
        if count == 0 || count > MAX_PARAMETERS {
            return Some(Vec::new());
        }
        let nulls = bytes.get(..count.div_ceil(8))?;
        let mut at = nulls.len() + 1;
        if bytes.get(nulls.len()) == Some(&1) {
            let types = bytes.get(at..at + 2 * count)?;
            let read = |pair: &[u8]| match pair {
                &[kind, flags] => ValueType { kind, is_unsigned: flags & 0x80 != 0 },
                _ => ValueType::default(),
            };
            statement.types = types.chunks_exact(2).map(read).collect();
            at += 2 * count;
        }
        let mut values = Vec::with_capacity(count);
        for (nth, &of) in statement.types.iter().enumerate().take(count) {
            let is_null = nulls.get(nth / 8).is_some_and(|byte| byte >> (nth % 8) & 1 != 0);
            if is_null || statement.long.contains(&(nth as u16)) {
                values.push((String::from(if is_null { "NULL" } else { "(sent before)" }), at, 0));
                continue;
            }
            let (text, len) = values::read(bytes.get(at..)?, of)?;
            let is_secret = statement.secrets.contains(&(nth as u16));
            values.push((if is_secret { String::from("(redacted)") } else { text }, at, len));
            at += len;
        }
        statement.long.clear();
        Some(values)
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.bytes + self.statements.len() * size_of::<Statement>()
    }
}

/// Reads the attributes of a query (MySQL 8.0.23), and returns the position of its text.
pub(super) fn query_start(payload: &[u8]) -> Option<usize> {
    let (count, mut at) = header::number(payload.get(1..)?)?;
    at += 1;
    let (_, sets) = header::number(payload.get(at..)?)?;
    at += sets;
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_PARAMETERS)?;
    if count == 0 {
        return Some(at);
    }
    let nulls = payload.get(at..at + count.div_ceil(8))?;
    at += nulls.len() + 1;
    let mut types = Vec::with_capacity(count);
    for _ in 0..count {
        let &[kind, flags] = payload.get(at..)?.first_chunk()?;
        let (_, name) = header::text(payload.get(at + 2..)?)?;
        types.push(ValueType { kind, is_unsigned: flags & 0x80 != 0 });
        at += 2 + name;
    }
    for (nth, &of) in types.iter().enumerate() {
        if nulls.get(nth / 8).is_some_and(|byte| byte >> (nth % 8) & 1 == 0) {
            at += values::read(payload.get(at..)?, of)?.1;
        }
    }
    Some(at)
}
