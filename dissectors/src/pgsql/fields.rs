//! Fields of PostgreSQL.

use crate::field::DisplayBase;

crate::fields! { "pgsql";
    /// PostgreSQL: one message of the frontend or the backend, protocol 3.
    PGSQL: Protocol "pgsql" "PostgreSQL";
    /// Message is from the frontend, the client.
    FRONTEND: Bool "pgsql.frontend" "Frontend" { hidden: true };
    /// Type of the message as text.
    TYPE: Text "pgsql.type" "Type";
    /// Length of the message without its type.
    LENGTH: U32 "pgsql.length" "Length";
    /// Major version of the protocol.
    VERSION_MAJOR: U16 "pgsql.version_major" "Protocol major version";
    /// Minor version of the protocol.
    VERSION_MINOR: U16 "pgsql.version_minor" "Protocol minor version";
    /// Newest minor version that the server supports.
    VERSION_SUPPORTED_MINOR: U32 "pgsql.version_supported_minor" "Supported minor version";
    /// Number of options that the server does not know.
    NONSUPPORTED_OPTIONS: I32 "pgsql.number_nonsupported_options" "Number nonsupported options";
    /// Option that the server does not know.
    NONSUPPORTED_OPTION: Text "pgsql.nonsupported_option" "Nonsupported option";
    /// Code of a request that begins a connection instead of the startup message.
    REQUEST_CODE: U32 "pgsql.request_code" "Request code" {
        values: &[(80_877_102, "CancelRequest"), (80_877_103, "SSLRequest"), (80_877_104, "GSSENCRequest")]
    };
    /// Name of a parameter of the session.
    PARAMETER_NAME: Text "pgsql.parameter_name" "Parameter name";
    /// Value of a parameter of the session.
    PARAMETER_VALUE: Text "pgsql.parameter_value" "Parameter value";
    /// Text of a query, or of a statement that is prepared.
    QUERY: Text "pgsql.query" "Query";
    /// Message with a password, or with the proof of one, in place of its value.
    REDACTED: Label "pgsql.password.redacted" "Password" { ours: true };
    /// Password, or its hash. It is recorded with `--show-secrets` only.
    PASSWORD: Text "pgsql.password" "Password";
    /// Kind of authentication that the server requests.
    AUTHTYPE: U32 "pgsql.authtype" "Authentication type" { values: AUTHTYPES };
    /// Random bytes that are hashed with the password.
    SALT: Bytes "pgsql.salt" "Salt value";
    /// Data of GSSAPI or SSPI.
    GSSAPI_DATA: Bytes "pgsql.auth.gssapi_sspi.data" "GSSAPI or SSPI authentication data";
    /// Mechanism of SASL.
    SASL_MECH: Text "pgsql.auth.sasl.mech" "SASL authentication mechanism";
    /// Length of the first data of SASL; -1 for none.
    SASL_DATA_LENGTH: I32 "pgsql.auth.sasl.data.length" "SASL authentication data length";
    /// Data of SASL from the server.
    SASL_DATA: Bytes "pgsql.auth.sasl.data" "SASL authentication data";
    /// Name of a prepared statement; empty for the unnamed one.
    STATEMENT: Text "pgsql.statement" "Statement";
    /// Name of a portal; empty for the unnamed one.
    PORTAL: Text "pgsql.portal" "Portal";
    /// Maximum number of rows of this execution; 0 for all.
    RETURNS: U32 "pgsql.returns" "Returns";
    /// Tag of a command that is complete, such as `SELECT 3`.
    TAG: Text "pgsql.tag" "Tag";
    /// State of the transaction.
    TRANSACTION_STATUS: U8 "pgsql.status" "Status" {
        values: &[(69, "In a failed transaction"), (73, "Idle"), (84, "In a transaction")]
    };
    /// Data of COPY.
    COPYDATA: Bytes "pgsql.copydata" "Copy data";
    /// Text of a COPY that the client ends with an error.
    ERROR: Text "pgsql.error" "Error";
    /// Process of the server.
    PID: U32 "pgsql.pid" "PID";
    /// Key with which a client may cancel statements of this connection.
    KEY: U32 "pgsql.key" "Key";
    /// Channel of a notification.
    CONDITION: Text "pgsql.condition" "Condition";
    /// Text of the server: of a notification, or of a field that has no name.
    TEXT: Text "pgsql.text" "Text";
    /// Table of a column.
    OID_TABLE: U32 "pgsql.oid.table" "Table OID";
    /// Type of a parameter or of a column.
    OID_TYPE: U32 "pgsql.oid.type" "Type OID";
    /// Function that is called.
    OID: U32 "pgsql.oid" "OID";
    /// Format of a value.
    FORMAT: U16 "pgsql.format" "Format" { values: &[(0, "Text"), (1, "Binary")] };
    /// Number of columns of a row.
    FIELD_COUNT: U16 "pgsql.field.count" "Field count";
    /// Name of a column.
    COL_NAME: Text "pgsql.col.name" "Column name";
    /// Position of a column in its table.
    COL_INDEX: U32 "pgsql.col.index" "Column index";
    /// Bytes of a value; -1 for NULL. Of a column: the size of its type.
    VAL_LENGTH: I32 "pgsql.val.length" "Column length";
    /// Bytes of a value.
    VAL_DATA: Bytes "pgsql.val.data" "Data";
    /// Modifier of the type of a column.
    COL_TYPEMOD: I32 "pgsql.col.typemod" "Type modifier";
    /// Severity of an error or a notice.
    SEVERITY: Text "pgsql.severity" "Severity";
    /// SQLSTATE of an error or a notice.
    CODE: Text "pgsql.code" "Code";
    /// Text of an error or a notice.
    MESSAGE: Text "pgsql.message" "Message";
    /// Further text of an error or a notice.
    DETAIL: Text "pgsql.detail" "Detail";
    /// Suggestion how to avoid an error.
    HINT: Text "pgsql.hint" "Hint";
    /// Position of the error in the text of the statement.
    POSITION: Text "pgsql.position" "Position";
    /// Position of the error in a statement that the server made.
    INTERNAL_POSITION: Text "pgsql.internal_position" "Position (Internal)";
    /// Statement that the server made.
    INTERNAL_QUERY: Text "pgsql.internal_query" "Query (Internal)";
    /// Where in the server the error happened.
    WHERE: Text "pgsql.where" "Context";
    /// Schema of the error.
    SCHEMA_NAME: Text "pgsql.schema_name" "Schema";
    /// Table of the error.
    TABLE_NAME: Text "pgsql.table_name" "Table";
    /// Column of the error.
    COLUMN_NAME: Text "pgsql.column_name" "Column";
    /// Type of the error.
    TYPE_NAME: Text "pgsql.type_name" "Type";
    /// Constraint of the error.
    CONSTRAINT_NAME: Text "pgsql.constraint_name" "Constraint";
    /// Source file of the server.
    FILE: Text "pgsql.file" "File";
    /// Line of that file.
    LINE: Text "pgsql.line" "Line";
    /// Function of the server.
    ROUTINE: Text "pgsql.routine" "Routine";
    /// Response to a request for TLS: S or N.
    SSL_RESPONSE: U8 "pgsql.ssl_response" "SSL Response" {
        base: DisplayBase::Hex, values: &[(0x4e, "Unwilling to perform SSL"), (0x53, "Willing to perform SSL")]
    };
    /// Response to a request for encryption with GSSAPI: G or N.
    GSSENC_RESPONSE: U8 "pgsql.gssenc_response" "GSSAPI Encrypt Response" {
        base: DisplayBase::Hex,
        values: &[(0x47, "Willing to perform GSSAPI encryption"), (0x4e, "Unwilling to perform GSSAPI encryption")]
    };
    /// Value as text: of a parameter of a statement, or of a column. Values in binary have one if their type is known.
    VALUE: Text "pgsql.value" "Value" { ours: true };
    /// Message is of a statement, or begins a session.
    REQUEST: Bool "pgsql.is_request" "Request" { ours: true, hidden: true };
    /// Message is a part of the response to a statement.
    RESPONSE: Bool "pgsql.is_response" "Response" { ours: true, hidden: true };
    /// Operation in upper case, such as SELECT or STARTUP.
    COMMAND: Text "pgsql.command" "Command" { ours: true, hidden: true };
    /// Statement that is executed, also if it was prepared before.
    EXECUTED: Text "pgsql.executed" "Executed statement" { ours: true };
    /// User and database of the session, as `user@database`.
    DATABASE: Text "pgsql.database" "User and database" { ours: true, hidden: true };
    /// Result of a statement: the command tag, or ERROR with the SQLSTATE.
    RESULT: Text "pgsql.result" "Result" { ours: true };
    /// Number of rows of a command tag: returned or changed.
    ROWS: U64 "pgsql.rows" "Rows" { ours: true };
    /// Message in one line.
    SUMMARY: Text "pgsql.summary" "Summary" { ours: true, hidden: true };
    /// Row of a result, or parameters of a statement, with tabs between the values.
    ROW: Text "pgsql.row" "Row" { ours: true, hidden: true };
    /// Frame in which the statement ended that this message responds to.
    REQUEST_IN: Frame "pgsql.request_in" "Statement in frame" { ours: true };
    /// Frame that completes the response to this statement.
    RESPONSE_IN: Frame "pgsql.response_in" "Response in frame" { ours: true, later: true };
    /// Time from the statement to the end of its response.
    TIME: Duration "pgsql.time" "Time from the statement" { ours: true };
    /// Time from the statement to the first row of its result.
    FIRST_ROW_TIME: Duration "pgsql.first_row_time" "Time to the first row" { ours: true };
    /// Message with an invalid structure.
    MALFORMED: Note(Warn) "pgsql.malformed" "Malformed message" { ours: true };
    /// Messages after lost bytes could not be read.
    SKIPPED: Note(Note) "pgsql.skipped" "Bytes are missing: messages are not read up to the next boundary" { ours: true };
    /// Bytes of the message are missing, or it is longer than is buffered.
    INCOMPLETE: Note(Note) "pgsql.incomplete" "Message is recorded in part" { ours: true };
    /// The server encrypts the connection with GSSAPI. Its messages are not read.
    GSS_ENCRYPTED: Note(Note) "pgsql.gss_encrypted" "Encrypted with GSSAPI: what follows is not read" { ours: true };
    /// More statements wait for their responses than are kept; further ones are reported without them.
    OPEN_LIMIT: Note(Note) "pgsql.open_limit" "Too many statements without a response" { ours: true };
    /// The statement was prepared before the capture, or is no longer kept: its text is unknown.
    UNKNOWN_STATEMENT: Note(Chat) "pgsql.unknown_statement" "Text of the statement is unknown" { ours: true };
    /// The statement is one of at least ten with the same digest, one after the other on a connection, within one call of HTTP to the
    /// host that executes them; or, if none of its calls were captured, without a pause of more than 100 ms. The note is at the tenth.
    N_PLUS_ONE: Note(Note) "pgsql.n_plus_one" "N+1 statements" { ours: true, later: true };
}

const AUTHTYPES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "Kerberos V4"),
    (2, "Kerberos V5"),
    (3, "Plaintext password"),
    (4, "crypt()ed password"),
    (5, "MD5 password"),
    (6, "SCM credentials"),
    (7, "GSSAPI"),
    (8, "GSSAPI/SSPI continue"),
    (9, "SSPI"),
    (10, "SASL"),
    (11, "SASL continue"),
    (12, "SASL complete"),
];
