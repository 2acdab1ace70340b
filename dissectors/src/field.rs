//! Fields: the values a dissector can record, each declared once with its name, type and meaning.

/// A value that can be shown, printed, filtered and documented.
///
/// Fields are declared with [`fields!`](macro@crate::fields) and never built at run time. Two fields are the same if their
/// `id`s are equal.
#[derive(Debug)]
pub struct Field {
    /// Dotted name that users type, such as `tcp.srcport`; Wireshark's name where Wireshark has the field.
    pub name: &'static str,
    /// Text before the value in the detail tree.
    pub title: &'static str,
    /// Meaning of the field, for the manual.
    pub doc: &'static str,
    /// Type of the values.
    pub kind: FieldKind,
    /// Number base of the values.
    pub base: DisplayBase,
    /// Names of values, in ascending order of value.
    pub values: &'static [(u64, &'static str)],
    /// Whether the detail tree omits the field because it repeats another (`tcp.port` repeats `tcp.srcport`).
    pub hidden: bool,
    /// Whether Wireshark lacks the field, so its name is overhear's own.
    pub ours: bool,
    /// Whether the value is known only after later frames are read, as for `http.response_in`.
    pub later: bool,
    /// Whether the value depends on all conversations of the capture, as for a number that counts what they have.
    pub of_capture: bool,
    /// Whether messages with the field may have host names of addresses.
    pub has_host_names: bool,
    /// Index among all fields, from 0.
    pub id: u16,
    /// The `id` of the protocol's own field.
    pub protocol: u16,
}

impl Field {
    /// Returns a field with default properties; [`fields!`](macro@crate::fields) overrides them.
    #[must_use]
    pub const fn new(
        name: &'static str,
        title: &'static str,
        doc: &'static str,
        kind: FieldKind,
        id: u16,
        protocol: u16,
    ) -> Field {
        Field {
            name,
            title,
            doc,
            kind,
            base: DisplayBase::Dec,
            values: &[],
            hidden: false,
            ours: false,
            later: false,
            of_capture: false,
            has_host_names: false,
            id,
            protocol,
        }
    }

    /// Returns the name of `value`, if the field has one for it.
    #[must_use]
    pub fn value_name(&self, value: u64) -> Option<&'static str> {
        let at = self.values.binary_search_by_key(&value, |&(number, _)| number).ok()?;
        self.values.get(at).map(|&(_, name)| name)
    }
}

/// Type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// The protocol itself. Its span is the header; its value is all bytes passed to its dissector, payload included.
    Protocol,
    /// A line without a value, present or absent; it may have a text.
    Label,
    /// An expert note, present or absent.
    Note(Severity),
    /// True or false.
    Bool,
    /// An unsigned number of 8 bits.
    U8,
    /// An unsigned number of 16 bits.
    U16,
    /// An unsigned number of 24 bits.
    U24,
    /// An unsigned number of 32 bits.
    U32,
    /// An unsigned number of 64 bits.
    U64,
    /// A signed number of 32 bits.
    I32,
    /// A signed number of 64 bits.
    I64,
    /// Text: UTF-8 where the sender wrote UTF-8, else any bytes.
    Text,
    /// Uninterpreted bytes.
    Bytes,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An Ethernet address, or another address of that format.
    Ether,
    /// A point in time, in nanoseconds since 1970-01-01T00:00:00Z.
    Time,
    /// A duration in nanoseconds.
    Duration,
    /// A decimal number, in billionths.
    Decimal,
    /// The number of a frame of this capture.
    Frame,
}

impl FieldKind {
    /// Returns the name of the type for the manual, in the terms of Wireshark's field types.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            FieldKind::Protocol => "protocol",
            FieldKind::Label => "label",
            FieldKind::Note(_) => "note",
            FieldKind::Bool => "boolean",
            FieldKind::U8 => "unsigned, 1 byte",
            FieldKind::U16 => "unsigned, 2 bytes",
            FieldKind::U24 => "unsigned, 3 bytes",
            FieldKind::U32 => "unsigned, 4 bytes",
            FieldKind::U64 => "unsigned, 8 bytes",
            FieldKind::I32 => "signed, 4 bytes",
            FieldKind::I64 => "signed, 8 bytes",
            FieldKind::Text => "text",
            FieldKind::Bytes => "bytes",
            FieldKind::Ipv4 => "IPv4 address",
            FieldKind::Ipv6 => "IPv6 address",
            FieldKind::Ether => "Ethernet address",
            FieldKind::Time => "time",
            FieldKind::Duration => "duration",
            FieldKind::Decimal => "decimal number",
            FieldKind::Frame => "frame number",
        }
    }
}

/// Severity of an expert note, in Wireshark's four levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Normal protocol events.
    Chat,
    /// Notable events.
    Note,
    /// Probable faults.
    Warn,
    /// Protocol violations.
    Error,
}

impl Severity {
    /// Returns the name shown to users.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Chat => "chat",
            Severity::Note => "note",
            Severity::Warn => "warning",
            Severity::Error => "error",
        }
    }
}

/// Number base in which an integer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisplayBase {
    /// Decimal.
    Dec,
    /// Hexadecimal with `0x` and all digits of the type, such as `0x0050`.
    Hex,
}

/// Declares the fields of a protocol.
///
/// ```ignore
/// fields! { "udp";
///     /// User Datagram Protocol.
///     UDP: Protocol "udp" "User Datagram Protocol";
///     /// Source port.
///     SRCPORT: U16 "udp.srcport" "Source Port";
///     /// Checksum of pseudo header, header and data.
///     CHECKSUM: U16 "udp.checksum" "Checksum" { base: DisplayBase::Hex };
/// }
/// ```
///
/// The first field is the protocol itself. Each becomes a `pub static` [`Field`]; `FIELDS` lists them in order and
/// `COUNT` counts them. The first string is the path of the protocol in [`PROTOCOLS`](crate::PROTOCOLS). Braces set
/// properties of [`Field`] that differ from the defaults.
#[macro_export]
macro_rules! fields {
    ($protocol:literal;
     $($(#[doc = $doc:literal])+ $id:ident: $kind:ident $(($severity:ident))? $name:literal $title:literal
       $({ $($key:ident: $value:expr),+ $(,)? })?;)+) => {
        const BASE: u16 = $crate::first_field($protocol);
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum FieldIndex { $($id,)+ COUNT }
        /// Number of fields declared here.
        pub const COUNT: u16 = FieldIndex::COUNT as u16;
        $(
            $(#[doc = $doc])+
            pub static $id: $crate::field::Field = $crate::field::Field {
                $($($key: $value,)+)?
                ..$crate::field::Field::new(
                    $name,
                    $title,
                    concat!($($doc),+),
                    $crate::field::FieldKind::$kind $(($crate::field::Severity::$severity))?,
                    BASE + FieldIndex::$id as u16,
                    BASE,
                )
            };
        )+
        /// All fields declared here, in order.
        pub static FIELDS: &[&$crate::field::Field] = &[$(&$id),+];
    };
}
