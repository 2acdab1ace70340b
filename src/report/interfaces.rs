//! `interfaces`: one row per interface that can capture.

use super::records::{Cell, RecordColumn, RecordFormat, RecordWriter, number_column, text_column};
use crate::live::{Device, DeviceState};
use std::fmt::Write as _;
use std::io::{self, Write};

static COLUMNS: &[RecordColumn] = &[
    RecordColumn::new("number", number_column("#", 2, 0)),
    RecordColumn::new("name", text_column("NAME", 18, 32, 0)),
    RecordColumn::new("state", text_column("STATE", 12, 12, 2)),
    RecordColumn::new("addresses", text_column("ADDRESSES", 32, 96, 1)),
    RecordColumn::new("description", text_column("DESCRIPTION", 16, 64, 3)),
    RecordColumn::machine_only("loopback"),
    RecordColumn::machine_only("wireless"),
];

/// Prints interfaces in this format.
pub fn interfaces(devices: &[Device], format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
    let mut records = RecordWriter::new(COLUMNS, format);
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
            DeviceState::Up => "up",
            DeviceState::Disconnected => "disconnected",
            DeviceState::Down => "down",
        };
        let cells = [
            Cell::Number(device.number as u64),
            Cell::Text(&device.name),
            Cell::Word(state),
            Cell::Text(&addresses),
            Cell::Text(device.description.as_deref().unwrap_or_default()),
            Cell::Bool(device.is_loopback),
            Cell::Bool(device.is_wireless),
        ];
        records.row(&cells, out)?;
    }
    records.end(out)
}
