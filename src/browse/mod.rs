//! A capture that can be looked at in any order: what is known of all of it, and answers to questions about parts of it.
//!
//! [`Index`] holds a few bytes for each frame, call and connection, and grows while the capture is read. Everything else
//! (the words of a row, a frame's tree, a connection's ladder) is read again from the capture when somebody looks at it:
//! an [`Ask`] goes to a [`Browser`], an [`Answer`] comes back.

mod ask;
mod body;
mod browser;
mod call;
mod curl;
mod facts;
mod find;
mod follow;
mod index;
mod known;
mod ladder;
mod lines;
#[cfg(feature = "live")]
mod listen;
mod load;
mod opening;
mod pairs;
mod parts;
mod pile;
mod post;
mod reread;
mod rung;
mod save;
mod sent;
mod sift;
mod stacks;
mod teller;
mod values;

pub use ask::*;
pub use browser::Browser;
#[cfg(feature = "tui")]
pub(crate) use find::pattern;
pub use index::*;
#[cfg(feature = "live")]
pub use listen::Left;
pub use pairs::{Host, Way};
pub use pile::Pile;
pub use stacks::{Names, OTHER, Stack};
