//! .proto files of a folder: types of messages and methods of services.

use anyhow::{Context, bail};
use dissectors::schema::{EnumType, FieldType, MessageType, Method, ScalarType, Schemas};
use prost_types::field_descriptor_proto::Label;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use std::path::Path;
use walkdir::WalkDir;

/// Files that are read.
const MAX_FILES: usize = 10_000;
/// Longest file, and all files together: the files of all public APIs of Google have 30 MB.
const MAX_FILE: u64 = 4 << 20;
const MAX_BYTES: u64 = 64 << 20;
/// Nesting depth of messages in messages.
const MAX_DEPTH: usize = 32;

/// What the files of a folder declare, and the files that were not read, a line for each.
#[derive(Debug, Default)]
pub struct ProtoFiles {
    /// Types and methods.
    pub schemas: Schemas,
    /// Reasons why files were not read, with file and line.
    pub problems: Vec<String>,
}

/// Reads the .proto files of a folder and of the folders in it, in the order of their names.
///
/// # Errors
///
/// If the folder cannot be read, or has no .proto file.
pub fn read(folder: &Path) -> anyhow::Result<ProtoFiles> {
    let mut files = ProtoFiles::default();
    let (mut count, mut bytes) = (0, 0);
    let is_dir = folder.metadata().with_context(|| folder.display().to_string())?.is_dir();
    if !is_dir {
        bail!("{}: expected a folder of .proto files, found a file", folder.display());
    }
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                files.problems.push(error.to_string());
                continue;
            }
        };
        let is_proto = entry.path().extension().is_some_and(|extension| extension == "proto");
        if !is_proto || !entry.file_type().is_file() {
            continue;
        }
        let len = entry.metadata().map_or(0, |metadata| metadata.len());
        (count, bytes) = (count + 1, bytes + len);
        if count > MAX_FILES || bytes > MAX_BYTES {
            files.problems.push(format!("{}: too many .proto files: the rest is not read", folder.display()));
            break;
        }
        if let Err(problem) = read_file(entry.path(), folder, len, &mut files.schemas) {
            // Names of files and tokens may have control characters.
            files.problems.push(problem.replace(char::is_control, "\u{fffd}"));
        }
    }
    if count == 0 {
        bail!("{}: no .proto file in this folder", folder.display());
    }
    resolve_names(&mut files.schemas);
    files.schemas.folder = folder.display().to_string();
    Ok(files)
}

/// Reads a file. The error names it, with the line.
fn read_file(path: &Path, folder: &Path, len: u64, schemas: &mut Schemas) -> Result<(), String> {
    let name = path.display().to_string();
    if len > MAX_FILE {
        return Err(format!("{name}: longer than {} MiB", MAX_FILE >> 20));
    }
    let source = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    // Its Debug form is `file:line:column: message`.
    let mut file = protox_parse::parse(&name, &source).map_err(|error| format!("{error:?}"))?;
    file.name = path.strip_prefix(folder).ok().map(|name| name.display().to_string());
    add_file(&file, schemas);
    Ok(())
}

fn add_file(file: &FileDescriptorProto, schemas: &mut Schemas) {
    let package = file.package();
    file.enum_type.iter().for_each(|kind| add_enum(package, kind, schemas));
    file.message_type.iter().for_each(|message| add_message(package, message, 0, schemas));
    for service in &file.service {
        let service_name = joined(package, service.name());
        for method in &service.method {
            let path = format!("/{service_name}/{}", method.name());
            // Names of types are relative to the package.
            let resolve = |name: &str| qualified(&service_name, name);
            let types = [resolve(method.input_type()), resolve(method.output_type())];
            schemas.add_method(path, Method { types, file: file.name().to_owned() });
        }
    }
}

/// A name as written, with the scope in which it is written, until names are resolved: `shop.Order Item`.
fn qualified(scope: &str, name: &str) -> String {
    match name.strip_prefix('.') {
        Some(absolute) => absolute.into(),
        None => format!("{scope} {name}"),
    }
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.into() } else { format!("{scope}.{name}") }
}

