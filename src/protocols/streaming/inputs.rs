//! The channels into one task: each in order and without gaps, and barriers aligned over all of them (ABS, algorithm 1).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Record;

/// What comes on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Item {
    Record(Record),
    /// The epoch of this checkpoint ends here.
    Barrier(u32),
}

/// The channels into a task, in one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Inputs {
    channels: Vec<Channel>,
    /// The last checkpoint for which all barriers have come.
    aligned: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Channel {
    /// How much has come: the place of what comes next.
    next: u32,
    /// The last barrier that was read, or 0.
    barrier: u32,
    /// What has come, and is not read as long as the channel is blocked.
    unread: VecDeque<Item>,
}

/// What a task reads of its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Record(Record),
    /// The barriers of this checkpoint have come on all channels.
    Aligned(u32),
}

/// Something before this is missing: the connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap;

impl Inputs {
    pub fn new(channels: usize) -> Self {
        Inputs {
            channels: vec![Channel::default(); channels],
            aligned: 0,
        }
    }

    /// What was sent as the `place`-th on a channel has come. Answers with what can be read now; with nothing, if it had come
    /// before.
    ///
    /// # Errors
    /// If something is missing before it.
    pub fn take(
        &mut self,
        channel: usize,
        place: u32,
        item: Item,
        waits: bool,
    ) -> Result<Vec<Taken>, Gap> {
        let input = &mut self.channels[channel];
        if place < input.next {
            return Ok(Vec::new());
        }
        if place > input.next {
            return Err(Gap);
        }
        Ok(self.read_on(channel, item, waits))
    }

    /// Something has come on a channel, wherever it stood there: for who does not count.
    pub fn read_on(&mut self, channel: usize, item: Item, waits: bool) -> Vec<Taken> {
        let input = &mut self.channels[channel];
        input.next += 1;
        input.unread.push_back(item);
        let mut taken = Vec::new();
        while let Some(channel) = self.readable(waits) {
            let input = &mut self.channels[channel];
            match input.unread.pop_front() {
                Some(Item::Record(record)) => taken.push(Taken::Record(record)),
                Some(Item::Barrier(checkpoint)) => {
                    input.barrier = checkpoint;
                    taken.extend(self.align(waits).map(Taken::Aligned));
                }
                None => {}
            }
        }
        taken
    }

    /// Whether some channel has had a barrier for which another has not.
    pub fn is_aligning(&self) -> bool {
        self.channels.iter().any(|c| c.barrier > self.aligned)
    }

    /// The first channel on which there is something that may be read. One on which the newest barrier has come is blocked
    /// until that has come on all. (Who was at an older one goes on: the checkpoint of that has been given up.)
    fn readable(&self, waits: bool) -> Option<usize> {
        let newest = self.newest();
        let blocked = |c: &Channel| waits && c.barrier == newest && c.barrier > self.aligned;
        let mut channels = self.channels.iter();
        channels.position(|c| !c.unread.is_empty() && !blocked(c))
    }

    /// The checkpoint for which all barriers have come by now, if there is one.
    fn align(&mut self, waits: bool) -> Option<u32> {
        let oldest = self.channels.iter().map(|c| c.barrier).min()?;
        let all_have_come = if waits { oldest == self.newest() } else { true };
        (all_have_come && oldest > self.aligned).then(|| {
            self.aligned = oldest;
            oldest
        })
    }

    fn newest(&self) -> u32 {
        self.channels.iter().map(|c| c.barrier).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Gap, Inputs, Item, Taken};
    use crate::protocols::streaming::Record;

    fn record(source: u8, offset: u32) -> Item {
        Item::Record(Record { source, offset })
    }

    fn names(taken: Result<Vec<Taken>, Gap>) -> String {
        let name = |taken: Taken| match taken {
            Taken::Record(record) => record.to_string(),
            Taken::Aligned(checkpoint) => format!("|{checkpoint}"),
        };
        let taken = taken.expect("no gap").into_iter().map(name);
        taken.collect::<Vec<_>>().join(" ")
    }

    /// What is behind the first barrier waits for the second.
    #[test]
    fn a_channel_is_blocked_until_all_barriers_have_come() {
        let mut inputs = Inputs::new(2);
        assert_eq!(names(inputs.take(0, 0, record(0, 0), true)), "a1");
        assert_eq!(names(inputs.take(0, 1, Item::Barrier(1), true)), "");
        assert!(inputs.is_aligning());
        assert_eq!(names(inputs.take(0, 2, record(0, 1), true)), "");
        assert_eq!(names(inputs.take(1, 0, record(1, 0), true)), "b1");
        assert_eq!(names(inputs.take(1, 1, Item::Barrier(1), true)), "|1 a2");
        assert!(!inputs.is_aligning());
    }

    #[test]
    fn who_does_not_wait_reads_on() {
        let mut inputs = Inputs::new(2);
        assert_eq!(names(inputs.take(0, 0, Item::Barrier(1), false)), "");
        assert_eq!(names(inputs.take(0, 1, record(0, 0), false)), "a1");
        assert_eq!(names(inputs.take(1, 0, Item::Barrier(1), false)), "|1");
    }

    /// A newer barrier says that the older checkpoint has been given up.
    #[test]
    fn a_newer_barrier_ends_the_wait_for_an_older_one() {
        let mut inputs = Inputs::new(2);
        assert_eq!(names(inputs.take(0, 0, Item::Barrier(1), true)), "");
        assert_eq!(names(inputs.take(0, 1, record(0, 0), true)), "");
        assert_eq!(names(inputs.take(1, 0, Item::Barrier(2), true)), "a1");
        assert_eq!(names(inputs.take(1, 1, record(1, 0), true)), "");
        assert_eq!(names(inputs.take(0, 2, Item::Barrier(2), true)), "|2 b1");
    }

    /// Barriers of several checkpoints may be under way.
    #[test]
    fn what_waited_may_hold_the_next_barrier() {
        let mut inputs = Inputs::new(2);
        for (place, item) in [Item::Barrier(1), record(0, 0), Item::Barrier(2)]
            .into_iter()
            .enumerate()
        {
            let place = u32::try_from(place).expect("three");
            assert_eq!(names(inputs.take(0, place, item, true)), "");
        }
        assert_eq!(names(inputs.take(1, 0, Item::Barrier(1), true)), "|1 a1");
        assert!(inputs.is_aligning());
        assert_eq!(names(inputs.take(1, 1, Item::Barrier(2), true)), "|2");
    }

    #[test]
    fn what_comes_twice_is_read_once_and_what_is_missing_is_noticed() {
        let mut inputs = Inputs::new(1);
        assert_eq!(names(inputs.take(0, 0, record(0, 0), true)), "a1");
        assert_eq!(names(inputs.take(0, 0, record(0, 0), true)), "");
        assert_eq!(inputs.take(0, 2, record(0, 2), true), Err(Gap));
        assert_eq!(names(inputs.take(0, 1, record(0, 1), true)), "a2");
    }
}
