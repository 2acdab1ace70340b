//! Fields of the hosts of a packet: their names, or their addresses as text.

use crate::field::Field;
use crate::host_names::HostName;
use crate::tree::{Slice, Tree, Value};
use compact_str::CompactString;
use core::fmt;

/// Fields of the host at an address: its name, or its address as text.
pub(crate) struct HostFields {
    /// Of this address.
    pub(crate) host: &'static Field,
    /// Of any address of the packet.
    pub(crate) any: &'static Field,
    /// The source of the name.
    pub(crate) source: &'static Field,
}

impl HostFields {
    /// Records the fields of an address.
    pub(crate) fn record(&self, span: Slice, address: Value, text: impl fmt::Display, tree: &mut Tree) {
        let Some(HostName { name, source }) = tree.host_name(address).cloned() else {
            tree.put_text(self.host, span, format_args!("{text}"));
            tree.put_text(self.any, span, format_args!("{text}"));
            return;
        };
        tree.put_text(self.host, span, format_args!("{name}"));
        tree.put_text(self.any, span, format_args!("{name}"));
        let node = tree.put_text(self.source, Slice::default(), format_args!("{source}"));
        tree.label(node, format_args!("Name of {text}: {}, from {source}", Escaped(&name)));
    }
}

/// Displays an address with its name, if it has one.
pub(crate) struct DisplayHost<T> {
    name: Option<CompactString>,
    address: T,
}

impl<T: fmt::Display> DisplayHost<T> {
    pub(crate) fn new(value: Value, address: T, tree: &Tree) -> DisplayHost<T> {
        DisplayHost { name: tree.host_name(value).map(|host| host.name.clone()), address }
    }
}

impl<T: fmt::Display> fmt::Display for DisplayHost<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} ({})", Escaped(name), self.address),
            None => self.address.fmt(f),
        }
    }
}

/// Displays a name with its control characters escaped.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::format::text(f, self.0.as_bytes())
    }
}
