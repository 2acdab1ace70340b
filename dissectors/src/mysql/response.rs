//! The packets of a response: which one ends it, and its result.

use super::header;
use super::values::ValueType;
use crate::exchange::Outcome;
use crate::pipeline::Reply;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::{CompactString, format_compact};

/// Flags of the state of a session.
const MORE_RESULTS: u16 = 0x0008;
const CURSOR_EXISTS: u16 = 0x0040;
/// Maximum number of columns whose types are known.
const MAX_COLUMNS: usize = 1024;

/// Commands whose responses differ from others.
pub(super) mod command {
    pub(crate) const QUIT: u8 = 1;
    pub(crate) const INIT_DB: u8 = 2;
    pub(crate) const QUERY: u8 = 3;
    pub(crate) const FIELD_LIST: u8 = 4;
    pub(crate) const STATISTICS: u8 = 9;
    pub(crate) const CHANGE_USER: u8 = 17;
    pub(crate) const BINLOG_DUMP: u8 = 18;
    pub(crate) const REGISTER_SLAVE: u8 = 21;
    pub(crate) const PREPARE: u8 = 22;
    pub(crate) const EXECUTE: u8 = 23;
    pub(crate) const SEND_LONG_DATA: u8 = 24;
    pub(crate) const CLOSE: u8 = 25;
    pub(crate) const RESET: u8 = 26;
    pub(crate) const FETCH: u8 = 28;
    pub(crate) const BINLOG_DUMP_GTID: u8 = 30;
}

/// What the next packet of a response is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// OK, an error, a request for a file, or the number of columns.
    #[default]
    First,
    /// So many columns.
    Columns(u64),
    /// The end of the columns, or the first row.
    AfterColumns,
    Rows,
    /// So many parameters and columns of a statement that is prepared.
    Prepared(u16, u16),
    /// Events, until the connection ends.
    Binlog,
}

/// What a packet of a response is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PacketKind {
    #[default]
    Ok,
    Error,
    End,
    /// The number of columns.
    Count,
    Column,
    TextRow,
    BinaryRow,
    Prepared,
    Infile,
    /// An event of the binary log.
    Event,
    /// Another method of authentication.
    AuthSwitch,
    Data,
}

/// What is kept of a command until its response is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    pub(super) command: u8,
    /// Text of the statement.
    pub(super) text: Option<Arc<[u8]>>,
    /// Passwords were replaced in the text.
    pub(super) is_redacted: bool,
    /// Parameters of the statement that are passwords.
    pub(super) secret_parameters: Vec<u16>,
    /// It begins the session.
    pub(super) is_login: bool,
    state: State,
    rows: u64,
    has_rows: bool,
    affected: u64,
    has_row: bool,
    error: Option<CompactString>,
    outcome: Outcome,
    pub(super) columns: Option<Arc<Vec<ValueType>>>,
    /// A statement that was prepared: its number, and that of its parameters.
    pub(super) prepared: Option<(u32, u16)>,
    /// The server awaits a file of the client.
    pub(super) awaits_file: bool,
}

/// What a packet means for its response.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packet {
    pub(super) kind: PacketKind,
    pub(super) is_last: bool,
    pub(super) is_first_row: bool,
}

impl Unit {
    /// A command with the text of its statement; the login, if it is none.
    pub(super) fn new(command: Option<u8>, text: Option<Arc<[u8]>>) -> Unit {
        let is_login = command.is_none();
        let command = command.unwrap_or_default();
        let state = match command {
            command::FETCH => State::Rows,
            command::FIELD_LIST => State::Columns(u64::MAX),
            command::BINLOG_DUMP | command::BINLOG_DUMP_GTID => State::Binlog,
            _ => State::First,
        };
        Unit { command, text, is_login, state, ..Unit::default() }
    }

    /// Whether rows are in the binary format.
    fn is_binary(&self) -> bool {
        matches!(self.command, command::EXECUTE | command::FETCH | 250)
    }

