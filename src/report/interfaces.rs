//! `interfaces`: one row an interface that can be listened to.

use super::records::{Cell, Form, Head, Records, figures, words};
use crate::live::{Device, State};
use std::fmt::Write as _;
use std::io::{self, Write};

static HEADS: &[Head] = &[
    Head::new("number", figures("#", 2, 0)),
    Head::new("name", words("NAME", 18, 32, 0)),
    Head::new("state", words("STATE", 12, 12, 2)),
    Head::new("addresses", words("ADDRESSES", 32, 96, 1)),
    Head::new("description", words("DESCRIPTION", 16, 64, 3)),
    Head::machine("loopback"),
    Head::machine("wireless"),
];

/// Prints interfaces in this form.
pub fn interfaces(devices: &[Device], form: Form, out: &mut dyn Write) -> io::Result<()> {
    let mut records = Records::new(HEADS, form);
    records.begin(out)?;
    for device in devices {
        let mut addresses = String::new();
        for (address, bits) in &device.addresses {
            addresses.push_str(if addresses.is_empty() { "" } else { " " });
            let _ = write!(addresses, "{address}");
            if let Some(bits) = bits {
                let _ = write!(addresses, "/{bits}");
            }
        }
        let state = match device.state {
            State::Up => "up",
            State::Disconnected => "disconnected",
            State::Down => "down",
        };
        let cells = [
            Cell::Number(device.number as u64),
            Cell::Text(&device.name),
            Cell::Word(state),
            Cell::Text(&addresses),
            Cell::Text(device.description.as_deref().unwrap_or_default()),
            Cell::Yes(device.is_loopback),
            Cell::Yes(device.is_wireless),
        ];
        records.row(&cells, out)?;
    }
    records.end(out)
}
