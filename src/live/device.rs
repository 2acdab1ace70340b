//! Listing and opening the interfaces of this machine.

use super::bpf;
use super::error::Error;
use crate::source::Interface;
use pcap::{Active, Capture, ConnectionStatus, IfFlags, Linktype, Precision};
use std::net::IpAddr;

/// Interface available for capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Number in the list, starting at 1. `-i` accepts it as well.
    pub number: usize,
    /// Name of the interface in the system.
    pub name: String,
    /// Description, if the system has one.
    pub description: Option<String>,
    /// Addresses, each with its prefix length in bits, if known.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
    /// Link state.
    pub state: DeviceState,
    /// Whether the interface is a loopback interface.
    pub is_loopback: bool,
    /// Whether the interface is wireless.
    pub is_wireless: bool,
}

/// Link state of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Up, and connected if the interface reports that.
    Up,
    /// Up and not connected.
    Disconnected,
    /// Down.
    Down,
}

/// Settings of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureSettings {
    /// Capture filter in libpcap's syntax (pcap-filter(7)).
    pub filter: Option<String>,
    /// Maximum number of bytes captured of each packet.
    pub snaplen: u32,
    /// Whether packets addressed to other hosts are captured as well.
    pub promiscuous: bool,
    /// Size of the kernel's buffer in bytes.
    pub buffer: u32,
    /// Link type by its libpcap name; `None` for the interface's default.
    pub link: Option<String>,
    /// Whether each packet is delivered immediately. Otherwise packets are delivered in batches of up to 20 ms, which
    /// costs less and drops fewer packets.
    pub immediate: bool,
}

/// Maximum packet length in bytes: `MAXIMUM_SNAPLEN` of libpcap.
pub const SNAPLEN: u32 = 262_144;

/// Default size of the kernel's buffer in bytes. The 2 MiB default of libpcap fills within 15 ms at 1 Gbit/s.
pub const DEFAULT_BUFFER: u32 = 32 << 20;

/// Maximum time before a batch of packets is delivered, in milliseconds.
const TIMEOUT_MILLIS: i32 = 20;

/// Whether timestamps have nanosecond resolution. Linux has it; on other systems libpcap supports microseconds only.
const HAS_NANOSECONDS: bool = cfg!(target_os = "linux");

impl Default for CaptureSettings {
    fn default() -> CaptureSettings {
        let (filter, link) = (None, None);
        CaptureSettings { filter, snaplen: SNAPLEN, promiscuous: true, buffer: DEFAULT_BUFFER, link, immediate: false }
    }
}

/// Lists the interfaces visible to this process, in libpcap's order.
pub fn devices() -> Result<Vec<Device>, Error> {
    let found = pcap::Device::list().map_err(|error| Error::List(error_text(&error)))?;
    Ok(found.into_iter().enumerate().map(|(nth, device)| Device::new(nth + 1, device)).collect())
}

impl Device {
    fn new(number: usize, device: pcap::Device) -> Device {
        let flags = &device.flags;
        let state = match (flags.is_up(), &flags.connection_status) {
            (false, _) => DeviceState::Down,
            (true, ConnectionStatus::Disconnected) => DeviceState::Disconnected,
            (true, _) => DeviceState::Up,
        };
        let (is_loopback, is_wireless) = (flags.contains(IfFlags::LOOPBACK), flags.contains(IfFlags::WIRELESS));
        let bits = |mask: IpAddr| match mask {
            IpAddr::V4(mask) => mask.to_bits().leading_ones() as u8,
            IpAddr::V6(mask) => mask.to_bits().leading_ones() as u8,
        };
        let addresses = device.addresses.iter().map(|address| (address.addr, address.netmask.map(bits))).collect();
        let (name, description) = (device.name, device.desc);
        Device { number, name, description, addresses, state, is_loopback, is_wireless }
    }
}

/// Open interface.
pub(super) struct OpenDevice {
    pub(super) capture: Capture<Active>,
    /// Interface description attached to its frames.
    pub(super) interface: Interface,
}

