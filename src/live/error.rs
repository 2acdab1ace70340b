//! Errors of live capture, each displayed in one line.

use std::fmt;
use std::ops::Range;

/// Reason why a capture did not start or stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The interfaces cannot be listed.
    List(String),
    /// No interface has the requested name.
    UnknownDevice {
        /// Requested name.
        name: String,
        /// Names of the available interfaces.
        available: Vec<String>,
    },
    /// The process has no permission to capture.
    Permission {
        /// Name of the interface.
        device: String,
    },
    /// The capture filter is invalid.
    Filter {
        /// Message of libpcap.
        message: String,
        /// Bytes of the filter that the error refers to.
        span: Range<usize>,
    },
    /// The interface does not support the requested link type.
    Link {
        /// Name of the interface.
        device: String,
        /// Requested name.
        name: String,
        /// Names of the supported link types.
        available: Vec<String>,
    },
    /// Any other error of an interface.
    Device {
        /// Name of the interface.
        device: String,
        /// Message of libpcap.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::List(message) => write!(f, "cannot list interfaces: {message}"),
            Error::UnknownDevice { name, available } if available.is_empty() => {
                write!(f, "{name}: no such interface, and none available for capture")
            }
            Error::UnknownDevice { name, available } => {
                write!(f, "{name}: no such interface; available: {}", available.join(", "))
            }
            Error::Permission { device } => write!(f, "{device}: no permission to capture"),
            Error::Filter { message, .. } => write!(f, "invalid capture filter: {message}"),
            Error::Link { device, name, available } => {
                write!(f, "{device}: unsupported link type {name}; available: {}", available.join(", "))
            }
            Error::Device { device, message } => write!(f, "{device}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
