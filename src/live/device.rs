//! The interfaces of this machine, and how they are opened.

use super::bpf;
use super::error::Error;
use crate::source::Interface;
use pcap::{Active, Capture, ConnectionStatus, IfFlags, Linktype, Precision};
use std::net::IpAddr;

/// An interface that can be listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its place in the list, 1 for the first; `-i` takes it, too.
    pub number: usize,
    /// As the system calls it.
    pub name: String,
    /// In words, if the system has any.
    pub description: Option<String>,
    /// Its addresses, each with the length of its prefix in bits, if that is known.
    pub addresses: Vec<(IpAddr, Option<u8>)>,
    /// Whether it can carry packets now.
    pub state: State,
    /// Whether it leads to this machine.
    pub is_loopback: bool,
    /// Whether it is a radio.
    pub is_wireless: bool,
}

/// Whether an interface can carry packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is up, and connected if that has a meaning.
    Up,
    /// It is up and not connected.
    Disconnected,
    /// It is down.
    Down,
}

/// How interfaces are listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The capture filter, as libpcap takes it (pcap-filter(7)).
    pub filter: Option<String>,
    /// Most bytes that are kept of a packet.
    pub snaplen: u32,
    /// Whether packets for others are captured as well.
    pub promiscuous: bool,
    /// Bytes of the kernel's buffer.
    pub buffer: u32,
    /// The link type, as libpcap names it; that of the interface if none is named.
    pub link: Option<String>,
    /// Whether packets are handed over one by one as they come. Otherwise some wait up to 20 ms for others, which costs
    /// less and so loses less.
    pub immediate: bool,
}

/// The longest packet there is for libpcap, in bytes: its `MAXIMUM_SNAPLEN`.
pub const SNAPLEN: u32 = 262_144;

/// The kernel's buffer, in bytes. libpcap's own 2 MiB are full within 15 ms at a gigabit.
pub const BUFFER: u32 = 32 << 20;

/// As long as packets wait for others, in milliseconds.
const TIMEOUT: i32 = 20;

/// Whether packets have times in nanoseconds: Linux stamps so; elsewhere libpcap knows microseconds only.
const NANOSECONDS: bool = cfg!(target_os = "linux");

impl Default for Settings {
    fn default() -> Settings {
        let (filter, link) = (None, None);
        Settings { filter, snaplen: SNAPLEN, promiscuous: true, buffer: BUFFER, link, immediate: false }
    }
}

/// The interfaces that the system lets this process know of, in libpcap's order.
pub fn devices() -> Result<Vec<Device>, Error> {
    let found = pcap::Device::list().map_err(|error| Error::List(said(&error)))?;
    Ok(found.into_iter().enumerate().map(|(nth, device)| Device::new(nth + 1, device)).collect())
}

