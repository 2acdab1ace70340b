//! Secrets in the detail tree of a frame.
//!
//! Texts are read with what the tree states about them: the name of the header, of the member or of the form field that a value belongs
//! to. Bytes are not shown at all, except bodies that are text.

use super::Redactor;
use super::database::{message, statement};
use super::json::JsonTexts;
use super::names::{Rule, SecretKind};
use super::query::QuerySecrets;
use super::redis::{arguments, command, is_known_command, response};
use dissectors::tree::{Node, TextRole, TreeText};
use dissectors::{FieldKind, Tree, Value, Wants, message_fields};

/// Fields that name what follows them: their values are secrets or not by these names.
const NAMES: [&str; 6] = [
    "http2.header.name",
    "http3.header.header.name",
    "urlencoded-form.key",
    "protobuf.field.name",
    "pgsql.parameter_name",
    "mysql.connattrs.name",
];
/// Fields whose value belongs to the name before.
const NAMED: [&str; 7] = [
    "http2.header.value",
    "http2.header.unescaped",
    "http3.headers.header.value",
    "http3.header.header.value",
    "urlencoded-form.value",
    "pgsql.parameter_value",
    "mysql.connattrs.value",
];
/// Fields that name all values in the group that they begin.
const GROUP_NAMES: [&str; 1] = ["mime_multipart.header.content-disposition"];
/// Statements of SQL.
const STATEMENTS: [&str; 7] = [
    "sql.statement",
    "pgsql.query",
    "pgsql.executed",
    "pgsql.internal_query",
    "mysql.query",
    "mysql.executed",
    "mysql.error.message",
];
/// Messages of PostgreSQL, in which names and values are in double quotes.
const MESSAGES: [&str; 3] = ["pgsql.message", "pgsql.where", "pgsql.hint"];
/// Values of databases and of messages, which are replaced whole.
const VALUES: [(&str, SecretKind); 15] = [
    ("pgsql.value", SecretKind::SqlValue),
    ("pgsql.row", SecretKind::SqlValue),
    ("pgsql.detail", SecretKind::SqlValue),
    ("pgsql.text", SecretKind::SqlValue),
    ("pgsql.password", SecretKind::Password),
    ("mysql.value", SecretKind::SqlValue),
    ("mysql.row", SecretKind::SqlValue),
    ("mysql.row.text", SecretKind::SqlValue),
    ("mysql.session_track.sysvar.value", SecretKind::SqlValue),
    ("mysql.binlog.slave_password", SecretKind::Password),
    ("resp.line", SecretKind::RedisValue),
    ("resp.verbatim_string", SecretKind::RedisValue),
    ("resp.bulk_error", SecretKind::RedisValue),
    ("resp.big_number", SecretKind::RedisValue),
    ("protobuf.field.value.string", SecretKind::ProtobufText),
];

impl Redactor {
    /// Adds the fields that name the values of a tree.
    pub(crate) fn add_wants(&self, wants: &mut Wants) {
        if wants.is_empty() {
            return;
        }
        let names = NAMES.iter().chain(&GROUP_NAMES).filter_map(|name| dissectors::field(name));
        // It is before the summary of a command, which is distinguished by it from that of a response.
        let names = names.chain(["resp.command", "resp.arguments"].iter().filter_map(|name| dissectors::field(name)));
        names.chain(message_fields().map(|(_, fields)| fields.media_type)).for_each(|field| wants.add(field));
        // The values of JSON and the lines of texts are read with those beside them.
        for body in [JSON, TEXT_LINES, FORM].into_iter().filter_map(dissectors::field) {
            if wants.protocol(body) {
                wants.add(body);
            }
        }
        // The parameters of a query follow it, and the name of a column its table.
        for (own, before) in [(PARAMETER, QUERY), (COLUMN, ORIGINAL_TABLE)] {
            let own = dissectors::field(own).filter(|field| wants.field(field));
            own.and_then(|_| dissectors::field(before)).into_iter().for_each(|before| wants.add(before));
        }
    }

    /// Replaces the secrets of a tree.
    pub(crate) fn tree(&self, tree: &mut Tree) {
        let protocol = tree.columns().protocol;
        let mut reader = TreeReader { protocol, ..TreeReader::new(self) };
        tree.replace_texts(&mut |text| reader.read(text));
    }
}

/// A body of JSON.
const JSON: &str = "json";

