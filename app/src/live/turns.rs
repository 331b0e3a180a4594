//! When a page loads anew, and what of it may be shown: the bookkeeping alone, so that it is tested
//! without a browser.

/// What a reload may put on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// Answers can overtake each other: an older one is dropped.
    Newer,
    /// After a reconnect the server may be another one, restored to an earlier moment.
    Anything,
}

/// One load at a time. What was asked for is owed until a load that began after it has succeeded.
#[derive(Debug, Default)]
pub(super) struct Turns {
    stage: Stage,
    owed: Option<Trust>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Loading(Trust),
    /// After a load, so that a crowd of events is not a crowd of loads.
    Resting,
    /// The same after one that failed: what is owed waits for a second, or for the next event.
    Failed,
}

impl Turns {
    /// Owes a load; answers with what to load now, if it can begin.
    pub(super) fn ask(&mut self, trust: Trust) -> Option<Trust> {
        self.owed = self.owed.max(Some(trust));
        self.next()
    }

    /// What to load now, if anything is owed and nothing is under way.
    pub(super) fn next(&mut self) -> Option<Trust> {
        if self.stage != Stage::Idle {
            return None;
        }
        let trust = self.owed.take()?;
        self.stage = Stage::Loading(trust);
        Some(trust)
    }

    /// The load has brought what it was to bring.
    pub(super) fn succeeded(&mut self) {
        self.stage = Stage::Resting;
    }

    /// The load has brought nothing.
    pub(super) fn failed(&mut self) {
        if let Stage::Loading(trust) = self.stage {
            self.owed = self.owed.max(Some(trust));
        }
        self.stage = Stage::Failed;
    }

    /// After a load and its rest: what to load next, unless the last one failed.
    pub(super) fn rested(&mut self) -> Option<Trust> {
        let failed = std::mem::take(&mut self.stage) == Stage::Failed;
        if failed { None } else { self.next() }
    }

    /// Whether what is shown may be behind what was heard of.
    pub(super) fn owes(&self) -> bool {
        self.owed.is_some() || matches!(self.stage, Stage::Loading(_))
    }
}

#[cfg(test)]
mod tests {
    use super::{Trust::*, Turns};

    #[test]
    fn what_comes_while_it_loads_is_loaded_once_after() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask(Newer), Some(Newer));
        assert_eq!(turns.ask(Newer), None);
        turns.succeeded();
        assert_eq!(turns.ask(Newer), None, "it rests");
        assert_eq!(turns.rested(), Some(Newer));
        assert!(turns.owes());
        turns.succeeded();
        assert!(!turns.owes());
        assert_eq!(turns.rested(), None);
        assert_eq!(turns.next(), None);
    }

    #[test]
    fn a_resync_outranks_a_change_that_waits() {
        for asked in [[Newer, Anything], [Anything, Newer]] {
            let mut turns = Turns::default();
            assert_eq!(turns.ask(Newer), Some(Newer));
            for trust in asked {
                assert_eq!(turns.ask(trust), None);
            }
            turns.succeeded();
            assert_eq!(turns.rested(), Some(Anything), "{asked:?}");
        }
    }

    #[test]
    fn a_resync_is_owed_until_a_load_succeeds() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask(Anything), Some(Anything));
        turns.failed();
        assert_eq!(turns.rested(), None, "a server that fails is not pressed");
        assert!(turns.owes());
        assert_eq!(turns.next(), Some(Anything), "a second later");
        turns.failed();
        assert_eq!(turns.ask(Newer), None, "it still rests");
        assert_eq!(turns.rested(), None);
        assert_eq!(turns.ask(Newer), Some(Anything));
        turns.succeeded();
        assert_eq!(turns.rested(), None);
        assert!(!turns.owes());
    }

    #[test]
    fn a_resync_during_a_load_is_not_paid_by_that_load() {
        let mut turns = Turns::default();
        assert_eq!(turns.ask(Anything), Some(Anything));
        assert_eq!(turns.ask(Anything), None);
        turns.succeeded();
        assert_eq!(turns.rested(), Some(Anything));
    }
}
