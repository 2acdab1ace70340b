//! Constraints on names, and the time in which a private key is used (RFC 5280 4.2.1.10, RFC 3280 4.2.1.4).

use super::element::{Element, Malformed, context};
use super::fields::*;
use super::general_name::general_name;
use super::list;
use super::time::put_generalized;
use crate::tree::{Tree, Value};

/// Reads the name spaces that are permitted and excluded.
pub(super) fn names(constraints: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = constraints.elements();
    tree.open(&NAME_CONSTRAINTS, constraints.whole.all(), Value::Present);
    for (number, field) in [(0, &PERMITTED), (1, &EXCLUDED)] {
        let Some(subtrees) = parts.optional(context(number, true))? else { continue };
        list(field, subtrees.content, tree, |subtree, tree| {
            let base = subtree.elements().next()?.ok_or(Malformed)?;
            tree.open(&SUBTREE, subtree.whole.all(), Value::Present);
            tree.open(&SUBTREE_BASE, base.content.all(), Value::Uint(base.choice()?.into()));
            general_name(base, tree)?;
            tree.close();
            tree.close();
            Ok(())
        })?;
    }
    tree.close();
    Ok(())
}

/// Reads the time in which the private key is used.
pub(super) fn key_usage_period(period: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let mut parts = period.elements();
    tree.open(&KEY_USAGE_PERIOD, period.whole.all(), Value::Present);
    for (number, field) in [(0, &KEY_NOT_BEFORE), (1, &KEY_NOT_AFTER)] {
        if let Some(time) = parts.optional(context(number, false))? {
            put_generalized(field, time, tree)?;
        }
    }
    tree.close();
    Ok(())
}
