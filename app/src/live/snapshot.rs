//! What a page shows: true up to a position in the journal, as of a time.

use crate::view::*;
use domain::Time;
use std::time::Duration;

pub trait Snapshot {
    fn seq(&self) -> i64;
    fn as_of(&self) -> Time;
    /// Nothing has changed for this long: the same is true, later.
    fn advance(&mut self, by: Duration);
}

macro_rules! snapshot {
    ($($view:ty),*) => {$(
        impl Snapshot for $view {
            fn seq(&self) -> i64 {
                self.seq
            }
            fn as_of(&self) -> Time {
                self.as_of
            }
            fn advance(&mut self, by: Duration) {
                self.as_of = self.as_of.plus_ms(u64::try_from(by.as_millis()).unwrap_or(0));
            }
        }
    )*};
}

snapshot!(
    NowView,
    ApplicationView,
    RolloutView,
    ImagesView,
    HistoryView
);
