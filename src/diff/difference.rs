//! A difference between two captures.

use super::profile::{CallPosition, OperationKey};
use serde_json::Value;

/// Kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// An operation of the first capture that the second does not have.
    Gone,
    /// An operation of the second capture that the first does not have.
    New,
    /// Another number of calls.
    Count,
    /// Other statuses.
    Status,
    /// Longer durations.
    Slower,
    /// Shorter durations.
    Faster,
    /// Bodies of another size.
    Size,
    /// Headers that messages no longer have, or did not have.
    Headers,
    /// What servers or clients send in handshakes.
    Parameters,
}

impl DifferenceKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [DifferenceKind; 9] = [
        DifferenceKind::Gone,
        DifferenceKind::New,
        DifferenceKind::Count,
        DifferenceKind::Status,
        DifferenceKind::Slower,
        DifferenceKind::Faster,
        DifferenceKind::Size,
        DifferenceKind::Headers,
        DifferenceKind::Parameters,
    ];

    /// Returns the name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DifferenceKind::Gone => "gone",
            DifferenceKind::New => "new",
            DifferenceKind::Count => "count",
            DifferenceKind::Status => "status",
            DifferenceKind::Slower => "slower",
            DifferenceKind::Faster => "faster",
            DifferenceKind::Size => "size",
            DifferenceKind::Headers => "headers",
            DifferenceKind::Parameters => "parameters",
        }
    }

    /// Returns the kind of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<DifferenceKind> {
        DifferenceKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Calls of an operation.
    Operation(OperationKey),
    /// Connections of a server: its address and port.
    Server(String),
}

impl Subject {
    /// Returns the text, with characters of the wire as they are.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Subject::Server(server) => server.clone(),
            Subject::Operation(key) => {
                let OperationKey { protocol, method, host, path } = key;
                let target = match path.starts_with('/') {
                    true => format!("{host}{path}"),
                    false => {
                        [host.as_str(), path].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
                    }
                };
                let words = [method.as_str(), &target].into_iter().filter(|word| !word.is_empty());
                let text = words.collect::<Vec<_>>().join(" ");
                format!("{text} ({protocol})")
            }
        }
    }
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Its kind.
    pub kind: DifferenceKind,
    /// What differs.
    pub subject: Subject,
    /// How it differs, in one line.
    pub text: String,
    /// The same as an object.
    pub detail: Value,
    /// The first calls that differ, in each capture.
    pub first: [Option<CallPosition>; 2],
}
