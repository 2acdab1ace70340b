//! Numbers of frames and bytes, in both directions, with their times.

/// Number of frames, and their bytes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficCount {
    /// Frames.
    pub frames: u64,
    /// Bytes on the wire.
    pub bytes: u64,
}

impl TrafficCount {
    /// Adds a frame of this many bytes.
    pub fn add_frame(&mut self, length: u32) {
        self.merge(TrafficCount { frames: 1, bytes: length.into() });
    }

    /// Adds other frames.
    pub fn merge(&mut self, other: TrafficCount) {
        self.frames += other.frames;
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Traffic of a stack, a host or a pair of hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficEntry {
    /// For a host, sent and received; for a pair, sent by the first and by the second.
    pub directions: [TrafficCount; 2],
    /// Time of the earliest frame, in nanoseconds since 1970.
    pub first: i64,
    /// Time of the latest frame.
    pub last: i64,
}

impl TrafficEntry {
    /// Adds a frame of a direction, 0 or 1.
    pub fn add_frame(&mut self, direction: usize, length: u32, time: i64) {
        if self.total().frames == 0 {
            (self.first, self.last) = (time, time);
        }
        if let Some(count) = self.directions.get_mut(direction) {
            count.add_frame(length);
        }
        self.first = self.first.min(time);
        self.last = self.last.max(time);
    }

    /// Returns the time from the earliest frame to the latest, in nanoseconds.
    #[must_use]
    pub fn duration(&self) -> i64 {
        self.last.saturating_sub(self.first)
    }

    /// Returns the frames of both directions.
    #[must_use]
    pub fn total(&self) -> TrafficCount {
        let [one, other] = self.directions;
        TrafficCount { frames: one.frames + other.frames, bytes: one.bytes.saturating_add(other.bytes) }
    }
}
