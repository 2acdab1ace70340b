//! Captures and calls in forms of other programs.

mod anonymize;
mod call_collector;
mod call_form;
mod connection_times;
#[cfg(feature = "parquet")]
pub mod dataset;
mod flow_hash;
mod har;
mod message;
mod message_extractor;
mod objects;
mod parts;
mod qlog;
mod qlog_packet;
mod qlog_parameters;
mod requests;
mod web_text;

pub use anonymize::AnonymizedFrames;
pub use call_collector::{CallCollector, CollectedCall};
pub use call_form::CallForm;
pub use connection_times::ConnectionTime;
pub use flow_hash::FlowHash;
pub use har::HarForm;
pub use message::CapturedMessage;
pub(crate) use message::header_pair;
pub use message_extractor::{CallMessage, MessageExtractor};
pub use objects::ObjectsForm;
pub use qlog::QlogReport;
pub(crate) use requests::{CurlRequest, curl_command, in_one_line};
pub use requests::{RequestForm, RequestsForm};
