//! Schemas: types of messages and methods of services, from .proto files that the program reads.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::String;
use alloc::vec::Vec;

/// Types and methods by name.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    messages: Vec<MessageType>,
    enums: Vec<EnumType>,
    message_names: BTreeMap<String, u32>,
    enum_names: BTreeMap<String, u32>,
    /// Methods by their path, such as `/shop.Orders/Place`.
    methods: BTreeMap<String, Method>,
    /// The folder of the files.
    pub folder: String,
}

/// A method of a service.
#[derive(Clone, Debug, Default)]
pub struct Method {
    /// Names of the types of request and response.
    pub types: [String; 2],
    /// The file that declares it, in the folder.
    pub file: String,
}

/// Type of a message.
#[derive(Clone, Debug, Default)]
pub struct MessageType {
    /// Name with its package.
    pub name: String,
    /// Fields in the order of their numbers.
    pub fields: Vec<FieldType>,
}

/// A field of a message type.
#[derive(Clone, Debug)]
pub struct FieldType {
    /// Number.
    pub number: u64,
    /// Name.
    pub name: String,
    /// Type of its values.
    pub kind: ScalarType,
    /// Name of the type of a message or an enum, with its package; empty for others.
    pub type_name: String,
    /// Whether it has several values.
    pub is_repeated: bool,
}

/// Type of an enum.
#[derive(Clone, Debug, Default)]
pub struct EnumType {
    /// Name with its package.
    pub name: String,
    /// Values with their names.
    pub values: Vec<(i32, String)>,
}

/// Type of a value (descriptor.proto, FieldDescriptorProto.Type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of descriptor.proto")]
pub enum ScalarType {
    Double = 1,
    Float = 2,
    Int64 = 3,
    Uint64 = 4,
    Int32 = 5,
    Fixed64 = 6,
    Fixed32 = 7,
    Bool = 8,
    String = 9,
    Group = 10,
    Message = 11,
    Bytes = 12,
    Uint32 = 13,
    Enum = 14,
    Sfixed32 = 15,
    Sfixed64 = 16,
    Sint32 = 17,
    Sint64 = 18,
}

impl ScalarType {
    const ALL: [(ScalarType, &str); 18] = [
        (ScalarType::Double, "double"),
        (ScalarType::Float, "float"),
        (ScalarType::Int64, "int64"),
        (ScalarType::Uint64, "uint64"),
        (ScalarType::Int32, "int32"),
        (ScalarType::Fixed64, "fixed64"),
        (ScalarType::Fixed32, "fixed32"),
        (ScalarType::Bool, "bool"),
        (ScalarType::String, "string"),
        (ScalarType::Group, "group"),
        (ScalarType::Message, "message"),
        (ScalarType::Bytes, "bytes"),
        (ScalarType::Uint32, "uint32"),
        (ScalarType::Enum, "enum"),
        (ScalarType::Sfixed32, "sfixed32"),
        (ScalarType::Sfixed64, "sfixed64"),
        (ScalarType::Sint32, "sint32"),
        (ScalarType::Sint64, "sint64"),
    ];

    /// Returns the type with a number of descriptor.proto.
    #[must_use]
    pub fn of(number: i32) -> Option<ScalarType> {
        ScalarType::ALL.iter().map(|(kind, _)| *kind).find(|&kind| kind as i32 == number)
    }

    /// Returns its name in a .proto file.
    #[must_use]
    pub fn name(self) -> &'static str {
        ScalarType::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

impl Schemas {
    /// Adds a type of messages; the first one of a name stays.
    pub fn add_message(&mut self, mut message: MessageType) {
        message.fields.sort_by_key(|field| field.number);
        let number = self.messages.len() as u32;
        if let Entry::Vacant(entry) = self.message_names.entry(message.name.clone()) {
            entry.insert(number);
            self.messages.push(message);
        }
    }

    /// Adds a type of enums; the first one of a name stays.
    pub fn add_enum(&mut self, kind: EnumType) {
        let number = self.enums.len() as u32;
        if let Entry::Vacant(entry) = self.enum_names.entry(kind.name.clone()) {
            entry.insert(number);
            self.enums.push(kind);
        }
    }

    /// Adds a method by its path; the first one of a path stays.
    pub fn add_method(&mut self, path: String, method: Method) {
        self.methods.entry(path).or_insert(method);
    }

    /// Returns the type of messages with a name.
    #[must_use]
    pub fn message(&self, name: &str) -> Option<&MessageType> {
        self.messages.get(*self.message_names.get(name)? as usize)
    }

    /// Returns the type of enums with a name.
    #[must_use]
    pub fn enumeration(&self, name: &str) -> Option<&EnumType> {
        self.enums.get(*self.enum_names.get(name)? as usize)
    }

    /// Returns the method with a path.
    #[must_use]
    pub fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }

    /// Returns the names of the types of all methods, so that they can be resolved.
    pub fn methods_mut(&mut self) -> impl Iterator<Item = &mut [String; 2]> {
        self.methods.values_mut().map(|method| &mut method.types)
    }

    /// Returns the fields of all types, so that names of types can be resolved.
    pub fn fields_mut(&mut self) -> impl Iterator<Item = &mut FieldType> {
        self.messages.iter_mut().flat_map(|message| &mut message.fields)
    }
}

impl MessageType {
    /// Returns the field with a number.
    #[must_use]
    pub fn field(&self, number: u64) -> Option<&FieldType> {
        let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(at)
    }
}

impl EnumType {
    /// Returns the name of a value.
    #[must_use]
    pub fn value_name(&self, value: i64) -> Option<&str> {
        self.values.iter().find(|(known, _)| i64::from(*known) == value).map(|(_, name)| &**name)
    }
}
