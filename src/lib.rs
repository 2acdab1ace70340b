//! overhear listens to a conversation on the wire and tells it.