/// A body that is a form.
const FORM: &str = "urlencoded-form";
/// The query of a URL, and one of its parameters.
const QUERY: &str = "http.request.uri.query";
const PARAMETER: &str = "http.request.uri.query.parameter";
/// The name of a column of MySQL, and the table that it is of.
const COLUMN: &str = "mysql.field.name";
const ORIGINAL_TABLE: &str = "mysql.field.org_table";
/// A body that is text.
const TEXT_LINES: &str = "data-text-lines";
/// A line of it.
const TEXT_LINE: &str = "data-text-lines.line";

/// Media types of bodies that may look like a text and are none.
const BINARY: [&str; 5] = ["protobuf", "grpc", "octet-stream", "msgpack", "cbor"];

/// Reads the texts of a tree.
struct TreeReader<'r> {
    redactor: &'r Redactor,
    /// Short name of the protocol of the frame.
    protocol: &'static str,
    /// Rules of the groups around a node, with their depths.
    groups: Vec<(u8, Rule)>,
    /// Place of the body of JSON that was begun last, and what is replaced in it.
    json: Option<(u32, JsonTexts)>,
    /// The lines of the text that was begun last, if it has secrets, and the number of those that were read.
    lines: Option<(Vec<Vec<u8>>, usize)>,
    /// What the form or query that was begun last states about its values.
    query: QuerySecrets,
    /// The name before.
    name: Vec<u8>,
    /// The value of the node that was read last, before and after, if it has a secret.
    value: Option<(Vec<u8>, Vec<u8>)>,
    /// The media type of the message is that of bytes.
    is_binary: bool,
    /// The media type of the message is that of a form.
    is_form: bool,
    /// The arguments of a command were read.
    is_command: bool,
    /// The column that was begun last is one of a table. The name of another one is its expression, such as a literal.
    has_table: bool,
}

