//! What bytes mean: fields, trees, protocols. No I/O, no clock, no flows, no screens.
#![no_std]
extern crate alloc;
