//! Fields of RESP.

crate::fields! { "resp";
    /// Redis serialization protocol: one command, response or pushed message of Redis, Valkey and other servers.
    RESP: Protocol "resp" "REdis Serialization Protocol";
    /// Text of one line, such as OK.
    STRING: Text "resp.string" "String";
    /// Error: a code and a text.
    ERROR: Text "resp.error" "Error";
    /// Number.
    INTEGER: I64 "resp.integer" "Integer";
    /// Text or binary data with a length.
    BULK_STRING: Label "resp.bulk_string" "Bulk String";
    /// Bytes of the data; absent for a password.
    BULK_STRING_VALUE: Bytes "resp.bulk_string.value" "Value";
    /// Number of bytes of the data; -1 for a missing value.
    BULK_STRING_LENGTH: I32 "resp.bulk_string.length" "Length";
    /// Several values in order.
    ARRAY: Label "resp.array" "Array";
    /// Number of the values; -1 for a missing array.
    ARRAY_LENGTH: I64 "resp.array.length" "Length";
    /// The value is nested too deep: it is recorded without its place in the array.
    ARRAY_TOO_DEEP: Note(Note) "resp.array_recursion_too_deep" "Array is too deep";
    /// Missing value of RESP3.
    NULL: Label "resp.null" "Null" { ours: true };
    /// True or false (RESP3).
    BOOLEAN: Bool "resp.boolean" "Boolean" { ours: true };
    /// Floating-point number, as sent (RESP3).
    DOUBLE: Text "resp.double" "Double" { ours: true };
    /// Integer of any size, as sent (RESP3).
    BIG_NUMBER: Text "resp.big_number" "Big number" { ours: true };
    /// Error with a length (RESP3).
    BULK_ERROR: Text "resp.bulk_error" "Bulk error" { ours: true };
    /// Text with its format, such as `txt:` (RESP3).
    VERBATIM_STRING: Text "resp.verbatim_string" "Verbatim string" { ours: true };
    /// Keys with their values, in turn (RESP3).
    MAP: Label "resp.map" "Map" { ours: true };
    /// Values without an order (RESP3).
    SET: Label "resp.set" "Set" { ours: true };
    /// Attributes of the value that follows (RESP3).
    ATTRIBUTE: Label "resp.attribute" "Attribute" { ours: true };
    /// Message that is not a response, such as one of a channel (RESP3).
    PUSH: Label "resp.push" "Push" { ours: true };
    /// Number of elements of a map, set, attribute or push; a key and its value are one.
    ELEMENTS: I64 "resp.elements" "Elements" { ours: true };
    /// Command as a line of text, as typed into a terminal.
    INLINE: Text "resp.inline" "Inline command" { ours: true };
    /// Message is a command.
    REQUEST: Bool "resp.is_request" "Command" { ours: true, hidden: true };
    /// Message is a response, or is pushed by the server.
    RESPONSE: Bool "resp.is_response" "Response" { ours: true, hidden: true };
    /// Name of the command in upper case, with its subcommand. Of a pushed message: its kind.
    COMMAND: Text "resp.command" "Command" { ours: true };
    /// Arguments of the command, passwords replaced.
    ARGUMENTS: Text "resp.arguments" "Arguments" { ours: true, hidden: true };
    /// First argument of a command that has a key or a channel there.
    KEY: Text "resp.key" "Key" { ours: true };
    /// User and database of the connection, such as `alice@db2`, as far as they are known.
    DATABASE: Text "resp.database" "User and database" { ours: true, hidden: true };
    /// Status of a response: a text of one line, the code of an error, `nil`, or `OK`.
    STATUS: Text "resp.status" "Status" { ours: true };
    /// Message in one line, as in the Info column.
    SUMMARY: Text "resp.summary" "Summary" { ours: true, hidden: true };
    /// Value of a response, as redis-cli prints it.
    LINE: Text "resp.line" "Line" { ours: true, hidden: true };
    /// Frame of the command that this message responds to.
    REQUEST_IN: Frame "resp.request_in" "Command in frame" { ours: true };
    /// Frame of the response to this command.
    RESPONSE_IN: Frame "resp.response_in" "Response in frame" { ours: true, later: true };
    /// Time from the command to its response.
    TIME: Duration "resp.time" "Time from the command" { ours: true };
    /// Address to which the server redirects, of MOVED or ASK.
    REDIRECTION: Text "resp.redirection" "Redirection" { ours: true };
    /// Bytes that are not a value, where one should begin. The next message is searched.
    MALFORMED: Note(Warn) "resp.malformed" "Bytes that are not a value of RESP" { ours: true };
    /// Messages after lost bytes could not be read.
    SKIPPED: Note(Note) "resp.skipped" "Bytes are missing: messages are not read up to the next boundary" { ours: true };
    /// The message is longer than is buffered, or has more values than are recorded.
    LIMIT: Note(Note) "resp.limit" "Message too long: its rest is not recorded" { ours: true };
    /// More commands wait for their responses than are kept; further ones are reported without them.
    OPEN_LIMIT: Note(Note) "resp.open_limit" "Too many commands without a response" { ours: true };
}
