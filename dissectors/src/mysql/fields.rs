//! Fields of MySQL and MariaDB.

use crate::field::DisplayBase;

crate::fields! { "mysql";
    /// MySQL and MariaDB: one packet of the client or the server.
    MYSQL: Protocol "mysql" "MySQL Protocol";
    /// Length of the packet without its header.
    PACKET_LENGTH: U24 "mysql.packet_length" "Packet Length";
    /// Number of the packet within a command and its response.
    PACKET_NUMBER: U8 "mysql.packet_number" "Packet Number";
    /// Command of the client.
    COMMAND_CODE: U8 "mysql.command" "Command" { values: COMMANDS };
    /// Text of a query, or of a statement that is prepared.
    QUERY: Text "mysql.query" "Statement";
    /// Kind of a response: OK, error, end, or a request for a file.
    RESPONSE_CODE: U8 "mysql.response_code" "Response Code" {
        base: DisplayBase::Hex,
        values: &[(0x00, "OK Packet"), (0xfb, "LOCAL INFILE Packet"), (0xfe, "EOF Packet"), (0xff, "ERR Packet")]
    };
    /// Number of an error.
    ERROR_CODE: U16 "mysql.error_code" "Error Code";
    /// SQLSTATE of an error.
    SQLSTATE: Text "mysql.sqlstate" "SQL state";
    /// Text of an error.
    ERROR_MESSAGE: Text "mysql.error.message" "Error message";
    /// Version of the protocol.
    VERSION_NUMBER: U8 "mysql.protocol" "Protocol";
    /// Version of the server.
    VERSION: Text "mysql.version" "Version";
    /// Number of the connection.
    THREAD_ID: U32 "mysql.thread_id" "Thread ID";
    /// First random bytes that are hashed with the password.
    SALT: Text "mysql.salt" "Salt";
    /// Further random bytes.
    SALT2: Text "mysql.salt2" "Salt";
    /// Abilities of the server.
    CAPS_SERVER: U16 "mysql.caps.server" "Server Capabilities" { base: DisplayBase::Hex };
    /// Further abilities of the server.
    EXTCAPS_SERVER: U16 "mysql.extcaps.server" "Extended Server Capabilities" { base: DisplayBase::Hex };
    /// Abilities that the client uses.
    CAPS_CLIENT: U16 "mysql.caps.client" "Client Capabilities" { base: DisplayBase::Hex };
    /// Further abilities that the client uses.
    EXTCAPS_CLIENT: U16 "mysql.extcaps.client" "Extended Client Capabilities" { base: DisplayBase::Hex };
    /// Character set and collation of the server.
    SERVER_LANGUAGE: U8 "mysql.server_language" "Server Language";
    /// State of the session.
    SERVER_STATUS: U16 "mysql.server_status" "Server Status" { base: DisplayBase::Hex };
    /// Length of the random bytes and of the name of the method.
    AUTH_PLUGIN_LENGTH: U8 "mysql.auth_plugin.length" "Authentication Plugin Length";
    /// Method of authentication that the server requests.
    AUTH_PLUGIN: Text "mysql.auth_plugin" "Authentication Plugin";
    /// Maximum length of a packet.
    MAX_PACKET: U32 "mysql.max_packet" "MAX Packet";
    /// Name of the user.
    USER: Text "mysql.user" "Username";
    /// Password, as a hash or a proof, in place of its value.
    REDACTED: Label "mysql.passwd.redacted" "Password" { ours: true };
    /// Password, as a hash or a proof. It is recorded with `--show-secrets` only.
    PASSWORD: Bytes "mysql.passwd" "Password";
    /// Proof of a password, or the password. It is recorded with `--show-secrets` only.
    AUTH_RESPONSE: Bytes "mysql.auth_switch_response.data" "Auth Method Data";
    /// Name of a database.
    SCHEMA: Text "mysql.schema" "Schema";
    /// Method of authentication that the client uses.
    CLIENT_AUTH_PLUGIN: Text "mysql.client_auth_plugin" "Client Auth Plugin";
    /// Name of an attribute of the client.
    CONNATTRS_NAME: Text "mysql.connattrs.name" "Connection Attribute Name";
    /// Value of an attribute of the client.
    CONNATTRS_VALUE: Text "mysql.connattrs.value" "Connection Attribute Value";
    /// Level of the compression with zstd that the client requests.
    COMPRESSION_LEVEL: U8 "mysql.compression.zstd_level" "ZSTD Compression Level";
    /// Number of rows that a statement changed.
    AFFECTED_ROWS: U64 "mysql.affected_rows" "Affected Rows";
    /// Key of a row that a statement inserted.
    INSERT_ID: U64 "mysql.insert_id" "Last INSERT ID";
    /// Number of warnings.
    WARNINGS: U16 "mysql.warnings" "Warnings";
    /// Text of a response without an error.
    MESSAGE: Text "mysql.message" "Message";
    /// Changes of the session that a command made, as far as they are tracked.
    TRACK_DATA: Label "mysql.session_track.data" "Session tracking data";
    /// Bytes of these changes.
    TRACK_DATA_LENGTH: U64 "mysql.session_track.data.length" "Session tracking data length";
    /// A change of the session.
    TRACK: Label "mysql.session_track" "Session Track";
    /// Kind of the change.
    TRACK_TYPE: U8 "mysql.session_track.type" "Session tracking type" { values: TRACKERS };
    /// Bytes of the change.
    TRACK_LENGTH: U64 "mysql.session_track.length" "Session tracking length";
    /// Length of the name or of the value of a system variable.
    SYSVAR_LENGTH: U64 "mysql.session_track.sysvar.length" "System variable change Length";
    /// Name of a system variable that changed.
    SYSVAR_NAME: Text "mysql.session_track.sysvar.name" "System variable change Name";
    /// New value of the system variable.
    SYSVAR_VALUE: Text "mysql.session_track.sysvar.value" "System variable change Value";
    /// Length of the name of the database.
    TRACK_SCHEMA_LENGTH: U64 "mysql.session_track.schema.length" "Schema change length";
    /// Database that is now the default.
    TRACK_SCHEMA: Text "mysql.session_track.schema" "Schema change";
    /// Whether the state of the session changed: 1, or 0.
    STATE_CHANGE: Text "mysql.session_track.state_change" "State change";
    /// Format of the GTIDs.
    GTIDS_ENCODING: U8 "mysql.session_track.gtids.encoding" "GTIDs encoding";
    /// Length of the GTIDs.
    GTIDS_LENGTH: U64 "mysql.session_track.gtids.length" "GTIDs length";
    /// GTIDs of the transactions that were committed.
    GTIDS: Text "mysql.session_track.gtids" "GTIDs";
    /// Length of the characteristics.
    CHARACTERISTICS_LENGTH: U64 "mysql.session_track.transaction_characteristics.length" "Transaction characteristics length";
    /// Statements that begin a transaction of the same characteristics.
    CHARACTERISTICS: Text "mysql.session_track.transaction_characteristics" "Transaction characteristics";
    /// Length of the state of the transaction.
    TRANSACTION_STATE_LENGTH: U64 "mysql.session_track.transaction_state.length" "Transaction state length";
    /// State of the transaction, a letter for each part: T explicit, I implicit, R and r reads, W and w writes, s unsafe
    /// statement, S result set, L locked tables.
    TRANSACTION_STATE: Text "mysql.session_track.transaction_state" "Transaction state";
    /// Number of a prepared statement.
    STMT_ID: U32 "mysql.stmt_id" "Statement ID";
    /// Number of columns of a result, or of a prepared statement.
    NUM_FIELDS: U64 "mysql.num_fields" "Number of fields";
    /// Number of parameters of a prepared statement.
    NUM_PARAMS: U64 "mysql.num_params" "Number of parameter";
    /// Number of rows that are requested of a cursor.
    NUM_ROWS: U32 "mysql.num_rows" "Rows to fetch";
    /// Whether a cursor is opened.
    EXEC_FLAGS: U8 "mysql.cursor_flags" "Flags" { ours: true };
    /// Types of the parameters are stated.
    NEW_PARAMETER_BOUND: U8 "mysql.new_parameter_bound_flag" "New parameter bound flag";
    /// Catalog of a column.
    FIELD_CATALOG: Text "mysql.field.catalog" "Catalog";
    /// Database of a column.
    FIELD_DB: Text "mysql.field.db" "Database";
    /// Table of a column, as named in the statement.
    FIELD_TABLE: Text "mysql.field.table" "Table";
    /// Table of a column.
    FIELD_ORG_TABLE: Text "mysql.field.org_table" "Original table";
    /// Name of a column.
    FIELD_NAME: Text "mysql.field.name" "Name";
    /// Name of a column in its table.
    FIELD_ORG_NAME: Text "mysql.field.org_name" "Original name";
    /// Character set and collation of a column.
    FIELD_CHARSET: U16 "mysql.field.charsetnr" "Charset number";
    /// Maximum length of values of a column.
    FIELD_LENGTH: U32 "mysql.field.length" "Length";
    /// Type of a column.
    FIELD_TYPE: U8 "mysql.field.type" "Type" { values: TYPES };
    /// Properties of a column.
    FIELD_FLAGS: U16 "mysql.field.flags" "Flags" { base: DisplayBase::Hex };
    /// Decimals of a column.
    FIELD_DECIMALS: U8 "mysql.field.decimals" "Decimals";
    /// Value of a column as text.
    ROW_TEXT: Text "mysql.row.text" "text";
    /// Value of a parameter, or of a column in binary, as text.
    VALUE: Text "mysql.value" "Value" { ours: true };
    /// File that the server requests of the client.
    INFILE: Text "mysql.infile" "Requested file" { ours: true };
    /// Position in the binary log from which a replica requests events.
    BINLOG_POSITION: U32 "mysql.binlog.position" "Binlog Position";
    /// The same, in 8 bytes.
    BINLOG_POSITION8: U64 "mysql.binlog.position8" "Binlog Position";
    /// Flags of the request for the binary log.
    BINLOG_FLAGS: U16 "mysql.binlog.flags" "Binlog Flags" { base: DisplayBase::Hex };
    /// Number of the replica.
    BINLOG_SERVER_ID: U32 "mysql.binlog.server_id" "Binlog server id";
    /// File of the binary log from which a replica requests events.
    BINLOG_FILE: Text "mysql.binlog.file_name" "Binlog file name";
    /// Length of the name of the file.
    BINLOG_FILE_LENGTH: U32 "mysql.binlog.file_name_length" "Binlog file name length";
    /// GTIDs of the transactions that a replica has.
    BINLOG_GTIDS: Bytes "mysql.binlog.gtid_data" "Binlog GTID Data";
    /// Length of these GTIDs.
    BINLOG_GTIDS_LENGTH: U32 "mysql.binlog.gtid_data_length" "Binlog file GTID data length";
    /// Length of the host name of a replica.
    REPLICA_HOST_LENGTH: U8 "mysql.binlog.slave_hostname_length" "Slave hostname length";
    /// Host name with which a replica registers.
    REPLICA_HOST: Text "mysql.binlog.slave_hostname" "Slave hostname";
    /// Length of the user name of a replica.
    REPLICA_USER_LENGTH: U8 "mysql.binlog.slave_user_length" "Slave user length";
    /// User name with which a replica registers.
    REPLICA_USER: Text "mysql.binlog.slave_user" "Slave user";
    /// Length of the password of a replica.
    REPLICA_PASSWORD_LENGTH: U8 "mysql.binlog.slave_password_length" "Slave password length";
    /// Password with which a replica registers. It is recorded with `--show-secrets` only.
    REPLICA_PASSWORD: Text "mysql.binlog.slave_password" "Slave password";
    /// Port of a replica.
    REPLICA_PORT: U16 "mysql.binlog.slave_mysql_port" "Slave MySQL port";
    /// Rank of a replica.
    REPLICATION_RANK: U32 "mysql.binlog.replication_rank" "Replication rank";
    /// Number of the server that a replica replicates.
    SOURCE_ID: U32 "mysql.binlog.master_id" "Master id";
    /// Time of an event of the binary log.
    EVENT_TIME: Time "mysql.binlog.event_header.timestamp" "Timestamp";
    /// Kind of an event of the binary log.
    EVENT_TYPE: U8 "mysql.binlog.event_header.event_type" "Binlog Event Type" { values: EVENTS };
    /// Number of the server that made an event.
    EVENT_SERVER_ID: U32 "mysql.binlog.event_header.server_id" "Server ID";
    /// Bytes of an event.
    EVENT_SIZE: U32 "mysql.binlog.event_header.event_size" "Event Size";
    /// Position after an event.
    EVENT_POSITION: U32 "mysql.binlog.event_header.log_position" "Binlog Position";
    /// Flags of an event.
    EVENT_FLAGS: U16 "mysql.binlog.event_header.flags" "Binlog Event Flags" { base: DisplayBase::Hex };
    /// Checksum of an event: its last four bytes.
    EVENT_CHECKSUM: U32 "mysql.binlog.event_checksum" "Checksum" { base: DisplayBase::Hex };
    /// Data of a file that the server requested.
    PAYLOAD: Bytes "mysql.payload" "Payload";
    /// Packet is of a command, or begins a session.
    REQUEST: Bool "mysql.is_request" "Request" { ours: true, hidden: true };
    /// Packet is a part of the response to a command.
    RESPONSE: Bool "mysql.is_response" "Response" { ours: true, hidden: true };
    /// Operation in upper case, such as SELECT or PING.
    OPERATION: Text "mysql.operation" "Operation" { ours: true, hidden: true };
    /// Statement that is executed, also if it was prepared before.
    EXECUTED: Text "mysql.executed" "Executed statement" { ours: true };
    /// User and database of the session, as `user@database`.
    DATABASE: Text "mysql.database" "User and database" { ours: true, hidden: true };
    /// Result of a command: the number of rows, OK, or ERROR with its number and SQLSTATE.
    RESULT: Text "mysql.result" "Result" { ours: true };
    /// Number of rows that a command returned or changed.
    ROWS: U64 "mysql.rows" "Rows" { ours: true };
    /// Packet in one line.
    SUMMARY: Text "mysql.summary" "Summary" { ours: true, hidden: true };
    /// Row of a result, with tabs between the values.
    ROW: Text "mysql.row" "Row" { ours: true, hidden: true };
    /// Frame in which the command ended that this packet responds to.
    REQUEST_IN: Frame "mysql.request_in" "Command in frame" { ours: true };
    /// Frame that completes the response to this command.
    RESPONSE_IN: Frame "mysql.response_in" "Response in frame" { ours: true, later: true };
    /// Time from the command to the end of its response.
    TIME: Duration "mysql.time" "Time from the command" { ours: true };
    /// Time from the command to the first row of its result.
    FIRST_ROW_TIME: Duration "mysql.first_row_time" "Time to the first row" { ours: true };
    /// Packet with an invalid structure.
    MALFORMED: Note(Warn) "mysql.malformed" "Malformed packet" { ours: true };
    /// Packets after lost bytes could not be read.
    SKIPPED: Note(Note) "mysql.skipped" "Bytes are missing: packets are not read up to the next boundary" { ours: true };
    /// Bytes of the packet are missing, or it is longer than is buffered.
    INCOMPLETE: Note(Note) "mysql.incomplete" "Packet is recorded in part" { ours: true };
    /// More commands wait for their responses than are kept; further ones are reported without them.
    OPEN_LIMIT: Note(Note) "mysql.open_limit" "Too many commands without a response" { ours: true };
    /// The statement was prepared before the capture, or is no longer kept: its text is unknown.
    UNKNOWN_STATEMENT: Note(Chat) "mysql.unknown_statement" "Text of the statement is unknown" { ours: true };
    /// The statement is one of at least ten with the same digest, one after the other on a connection, within one call of HTTP to the
    /// host that executes them; or, if none of its calls were captured, without a pause of more than 100 ms. The note is at the tenth.
    N_PLUS_ONE: Note(Note) "mysql.n_plus_one" "N+1 statements" { ours: true, later: true };
}

