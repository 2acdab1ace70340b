//! Bodies of messages as files of a folder, with a manifest.

mod file_name;
mod media_type;

use super::call_collector::CollectedCall;
use super::call_form::CallForm;
use super::message::{CapturedMessage, header_text};
use super::parts::{FormPart, form_parts};
use super::web_text::{percent_decoded, url};
use crate::report::json_line;
use crate::sink::system_error_text;
use dissectors::content::{parameter, unescaped};
use dissectors::exchange::Transfer;
use file_name::{extension, numbered, safe_name};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";

/// Maximum number of names that are tried for a file.
const MAX_TRIES: u64 = 1 << 20;

/// Writes bodies to a folder.
pub struct ObjectsForm {
    folder: PathBuf,
    /// Open manifest, once the folder is created.
    manifest: Option<BufWriter<File>>,
    /// Number of files that got a name, in lower case: some systems do not distinguish it.
    names: HashMap<String, u64>,
    /// Rows of the manifest, and how many of them have a file, and are not complete.
    rows: u64,
    written: u64,
    incomplete: u64,
}

/// A body, or a part of one.
struct Object<'m> {
    content: &'m [u8],
    /// Name that a message gives it; empty if there is none.
    name: String,
    media_type: &'m [u8],
    /// Name of the field of a form.
    field: Option<String>,
}

/// What is known of a body that is written.
#[derive(Clone, Copy)]
struct ObjectState {
    /// All of it is in the file.
    is_complete: bool,
    /// It exceeds a limit, and the file has its beginning.
    is_limited: bool,
}

impl ObjectsForm {
    /// Returns a form that writes to a folder, which is created with the first capture that can be read.
    #[must_use]
    pub fn new(folder: &Path) -> ObjectsForm {
        let names = HashMap::from([(MANIFEST.to_owned(), 1)]);
        ObjectsForm { folder: folder.to_owned(), manifest: None, names, rows: 0, written: 0, incomplete: 0 }
    }

    /// Creates the folder, if it does not exist, and the manifest in it. A folder that has one is an error: files of two exports
    /// would be mixed.
    fn create(&self) -> io::Result<BufWriter<File>> {
        fs::create_dir_all(&self.folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                io::Error::other(format!("{}: expected a folder, found a file", shown(&self.folder)))
            }
            _ => named(&self.folder, &error),
        })?;
        let path = self.folder.join(MANIFEST);
        match create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::Error::other(format!("{}: file exists; name another folder", shown(&path))))
            }
            file => Ok(BufWriter::new(file.map_err(|error| named(&path, &error))?)),
        }
    }

    fn write_manifest(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.manifest.as_mut().map_or(Ok(()), |manifest| manifest.write_all(bytes))
    }

    /// Writes the body of a message, or its parts.
    fn add_message(
        &mut self,
        call: &CollectedCall,
        direction: &str,
        message: &CapturedMessage,
        transfer: Option<Transfer>,
    ) -> io::Result<()> {
        let state = ObjectState {
            is_complete: transfer.is_some_and(|own| own.complete) && !message.is_incomplete && !message.is_limited(),
            is_limited: message.is_limited(),
        };
        let body = message.content();
        let parts: Vec<FormPart<'_>> = form_parts(body, message.media_type()).collect();
        for part in parts.iter().filter(|part| !part.content.is_empty()) {
            let object = Object {
                content: part.content,
                name: part.file_name.as_deref().map(|name| header_text(name).into_owned()).unwrap_or_default(),
                media_type: part.media_type,
                field: Some(header_text(&part.name).into_owned()),
            };
            self.add(call, direction, &object, state, transfer)?;
        }
        // Of a body that was dropped at a limit of memory, the manifest has all but the file.
        if parts.is_empty() && (!body.is_empty() || message.is_limited()) {
            let name = disposition_name(message).unwrap_or_else(|| target_name(&url(call)));
            let object = Object { content: body, name, media_type: message.media_type(), field: None };
            self.add(call, direction, &object, state, transfer)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        call: &CollectedCall,
        direction: &str,
        object: &Object<'_>,
        ObjectState { is_complete, is_limited }: ObjectState,
        transfer: Option<Transfer>,
    ) -> io::Result<()> {
        let found = media_type::found(object.content);
        let declared = header_text(object.media_type);
        let mut name = safe_name(&object.name);
        if extension(&name).is_empty()
            && let Some(extension) = media_type::extension(&declared).or_else(|| media_type::extension(found?))
        {
            name = format!("{name}.{extension}");
        }
        let is_written = !object.content.is_empty();
        if is_written {
            let mut file;
            (name, file) = self.create_file(&name)?;
            file.write_all(object.content).map_err(|error| named(&self.folder.join(&name), &error))?;
        }
        let row = json!({
            "file": is_written.then_some(name),
            "call": call.row,
            "direction": direction,
            "method": call.call.exchange.method.as_str(),
            "url": url(call),
            "status": call.call.exchange.status.as_str(),
            "stream": call.call.exchange.id.conversation.to_string(),
            "first_frame": transfer.map(|own| own.first.frame),
            "last_frame": transfer.map(|own| own.last.frame),
            "name": object.name,
            "field": object.field,
            "media_type": declared,
            "media_type_found": found,
            "size": object.content.len(),
            "sha256": is_written.then(|| hex(&Sha256::digest(object.content))),
            "complete": is_complete,
            "limited": is_limited,
            "body_size": transfer.map(|own| own.body),
        });
        self.write_manifest(if self.rows == 0 { b"[\n" } else { b",\n" })?;
        self.write_manifest(json_line(&row).as_bytes())?;
        self.rows += 1;
        self.written += u64::from(is_written);
        self.incomplete += u64::from(!is_complete);
        Ok(())
    }

    /// Creates a file that did not exist, with a number in its name if another has that.
    fn create_file(&mut self, name: &str) -> io::Result<(String, File)> {
        let known = self.names.entry(name.to_lowercase()).or_default();
        for _ in 0..MAX_TRIES {
            *known += 1;
            let name = if *known == 1 { name.to_owned() } else { numbered(name, *known) };
            match create_new(&self.folder.join(&name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                file => return Ok((name.clone(), file.map_err(|error| named(&self.folder.join(&name), &error))?)),
            }
        }
        Err(io::Error::other("too many files with the same name"))
    }
}

/// Creates a file. An existing one, or a link of this name, is an error.
fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Returns an error with the path that it is about.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", shown(path), system_error_text(error)))
}

