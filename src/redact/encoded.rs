//! Texts in base 64 with secrets in them, which are replaced as a whole.

use super::Redactor;
use super::names::SecretKind;
use super::text::{Scope, Spans};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Minimum length of a text in base 64.
const MIN_LEN: usize = 24;
/// Length of the begin that is decoded first: most words are no base 64 of a text.
const BEGIN: usize = 24;

/// The last characters may have bits of more, and no padding.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ENGINE: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL_ENGINE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

impl Redactor {
    /// Adds the words of a text that are base 64 of a text with secrets.
    pub(super) fn add_encoded(&self, text: &[u8], scope: Scope, spans: &mut Spans) {
        let mut start = 0;
        while let Some(begin) = text.get(start..start + MIN_LEN) {
            // Most words are shorter: the text is not read as a whole.
            if let Some(sign) = begin.iter().rposition(|&byte| !is_part(byte)) {
                start += sign + 1;
                continue;
            }
            let rest = text.get(start..).unwrap_or_default();
            let word = rest.get(..rest.iter().take_while(|&&byte| is_part(byte)).count()).unwrap_or_default();
            self.add_word(word, start, scope, spans);
            start += word.len() + 1;
        }
    }

    /// Adds a word, or its segments, which slashes separate in a path.
    fn add_word(&self, word: &[u8], start: usize, scope: Scope, spans: &mut Spans) {
        if self.has_encoded_secret(word, scope) {
            spans.push((start..start + word.len(), SecretKind::Token));
            return;
        }
        let mut at = start;
        for segment in word.split(|&byte| byte == b'/') {
            if (MIN_LEN..word.len()).contains(&segment.len()) && self.has_encoded_secret(segment, scope) {
                spans.push((at..at + segment.len(), SecretKind::Token));
            }
            at += segment.len() + 1;
        }
    }

    fn has_encoded_secret(&self, word: &[u8], scope: Scope) -> bool {
        decoded(word).is_some_and(|text| self.nested_text(&text, scope.inside()).is_some())
    }
}

/// Returns the text that a word is base 64 of. `None` if it is none.
fn decoded(word: &[u8]) -> Option<Vec<u8>> {
    let engine = if word.iter().any(|byte| b"-_".contains(byte)) { &URL_ENGINE } else { &ENGINE };
    let mut begin = [0; BEGIN];
    let len = engine.decode_slice(word.get(..BEGIN)?, &mut begin).ok()?;
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if !begin.get(..len)?.iter().all(is_text) {
        return None;
    }
    // A word that is cut has a rest.
    let whole = if word.len() % 4 == 1 { word.get(..word.len() - 1)? } else { word };
    engine.decode(whole).ok().filter(|text| str::from_utf8(text).is_ok())
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
