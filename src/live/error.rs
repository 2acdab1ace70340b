//! Why an interface cannot be listened to, said in a line.

use std::fmt;
use std::ops::Range;

/// Why capturing did not begin, or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The system does not tell its interfaces.
    List(String),
    /// There is no such interface.
    NoDevice {
        /// As it was named.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The process may not capture.
    Permission {
        /// The interface.
        device: String,
    },
    /// A capture filter is wrong.
    Filter {
        /// What libpcap says.
        said: String,
        /// The bytes of the filter it is about.
        at: Range<usize>,
    },
    /// The interface has no such link type.
    Link {
        /// The interface.
        device: String,
        /// As it was named.
        name: String,
        /// The names of those that it has.
        known: Vec<String>,
    },
    /// Something else is wrong with an interface; what libpcap says.
    Device {
        /// The interface.
        device: String,
        /// What is wrong.
        said: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::List(said) => write!(f, "the interfaces cannot be listed: {said}"),
            Error::NoDevice { name, known } if known.is_empty() => {
                write!(f, "{name}: there is no such interface, and none that may be listened to")
            }
            Error::NoDevice { name, known } => {
                write!(f, "{name}: there is no such interface; there are {}", known.join(", "))
            }
            Error::Permission { device } => write!(f, "{device}: no permission to capture"),
            Error::Filter { said, .. } => write!(f, "the capture filter is not understood: {said}"),
            Error::Link { device, name, known } => {
                write!(f, "{device}: it has no link type {name}; it has {}", known.join(", "))
            }
            Error::Device { device, said } => write!(f, "{device}: {said}"),
        }
    }
}

impl std::error::Error for Error {}
