//! `secrets`: one row per TLS client hello, with the labels of the secrets that are known for it, or the name of the private key
//! that opens it. Secrets are not printed.

use super::records::{Cell, RecordColumn, RecordFormat, RecordWriter, number_column, text_column};
use super::{DissectedFrame, Report};
use dissectors::session::ConversationId;
use dissectors::{Tree, Value, Wants};
use std::io::{self, Write};

// The fields of a row.
const STREAM: &str = "tcp.stream";
const UDP_STREAM: &str = "udp.stream";
const MESSAGE_TYPE: &str = "tls.handshake.type";
const HOST: &str = "tls.handshake.extensions_server_name";
const SECRETS: &str = "tls.handshake.secrets";
const KEY: &str = "tls.handshake.secrets.key";
const RESULT: &str = "tls.handshake.secrets.result";

/// Type of a client hello.
const CLIENT_HELLO: u64 = 1;

static COLUMNS: &[RecordColumn] = &[
    RecordColumn::new("stream", number_column("STREAM", 6, 1)),
    RecordColumn::new("frame", number_column("FRAME", 6, 1)),
    RecordColumn::new("host", text_column("HOST", 24, 60, 0)),
    RecordColumn::new("result", text_column("RESULT", 12, 12, 0)),
    RecordColumn::new("secrets", text_column("SECRETS", 10, 200, 0)),
];

/// Prints client hellos as rows.
pub struct SecretsReport {
    records: RecordWriter,
}

impl SecretsReport {
    /// Returns a report in this format.
    #[must_use]
    pub fn new(format: RecordFormat) -> SecretsReport {
        SecretsReport { records: RecordWriter::new(COLUMNS, format) }
    }

    /// Returns the fields that the rows are made of.
    #[must_use]
    pub fn wants() -> Wants {
        let mut wants = Wants::default();
        [STREAM, UDP_STREAM, MESSAGE_TYPE, HOST, SECRETS, KEY, RESULT]
            .into_iter()
            .filter_map(dissectors::field)
            .for_each(|field| wants.add(field));
        wants
    }
}

impl Report for SecretsReport {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.begin(out)
    }

    fn frame(&mut self, dissected: &DissectedFrame<'_>, out: &mut dyn Write) -> io::Result<()> {
        let tree = dissected.tree;
        if !values(tree, MESSAGE_TYPE).any(|value| value == Value::Uint(CLIENT_HELLO)) {
            return Ok(());
        }
        let number = |field| {
            values(tree, field)
                .find_map(|value| if let Value::Uint(number) = value { u32::try_from(number).ok() } else { None })
        };
        let (tcp, udp) = (number(STREAM), number(UDP_STREAM).map(|number| ConversationId::Udp(number).to_string()));
        let stream = match (tcp, &udp) {
            (Some(number), _) => Cell::Number(number.into()),
            (None, Some(conversation)) => Cell::Text(conversation),
            (None, None) => Cell::Empty,
        };
        let (host, mut secrets, key) = (text(tree, HOST), text(tree, SECRETS), text(tree, KEY));
        if !key.is_empty() {
            secrets += if secrets.is_empty() { "" } else { ", " };
            secrets += &format!("private key {key}");
        }
        let secrets = if secrets.is_empty() { Cell::Missing("none") } else { Cell::Text(&secrets) };
        let result = dissectors::field(RESULT).zip(values(tree, RESULT).next());
        let result = match result {
            Some((field, Value::Uint(result))) => field.value_name(result).map_or(Cell::Empty, Cell::Word),
            _ => Cell::Empty,
        };
        let cells = [stream, Cell::Number(dissected.frame.number.into()), Cell::Text(&host), result, secrets];
        self.records.row(&cells, out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.records.end(out)
    }
}

fn values<'t>(tree: &'t Tree, field: &'static str) -> impl Iterator<Item = Value> + 't {
    tree.nodes().iter().filter(move |node| node.field.name == field).map(|node| node.value)
}

/// Returns the first text of a field; empty if there is none.
fn text(tree: &Tree, field: &'static str) -> String {
    let text = values(tree, field).find_map(|value| if let Value::Text(text) = value { Some(text) } else { None });
    text.map(|text| String::from_utf8_lossy(tree.bytes(text)).into_owned()).unwrap_or_default()
}
