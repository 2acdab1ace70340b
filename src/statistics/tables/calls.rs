//! Calls by a value: status, method, host, path, name or statement.

use crate::analysis::{Event, MessageNodes, Task};
use crate::capture::Call;
use crate::report::records::RecordFormat;
use crate::report::{CallGroupsReport, GroupField, Report};
use crate::statistics::table::StatisticsTable;
use dissectors::call_facts::FactRole;
use dissectors::session::Side;
use dissectors::{Field, Tree, Wants, call_facts, message_fields};
use std::io::{self, Write};

/// Kind of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// Calls of all protocols.
    All,
    /// Calls of the web: those that curl can make.
    Web,
    /// Lookups of names.
    Lookup,
    /// Statements of databases.
    Statement,
}

impl CallKind {
    fn has(self, call: &Call) -> bool {
        let name = call.exchange.protocol;
        match self {
            CallKind::All => true,
            CallKind::Web => message_fields().any(|(protocol, fields)| {
                fields.is_curl_request && protocol.fields.first().is_some_and(|own| own.name == name)
            }),
            CallKind::Lookup => crate::journey::is_lookup(name),
            CallKind::Statement => call_facts().any(|(own, facts)| own == name && facts.statements.is_some()),
        }
    }
}

/// Groups calls by a value.
pub(crate) struct CallsTable {
    kind: CallKind,
    wants: Wants,
    report: CallGroupsReport,
}

impl CallsTable {
    /// Returns a table of calls by a column of `calls`, a field or an alias. An unknown name groups nothing.
    pub(crate) fn new(kind: CallKind, by: &str, format: RecordFormat) -> CallsTable {
        let field = GroupField::new(by).unwrap_or_default();
        CallsTable { kind, wants: field.wants(), report: CallGroupsReport::new(field, format) }
    }

    /// The same with the histogram of each group.
    pub(crate) fn with_histograms(kind: CallKind, by: &str, format: RecordFormat) -> CallsTable {
        let field = GroupField::new(by).unwrap_or_default();
        CallsTable { kind, wants: field.wants(), report: CallGroupsReport::with_histograms(field, format) }
    }
}

impl StatisticsTable for CallsTable {
    fn extend_task(&self, task: &mut Task) {
        task.wants.add_all(&self.wants);
        (task.exchanges, task.halves, task.without_connections) = (true, true, false);
    }

    fn messages(&mut self, messages: &[MessageNodes], tree: &Tree) {
        self.report.messages(messages, tree);
    }

    fn event(&mut self, event: &Event) {
        if let Event::Call(call) = event
            && self.kind.has(call)
        {
            self.report.add_call(call);
        }
    }

    fn write(&mut self, _: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        self.report.end(out)
    }

    fn limit_notes(&self) -> Vec<String> {
        self.report.limit_notes()
    }
}

/// Returns the fields of handshakes above the transport with the side whose value counts: the client names the server, the server
/// selects among what the client offers.
pub(crate) fn handshake_fields() -> impl Iterator<Item = (&'static Field, Side)> {
    let side = |role| match role {
        FactRole::ServerName => Some(Side::Client),
        FactRole::Version | FactRole::Cipher | FactRole::ApplicationProtocol => Some(Side::Server),
        _ => None,
    };
    let secure =
        call_facts().filter(|(_, facts)| facts.fields.iter().any(|(role, _)| *role == FactRole::HandshakeMessage));
    let fields = secure.flat_map(|(_, facts)| facts.fields.iter().copied());
    fields.filter_map(move |(role, field)| Some((field, side(role)?)))
}