    /// Reads a packet. `has_end` is whether the columns end with a packet of their own, if it is known.
    pub(super) fn apply(&mut self, payload: &[u8], has_end: Option<bool>) -> Packet {
        let first = payload.first().copied().unwrap_or_default();
        let kind = |kind| Packet { kind, ..Packet::default() };
        if first == 0xff
            && !matches!(self.state, State::Prepared(..))
            && (self.state != State::Binlog || payload.len() > 3)
        {
            return self.fail(payload);
        }
        let is_end = first == 0xfe && payload.len() < 9;
        match self.state {
            State::Binlog if is_end => Packet { is_last: true, ..kind(PacketKind::End) },
            State::Binlog => kind(PacketKind::Event),
            State::First => self.first(first, payload, has_end),
            State::Columns(_) if is_end => {
                Packet { is_last: self.command == command::FIELD_LIST, ..kind(PacketKind::End) }
            }
            State::Columns(left) => {
                self.add_column(payload);
                self.state = if left > 1 { State::Columns(left - 1) } else { State::AfterColumns };
                kind(PacketKind::Column)
            }
            // The end of the columns has 5 bytes; the end of rows that have no such packet has more.
            State::AfterColumns if is_end && payload.len() == 5 && has_end != Some(false) => {
                self.state = State::Rows;
                let status = payload
                    .get(3..)
                    .and_then(|status| status.first_chunk())
                    .map_or(0, |&status| u16::from_le_bytes(status));
                Packet {
                    is_last: status & CURSOR_EXISTS != 0 && self.command == command::EXECUTE,
                    ..kind(PacketKind::End)
                }
            }
            // A row that begins so has a value of 16 MB or more: shorter packets are the end, with changes of the session.
            State::AfterColumns | State::Rows
                if is_end || first == 0xfe && payload.len() < header::CONTINUED as usize =>
            {
                self.end_rows(payload)
            }
            State::AfterColumns | State::Rows => {
                self.state = State::Rows;
                (self.rows, self.has_rows) = (self.rows + 1, true);
                let is_first_row = !core::mem::replace(&mut self.has_row, true);
                let kind = if self.is_binary() { PacketKind::BinaryRow } else { PacketKind::TextRow };
                Packet { kind, is_first_row, is_last: false }
            }
            State::Prepared(parameters, columns) => self.prepared_part(parameters, columns, is_end, has_end),
        }
    }