/// Commands, with Wireshark's names.
pub(super) const COMMANDS: &[(u64, &str)] = &[
    (0, "SLEEP"),
    (1, "Quit"),
    (2, "Use Database"),
    (3, "Query"),
    (4, "Show Fields"),
    (5, "Create Database"),
    (6, "Drop Database"),
    (7, "Refresh"),
    (8, "Shutdown"),
    (9, "Statistics"),
    (10, "Process List"),
    (11, "Connect"),
    (12, "Kill Server Thread"),
    (13, "Dump Debuginfo"),
    (14, "Ping"),
    (15, "Time"),
    (16, "Insert Delayed"),
    (17, "Change User"),
    (18, "Send Binlog"),
    (19, "Send Table"),
    (20, "Slave Connect"),
    (21, "Register Slave"),
    (22, "Prepare Statement"),
    (23, "Execute Statement"),
    (24, "Send BLOB"),
    (25, "Close Statement"),
    (26, "Reset Statement"),
    (27, "Set Option"),
    (28, "Fetch Data"),
    (29, "Daemon"),
    (30, "Send Binlog GTID"),
    (31, "Reset Connection"),
    (32, "Native cloning"),
    (33, "Subscribe Group Replication Stream"),
    (250, "Execute Bulk Statement"),
];

