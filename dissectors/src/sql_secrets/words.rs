//! Words of statements that concern passwords.

/// Ends of the names of passwords.
const NAMES: [&str; 3] = ["password", "passwd", "pwd"];
/// What may follow them in the names of hashes of passwords.
const HASHES: [&str; 3] = ["_hash", "_digest", "hash"];

/// Words between a name and its value, or between the operands of an expression.
pub(super) const OPERATORS: &[&str] =
    &["BETWEEN", "DIV", "ILIKE", "IN", "IS", "LIKE", "MOD", "NOT", "REGEXP", "RLIKE", "SIMILAR", "SOUNDS", "TO"];

/// Words after which another expression begins.
pub(super) const BOUNDARIES: &[&str] = &[
    "AND",
    "BY",
    "ELSE",
    "FROM",
    "HAVING",
    "INTO",
    "LIMIT",
    "ON",
    "OR",
    "RETURNING",
    "SELECT",
    "SET",
    "THEN",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Returns a name without its quotes.
pub(super) fn unquoted(word: &[u8]) -> &[u8] {
    match word {
        [b'"', name @ .., b'"'] | [b'`', name @ .., b'`'] => name,
        _ => word,
    }
}

/// Returns whether a word is one of these, in any case.
pub(super) fn is_any(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other.as_bytes()))
}

/// Returns whether a name is that of a password, or of its hash.
pub(super) fn is_password_name(name: &[u8]) -> bool {
    let name = HASHES.iter().find_map(|hash| without_end(name, hash)).unwrap_or(name);
    NAMES.iter().any(|end| without_end(name, end).is_some())
}

/// Returns the length of the rest of the name of a password, of which a part up to `passw` or `pw` was read.
pub(super) fn rest_of_name(after: &[u8]) -> Option<usize> {
    let begins = |at: usize, end: &str| {
        let text = after.get(at..at + end.len());
        text.is_some_and(|text| text.eq_ignore_ascii_case(end.as_bytes())).then_some(at + end.len())
    };
    let len = begins(0, "ord").or(begins(0, "d"))?;
    let len = HASHES.iter().find_map(|hash| begins(len, hash)).unwrap_or(len);
    let is_whole = !after.get(len).is_some_and(|&next| next.is_ascii_alphanumeric() || next == b'_');
    is_whole.then_some(len)
}

/// Returns a word without its end in any case.
pub(super) fn without_end<'w>(word: &'w [u8], end: &str) -> Option<&'w [u8]> {
    let (rest, suffix) = word.split_at_checked(word.len().checked_sub(end.len())?)?;
    suffix.eq_ignore_ascii_case(end.as_bytes()).then_some(rest)
}

/// Returns whether a statement has a word with which passwords are set, or a URI, which may have one.
pub(super) fn mentions_password(statement: &[u8]) -> bool {
    after_names(statement).next().is_some()
        || after_word(statement, b'f', "identif").next().is_some()
        || memchr::memmem::find(statement, b"://").is_some()
}

/// Returns the bytes after each `passw` or `pw`, in any case.
pub(super) fn after_names(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr::memchr2_iter(b'w', b'W', text);
    ends.filter_map(move |at| {
        let (before, after) = text.split_at_checked(at + 1)?;
        (without_end(before, "passw").is_some() || without_end(before, "pw").is_some()).then_some(after)
    })
}

/// Returns the bytes after each occurrence of a word in any case, which ends with this letter.
pub(super) fn after_word<'t>(text: &'t [u8], letter: u8, word: &'static str) -> impl Iterator<Item = &'t [u8]> {
    let ends = memchr::memchr2_iter(letter, letter.to_ascii_uppercase(), text);
    ends.filter_map(move |at| {
        text.split_at_checked(at + 1).filter(|(before, _)| without_end(before, word).is_some()).map(|(_, after)| after)
    })
}
