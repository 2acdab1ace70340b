//! Packets without responses, in any number and at any rate, sent by a child process of this program.

use crate::lab::{CABLE, Lab};
use crate::running::Running;
use std::thread;
use std::time::{Duration, Instant};

/// The name of the test that is the child, and of the environment variable that enables it.
const CHILD: &str = "replay::replay_child";
const TASK: &str = "OVERHEAR_TEST_REPLAY";

/// TCP segments that each open another connection, from 10.0.0.0/8 to the server, with a number each.
#[derive(Clone, Copy)]
pub struct Load {
    /// The number of the first packet.
    pub first: u32,
    pub packets: u32,
    /// Length of a packet, from Ethernet on.
    pub bytes: usize,
    pub per_second: u32,
}

impl Lab {
    /// Starts to send from the client's side.
    pub fn send(&self, load: Load) -> Running {
        let Load { first, packets, bytes, per_second } = load;
        let program = std::env::current_exe().expect("this test");
        let mut child = self.client(program.to_str().expect("a name in UTF-8"));
        child.args(["--exact", CHILD, "--quiet"]).env(TASK, format!("{first} {packets} {bytes} {per_second}"));
        Running::new(&mut child)
    }

    /// Sends all packets.
    pub fn sends(&self, load: Load) {
        let (out, err, code) = self.send(load).end();
        assert_eq!(code, 0, "{out}{err}");
    }
}

/// The child: a test that does nothing without its environment variable.
#[test]
fn replay_child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let [first, packets, bytes, per_second] =
        task.split(' ').map(|word| word.parse().expect("a number")).collect::<Vec<u32>>()[..]
    else {
        panic!("{task}")
    };
    let mut cable = pcap::Capture::from_device(CABLE).expect("a cable").open().expect("it can be opened");
    let begun = Instant::now();
    // One by one, as long as single packets can be timed.
    let together = (per_second / 1000).max(1);
    for nth in 0..packets {
        cable.sendpacket(packet(first + nth, bytes as usize)).expect("it is sent");
        let due = Duration::from_secs_f64(f64::from(nth) / f64::from(per_second));
        if nth % together == 0 {
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
}

/// Returns the packet of a number, to an address without a host: RFC 791, RFC 9293. Checksums are zero.
fn packet(number: u32, bytes: usize) -> Vec<u8> {
    let mut packet = vec![2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0, 0x45, 0];
    packet.extend((bytes as u16 - 14).to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    // About 40,000 connections per client.
    let [_, high, middle, low] = (number / 40_000).to_be_bytes();
    packet.extend([10, high + 1, middle, low, 10, 99, 0, 2]);
    packet.extend((20_000 + (number % 40_000) as u16).to_be_bytes());
    packet.extend(7u16.to_be_bytes());
    packet.extend(number.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
    packet.resize(bytes, b'.');
    packet
}