/// Events of the binary log, with Wireshark's names; those from 160 on are MariaDB's.
const EVENTS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "START_EVENT_V3"),
    (2, "Query"),
    (3, "Stop"),
    (4, "Rotate"),
    (5, "Intvar"),
    (7, "SLAVE_EVENT"),
    (9, "Append_block"),
    (11, "Delete_file"),
    (13, "RAND"),
    (14, "User_var"),
    (15, "Format_desc"),
    (16, "Xid"),
    (17, "Begin_load_query"),
    (18, "Execute_load_query"),
    (19, "Table_map"),
    (23, "Write_rows_v1"),
    (24, "Update_rows_v1"),
    (25, "Delete_rows_v1"),
    (26, "Incident"),
    (27, "Heartbeat"),
    (28, "Ignorable"),
    (29, "Rows_query"),
    (30, "Write_rows"),
    (31, "Update_rows"),
    (32, "Delete_rows"),
    (33, "Gtid"),
    (34, "Anonymous_Gtid"),
    (35, "Previous_gtids"),
    (36, "Transaction_context"),
    (37, "View_change"),
    (38, "XA_prepare"),
    (39, "Update_rows_partial"),
    (40, "Transaction_payload"),
    (41, "Heartbeat_v2"),
    (160, "Annotate_rows"),
    (161, "Binlog_checkpoint"),
    (162, "Gtid (MariaDB)"),
    (163, "Gtid_list"),
    (164, "Start_encryption"),
    (165, "Query_compressed"),
    (166, "Write_rows_compressed_v1"),
    (167, "Update_rows_compressed_v1"),
    (168, "Delete_rows_compressed_v1"),
];