    fn first(&mut self, first: u8, payload: &[u8], has_end: Option<bool>) -> Packet {
        let kind = |kind| Packet { kind, ..Packet::default() };
        match (self.command, first) {
            (command::STATISTICS, _) => Packet { is_last: true, ..kind(PacketKind::Data) },
            (command::PREPARE, 0) if payload.len() >= 9 => {
                let word = |at: usize| {
                    payload.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&word| u16::from_le_bytes(word))
                };
                let number = payload
                    .get(1..)
                    .and_then(|rest| rest.first_chunk())
                    .map_or(0, |&number| u32::from_le_bytes(number));
                let (columns, parameters) = (word(5), word(7));
                self.prepared = Some((number, parameters));
                let ends = u16::from(has_end != Some(false));
                let packets = |count: u16| if count > 0 { count.saturating_add(ends) } else { 0 };
                self.state = State::Prepared(packets(parameters), packets(columns));
                Packet { is_last: parameters == 0 && columns == 0, ..kind(PacketKind::Prepared) }
            }
            // A method of authentication, or data of one.
            (command::CHANGE_USER, 0xfe | 1) => kind(PacketKind::Data),
            (_, 0xfe) if self.is_login => kind(PacketKind::AuthSwitch),
            (_, 1) if self.is_login => kind(PacketKind::Data),
            (_, 0) => {
                let affected = header::number(payload.get(1..).unwrap_or_default());
                let insert_id =
                    affected.and_then(|(_, len)| header::number(payload.get(1 + len..)?).map(|(_, id)| len + id));
                let status = insert_id
                    .and_then(|at| payload.get(1 + at..)?.first_chunk())
                    .map_or(0, |&status| u16::from_le_bytes(status));
                self.affected += affected.map_or(0, |(affected, _)| affected);
                Packet { is_last: status & MORE_RESULTS == 0, ..kind(PacketKind::Ok) }
            }
            (_, 0xfe) if payload.len() < 9 => Packet { is_last: true, ..kind(PacketKind::End) },
            (_, 0xfb) => {
                self.awaits_file = true;
                kind(PacketKind::Infile)
            }
            _ => {
                let (count, len) = header::number(payload).unwrap_or((0, 1));
                // A byte after the number states whether the columns follow.
                let is_cached = payload.get(len) == Some(&0);
                self.columns = None;
                self.state = if is_cached || count == 0 { State::AfterColumns } else { State::Columns(count) };
                self.has_rows = true;
                kind(PacketKind::Count)
            }
        }
    }

    fn prepared_part(&mut self, parameters: u16, columns: u16, is_end: bool, has_end: Option<bool>) -> Packet {
        let is_first = parameters > 0;
        let (parameters, columns) =
            if is_first { (parameters - 1, columns) } else { (parameters, columns.saturating_sub(1)) };
        // Whether there are ends was not known: the last packet of a part shows it.
        let is_missing = has_end.is_none() && !is_end && (is_first && parameters == 0 || !is_first && columns == 0);
        let columns = if is_missing && is_first { columns.saturating_sub(2) } else { columns };
        self.state = State::Prepared(parameters, columns);
        let kind = if is_end { PacketKind::End } else { PacketKind::Column };
        Packet { kind, is_last: parameters == 0 && columns == 0, is_first_row: false }
    }

    fn fail(&mut self, payload: &[u8]) -> Packet {
        let number =
            payload.get(1..3).and_then(|number| number.first_chunk()).map_or(0, |&number| u16::from_le_bytes(number));
        let state = payload.get(3..9).and_then(|state| state.strip_prefix(b"#"));
        let state = crate::exchange::text(state.unwrap_or_default());
        self.outcome = match (number, state.as_bytes()) {
            // Too many connections, out of memory, shutdown, lock wait, deadlock, read only.
            (1037 | 1038 | 1040 | 1041 | 1053 | 1077 | 1105 | 1135 | 1203 | 1205 | 1206 | 1213 | 1290 | 1836, _) => {
                Outcome::ServerError
            }
            (_, [b'0', b'8', ..]) => Outcome::ServerError,
            _ => Outcome::ClientError,
        };
        self.error = Some(format_compact!("ERROR {number}{}{state}", if state.is_empty() { "" } else { " " }));
        Packet { kind: PacketKind::Error, is_last: true, is_first_row: false }
    }

    fn end_rows(&mut self, payload: &[u8]) -> Packet {
        // Either: warnings and state; or as in OK: two numbers before the state.
        let status = if payload.len() == 5 {
            payload.get(3..)
        } else {
            let read = || {
                let (_, affected) = header::number(payload.get(1..)?)?;
                let (_, id) = header::number(payload.get(1 + affected..)?)?;
                payload.get(1 + affected + id..)
            };
            read()
        };
        let status = status.and_then(|status| status.first_chunk()).map_or(0, |&status| u16::from_le_bytes(status));
        self.state = State::First;
        Packet { kind: PacketKind::End, is_last: status & MORE_RESULTS == 0, is_first_row: false }
    }

    /// Keeps the type of a column.
    fn add_column(&mut self, payload: &[u8]) {
        if !self.is_binary() || self.columns.as_ref().is_some_and(|columns| columns.len() >= MAX_COLUMNS) {
            return;
        }
        let mut at = 0;
        for _ in 0..6 {
            at += payload.get(at..).and_then(header::text).map_or(0, |(_, len)| len);
        }
        at += payload.get(at..).map_or(0, header::column_start);
        let fixed = payload.get(at + 1..).unwrap_or_default();
        let of = match fixed {
            &[_, _, _, _, _, _, kind, low, ..] => ValueType { kind, is_unsigned: low & 0x20 != 0 },
            _ => ValueType::default(),
        };
        Arc::make_mut(self.columns.get_or_insert_default()).push(of);
    }

    /// Number of rows that were returned or changed, if the command has some.
    pub(super) fn row_count(&self) -> Option<u64> {
        match (self.has_rows, self.affected) {
            (true, _) => Some(self.rows),
            (false, 1..) => Some(self.affected),
            (false, 0) => None,
        }
    }

    /// The result.
    pub(super) fn reply(&mut self) -> Reply {
        if let Some(status) = self.error.take() {
            return Reply { status, code: None, outcome: self.outcome };
        }
        let status = match (self.has_rows, self.affected) {
            (true, _) => format_compact!("{} row{}", self.rows, if self.rows == 1 { "" } else { "s" }),
            (false, 0) => CompactString::const_new("OK"),
            (false, affected) => format_compact!("OK {affected} row{}", if affected == 1 { "" } else { "s" }),
        };
        Reply { status, code: None, outcome: Outcome::Success }
    }
}
