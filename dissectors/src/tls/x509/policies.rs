//! Policies of certificates (RFC 5280 4.2.1.4, 4.2.1.5, 4.2.1.11).

use super::element::{Element, Malformed, Tag, context};
use super::fields::*;
use super::general_name::put_utf16;
use super::{list, put_identifier, put_number, put_text};
use crate::field::Field;
use crate::tree::{Tree, Value};

// Qualifiers of policies.
const PRACTICE: &str = "1.3.6.1.5.5.7.2.1";
const NOTICE: &str = "1.3.6.1.5.5.7.2.2";

/// Reads the policies under which a certificate was issued.
pub(super) fn read(policies: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&POLICIES, policies.content, tree, |policy, tree| {
        let mut parts = policy.elements();
        tree.open(&POLICY, policy.whole.all(), Value::Present);
        put_identifier(&POLICY_ID, parts.expect(Tag::ObjectIdentifier)?, tree)?;
        if let Some(qualifiers) = parts.optional(Tag::Sequence)? {
            list(&POLICY_QUALIFIERS, qualifiers.content, tree, qualifier)?;
        }
        tree.close();
        Ok(())
    })
}

fn qualifier(qualifier: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = qualifier.elements();
    tree.open(&POLICY_QUALIFIER, qualifier.whole.all(), Value::Present);
    let id = parts.expect(Tag::ObjectIdentifier)?;
    put_identifier(&POLICY_QUALIFIER_ID, id, tree)?;
    match id.identifier()?.as_str() {
        PRACTICE => put_text(&PRACTICE_STATEMENT, parts.expect(Tag::Ia5String)?.content, tree),
        NOTICE => notice(parts.expect(Tag::Sequence)?, tree)?,
        _ => {}
    }
    tree.close();
    Ok(())
}

fn notice(notice: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = notice.elements();
    tree.open(&USER_NOTICE, notice.whole.all(), Value::Present);
    if let Some(reference) = parts.optional(Tag::Sequence)? {
        let mut parts = reference.elements();
        tree.open(&NOTICE_REFERENCE, reference.whole.all(), Value::Present);
        display_text(&NOTICE_ORGANIZATION, parts.next()?.ok_or(Malformed)?, tree);
        let numbers = parts.expect(Tag::Sequence)?.content;
        list(&NOTICE_NUMBERS, numbers, tree, |number, tree| {
            put_number(&NOTICE_NUMBER, number, tree);
            Ok(())
        })?;
        tree.close();
    }
    if let Some(text) = parts.next()? {
        display_text(&NOTICE_TEXT, text, tree);
    }
    tree.close();
    Ok(())
}

/// Records a text by its character set.
fn display_text(choice: &'static Field, text: Element<'_>, tree: &mut Tree) {
    let (number, field) = match text.tag {
        Tag::Ia5String => (0, &NOTICE_IA5_STRING),
        Tag::VisibleString => (1, &NOTICE_VISIBLE_STRING),
        Tag::BmpString => (2, &NOTICE_BMP_STRING),
        Tag::Utf8String => (3, &NOTICE_UTF8_STRING),
        _ => return,
    };
    tree.open(choice, text.whole.all(), Value::Uint(number));
    match text.tag {
        Tag::BmpString => put_utf16(field, text.content, tree),
        _ => put_text(field, text.content, tree),
    }
    tree.close();
}

/// Reads the policies of the issuer that are those of the subject.
pub(super) fn mappings(mappings: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    list(&POLICY_MAPPINGS, mappings.content, tree, |mapping, tree| {
        let mut parts = mapping.elements();
        tree.open(&POLICY_MAPPING, mapping.whole.all(), Value::Present);
        put_identifier(&ISSUER_POLICY, parts.expect(Tag::ObjectIdentifier)?, tree)?;
        put_identifier(&SUBJECT_POLICY, parts.expect(Tag::ObjectIdentifier)?, tree)?;
        tree.close();
        Ok(())
    })
}

/// Reads the constraints on the policies of the certificates that follow.
pub(super) fn constraints(constraints: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = constraints.elements();
    tree.open(&POLICY_CONSTRAINTS, constraints.whole.all(), Value::Present);
    for (number, field) in [(0, &REQUIRE_POLICY), (1, &INHIBIT_MAPPING)] {
        if let Some(count) = parts.optional(context(number, false))? {
            put_number(field, count, tree);
        }
    }
    tree.close();
    Ok(())
}