/// Opens an interface by its name, or by its number in the list. `id` is its index in this capture.
pub(super) fn open(name: &str, id: u32, settings: &CaptureSettings) -> Result<OpenDevice, Error> {
    let available = devices().unwrap_or_default();
    let number: Option<usize> = name.parse().ok();
    let device = available.iter().find(|device| device.name == name);
    let device = device.or_else(|| available.iter().find(|device| Some(device.number) == number));
    // An unlisted name is tried as well: libpcap does not list every device, and one may have appeared just now.
    let name = device.map_or(name, |device| &device.name);
    let fail = |error: pcap::Error| {
        let message = error_text(&error);
        if device.is_none() && (message.contains("No such device") || message.contains("doesn't exist")) {
            let available = available.iter().map(|device| device.name.clone()).collect();
            return Error::UnknownDevice { name: name.into(), available };
        }
        let device = String::from(name);
        let denied = ["ermission", "not permitted", "CAP_NET_RAW", "CAP_NET_ADMIN"];
        match denied.iter().any(|text| message.contains(text)) {
            true => Error::Permission { device },
            false => Error::Device { device, message },
        }
    };
    let inactive = Capture::from_device(name).map_err(fail)?;
    let inactive = inactive
        .snaplen(settings.snaplen.min(SNAPLEN) as i32)
        .promisc(settings.promiscuous)
        .buffer_size(settings.buffer.min(i32::MAX as u32) as i32)
        .immediate_mode(settings.immediate)
        .timeout(TIMEOUT_MILLIS)
        .precision(if HAS_NANOSECONDS { Precision::Nano } else { Precision::Micro });
    let mut capture = inactive.open().map_err(fail)?;
    set_close_on_exec(&capture);
    if let Some(link) = &settings.link {
        set_link_type(&mut capture, name, link)?;
    }
    let link = capture.get_datalink();
    if let Some(text) = &settings.filter {
        capture.filter(text, true).map_err(|error| bpf::filter_error(text, link, error_text(&error)))?;
    }
    let capture = capture.setnonblock().map_err(fail)?;
    let mut interface = Interface::live(id, linktype(link), settings.snaplen, if HAS_NANOSECONDS { 9 } else { 6 });
    interface.name = Some(name.into());
    interface.description = device.and_then(|device| device.description.clone());
    interface.filter = settings.filter.clone();
    Ok(OpenDevice { capture, interface })
}

/// Sets close-on-exec, so that programs started later do not inherit the capture: libpcap leaves the flag unset.
fn set_close_on_exec(capture: &Capture<Active>) {
    // The call cannot fail for an open descriptor.
    #[cfg(unix)]
    let _ = nix::fcntl::fcntl(capture, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC));
    let _ = capture;
}

/// Sets the link type by its name.
fn set_link_type(capture: &mut Capture<Active>, device: &str, name: &str) -> Result<(), Error> {
    let available = capture.list_datalinks().unwrap_or_default();
    let wanted = Linktype::from_name(name).ok().filter(|link| available.contains(link));
    let is_set = wanted.is_some_and(|link| capture.set_datalink(link).is_ok());
    if is_set {
        return Ok(());
    }
    let available = available.iter().filter_map(|link| link.get_name().ok()).collect();
    Err(Error::Link { device: device.into(), name: name.into(), available })
}

/// Returns the time of a packet, in nanoseconds since 1970.
pub(super) fn nanoseconds(header: &pcap::PacketHeader) -> i64 {
    #[allow(clippy::useless_conversion, reason = "their widths differ between systems")]
    let (seconds, part) = (i64::from(header.ts.tv_sec), i64::from(header.ts.tv_usec));
    seconds.saturating_mul(1_000_000_000).saturating_add(if HAS_NANOSECONDS { part } else { part.saturating_mul(1000) })
}

/// Returns the LINKTYPE_ value for a DLT_ value. Some DLT_ values differ between systems.
fn linktype(link: Linktype) -> u16 {
    match link.0 {
        11 => 100,
        // DLT_RAW: 12, or 14 on OpenBSD.
        12 | 14 => 101,
        // DLT_PFSYNC of macOS and FreeBSD, DLT_PKTAP of macOS.
        121 => 246,
        149 if cfg!(target_os = "macos") => 258,
        same => u16::try_from(same).unwrap_or(u16::MAX - 1),
    }
}

/// Returns whether an error only means that no packet is available. Some libpcap devices (nflog, nfqueue) report this
/// with the system's message for EAGAIN.
pub(super) fn is_would_block(error: &pcap::Error) -> bool {
    error_text(error).ends_with("Resource temporarily unavailable")
}

/// Returns libpcap's message in one line, without the prefix that the crate adds.
pub(super) fn error_text(error: &pcap::Error) -> String {
    let message = match error {
        pcap::Error::PcapError(message) => message.clone(),
        other => other.to_string(),
    };
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_interface_lists_the_available_ones() {
        match open("nosuch0", 0, &CaptureSettings::default()).map(drop) {
            Err(Error::UnknownDevice { name, available }) => {
                assert_eq!(name, "nosuch0");
                assert_eq!(
                    available,
                    devices().expect("a list").into_iter().map(|device| device.name).collect::<Vec<_>>()
                );
            }
            // Without permission to capture, that error comes first.
            other => assert!(matches!(other, Err(Error::Permission { .. })), "{other:?}"),
        }
    }

    #[test]
    fn link_types_map_to_file_numbers() {
        // draft-ietf-opsawg-pcaplinktype: 101 is LINKTYPE_RAW on every system.
        assert_eq!([0, 1, 12, 113, 276].map(|link| linktype(Linktype(link))), [0, 1, 101, 113, 276]);
    }
}