const TRACKERS: &[(u64, &str)] = &[
    (0, "SESSION_SYSVARS_TRACKER"),
    (1, "CURRENT_SCHEMA_TRACKER"),
    (2, "SESSION_STATE_CHANGE_TRACKER"),
    (3, "SESSION_TRACK_GTIDS"),
    (4, "SESSION_TRACK_TRANSACTION_CHARACTERISTICS"),
    (5, "SESSION_TRACK_TRANSACTION_STATE"),
];

const TYPES: &[(u64, &str)] = &[
    (0, "FIELD_TYPE_DECIMAL"),
    (1, "FIELD_TYPE_TINY"),
    (2, "FIELD_TYPE_SHORT"),
    (3, "FIELD_TYPE_LONG"),
    (4, "FIELD_TYPE_FLOAT"),
    (5, "FIELD_TYPE_DOUBLE"),
    (6, "FIELD_TYPE_NULL"),
    (7, "FIELD_TYPE_TIMESTAMP"),
    (8, "FIELD_TYPE_LONGLONG"),
    (9, "FIELD_TYPE_INT24"),
    (10, "FIELD_TYPE_DATE"),
    (11, "FIELD_TYPE_TIME"),
    (12, "FIELD_TYPE_DATETIME"),
    (13, "FIELD_TYPE_YEAR"),
    (14, "FIELD_TYPE_NEWDATE"),
    (15, "FIELD_TYPE_VARCHAR"),
    (16, "FIELD_TYPE_BIT"),
    (245, "FIELD_TYPE_JSON"),
    (246, "FIELD_TYPE_NEWDECIMAL"),
    (247, "FIELD_TYPE_ENUM"),
    (248, "FIELD_TYPE_SET"),
    (249, "FIELD_TYPE_TINY_BLOB"),
    (250, "FIELD_TYPE_MEDIUM_BLOB"),
    (251, "FIELD_TYPE_LONG_BLOB"),
    (252, "FIELD_TYPE_BLOB"),
    (253, "FIELD_TYPE_VAR_STRING"),
    (254, "FIELD_TYPE_STRING"),
    (255, "FIELD_TYPE_GEOMETRY"),
];
