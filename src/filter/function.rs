//! Functions: what they take, what they yield.

use super::kind::Type;
use super::literal::owned;
use super::plan::{Expr, Form, Source, Val};
use dissectors::{Field, Kind, Tree, format};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::ControlFlow;

/// A function.
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

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A field, of any type.
    Field,
    /// Text.
    Text,
    /// Numbers, times or durations, all of the same type.
    Numbers,
    /// One of them.
    Number,
    /// A field of numbers.
    NumberField,
    /// An IPv4 or IPv6 address.
    Address,
}

/// All functions by name.
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
    pub(super) fn takes(self) -> Takes {
        match self {
            Function::Len | Function::Count | Function::String => Takes::Field,
            Function::Upper | Function::Lower => Takes::Text,
            Function::Vals | Function::Dec | Function::Hex => Takes::NumberField,
            Function::Max | Function::Min => Takes::Numbers,
            Function::Abs => Takes::Number,
            _ => Takes::Address,
        }
    }

    /// What it yields, given what it takes.
    pub(super) fn yields(self, taken: Type) -> Type {
        match self {
            Function::Len | Function::Count | Function::SpecialMask => Type::Integer,
            Function::Max | Function::Min | Function::Abs => taken,
            Function::LinkLocal | Function::Multicast | Function::Private | Function::UniqueLocal => Type::Bool,
            _ => Type::Text,
        }
    }

    /// Visits what it yields.
    pub(super) fn each<'t>(
        self,
        arguments: &'t [Expr],
        tree: &'t Tree,
        visit: &mut dyn FnMut(Val<'t>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match (self, arguments) {
            (Function::Count, [argument]) => {
                let mut count = 0;
                let _ = argument.each(tree, &mut |_| {
                    count += 1;
                    ControlFlow::Continue(())
                });
                if count == 0 { ControlFlow::Continue(()) } else { visit(Val::Number(count)) }
            }
            (Function::Max | Function::Min, _) => match extreme(self == Function::Max, arguments, tree) {
                Some(number) => visit(Val::Number(number)),
                None => ControlFlow::Continue(()),
            },
            (Function::Len, [argument @ Expr::Field(source)]) if source.form == Form::Own => {
                match width(source.field) {
                    Some(width) => source.each(tree, &mut |_| visit(Val::Number(width))),
                    None => self.map(argument, tree, visit),
                }
            }
            (Function::String | Function::Vals | Function::Dec | Function::Hex, [Expr::Field(source)]) => {
                source.each(tree, &mut |node| match self.written(source, node.value, tree) {
                    Some(text) => visit(owned(text.into_bytes())),
                    None => ControlFlow::Continue(()),
                })
            }
            (_, [argument]) => self.map(argument, tree, visit),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Visits what it makes of each value.
    fn map<'t>(
        self,
        argument: &'t Expr,
        tree: &'t Tree,
        visit: &mut dyn FnMut(Val<'t>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let v6 = matches!(argument, Expr::Field(source) if source.field.kind == Kind::Ipv6);
        argument.each(tree, &mut |value| match self.apply(value, v6) {
            Some(value) => visit(value),
            None => ControlFlow::Continue(()),
        })
    }

    fn apply(self, value: Val<'_>, v6: bool) -> Option<Val<'static>> {
        Some(match (self, value) {
            (Function::Len, Val::Bytes(bytes)) => Val::Number(bytes.len() as i128),
            (Function::Upper, Val::Bytes(bytes)) => owned(bytes.to_ascii_uppercase()),
            (Function::Lower, Val::Bytes(bytes)) => owned(bytes.to_ascii_lowercase()),
            (Function::Abs, Val::Number(number)) => Val::Number(number.saturating_abs()),
            (_, Val::Address(bits, _)) => {
                let address = if v6 { Address::V6(bits.into()) } else { Address::V4((bits as u32).into()) };
                match self {
                    Function::LinkLocal => Val::Number(address.is_link_local().into()),
                    Function::Multicast => Val::Number(address.is_multicast().into()),
                    Function::Private => Val::Number(address.is_private().into()),
                    Function::UniqueLocal => Val::Number(address.is_unique_local().into()),
                    Function::SpecialName => owned(address.special()?.1.as_bytes().to_vec()),
                    Function::SpecialMask => Val::Number(address.special()?.0.into()),
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// A field's value as text.
    fn written(self, source: &Source, value: dissectors::Value, tree: &Tree) -> Option<String> {
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

/// The greatest, or the least, of all values.
fn extreme(greatest: bool, arguments: &[Expr], tree: &Tree) -> Option<i128> {
    let mut found: Option<i128> = None;
    for argument in arguments {
        let _ = argument.each(tree, &mut |value| {
            if let Val::Number(number) = value {
                let better = |best: i128| if greatest { best.max(number) } else { best.min(number) };
                found = Some(found.map_or(number, better));
            }
            ControlFlow::Continue(())
        });
    }
    found
}

/// How many bytes every value of a field has; none where they differ.
fn width(field: &Field) -> Option<i128> {
    Some(match field.kind {
        Kind::U8 => 1,
        Kind::U16 => 2,
        Kind::U24 => 3,
        Kind::U32 | Kind::I32 | Kind::Frame | Kind::Ipv4 => 4,
        Kind::U64 => 8,
        Kind::Ipv6 => 16,
        Kind::Ether => 6,
        _ => return None,
    })
}

/// An address of either version.
enum Address {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Address {
    fn is_link_local(&self) -> bool {
        match self {
            Address::V4(address) => address.is_link_local(),
            Address::V6(address) => address.is_unicast_link_local(),
        }
    }

    fn is_multicast(&self) -> bool {
        match self {
            Address::V4(address) => address.is_multicast(),
            Address::V6(address) => address.is_multicast(),
        }
    }

    /// RFC 1918.
    fn is_private(&self) -> bool {
        matches!(self, Address::V4(address) if address.is_private())
    }

    /// RFC 4193.
    fn is_unique_local(&self) -> bool {
        matches!(self, Address::V6(address) if address.is_unique_local())
    }

    /// The entry of the registries of special-purpose addresses (RFC 6890) that it belongs to: bits and name.
    fn special(&self) -> Option<(u8, &'static str)> {
        let within = |&&(start, bits, _): &&(u128, u8, &str), address: u128, all: u32| {
            let rest = all - u32::from(bits);
            address.checked_shr(rest).unwrap_or(0) == start.checked_shr(rest).unwrap_or(0)
        };
        let (table, address, all): (&[(u128, u8, &'static str)], u128, u32) = match self {
            Address::V4(address) => (SPECIAL_V4, u32::from(*address).into(), 32),
            Address::V6(address) => (SPECIAL_V6, u128::from(*address), 128),
        };
        let found = table.iter().filter(|entry| within(entry, address, all)).max_by_key(|(_, bits, _)| *bits);
        found.map(|&(_, bits, name)| (bits, name))
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> u128 {
    u32::from_be_bytes([a, b, c, d]) as u128
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>.
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

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
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
