//! Fields: the facts a packet can state, each declared once with its name, type and meaning.

/// One fact that can be shown, printed, filtered and documented.
///
/// Fields are declared with [`fields!`](crate::fields) and never built at run time; two fields are the same if their
/// `id`s are.
#[derive(Debug)]
pub struct Field {
    /// The dotted name users type, such as `tcp.srcport`; Wireshark's where Wireshark has one.
    pub name: &'static str,
    /// The words that stand before the value in the detail tree.
    pub title: &'static str,
    /// What it means, in plain words, for the manual.
    pub doc: &'static str,
    /// What values it has.
    pub kind: Kind,
    /// How whole numbers are written.
    pub form: Form,
    /// Names of values, in ascending order of value.
    pub values: &'static [(u64, &'static str)],
    /// Another name for a fact the tree already shows (`tcp.port` beside `tcp.srcport`): left out of the tree.
    pub hidden: bool,
    /// Wireshark has no such field: the name is ours.
    pub ours: bool,
    /// Known only when later frames have been read, such as `http.response_in`.
    pub later: bool,
    /// Its place among all fields, from 0.
    pub id: u16,
    /// The `id` of its protocol's own field.
    pub protocol: u16,
}

impl Field {
    /// A field with nothing out of the ordinary; [`fields!`](crate::fields) changes what is.
    #[must_use]
    pub const fn new(
        name: &'static str,
        title: &'static str,
        doc: &'static str,
        kind: Kind,
        id: u16,
        protocol: u16,
    ) -> Field {
        let form = Form::Dec;
        Field { name, title, doc, kind, form, values: &[], hidden: false, ours: false, later: false, id, protocol }
    }

    /// The name of `value`, where the field has names for its values.
    #[must_use]
    pub fn value_name(&self, value: u64) -> Option<&'static str> {
        let at = self.values.binary_search_by_key(&value, |&(number, _)| number).ok()?;
        self.values.get(at).map(|&(_, name)| name)
    }
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The protocol itself. Its span is its own bytes; its value is all from there on that its reader was given, so
    /// what it carries too.
    Protocol,
    /// Present or absent, without a value; it may have a text.
    Label,
    /// Something odd about the traffic, worth telling. Present or absent.
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
    /// Text: UTF-8 where the sender wrote UTF-8, else any bytes.
    Text,
    /// Bytes without further meaning.
    Bytes,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An Ethernet address, or one of the same form.
    Ether,
    /// A moment: nanoseconds since 1970-01-01T00:00:00Z.
    Time,
    /// A length of time in nanoseconds.
    Duration,
    /// The number of a frame of this capture.
    Frame,
}

impl Kind {
    /// The word for the type in the manual, in the terms of Wireshark's field types.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Protocol => "protocol",
            Kind::Label => "label",
            Kind::Note(_) => "note",
            Kind::Bool => "boolean",
            Kind::U8 => "unsigned, 1 byte",
            Kind::U16 => "unsigned, 2 bytes",
            Kind::U24 => "unsigned, 3 bytes",
            Kind::U32 => "unsigned, 4 bytes",
            Kind::U64 => "unsigned, 8 bytes",
            Kind::I32 => "signed, 4 bytes",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
            Kind::Ipv4 => "IPv4 address",
            Kind::Ipv6 => "IPv6 address",
            Kind::Ether => "Ethernet address",
            Kind::Time => "time",
            Kind::Duration => "duration",
            Kind::Frame => "frame number",
        }
    }
}

/// How grave a note is, in Wireshark's four steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Ordinary, worth a line in a conversation's story.
    Chat,
    /// Remarkable.
    Note,
    /// Probably a fault.
    Warn,
    /// A violation of the protocol.
    Error,
}

impl Severity {
    /// The word shown to users.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Chat => "chat",
            Severity::Note => "note",
            Severity::Warn => "warning",
            Severity::Error => "error",
        }
    }
}

/// How a whole number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In base ten.
    Dec,
    /// In base sixteen with `0x` and all digits of the type: `0x0050`.
    Hex,
}

/// Declares the fields of a protocol, each once.
///
/// ```ignore
/// fields! { "udp";
///     /// User Datagram Protocol.
///     UDP: Protocol "udp" "User Datagram Protocol";
///     /// The port it was sent from.
///     SRCPORT: U16 "udp.srcport" "Source Port";
///     /// The checksum over pseudo header, header and data.
///     CHECKSUM: U16 "udp.checksum" "Checksum" { form: Form::Hex };
/// }
/// ```
///
/// The first is the protocol itself. Each becomes a `pub static` [`Field`]; `FIELDS` lists them in order and `COUNT`
/// counts them. The first word is the path of the protocol in [`PROTOCOLS`](crate::PROTOCOLS). In braces stand the
/// parts of [`Field`] that are out of the ordinary.
#[macro_export]
macro_rules! fields {
    ($protocol:literal;
     $($(#[doc = $doc:literal])+ $id:ident: $kind:ident $(($severity:ident))? $name:literal $title:literal
       $({ $($key:ident: $value:expr),+ $(,)? })?;)+) => {
        const BASE: u16 = $crate::first_field($protocol);
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $($id,)+ COUNT }
        /// How many fields are declared here.
        pub const COUNT: u16 = Place::COUNT as u16;
        $(
            $(#[doc = $doc])+
            pub static $id: $crate::field::Field = $crate::field::Field {
                $($($key: $value,)+)?
                ..$crate::field::Field::new(
                    $name,
                    $title,
                    concat!($($doc),+),
                    $crate::field::Kind::$kind $(($crate::field::Severity::$severity))?,
                    BASE + Place::$id as u16,
                    BASE,
                )
            };
        )+
        /// All fields declared here, in order.
        pub static FIELDS: &[&$crate::field::Field] = &[$(&$id),+];
    };
}
