//! Pages of a HAR: the documents that browsers loaded, and the calls that name them.

use super::entry::timestamp;
use crate::export::call_collector::CollectedCall;
use crate::export::web_text::{header, url};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Maximum number of pages.
const MAX_PAGES: usize = 10_000;

/// Maximum bytes of a URL by which a page is found.
const MAX_URL: usize = 4_096;

/// Pages so far.
#[derive(Default)]
pub(super) struct Pages {
    pages: Vec<Value>,
    /// The last page of each client and URL.
    by_url: HashMap<(String, String), usize>,
}

impl Pages {
    /// Returns the page that a call belongs to: the document that it loads, or that which its `Referer` names.
    pub(super) fn page_of(&mut self, call: &CollectedCall, started: i64) -> Option<String> {
        let request = call.request.as_ref()?;
        let client = client(call);
        let url = url(call);
        if is_document(call) && self.pages.len() < MAX_PAGES && url.len() <= MAX_URL {
            let id = page_id(self.pages.len());
            self.pages.push(json!({
                "startedDateTime": timestamp(started),
                "id": id,
                "title": url,
                "pageTimings": { "onContentLoad": -1, "onLoad": -1 },
            }));
            self.by_url.insert((client, without_fragment(&url).to_owned()), self.pages.len() - 1);
            return Some(id);
        }
        let referer = header(request, "referer")?;
        let page = self.by_url.get(&(client, without_fragment(&referer).to_owned()));
        page.map(|&page| page_id(page))
    }

    /// Returns the list of pages.
    pub(super) fn into_json(self) -> Value {
        self.pages.into()
    }
}

fn page_id(at: usize) -> String {
    format!("page_{}", at + 1)
}

fn client(call: &CollectedCall) -> String {
    let mut text = String::new();
    crate::report::records::address(&mut text, call.call.client.address);
    text
}

fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// Returns whether a call loads a document that a browser shows.
fn is_document(call: &CollectedCall) -> bool {
    let Some(request) = &call.request else { return false };
    if let Some(kind) = header(request, "sec-fetch-dest") {
        return kind == "document";
    }
    let is_html = call.call.exchange.content_type.to_ascii_lowercase().starts_with("text/html");
    let is_success = call.call.exchange.code.is_some_and(|code| (200..300).contains(&code));
    is_html && is_success && call.call.exchange.method == "GET" && header(request, "x-requested-with").is_none()
}