fn shown(path: &Path) -> String {
    let mut text = String::new();
    crate::report::escaped(&mut text, path.to_string_lossy().as_bytes());
    text
}

/// Returns the file name that a message states (RFC 6266 4.3). That of RFC 8187 comes first.
fn disposition_name(message: &CapturedMessage) -> Option<String> {
    let value = message.header("content-disposition")?;
    if let Some(extended) = parameter(value, "filename*") {
        let mut parts = extended.splitn(3, |&byte| byte == b'\'');
        if let (Some(_), Some(_), Some(name)) = (parts.next(), parts.next(), parts.next()) {
            return Some(percent_decoded(name).into_owned());
        }
    }
    parameter(value, "filename").map(|name| header_text(&unescaped(name)).into_owned())
}

/// Returns the last part of the path of a URL.
fn target_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let last = path.trim_end_matches('/').split('/').skip(1).last().unwrap_or("index");
    percent_decoded(last.as_bytes()).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    let _ = dissectors::format::hex(&mut text, bytes);
    text
}

impl CallForm for ObjectsForm {
    fn begin(&mut self, _: &mut dyn Write) -> io::Result<()> {
        self.manifest = Some(self.create()?);
        Ok(())
    }

    fn call(&mut self, call: CollectedCall, _: &mut dyn Write) -> io::Result<()> {
        let exchange = &call.call.exchange;
        let halves = [("request", &call.request, exchange.request), ("response", &call.response, exchange.response)];
        for (direction, message, transfer) in halves {
            if let Some(message) = message.as_ref().filter(|message| message.is_web) {
                self.add_message(&call, direction, message, transfer)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        self.write_manifest(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
        self.manifest.as_mut().map_or(Ok(()), Write::flush)
    }

    fn notes(&self) -> Vec<String> {
        let objects = |count: u64| format!("{count} object{}", if count == 1 { "" } else { "s" });
        let mut notes = vec![format!("{} written to {}", objects(self.written), shown(&self.folder))];
        if self.incomplete > 0 {
            notes.push(format!("{} not complete; {MANIFEST} marks them", objects(self.incomplete)));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_header_or_of_the_url() {
        let named = |line: &str| disposition_name(&CapturedMessage::with_headers(&[line]));
        let rows = [
            ("Content-Disposition: attachment; filename=a.txt", Some("a.txt")),
            ("content-disposition: attachment; filename=\"a \\\"b\\\".txt\"", Some("a \"b\".txt")),
            ("Content-Disposition: attachment; filename=\"x\"; filename*=UTF-8''%e2%82%ac.txt", Some("€.txt")),
            ("Content-Disposition: attachment; filename*=bad", None),
            ("Content-Disposition: inline", None),
        ];
        for (line, expected) in rows {
            assert_eq!(named(line).as_deref(), expected, "{line}");
        }
        let rows = [
            ("http://a.test/b/c.png?d=/e", "c.png"),
            ("http://a.test/b/", "b"),
            ("http://a.test/", "index"),
            ("http://a.test", "index"),
            ("http://a.test/%2e%2e%2fx", "../x"),
        ];
        for (url, expected) in rows {
            assert_eq!(target_name(url), expected, "{url}");
        }
    }
}
