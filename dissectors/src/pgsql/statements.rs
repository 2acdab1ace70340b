//! Prepared statements and portals of a session, by name.

use crate::session::Context;
use crate::sql_text::DoubleQuotes;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use compact_str::CompactString;

/// Maximum number of prepared statements, and of portals, that are known by name. Drivers cache some hundreds.
const MAX_STATEMENTS: usize = 1024;
/// Maximum number of bytes of their texts.
const MAX_TEXT: usize = 256 << 10;
/// Maximum number of parameters or columns whose types are known.
pub(super) const MAX_TYPES: usize = 256;

/// A statement with the types of its parameters, as far as the client states them.
#[derive(Debug, Default)]
pub(super) struct Statement {
    pub(super) text: Vec<u8>,
    pub(super) types: Vec<u32>,
    /// The text is another than that of the message: passwords are replaced.
    pub(super) is_redacted: bool,
    /// Parameters whose values are passwords that are not shown.
    pub(super) secret_parameters: Vec<u16>,
}

impl Statement {
    /// A statement of this text.
    pub(super) fn new(text: &[u8], types: Vec<u32>, cx: &Context<'_>) -> Arc<Statement> {
        let shown = Statement::shown_text(text, cx);
        let is_redacted = matches!(shown, Cow::Owned(_));
        Arc::new(Statement { text: shown.into_owned(), types, is_redacted, secret_parameters: Vec::new() })
    }

    /// A statement that is executed with parameters.
    pub(super) fn prepared(text: &[u8], types: Vec<u32>, cx: &Context<'_>) -> Arc<Statement> {
        let secret_parameters = cx.secret_parameters(text, DoubleQuotes::Name);
        let mut statement = Statement::new(text, types, cx);
        if let Some(statement) = Arc::get_mut(&mut statement) {
            statement.secret_parameters = secret_parameters;
        }
        statement
    }

    /// Returns the text of a statement that is kept: without its passwords, unless they are shown.
    pub(super) fn shown_text<'b>(text: &'b [u8], cx: &Context<'_>) -> Cow<'b, [u8]> {
        cx.shown_statement(text, DoubleQuotes::Name)
    }

    fn len(&self) -> usize {
        self.text.len() + 4 * self.types.len() + 2 * self.secret_parameters.len()
    }
}

/// The statements of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    statements: BTreeMap<CompactString, Arc<Statement>>,
    portals: BTreeMap<CompactString, Arc<Statement>>,
    text: usize,
}

impl Statements {
    /// Keeps a statement under its name. At a limit, all are dropped.
    pub(super) fn parse(&mut self, name: CompactString, statement: Arc<Statement>) {
        if self.statements.len() >= MAX_STATEMENTS || self.text > MAX_TEXT {
            *self = Statements::default();
        }
        self.text += name.len() + statement.len();
        if let Some(old) = self.statements.insert(name, statement) {
            self.text -= old.len().min(self.text);
        }
    }

    /// The statement of a name.
    pub(super) fn statement(&self, name: &str) -> Option<&Arc<Statement>> {
        self.statements.get(name)
    }

    /// Binds a portal to a statement.
    pub(super) fn bind(&mut self, portal: CompactString, statement: &str) -> Option<Arc<Statement>> {
        let statement = self.statements.get(statement).cloned();
        if self.portals.len() >= MAX_STATEMENTS {
            self.portals.clear();
        }
        match &statement {
            Some(statement) => drop(self.portals.insert(portal, statement.clone())),
            None => drop(self.portals.remove(&portal)),
        }
        statement
    }

    /// The statement of a portal.
    pub(super) fn portal(&self, name: &str) -> Option<&Arc<Statement>> {
        self.portals.get(name)
    }

    /// Drops a statement or a portal.
    pub(super) fn close(&mut self, kind: u8, name: &str) {
        if kind == b'S' {
            if let Some(old) = self.statements.remove(name) {
                self.text -= old.len().min(self.text);
            }
        } else {
            self.portals.remove(name);
        }
    }

    /// Bytes buffered.
    pub(super) fn buffered(&self) -> usize {
        self.text + (self.statements.len() + self.portals.len()) * 64
    }
}
