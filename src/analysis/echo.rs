//! Echo requests (ping) that wait for their reply.

use super::limits;
use super::recent_map::RecentMap;
use super::run_state::RunState;
use super::seek::{EchoResult, SeekFact};
use dissectors::Field;
use dissectors::packet::{Address, Echo, EchoFacts, Packet};
use dissectors::session::{About, Stamp};

/// Sender of the request, its destination, and the numbers that the reply repeats.
type EchoKey = (Address, Address, [u16; 3]);

/// An echo request without a reply.
#[derive(Clone, Copy)]
struct OpenEcho {
    at: Stamp,
    /// Distinguishes several echoes of a frame.
    nth: u8,
    /// Field that shows that there is no reply.
    no_reply: &'static Field,
}

/// Echo requests that wait for their reply.
#[derive(Clone)]
pub(super) struct EchoTable {
    open: RecentMap<EchoKey, OpenEcho>,
}

impl Default for EchoTable {
    fn default() -> EchoTable {
        EchoTable { open: RecentMap::new(limits::OPEN_ECHOES) }
    }
}

impl EchoTable {
    /// Pairs an echo request or reply. Returns what is known about its other half.
    pub(super) fn pair(&mut self, echo: &Echo<'_>, packet: &Packet, at: Stamp, run: &mut RunState) -> EchoFacts {
        if echo.is_multicast_request(packet) {
            EchoFacts::Multicast
        } else if let Some(seek) = &run.seek {
            let known = seek.echoes.iter().find(|result| result.nth == echo.nth);
            known.map_or(EchoFacts::Unknown, |result| result.facts)
        } else if echo.is_reply {
            self.pair_reply(echo, packet, at, run)
        } else {
            self.open_request(echo, packet, at, run)
        }
    }

    fn open_request(&mut self, echo: &Echo<'_>, packet: &Packet, at: Stamp, run: &mut RunState) -> EchoFacts {
        let open = OpenEcho { at, nth: echo.nth, no_reply: echo.fields.no_reply };
        if let Some(repeated) = self.open.insert((packet.source, packet.destination, echo.key), at.frame, open) {
            collect_no_reply(repeated, run);
        }
        let about = About::Frame(at.frame, echo.nth.into());
        match run.first_pass.get(echo.fields.reply_in, about) {
            Some(frame) => EchoFacts::ReplyIn(frame as u32),
            None if run.first_pass.get(echo.fields.no_reply, about).is_some() => EchoFacts::NoReply(at.frame),
            None => EchoFacts::Unknown,
        }
    }

    fn pair_reply(&mut self, echo: &Echo<'_>, packet: &Packet, at: Stamp, run: &mut RunState) -> EchoFacts {
        let key = (packet.destination, packet.source, echo.key);
        let Some(request) = self.open.remove(&key) else { return EchoFacts::Unknown };
        if run.task.collect {
            let about = About::Frame(request.at.frame, request.nth.into());
            run.collected.insert(echo.fields.reply_in, about, at.frame.into());
        }
        let facts = EchoFacts::RequestIn(request.at.frame, at.time.saturating_sub(request.at.time));
        report(request.at.frame, request.nth, EchoFacts::ReplyIn(at.frame), run);
        report(at.frame, echo.nth, facts, run);
        facts
    }

    /// Ends the capture: requests that still wait have no reply.
    pub(super) fn end(&mut self, run: &mut RunState) {
        self.open.drain().for_each(|request| collect_no_reply(request, run));
    }
}

fn report(frame: u32, nth: u8, facts: EchoFacts, run: &mut RunState) {
    run.report_seek_fact(SeekFact::Echo(EchoResult { frame, nth, facts }));
}

/// Reports that a request has no reply, and collects it for the second pass.
fn collect_no_reply(request: OpenEcho, run: &mut RunState) {
    let OpenEcho { at, nth, no_reply } = request;
    report(at.frame, nth, EchoFacts::NoReply(at.frame), run);
    if run.task.collect {
        run.collected.insert(no_reply, About::Frame(at.frame, nth.into()), 1);
    }
}
