//! Secrets in paths: the segment after one with the name of a secret, as in `/reset-password/x`.

use super::Redactor;
use super::names::{SecretKind, normalized};
use super::text::Spans;

/// Length from which a segment is a secret.
const LEAST: usize = 16;
/// Maximum length of a segment that is a name.
const MAX_NAME: usize = 40;
/// Parts of names of pages that a secret opens, without signs and in lower case.
const PARTS: [&str; 9] =
    ["reset", "verif", "confirm", "activat", "invit", "magic", "recover", "unsubscribe", "webhook"];
/// The same, as whole names.
const WHOLE: [&str; 9] = ["join", "accept", "share", "shared", "login", "unlock", "validate", "hook", "hooks"];
/// Names of secrets that are those of other pages, too.
const OTHER: [&str; 4] = ["auth", "authorization", "preset", "presets"];

impl Redactor {
    /// Adds the segments of paths that follow the name of a secret.
    pub(super) fn add_paths(&self, text: &[u8], spans: &mut Spans) {
        for slash in memchr::memchr_iter(b'/', text) {
            let rest = text.get(slash + 1..).unwrap_or_default();
            let segment = rest.get(..rest.iter().take_while(|byte| is_part(**byte)).count()).unwrap_or_default();
            if segment.len() < LEAST || !is_secret(segment) {
                continue;
            }
            let name = last_segment(text.get(..slash).unwrap_or_default());
            // There may be the number of a user between, as in `/reset/17/x`.
            let page = || {
                let before = text.get(..slash - name.len()).and_then(|before| before.strip_suffix(b"/"));
                before.map(last_segment).unwrap_or_default()
            };
            let is_named = |name| is_page(name) || self.rule_of(name).is_some() && !is_other(name);
            if is_named(name) || is_named(page()) {
                spans.push((slash + 1..slash + 1 + segment.len(), SecretKind::Token));
            }
        }
    }
}

/// Returns the segment that a path ends with.
fn last_segment(path: &[u8]) -> &[u8] {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let len = path.iter().rev().take(MAX_NAME).take_while(is_name).count();
    path.get(path.len() - len..).unwrap_or_default()
}

/// Returns whether a segment is the name of a page that a secret opens.
fn is_page(name: &[u8]) -> bool {
    let own = normalized(name);
    let is_whole = WHOLE.iter().any(|name| name.as_bytes() == own);
    let mut parts = PARTS.iter();
    !is_other(name) && (is_whole || parts.any(|part| memchr::memmem::find(&own, part.as_bytes()).is_some()))
}

fn is_other(name: &[u8]) -> bool {
    let own = normalized(name);
    OTHER.iter().any(|name| name.as_bytes() == own)
}

/// Returns whether a byte is a part of a segment.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~%=+:".contains(&byte)
}

/// Returns whether a segment has a digit and is no name of a file.
fn is_secret(segment: &[u8]) -> bool {
    let ending = memchr::memrchr(b'.', segment).map_or(0, |dot| segment.len() - dot - 1);
    segment.iter().any(u8::is_ascii_digit) && !(1..=5).contains(&ending) && !super::is_mark(segment)
}
