//! What a capture has of its calls and servers, for a comparison with another.

use std::collections::BTreeMap;

/// Maximum number of operations.
pub(super) const MAX_OPERATIONS: usize = 10_000;

/// Maximum number of calls of an operation that are sampled: the first ones. Others are counted.
pub(super) const MAX_SAMPLES: usize = 2_000;

/// Maximum number of different statuses of an operation that are counted.
pub(super) const MAX_STATUSES: usize = 100;

/// Maximum number of samples of all operations.
pub(super) const MAX_ALL_SAMPLES: usize = 200_000;

/// Maximum bytes of the names of operations, headers and parameters.
pub(super) const MAX_TEXT: usize = 16 << 20;

/// Maximum bytes of a path, a header name, or a value.
pub(super) const MAX_NAME: usize = 1_024;

/// Operations and servers of a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureProfile {
    /// Operations with their calls.
    pub operations: BTreeMap<OperationKey, Operation>,
    /// Values of each parameter of each server, with the number of times that each was sent.
    pub(super) servers: BTreeMap<ServerParameter, BTreeMap<String, u64>>,
    /// Round-trip times of the handshakes of each server, in nanoseconds.
    pub(super) round_trips: BTreeMap<String, Vec<u64>>,
    /// Number of calls that were compared.
    pub calls: u64,
    /// Number of calls without a request in the capture, which belong to no operation.
    pub without_request: u64,
    /// Number of calls of operations beyond a limit.
    pub omitted_calls: u64,
    /// Number of header names and parameters beyond a limit.
    pub omitted_names: u64,
    /// Number of calls with statuses beyond a limit.
    pub omitted_statuses: u64,
}

/// What makes calls comparable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationKey {
    /// Filter name of the protocol.
    pub protocol: &'static str,
    /// Method, type of query, or operation of a statement.
    pub method: String,
    /// Authority or server; empty if hosts are not compared.
    pub host: String,
    /// Path template, name, or digest of a statement.
    pub path: String,
}

/// Calls of the same protocol, method, host and path template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// Number of calls.
    pub calls: u64,
    /// The first calls, in the order of their requests.
    pub(super) samples: Vec<CallSample>,
    /// Number of calls with each status, and the first of them; the status is empty without a response.
    pub(super) statuses: BTreeMap<Box<str>, StatusCount>,
    /// Number of messages with a header, by its name in lower case: of requests, of responses.
    pub(super) headers: [BTreeMap<String, u64>; 2],
    /// Number of messages whose headers are known: requests, responses.
    pub(super) messages: [u64; 2],
}

/// Calls of an operation with the same status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatusCount {
    pub(super) calls: u64,
    /// The first call.
    pub(super) first: CallPosition,
}

/// Where a call is in its capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallPosition {
    /// Row in the output of `calls`, from 1.
    pub row: u64,
    /// Frame that completes the request.
    pub frame: u32,
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallSample {
    pub(super) position: CallPosition,
    /// Time of the first byte of the request.
    pub(super) started: i64,
    /// Hash of the whole target.
    pub(super) target: u64,
    /// Status; empty without a response.
    pub(super) status: Box<str>,
    /// Nanoseconds from the first byte of the request to the last of the response.
    pub(super) nanos: Option<u64>,
    /// Bytes of the body of the response, if it is complete.
    pub(super) size: Option<u64>,
}

/// A parameter that one side of the connections of a server sends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ServerParameter {
    /// Address and port of the server; the port only if hosts are not compared.
    pub(super) server: String,
    /// Name of the field.
    pub(super) name: &'static str,
    /// `client` or `server`.
    pub(super) side: &'static str,
}

impl Operation {
    /// Returns whether all calls are sampled.
    pub(super) fn is_sampled(&self) -> bool {
        self.calls == self.samples.len() as u64
    }

    /// Returns the sampled durations.
    pub(super) fn times(&self) -> Vec<u64> {
        self.samples.iter().filter_map(|sample| sample.nanos).collect()
    }

    /// Returns the sampled sizes.
    pub(super) fn sizes(&self) -> Vec<u64> {
        self.samples.iter().filter_map(|sample| sample.size).collect()
    }

    /// Returns the first call.
    pub(super) fn first_call(&self) -> Option<CallPosition> {
        self.samples.iter().map(|sample| sample.position).min()
    }
}

impl CaptureProfile {
    /// Returns what the profile lacks because of a limit or of the capture.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut note = |count: u64, one: &str, several: &str| match count {
            0 => {}
            1 => notes.push(format!("1 {one}")),
            _ => notes.push(format!("{count} {several}")),
        };
        note(
            self.without_request,
            "call without a request in the capture is not compared",
            "calls without a request in the capture are not compared",
        );
        note(
            self.omitted_calls,
            "call of an operation beyond the limit is not compared",
            "calls of operations beyond the limit are not compared",
        );
        let not_sampled = self.operations.values().map(|operation| operation.calls - operation.samples.len() as u64);
        note(
            not_sampled.sum(),
            "call beyond the first ones of its operation is counted by status: its time and size are not compared",
            "calls beyond the first ones of their operations are counted by status: their times and sizes are not compared",
        );
        note(
            self.omitted_statuses,
            "call with a status beyond the limit of its operation: it is not compared",
            "calls with statuses beyond the limit of their operations: these are not compared",
        );
        note(
            self.omitted_names,
            "name of a header or value of a parameter beyond the limit is not compared",
            "names of headers and values of parameters beyond the limit are not compared",
        );
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_a_number_of_calls() {
        let profile = CaptureProfile { without_request: 1, omitted_calls: 2, ..CaptureProfile::default() };
        let expected = [
            "1 call without a request in the capture is not compared",
            "2 calls of operations beyond the limit are not compared",
        ];
        assert_eq!(profile.notes(), expected);
    }
}
