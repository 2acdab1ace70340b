//! Functions: their parameters and their results.

use super::kind::ValueType;
use super::plan::owned_bytes;
use super::plan::{Expr, FieldRef, FilterValue, ValueForm};
use dissectors::{Field, FieldKind, Tree, format};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

/// A function of the filter language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Len,
    Count,
    Upper,
    Lower,
    String,
    Vals,
    Dec,
    Hex,
    Max,
    Min,
    Abs,
    SpecialName,
    SpecialMask,
    LinkLocal,
    Multicast,
    Private,
    UniqueLocal,
}

/// What a function accepts as its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterKind {
    /// A field, of any type.
    Field,
    /// Text.
    Text,
    /// One or more numbers, times or durations, all of the same type.
    Numbers,
    /// A number, a time or a duration.
    Number,
    /// A numeric field.
    NumberField,
    /// An IPv4 or IPv6 address.
    Address,
}

/// All functions, by name.
pub(super) const FUNCTIONS: [(&str, Function); 17] = [
    ("len", Function::Len),
    ("count", Function::Count),
    ("upper", Function::Upper),
    ("lower", Function::Lower),
    ("string", Function::String),
    ("vals", Function::Vals),
    ("dec", Function::Dec),
    ("hex", Function::Hex),
    ("max", Function::Max),
    ("min", Function::Min),
    ("abs", Function::Abs),
    ("ip_special_name", Function::SpecialName),
    ("ip_special_mask", Function::SpecialMask),
    ("ip_linklocal", Function::LinkLocal),
    ("ip_multicast", Function::Multicast),
    ("ip_rfc1918", Function::Private),
    ("ip_ula", Function::UniqueLocal),
];

impl Function {
    pub(super) fn parameter(self) -> ParameterKind {
        match self {
            Function::Len | Function::Count | Function::String => ParameterKind::Field,
            Function::Upper | Function::Lower => ParameterKind::Text,
            Function::Vals | Function::Dec | Function::Hex => ParameterKind::NumberField,
            Function::Max | Function::Min => ParameterKind::Numbers,
            Function::Abs => ParameterKind::Number,
            _ => ParameterKind::Address,
        }
    }

    /// Returns the type of the result for an argument of this type.
    pub(super) fn result_type(self, argument: ValueType) -> ValueType {
        match self {
            Function::Len | Function::Count | Function::SpecialMask => ValueType::Integer,
            Function::Max | Function::Min | Function::Abs => argument,
            Function::LinkLocal | Function::Multicast | Function::Private | Function::UniqueLocal => ValueType::Bool,
            _ => ValueType::Text,
        }
    }

