//! Redaction: secrets in trees and calls are replaced by marks before anything reads them.
//!
//! A secret has the same mark wherever it stands, so that it can be followed. Marks are derived with a key, which is random unless the
//! user names one: they cannot be reversed by guessing.

mod commands;
mod database;
mod encoded;
mod entities;
mod escapes;
mod forms;
mod json;
mod lines;
mod markup;
mod named;
mod names;
mod parts;
mod paths;
mod query;
mod redis;
mod settings;
mod tables;
mod tags;
mod text;
mod tree;

use dissectors::exchange::Exchange;
use names::{Rule, SecretKind};
pub use settings::RedactSettings;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// Begin of every mark.
const MARK: &str = "REDACTED-";
/// Number of hexadecimal digits of a mark.
const MARK_DIGITS: usize = 12;
/// End of the names of metadata in bytes.
const BINARY: &[u8] = b"-bin";
/// What dissectors record in place of a password.
const DISSECTED: &[u8] = b"(redacted)";
/// Rule of the names of the user.
const OWN_NAME: Rule = Rule { kind: SecretKind::OwnName, least: 0, is_count: false };
/// Length from which a secret is replaced where a body has it again, under any name. Shorter ones may be other words and numbers.
const LEAST_REPEATED: usize = 6;
/// Maximum number of secrets of a kind that are counted.
const MAX_COUNTED: usize = 1 << 16;

/// Replaces secrets by marks.
#[derive(Debug)]
pub struct Redactor {
    key: [u8; 32],
    settings: RedactSettings,
    /// Own names, as they are compared.
    names: Vec<String>,
    /// Secrets that were replaced.
    found: Mutex<BTreeMap<SecretKind, HashSet<[u8; 8]>>>,
}

impl Redactor {
    /// Returns a redactor with the settings of the user.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub fn new(settings: RedactSettings) -> io::Result<Redactor> {
        let key = match &settings.key {
            Some(text) => Sha256::digest(text.as_bytes()).into(),
            None => {
                let mut key = [0; 32];
                File::open("/dev/urandom")?.read_exact(&mut key)?;
                key
            }
        };
        let names = settings.names.iter().map(|name| names::normalized_own(name.as_bytes()));
        let names = names.filter(|name| !name.is_empty()).collect();
        Ok(Redactor { key, settings, names, found: Mutex::default() })
    }

    /// Replaces the secrets in the texts of a call.
    pub(crate) fn exchange(&self, exchange: &mut Exchange) {
        let target = match exchange.protocol {
            "pgsql" => database::statement(self, exchange.target.as_bytes(), false),
            "mysql" => database::statement(self, exchange.target.as_bytes(), true),
            "resp" => redis::arguments(self, exchange.method.as_bytes(), exchange.target.as_bytes()),
            _ => self.text(exchange.target.as_bytes()),
        };
        let text = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned().into();
        if let Some(target) = target {
            exchange.target = text(target);
        }
        if exchange.protocol == "resp"
            && let Some(status) = redis::response(self, exchange.status.as_bytes())
        {
            exchange.status = text(status);
        }
        for own in [&mut exchange.authority, &mut exchange.status, &mut exchange.method] {
            if let Some(replaced) = self.text(own.as_bytes()) {
                *own = text(replaced);
            }
        }
    }

    /// Replaces the secrets in a text.
    pub(crate) fn line(&self, text: &mut String) {
        if let Some(replaced) = self.text(text.as_bytes()) {
            *text = String::from_utf8_lossy(&replaced).into_owned();
        }
    }

    /// Returns the kind of the value of a name, if it is a secret.
    fn kind_of(&self, name: &[u8], value: &[u8]) -> Option<SecretKind> {
        self.rule_of(name).filter(|rule| rule.applies_to(value)).map(|rule| rule.kind)
    }

    /// Returns the rule of a name, if values of it are secrets. In `user[pin]` and `user.pin`, each part is a name.
    fn rule_of(&self, name: &[u8]) -> Option<Rule> {
        if name.is_empty() {
            return None;
        }
        self.rule_of_parts(name, b"[].")
    }

    /// Returns the rule of a text that may be a name. It may also be that of a host, whose parts are none.
    fn naming_rule(&self, text: &[u8]) -> Option<Rule> {
        if names::is_name(text) { self.rule_of_parts(text, b"[]") } else { None }
    }

    /// Returns the rule of the arguments of a function.
    fn arguments_rule(&self, function: &[u8]) -> Option<Rule> {
        let rule = || self.naming_rule(function).filter(|rule| rule.least == 0);
        if names::is_login(function) { Some(Rule::ANY) } else { rule() }
    }

    fn rule_of_parts(&self, name: &[u8], signs: &[u8]) -> Option<Rule> {
        let name = canonical(name);
        let parts = || std::iter::once(&name[..]).chain(name.split(|byte| signs.contains(byte)));
        let is_own = || !self.names.is_empty() && parts().any(|part| self.names.contains(&names::normalized_own(part)));
        let known = parts().fold(None, |rule, part| Rule::either(rule, names::rule_of(part)));
        // Metadata of gRPC in bytes.
        let is_binary = name.get(name.len().saturating_sub(BINARY.len())..);
        let is_binary = name.len() > BINARY.len() && is_binary.is_some_and(|end| end.eq_ignore_ascii_case(BINARY));
        let known = known.or(is_binary.then_some(Rule::ANY));
        known.filter(|rule| rule.least == 0 || !is_own()).or_else(|| is_own().then_some(OWN_NAME))
    }

    /// Returns what replaces a secret.
    fn mark(&self, kind: SecretKind, secret: &[u8]) -> Vec<u8> {
        if is_mark(secret) {
            return secret.to_vec();
        }
        let digest = Sha256::new().chain_update(self.key).chain_update(canonical(secret)).finalize();
        let mut short = [0; 8];
        short.iter_mut().zip(digest.iter()).for_each(|(short, byte)| *short = *byte);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let known = found.entry(kind).or_default();
        if known.len() < MAX_COUNTED {
            known.insert(short);
        }
        drop(found);
        let digits: String = digest.iter().take(MARK_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
        [MARK.as_bytes(), digits.as_bytes()].concat()
    }

    /// Returns a line about what was replaced: the number of different secrets of each kind.
    #[must_use]
    pub fn summary(&self) -> String {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = found.iter().map(|(kind, known)| {
            let limit = if known.len() >= MAX_COUNTED { " or more" } else { "" };
            format!("{}{limit} {}", known.len(), kind.name(known.len()))
        });
        let counts: Vec<String> = counts.collect();
        if counts.is_empty() { "redacted: nothing".into() } else { format!("redacted: {}", counts.join(", ")) }
    }
}