impl Device {
    fn new(number: usize, device: pcap::Device) -> Device {
        let flags = &device.flags;
        let state = match (flags.is_up(), &flags.connection_status) {
            (false, _) => State::Down,
            (true, ConnectionStatus::Disconnected) => State::Disconnected,
            (true, _) => State::Up,
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

/// An interface that is listened to.
pub(super) struct Tap {
    pub(super) capture: Capture<Active>,
    /// What frames say of it.
    pub(super) interface: Interface,
}

/// Opens an interface by its name, or its number in the list; `id` is its place among those of this capture.
pub(super) fn open(name: &str, id: u32, settings: &Settings) -> Result<Tap, Error> {
    let known = devices().unwrap_or_default();
    let number: Option<usize> = name.parse().ok();
    let device = known.iter().find(|device| device.name == name);
    let device = device.or_else(|| known.iter().find(|device| Some(device.number) == number));
    // What is not listed may be there: a device of another kind, or one that came just now.
    let name = device.map_or(name, |device| &device.name);
    let fail = |error: pcap::Error| {
        let said = said(&error);
        if device.is_none() && (said.contains("No such device") || said.contains("doesn't exist")) {
            let known = known.iter().map(|device| device.name.clone()).collect();
            return Error::NoDevice { name: name.into(), known };
        }
        let device = String::from(name);
        let refused = ["ermission", "not permitted", "CAP_NET_RAW", "CAP_NET_ADMIN"];
        match refused.iter().any(|words| said.contains(words)) {
            true => Error::Permission { device },
            false => Error::Device { device, said },
        }
    };
    let inactive = Capture::from_device(name).map_err(fail)?;
    let inactive = inactive
        .snaplen(settings.snaplen.min(SNAPLEN) as i32)
        .promisc(settings.promiscuous)
        .buffer_size(settings.buffer.min(i32::MAX as u32) as i32)
        .immediate_mode(settings.immediate)
        .timeout(TIMEOUT)
        .precision(if NANOSECONDS { Precision::Nano } else { Precision::Micro });
    let mut capture = inactive.open().map_err(fail)?;
    keep_to_ourselves(&capture);
    if let Some(link) = &settings.link {
        choose(&mut capture, name, link)?;
    }
    let link = capture.get_datalink();
    if let Some(text) = &settings.filter {
        capture.filter(text, true).map_err(|error| bpf::fault(text, link, said(&error)))?;
    }
    let capture = capture.setnonblock().map_err(fail)?;
    let mut interface = Interface::live(id, linktype(link), settings.snaplen, if NANOSECONDS { 9 } else { 6 });
    interface.name = Some(name.into());
    interface.description = device.and_then(|device| device.description.clone());
    interface.filter = settings.filter.clone();
    Ok(Tap { capture, interface })
}

/// Keeps the right to listen from programs that are started: libpcap lets them have what it opened.
fn keep_to_ourselves(capture: &Capture<Active>) {
    // It fails for no descriptor that is open.
    #[cfg(unix)]
    let _ = nix::fcntl::fcntl(capture, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC));
    let _ = capture;
}

/// Sets the link type by its name.
fn choose(capture: &mut Capture<Active>, device: &str, name: &str) -> Result<(), Error> {
    let known = capture.list_datalinks().unwrap_or_default();
    let wanted = Linktype::from_name(name).ok().filter(|link| known.contains(link));
    let set = wanted.is_some_and(|link| capture.set_datalink(link).is_ok());
    if set {
        return Ok(());
    }
    let known = known.iter().filter_map(|link| link.get_name().ok()).collect();
    Err(Error::Link { device: device.into(), name: name.into(), known })
}

/// The time of a packet, in nanoseconds since 1970.
pub(super) fn nanoseconds(header: &pcap::PacketHeader) -> i64 {
    #[allow(clippy::useless_conversion, reason = "their widths differ between systems")]
    let (seconds, part) = (i64::from(header.ts.tv_sec), i64::from(header.ts.tv_usec));
    seconds.saturating_mul(1_000_000_000).saturating_add(if NANOSECONDS { part } else { part.saturating_mul(1000) })
}

/// The LINKTYPE_ of a DLT_: the numbers that systems use for themselves, where they are not the same.
fn linktype(link: Linktype) -> u16 {
    match link.0 {
        11 => 100,
        // DLT_RAW, which OpenBSD has given another number.
        12 | 14 => 101,
        // DLT_PFSYNC of macOS and FreeBSD, DLT_PKTAP of macOS.
        121 => 246,
        149 if cfg!(target_os = "macos") => 258,
        same => u16::try_from(same).unwrap_or(u16::MAX - 1),
    }
}

/// Whether an error only says that no packet has come: some devices of libpcap (nflog, nfqueue) tell so what others do
/// not tell, in the system's words for EAGAIN.
pub(super) fn is_idle(error: &pcap::Error) -> bool {
    said(error).ends_with("Resource temporarily unavailable")
}

/// What libpcap says, without what the crate puts before it, in one line.
pub(super) fn said(error: &pcap::Error) -> String {
    let said = match error {
        pcap::Error::PcapError(said) => said.clone(),
        other => other.to_string(),
    };
    said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_not_is_told_with_what_there_is() {
        match open("nosuch0", 0, &Settings::default()).map(drop) {
            Err(Error::NoDevice { name, known }) => {
                assert_eq!(name, "nosuch0");
                assert_eq!(known, devices().expect("a list").into_iter().map(|device| device.name).collect::<Vec<_>>());
            }
            // Who may not capture is told so first.
            other => assert!(matches!(other, Err(Error::Permission { .. })), "{other:?}"),
        }
    }

    #[test]
    fn link_types_have_their_numbers_in_files() {
        // draft-ietf-opsawg-pcaplinktype: 101 is LINKTYPE_RAW, whatever a system calls it.
        assert_eq!([0, 1, 12, 113, 276].map(|link| linktype(Linktype(link))), [0, 1, 101, 113, 276]);
    }
}