    /// Visits the results.
    pub(super) fn visit_results<'t>(
        self,
        arguments: &'t [Expr],
        tree: &'t Tree,
        visit: &mut dyn FnMut(FilterValue<'t>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match (self, arguments) {
            (Function::Count, [argument]) => {
                let mut count = 0;
                let _ = argument.visit_values(tree, &mut |_| {
                    count += 1;
                    ControlFlow::Continue(())
                });
                visit(FilterValue::Number(count))
            }
            (Function::Max | Function::Min, _) => match extreme(self == Function::Max, arguments, tree) {
                Some(number) => visit(FilterValue::Number(number)),
                None => ControlFlow::Continue(()),
            },
            (Function::Len, [argument @ Expr::Field(source)]) if source.form == ValueForm::Own => {
                match fixed_size(source.field) {
                    Some(width) => source.visit_nodes(tree, &mut |_| visit(FilterValue::Number(width))),
                    None => self.visit_mapped(argument, tree, visit),
                }
            }
            (Function::String | Function::Vals | Function::Dec | Function::Hex, [Expr::Field(source)]) => source
                .visit_nodes(tree, &mut |node| match self.value_text(source, node.value, tree) {
                    Some(text) => visit(owned_bytes(text.into_bytes())),
                    None => ControlFlow::Continue(()),
                }),
            (_, [argument]) => self.visit_mapped(argument, tree, visit),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Visits the result for each value of the argument.
    fn visit_mapped<'t>(
        self,
        argument: &'t Expr,
        tree: &'t Tree,
        visit: &mut dyn FnMut(FilterValue<'t>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let v6 = matches!(argument, Expr::Field(source) if source.field.kind == FieldKind::Ipv6);
        argument.visit_values(tree, &mut |value| match self.apply(value, v6) {
            Some(value) => visit(value),
            None => ControlFlow::Continue(()),
        })
    }

    fn apply(self, value: FilterValue<'_>, v6: bool) -> Option<FilterValue<'static>> {
        Some(match (self, value) {
            (Function::Len, FilterValue::Bytes(bytes)) => FilterValue::Number(bytes.len() as i128),
            (Function::Upper, FilterValue::Bytes(bytes)) => owned_bytes(bytes.to_ascii_uppercase()),
            (Function::Lower, FilterValue::Bytes(bytes)) => owned_bytes(bytes.to_ascii_lowercase()),
            (Function::Abs, FilterValue::Number(number)) => FilterValue::Number(number.saturating_abs()),
            (_, FilterValue::Address(bits, _)) => {
                let address = if v6 { IpAddress::V6(bits.into()) } else { IpAddress::V4((bits as u32).into()) };
                match self {
                    Function::LinkLocal => FilterValue::Number(address.is_link_local().into()),
                    Function::Multicast => FilterValue::Number(address.is_multicast().into()),
                    Function::Private => FilterValue::Number(address.is_private().into()),
                    Function::UniqueLocal => FilterValue::Number(address.is_unique_local().into()),
                    Function::SpecialName => owned_bytes(address.special_purpose()?.1.as_bytes().to_vec()),
                    Function::SpecialMask => FilterValue::Number(address.special_purpose()?.0.into()),
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// Returns a field's value as text.
    fn value_text(self, source: &FieldRef, value: dissectors::Value, tree: &Tree) -> Option<String> {
        use dissectors::Value;
        let number = match value {
            Value::Uint(number) => Some(number),
            Value::Bool(yes) => Some(yes.into()),
            _ => None,
        };
        match self {
            Function::Vals => number.and_then(|number| source.field.value_name(number)).map(str::to_owned),
            Function::Hex => number.map(|number| format!("{number:#x}")),
            _ => match (number, value) {
                (Some(number), _) => Some(number.to_string()),
                (None, Value::Text(slice)) => Some(String::from_utf8_lossy(tree.bytes(slice)).into_owned()),
                (None, _) => {
                    let mut text = String::new();
                    format::value(&mut text, source.field, value, tree).ok().map(|()| text)
                }
            },
        }
    }
}

/// Returns the greatest or the least of all values.
fn extreme(greatest: bool, arguments: &[Expr], tree: &Tree) -> Option<i128> {
    let mut result: Option<i128> = None;
    for argument in arguments {
        let _ = argument.visit_values(tree, &mut |value| {
            if let FilterValue::Number(number) = value {
                let better = |best: i128| if greatest { best.max(number) } else { best.min(number) };
                result = Some(result.map_or(number, better));
            }
            ControlFlow::Continue(())
        });
    }
    result
}

/// Returns the size in bytes of every value of a field; none if it varies.
fn fixed_size(field: &Field) -> Option<i128> {
    Some(match field.kind {
        FieldKind::U8 => 1,
        FieldKind::U16 => 2,
        FieldKind::U24 => 3,
        FieldKind::U32 | FieldKind::I32 | FieldKind::Frame | FieldKind::Ipv4 => 4,
        FieldKind::U64 | FieldKind::I64 => 8,
        FieldKind::Ipv6 => 16,
        FieldKind::Ether => 6,
        _ => return None,
    })
}

/// An address of either version.
enum IpAddress {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl IpAddress {
    fn is_link_local(&self) -> bool {
        match self {
            IpAddress::V4(address) => address.is_link_local(),
            IpAddress::V6(address) => address.is_unicast_link_local(),
        }
    }

    fn is_multicast(&self) -> bool {
        match self {
            IpAddress::V4(address) => address.is_multicast(),
            IpAddress::V6(address) => address.is_multicast(),
        }
    }

    /// Returns whether it is private (RFC 1918).
    fn is_private(&self) -> bool {
        matches!(self, IpAddress::V4(address) if address.is_private())
    }

    /// Returns whether it is unique local (RFC 4193).
    fn is_unique_local(&self) -> bool {
        matches!(self, IpAddress::V6(address) if address.is_unique_local())
    }

    /// Returns its entry in the registries of special-purpose addresses (RFC 6890): prefix length and name.
    fn special_purpose(&self) -> Option<(u8, &'static str)> {
        let within = |&&(start, bits, _): &&(u128, u8, &str), address: u128, all: u32| {
            let rest = all - u32::from(bits);
            address.checked_shr(rest).unwrap_or(0) == start.checked_shr(rest).unwrap_or(0)
        };
        let (table, address, all): (&[(u128, u8, &'static str)], u128, u32) = match self {
            IpAddress::V4(address) => (SPECIAL_V4, u32::from(*address).into(), 32),
            IpAddress::V6(address) => (SPECIAL_V6, u128::from(*address), 128),
        };
        let found = table.iter().filter(|entry| within(entry, address, all)).max_by_key(|(_, bits, _)| *bits);
        found.map(|&(_, bits, name)| (bits, name))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
    u32::from_be_bytes([a, b, c, d]) as u128
}

/// IPv4 registry: <https://www.iana.org/assignments/iana-ipv4-special-registry>.
const SPECIAL_V4: &[(u128, u8, &str)] = &[
    (v4(0, 0, 0, 0), 8, "This network"),
    (v4(0, 0, 0, 0), 32, "This host on this network"),
    (v4(10, 0, 0, 0), 8, "Private-Use"),
    (v4(100, 64, 0, 0), 10, "Shared Address Space"),
    (v4(127, 0, 0, 0), 8, "Loopback"),
    (v4(169, 254, 0, 0), 16, "Link Local"),
    (v4(172, 16, 0, 0), 12, "Private-Use"),
    (v4(192, 0, 0, 0), 24, "IETF Protocol Assignments"),
    (v4(192, 0, 2, 0), 24, "Documentation (TEST-NET-1)"),
    (v4(192, 31, 196, 0), 24, "AS112-v4"),
    (v4(192, 52, 193, 0), 24, "AMT"),
    (v4(192, 88, 99, 0), 24, "Deprecated (6to4 Relay Anycast)"),
    (v4(192, 168, 0, 0), 16, "Private-Use"),
    (v4(192, 175, 48, 0), 24, "Direct Delegation AS112 Service"),
    (v4(198, 18, 0, 0), 15, "Benchmarking"),
    (v4(198, 51, 100, 0), 24, "Documentation (TEST-NET-2)"),
    (v4(203, 0, 113, 0), 24, "Documentation (TEST-NET-3)"),
    (v4(240, 0, 0, 0), 4, "Reserved"),
    (v4(255, 255, 255, 255), 32, "Limited Broadcast"),
];

/// IPv6 registry: <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const SPECIAL_V6: &[(u128, u8, &str)] = &[
    (0, 128, "Unspecified Address"),
    (1, 128, "Loopback Address"),
    (0xffff << 32, 96, "IPv4-mapped Address"),
    (0x64_ff9b << 96, 96, "IPv4-IPv6 Translat."),
    (0x0100 << 112, 64, "Discard-Only Address Block"),
    (0x2001 << 112, 23, "IETF Protocol Assignments"),
    (0x2001 << 112, 32, "TEREDO"),
    (0x2001_0db8 << 96, 32, "Documentation"),
    (0x2002 << 112, 16, "6to4"),
    (0xfc00 << 112, 7, "Unique-Local"),
    (0xfe80 << 112, 10, "Link-Local Unicast"),
];
