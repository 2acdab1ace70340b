//! Pages of a HAR: the documents that browsers loaded, and the calls that name them.

use crate::export::call_collector::CollectedCall;
use crate::export::web_text::{header, url};
use crate::report::{JsonWriter, TimeFormatter};
use std::collections::HashMap;

/// Maximum number of pages.
const MAX_PAGES: usize = 10_000;

/// Maximum bytes of a URL by which a page is found.
const MAX_URL: usize = 4_096;

/// Pages so far.
#[derive(Default)]
pub(super) struct Pages {
    /// Array of the pages, open for more.
    json: JsonWriter,
    count: usize,
    /// The last page of each client and URL.
    by_url: HashMap<(String, String), usize>,
}

impl Pages {
    /// Returns the page that a call belongs to: the document that it loads, or that which its `Referer` names.
    pub(super) fn page_of(&mut self, call: &CollectedCall, started: i64, clock: &mut TimeFormatter) -> Option<String> {
        let request = call.request.as_ref()?;
        if is_document(call) && self.count < MAX_PAGES {
            let url = url(call);
            if url.len() <= MAX_URL {
                return Some(self.add(client(call), &url, started, clock));
            }
        }
        let referer = header(request, "referer").filter(|_| self.count > 0)?;
        let page = self.by_url.get(&(client(call), without_fragment(&referer).to_owned()));
        page.map(|&page| page_id(page))
    }

    /// Adds a page; returns its identifier.
    fn add(&mut self, client: String, url: &str, started: i64, clock: &mut TimeFormatter) -> String {
        let id = page_id(self.count);
        let (json, mut time) = (&mut self.json, String::new());
        clock.write_rfc3339(&mut time, started);
        json.begin('{');
        json.pair("startedDateTime", &time);
        json.pair("id", &id);
        json.pair("title", url);
        json.key("pageTimings");
        json.json("{\"onContentLoad\":-1,\"onLoad\":-1}");
        json.end('}');
        self.by_url.insert((client, without_fragment(url).to_owned()), self.count);
        self.count += 1;
        id
    }

    /// Returns the pages as the members of an array.
    pub(super) fn into_json(self) -> String {
        self.json.text
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
