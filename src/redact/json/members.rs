//! Members of JSON whose names state what their values are: names, values, titles, paths and the like.

/// Maximum length of a name of these lists.
const MAX_LEN: usize = 17;
/// Ends of the names of members for names, such as `parameterName` and `parameterKey`, and for values.
pub(super) const NAME: &[u8] = b"name";
const KEY: &[u8] = b"key";
const VALUE: &[u8] = b"value";

/// What the values of a member are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Roles {
    /// The text is a name rather than a secret.
    pub is_naming: bool,
    /// The same by the end of the name of the member.
    pub ends_as_naming: bool,
    /// The text is a secret rather than a name.
    pub is_named: bool,
    /// The same, or the value is one beside a title.
    pub is_value: bool,
    /// The values are arguments of a function.
    pub is_arguments: bool,
    /// The text is a title or the code of an error, which names members for values only.
    pub is_title: bool,
    /// The text is a path of names, the last one of which is that of a value (RFC 6902).
    pub is_path: bool,
    /// The texts are names of the columns of a table, whose rows are beside them.
    pub is_columns: bool,
    /// The object has the names of columns, and is beside the rows.
    pub is_schema: bool,
    /// The text is the name of a function.
    pub is_function: bool,
    /// The text may be a statement.
    pub is_statement: bool,
}

impl Roles {
    /// Returns what the values of a member are, by its name.
    pub(super) fn of(key: &[u8]) -> Roles {
        let mut lower = [0; MAX_LEN];
        lower.iter_mut().zip(key).for_each(|(lower, byte)| *lower = byte.to_ascii_lowercase());
        let own = lower.get(..key.len()).unwrap_or_default();
        let is_naming = matches!(
            own,
            b"name"
                | b"key"
                | b"id"
                | b"field"
                | b"k"
                | b"n"
                | b"header"
                | b"label"
                | b"type"
                | b"param"
                | b"parameter"
                | b"property"
                | b"attribute"
                | b"event"
                | b"variable"
                | b"grant_type"
                | b"kind"
        );
        let is_named = has_end(VALUE, key)
            || matches!(
                own,
                b"v" | b"val" | b"values" | b"content" | b"data" | b"stringdata" | b"text" | b"default" | b"payload"
            );
        let is_answer = matches!(own, b"answer" | b"answers" | b"response" | b"input" | b"current" | b"initial");
        Roles {
            is_naming,
            ends_as_naming: !is_naming && (has_end(NAME, key) || has_end(KEY, key)),
            is_named,
            is_value: is_named || is_answer,
            is_arguments: matches!(own, b"params" | b"args" | b"arguments" | b"parameters" | b"bindings" | b"binds"),
            is_statement: matches!(own, b"sql" | b"query" | b"statement" | b"stmt" | b"text"),
            is_title: matches!(
                own,
                b"title"
                    | b"label"
                    | b"heading"
                    | b"caption"
                    | b"placeholder"
                    | b"description"
                    | b"summary"
                    | b"message"
                    | b"error"
                    | b"code"
                    | b"error_code"
                    | b"errorcode"
                    | b"reason"
                    | b"error_description"
            ),
            is_path: matches!(own, b"path" | b"pointer" | b"json_path" | b"jsonpath"),
            is_columns: matches!(
                own,
                b"columns" | b"cols" | b"fields" | b"headers" | b"header" | b"keys" | b"names" | b"meta"
            ),
            is_schema: matches!(own, b"schema" | b"meta" | b"metadata"),
            is_function: matches!(
                own,
                b"method"
                    | b"function"
                    | b"func"
                    | b"fn"
                    | b"target"
                    | b"procedure"
                    | b"action"
                    | b"command"
                    | b"cmd"
                    | b"rpc"
                    | b"op"
                    | b"operation"
                    | b"call"
            ),
        }
    }
}

/// Returns whether the text of a member is a name.
pub(in crate::redact) fn is_naming(key: &[u8]) -> bool {
    let roles = Roles::of(key);
    roles.is_naming || roles.ends_as_naming
}

/// Returns whether the text of a member is a value that another one names.
pub(in crate::redact) fn is_named(key: &[u8]) -> bool {
    Roles::of(key).is_named
}

/// Returns whether a name has an end in any case.
pub(super) fn has_end(end: &[u8], key: &[u8]) -> bool {
    key.len().checked_sub(end.len()).and_then(|at| key.get(at..)).is_some_and(|own| own.eq_ignore_ascii_case(end))
}