impl<'r> TreeReader<'r> {
    fn new(redactor: &'r Redactor) -> TreeReader<'r> {
        TreeReader {
            redactor,
            protocol: "",
            groups: Vec::new(),
            json: None,
            lines: None,
            query: QuerySecrets::default(),
            name: Vec::new(),
            value: None,
            is_binary: false,
            is_form: false,
            is_command: false,
            has_table: false,
        }
    }

    fn read(&mut self, text: TreeText<'_>) -> Option<Vec<u8>> {
        match (text.role, text.node) {
            (TextRole::Address, _) => Some(text.bytes.to_vec()),
            (TextRole::Info, _) | (_, None) => Some(self.info(text.bytes)),
            (TextRole::Text, Some(node)) => {
                self.begin(node);
                let own = self.text(node, text.bytes);
                self.value = own.as_ref().map(|own| (text.bytes.to_vec(), own.clone()));
                Some(own.unwrap_or_else(|| text.bytes.to_vec()))
            }
            (TextRole::Bytes, Some(node)) => {
                self.begin(node);
                if node.field.name == JSON {
                    self.json = Some((node.span.start, self.redactor.json_texts(text.bytes)));
                } else if node.field.name == FORM {
                    self.query = self.redactor.query_secrets(text.bytes);
                } else if node.field.name == TEXT_LINES {
                    self.lines = self.redactor.lines(text.bytes).map(|lines| (lines, 0));
                }
                self.body(node, text.bytes)
            }
            (TextRole::Label, Some(node)) => {
                if !matches!(node.value, Value::Text(_) | Value::Bytes(_)) {
                    self.begin(node);
                }
                Some(self.label(node, text.bytes))
            }
        }
    }

    /// Begins a node: groups that are as deep are over.
    fn begin(&mut self, node: &Node) {
        self.value = None;
        while self.groups.last().is_some_and(|(depth, _)| *depth >= node.depth) {
            self.groups.pop();
        }
    }

    /// Returns the kind of a value by the names of the groups around it.
    fn group_kind(&self, value: &[u8]) -> Option<SecretKind> {
        self.groups.iter().find(|(_, rule)| rule.applies_to(value)).map(|(_, rule)| rule.kind)
    }

    /// Returns the mark of a value that is a secret by the others of the form or query.
    fn pair_mark(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        Some(self.redactor.mark(self.query.kind_of(name, value)?, value))
    }

    /// Returns a value of a form without its secrets, if it has some.
    fn named_value(&self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.pair_mark(name, value).or_else(|| self.redactor.value(name, value))
    }

    /// Returns a text without its secrets, if it has some.
    fn text(&mut self, node: &Node, text: &[u8]) -> Option<Vec<u8>> {
        let (redactor, name) = (self.redactor, node.field.name);
        if GROUP_NAMES.contains(&name) {
            // The content of a part is beside its headers.
            let rule = redactor.disposition_rule(text);
            self.groups.extend(rule.map(|rule| (node.depth.saturating_sub(1), rule)));
        } else if NAMES.contains(&name) {
            self.name = text.to_vec();
        }
        if name == "mime_multipart.name" || NAMES.contains(&name) {
            return redactor.text(text);
        }
        if message_fields().any(|(_, fields)| fields.media_type.id == node.field.id) {
            let own = text.to_ascii_lowercase();
            self.is_form = memchr::memmem::find(&own, b"x-www-form-urlencoded").is_some();
            self.is_binary = BINARY.iter().any(|part| memchr::memmem::find(&own, part.as_bytes()).is_some());
        }
        if let Some((_, kind)) = VALUES.iter().find(|(own, _)| *own == name) {
            return Some(if text.is_empty() { Vec::new() } else { redactor.mark(*kind, text) });
        }
        if name == QUERY {
            self.query = redactor.query_secrets(text);
        }
        let own = match name {
            "urlencoded-form.value" => self.named_value(&self.name, text),
            PARAMETER => {
                let sign = memchr::memchr(b'=', text).map_or(0, |sign| sign + 1);
                let (key, value) = text.split_at_checked(sign)?;
                let pair = self.pair_mark(key.strip_suffix(b"=").unwrap_or(key), value);
                pair.map(|mark| [key, &mark].concat()).or_else(|| redactor.text(text))
            }
            "resp.arguments" => {
                self.is_command = true;
                arguments(redactor, &self.name, text)
            }
            "resp.summary" if !std::mem::take(&mut self.is_command) => response(redactor, text),
            "resp.summary" | "resp.inline" => command(redactor, text),
            "resp.command" => {
                self.name = text.to_vec();
                redactor.text(text)
            }
            ORIGINAL_TABLE => {
                self.has_table = !text.is_empty();
                redactor.text(text)
            }
            COLUMN if !self.has_table && !text.is_empty() => Some(redactor.mark(SecretKind::SqlValue, text)),
            "resp.key" if !is_known_command(&self.name) => Some(redactor.mark(SecretKind::RedisValue, text)),
            "resp.string" | "resp.error" | "resp.status" => response(redactor, text),
            "pgsql.summary" | "mysql.summary" if is_tag(text) => None,
            "pgsql.summary" => statement(redactor, text, false),
            "mysql.summary" => statement(redactor, text, true),
            _ if MESSAGES.contains(&name) => message(redactor, text),
            _ if STATEMENTS.contains(&name) => statement(redactor, text, !name.starts_with("pgsql")),
            TEXT_LINE => self.lines.as_mut().and_then(|(lines, read)| {
                *read += 1;
                lines.get_mut(*read - 1).map(std::mem::take)
            }),
            _ if name.starts_with("json.") => match &self.json {
                Some((start, texts)) => {
                    let at = node.span.start.checked_sub(*start).map_or(usize::MAX, |at| at as usize);
                    texts.field(redactor, name, at, text)
                }
                None => Some(redactor.mark(SecretKind::Token, text)),
            },
            _ if NAMED.contains(&name) => redactor.value(&self.name, text),
            _ if name.starts_with("http") => {
                let part = name.rsplit('.').next().unwrap_or(name);
                if is_header_field(part) { redactor.value(part.as_bytes(), text) } else { redactor.text(text) }
            }
            _ => redactor.text(text),
        };
        match self.group_kind(text) {
            Some(kind) if !name.starts_with("mime_multipart.") && !text.is_empty() => Some(redactor.mark(kind, text)),
            _ => own,
        }
    }

    /// Returns the bytes of a body that is text, without its secrets.
    fn body(&self, node: &Node, bytes: &[u8]) -> Option<Vec<u8>> {
        let is_body = message_fields().any(|(_, fields)| fields.body.id == node.field.id);
        // A protocol that is read as text, such as a chunk of a body, has its text in the nodes below it.
        let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        if !is_body
            || self.is_binary
            || bytes.iter().any(is_control)
            || std::str::from_utf8(bytes).is_err()
            || node.field.name.starts_with("resp")
        {
            return None;
        }
        let own = if self.is_form { self.redactor.form(bytes) } else { self.redactor.text(bytes) };
        Some(own.unwrap_or_else(|| bytes.to_vec()))
    }

    fn label(&self, node: &Node, label: &[u8]) -> Vec<u8> {
        let title = [node.field.title.as_bytes(), b": "].concat();
        let with_title = |text: &[u8]| [&title[..], text].concat();
        if let Some((before, after)) = &self.value {
            if node.field.name == TEXT_LINE {
                return after.trim_ascii_end().to_vec();
            }
            // What is left of the value, if it is shown in another way, has no secret.
            let at = memchr::memmem::find(label, before).filter(|_| !before.is_empty());
            let Some((own, rest)) = at.and_then(|at| label.split_at_checked(at)) else { return with_title(after) };
            let rest = rest.get(before.len()..).unwrap_or_default();
            let scan = |text: &[u8]| self.redactor.text(text).unwrap_or_else(|| text.to_vec());
            return [&scan(own)[..], after, &scan(rest)].concat();
        }
        if matches!(node.value, Value::Bytes(_)) && !matches!(node.field.kind, FieldKind::Protocol) {
            return with_title(b"(not shown)");
        }
        if node.field.name == "urlencoded-form.item" {
            return self.form_item(label);
        }
        let name = node.field.name;
        if name.starts_with("protobuf.")
            && let Some(at) = memchr::memmem::find(label, b": \"")
        {
            let (own, value) = label.split_at_checked(at + 2).unwrap_or_default();
            return [own, &self.redactor.mark(SecretKind::ProtobufText, value)].concat();
        }
        if name.starts_with("resp.") || name.starts_with("protobuf.") || self.group_kind(label).is_some() {
            // Numbers and titles stay.
            let is_plain = name.starts_with("protobuf") || !matches!(node.value, Value::Present);
            let own = if is_plain { label } else { title.trim_ascii_end() };
            return self.redactor.text(own).unwrap_or_else(|| own.to_vec());
        }
        let (title, rest) = match label.strip_prefix(&title[..]) {
            Some(rest) => (&title[..], rest),
            None => (&[][..], label),
        };
        let own = match name.split_once('.').map_or(name, |(protocol, _)| protocol) {
            "pgsql" => statement(self.redactor, rest, false).filter(|_| !is_tag(rest)),
            "mysql" | "sql" => statement(self.redactor, rest, true).filter(|_| !is_tag(rest)),
            _ => self.redactor.text(rest),
        };
        [title, &own.unwrap_or_else(|| rest.to_vec())].concat()
    }

    /// Returns the label of an item of a form: `Form item: "name" = "value"`.
    fn form_item(&self, label: &[u8]) -> Vec<u8> {
        let at = memchr::memmem::find(label, b"\" = \"").unwrap_or(label.len());
        let (name, value) = label.split_at_checked(at).unwrap_or_default();
        let name = name.splitn(2, |&byte| byte == b'"').nth(1).unwrap_or_default();
        let value = value.get(5..).unwrap_or_default();
        let value = value.strip_suffix(b"\"").unwrap_or(value);
        let text = |text: &[u8]| self.redactor.text(text).unwrap_or_else(|| text.to_vec());
        let own = self.named_value(name, value).unwrap_or_else(|| value.to_vec());
        [b"Form item: \"", &text(name)[..], b"\" = \"", &own, b"\""].concat()
    }

    fn info(&self, info: &[u8]) -> Vec<u8> {
        let own = match self.protocol {
            "RESP" => command(self.redactor, info),
            "MySQL" if info.starts_with(b"Request ") => statement(self.redactor, info, true),
            _ => self.redactor.text(info),
        };
        own.unwrap_or_else(|| info.to_vec())
    }
}

/// Returns whether the field of a header line, by the last part of its name, has a secret.
fn is_header_field(part: &str) -> bool {
    const PARTS: [&str; 7] = [
        "authorization",
        "proxy_authorization",
        "cookie",
        "cookie_pair",
        "set_cookie",
        "authbasic",
        "sec_websocket_protocol",
    ];
    PARTS.contains(&part)
}

/// Returns whether a text is the tag of a result, such as `INSERT 0 1`.
fn is_tag(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b' ' | b','))
}