/// Returns whether a text is a mark, or what a dissector records in place of a password.
pub(crate) fn is_mark(text: &[u8]) -> bool {
    let digits = text.strip_prefix(MARK.as_bytes());
    text == DISSECTED
        || digits.is_some_and(|digits| digits.len() == MARK_DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Returns whether a secret is replaced where a body has it again.
fn may_be_repeated(secret: &[u8]) -> bool {
    secret.len() >= LEAST_REPEATED && !is_mark(secret)
}

/// Returns a secret without percent escapes: the same one may be sent with and without them.
fn canonical(secret: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(secret.len());
    let mut rest = secret;
    while let [byte, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        rest = after;
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn redactor() -> Redactor {
        let settings =
            RedactSettings::parse("key = 'k'\nnames = ['X-Own', 'Größe', '---']\npatterns = ['ACME-[0-9]+']");
        Redactor::new(settings.expect("settings")).expect("no random numbers are needed")
    }

    #[test]
    fn the_same_secret_has_the_same_mark_and_another_key_has_others() {
        let own = redactor();
        let mark = own.mark(SecretKind::Cookie, b"a b");
        assert_eq!(own.mark(SecretKind::Token, b"a%20b"), mark);
        assert_eq!(own.mark(SecretKind::Token, &mark), mark);
        assert_ne!(own.mark(SecretKind::Token, b"a c"), mark);
        let random = Redactor::new(RedactSettings::default()).expect("random numbers");
        assert_ne!(random.mark(SecretKind::Cookie, b"a b"), mark);
        assert_eq!(own.summary(), "redacted: 1 cookie, 2 tokens");
    }

    #[test]
    fn settings_that_are_wrong_are_named() {
        for (text, expected) in [
            ("name = ['a']", "unknown setting"),
            ("names = 'a'", "names: expected a list of texts"),
            ("patterns = ['(']", "patterns: invalid regular expression"),
            ("key = 3", "key: expected a text"),
        ] {
            let error = RedactSettings::parse(text).expect_err("an error");
            assert!(error.starts_with(expected), "{error}");
        }
    }

    /// Bodies with their media types and names, which the tests of the program have, too.
    fn places() -> Vec<(String, String, String)> {
        let text = include_str!("../../tests/program/redaction/places.txt").replace("CANARY", "C4naryQz");
        let bodies = text.split("\n== ").skip(1).map(|body| {
            let (title, body) = body.split_once('\n').expect("a body");
            let (media_type, name) = title.split_once(": ").expect("a media type");
            let body = body.replace("\\u{feff}", "\u{feff}");
            let body = if media_type.starts_with("multipart") { body.replace('\n', "\r\n") } else { body };
            (media_type.to_owned(), name.to_owned(), body.trim_end_matches('\n').to_owned())
        });
        bodies.collect()
    }

    #[test]
    fn no_place_has_a_secret_and_what_is_beside_it_stays() {
        let own = redactor();
        let mut faults = Vec::new();
        for (media_type, name, body) in places() {
            let is_form = media_type.contains("urlencoded");
            let found = if is_form { own.form(body.as_bytes()) } else { own.text(body.as_bytes()) };
            let found = String::from_utf8(found.unwrap_or_else(|| body.clone().into_bytes())).expect("UTF-8");
            let lines = own.lines(body.as_bytes()).map(|lines| String::from_utf8_lossy(&lines.concat()).into_owned());
            let benign = body.find("Benign").map_or("Benign", |at| &body[at..at + 8]);
            for found in [Some(found), lines.filter(|_| !is_form)].into_iter().flatten() {
                if found.contains("C4naryQz") || !found.contains(benign) {
                    faults.push(format!("{media_type}: {name}\n{found}\n"));
                }
                let is_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
                if media_type.ends_with("json") && is_json(&body) && !is_json(&found) {
                    faults.push(format!("no JSON: {name}\n{found}\n"));
                }
            }
        }
        assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    }
}
