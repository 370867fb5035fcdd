//! The places where calls of one connection run beside each other.

/// The most message calls of one connection that run at once, where its function takes messages unordered. A client
/// that has a few answers streamed and wants to stop them needs few; all are polled whenever the socket's task wakes;
/// and no client is to take more than a small part of `invoke-max` (256) for itself.
pub(crate) const LANES_MAX: usize = 16;

/// Which call of a connection: 0 unless several run at once. The number is used again once its call has ended.
pub(crate) type Lane = usize;

/// The lane of a call beside which there is no other: a connect, a close, and every message that is ordered.
pub(crate) const ALONE: Lane = 0;

/// What belongs to calls that run beside each other. Nearly always there is one at most: that one is kept in place, and
/// nothing has to be allocated for it.
#[derive(Debug)]
pub(crate) struct Lanes<T> {
    first: Option<T>,
    others: Vec<Option<T>>,
}

impl<T> Lanes<T> {
    pub(crate) const fn new() -> Self {
        Self {
            first: None,
            others: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.others.is_empty()
    }

    pub(crate) fn get_mut(&mut self, lane: Lane) -> Option<&mut T> {
        match lane.checked_sub(1) {
            None => self.first.as_mut(),
            Some(other) => self.others.get_mut(other)?.as_mut(),
        }
    }

    pub(crate) fn get(&self, lane: Lane) -> Option<&T> {
        match lane.checked_sub(1) {
            None => self.first.as_ref(),
            Some(other) => self.others.get(other)?.as_ref(),
        }
    }

    /// Takes the place of what was there.
    pub(crate) fn put(&mut self, lane: Lane, value: T) {
        match lane.checked_sub(1) {
            None => self.first = Some(value),
            Some(other) => {
                if other >= self.others.len() {
                    self.others.resize_with(other + 1, || None);
                }
                self.others[other] = Some(value);
            }
        }
    }

    pub(crate) fn take(&mut self, lane: Lane) -> Option<T> {
        let Some(other) = lane.checked_sub(1) else {
            return self.first.take();
        };
        let taken = self.others.get_mut(other)?.take();
        while let Some(None) = self.others.last() {
            self.others.pop();
        }
        if self.others.is_empty() {
            // Lanes that were needed once are no memory of an idle connection.
            self.others = Vec::new();
        }
        taken
    }

    /// The first of so many lanes that has no call.
    pub(crate) fn free(&self, max: usize) -> Option<Lane> {
        (0..max).find(|lane| self.get(*lane).is_none())
    }

    /// One above the last lane that has a call.
    pub(crate) fn end(&self) -> Lane {
        match self.others.len() {
            0 => usize::from(self.first.is_some()),
            others => others + 1,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first
            .iter()
            .chain(self.others.iter().filter_map(Option::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_lane_is_used_again() {
        let mut lanes = Lanes::new();
        assert!(lanes.is_empty());
        assert_eq!(
            (lanes.free(1), lanes.free(0), lanes.end()),
            (Some(0), None, 0)
        );
        for lane in 0..3 {
            assert_eq!(lanes.free(LANES_MAX), Some(lane));
            lanes.put(lane, lane);
        }
        assert_eq!((lanes.free(3), lanes.end()), (None, 3));
        assert_eq!(lanes.take(1), Some(1));
        assert_eq!((lanes.take(1), lanes.get(1), lanes.end()), (None, None, 3));
        assert_eq!(lanes.iter().copied().collect::<Vec<_>>(), [0, 2]);
        assert_eq!((lanes.free(3), lanes.free(1)), (Some(1), None));
        assert_eq!(lanes.take(2), Some(2));
        assert_eq!((lanes.end(), lanes.others.capacity()), (1, 0));
        assert_eq!(lanes.take(0), Some(0));
        assert!(lanes.is_empty());
        assert_eq!((lanes.take(0), lanes.take(7)), (None, None));
    }
}