fn add_enum(scope: &str, kind: &EnumDescriptorProto, schemas: &mut Schemas) {
    let values = kind.value.iter().map(|value| (value.number(), value.name().into())).collect();
    schemas.add_enum(EnumType { name: joined(scope, kind.name()), values });
}

fn add_message(scope: &str, message: &DescriptorProto, depth: usize, schemas: &mut Schemas) {
    if depth > MAX_DEPTH {
        return;
    }
    let name = joined(scope, message.name());
    message.enum_type.iter().for_each(|kind| add_enum(&name, kind, schemas));
    message.nested_type.iter().for_each(|nested| add_message(&name, nested, depth + 1, schemas));
    let fields = message.field.iter().filter_map(|field| field_type(&name, field)).collect();
    schemas.add_message(MessageType { name, fields });
}

fn field_type(scope: &str, field: &FieldDescriptorProto) -> Option<FieldType> {
    let type_name = field.type_name.as_deref().map_or_else(String::new, |name| qualified(scope, name));
    // Whether a name is that of a message or an enum is known after all files are read.
    let kind = match field.r#type {
        Some(number) => ScalarType::of(number)?,
        None => ScalarType::Message,
    };
    let is_repeated = field.label() == Label::Repeated;
    let number = u64::try_from(field.number()).ok()?;
    Some(FieldType { number, name: field.name().into(), kind, type_name, is_repeated })
}

/// Resolves the names of types: the innermost scope that declares a name wins, as in C++.
fn resolve_names(schemas: &mut Schemas) {
    let known = schemas.clone();
    let resolve = |name: &str| {
        let Some((mut scope, relative)) = name.split_once(' ') else { return name.to_owned() };
        loop {
            let candidate = joined(scope, relative);
            if known.message(&candidate).is_some() || known.enumeration(&candidate).is_some() || scope.is_empty() {
                return candidate;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    };
    for field in schemas.fields_mut().filter(|field| !field.type_name.is_empty()) {
        field.type_name = resolve(&field.type_name);
        if known.enumeration(&field.type_name).is_some() {
            field.kind = ScalarType::Enum;
        }
    }
    for types in schemas.methods_mut() {
        types.iter_mut().for_each(|name| *name = resolve(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> ProtoFiles {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        read(folder.path()).expect("files")
    }

    #[test]
    fn names_are_resolved_from_the_innermost_scope() {
        let files = of(&[
            (
                "a.proto",
                "syntax = \"proto3\"; package a.b; message M { N n = 1; c.N other = 2; E e = 3; message N {} } enum E { X = 0; }",
            ),
            ("c.proto", "syntax = \"proto3\"; package a.c; message N {} service S { rpc Get(a.b.M) returns (N); }"),
        ]);
        assert!(files.problems.is_empty(), "{:?}", files.problems);
        let message = files.schemas.message("a.b.M").expect("a type");
        let types: Vec<(&str, ScalarType)> =
            message.fields.iter().map(|field| (&*field.type_name, field.kind)).collect();
        let expected = [("a.b.M.N", ScalarType::Message), ("a.c.N", ScalarType::Message), ("a.b.E", ScalarType::Enum)];
        assert_eq!(types, expected);
        assert_eq!(files.schemas.method("/a.c.S/Get").expect("a method").types, ["a.b.M", "a.c.N"]);
    }

    #[test]
    fn a_file_with_an_error_stops_no_other() {
        let files = of(&[("bad.proto", "syntax = \"proto3\";\nmessage {"), ("good.proto", "message M {}")]);
        assert!(files.schemas.message("M").is_some());
        let [problem] = &files.problems[..] else { panic!("{:?}", files.problems) };
        assert!(problem.contains("bad.proto:2:9: ") && problem.lines().count() == 1, "{problem}");
    }
}
