//! Widgets: they take data and give markup, and never fetch. Each has its style in the file of the
//! same name in `style/components/`.
//!
//! They are called again whenever their data changes, and patch what they drew before.

mod cell;
mod chart;
mod dora;
mod drawer;
mod empty;
mod groups;
mod journal;
mod judgement;
mod ladder;
mod lineage;
mod live_mark;
mod notice;
mod pill;
mod removal;
mod rollouts;
mod stop;
mod timeline;
mod traffic;
mod verbs;
mod when;

pub use cell::{cell, health};
pub use chart::charts;
pub use dora::dora;
pub use drawer::{Draft, changed_files, drawer};
pub use empty::{command_line, empty};
pub use groups::{group_cards, groups, output};
pub use journal::journal;
pub use judgement::judgement;
pub use ladder::ladder;
pub use lineage::lineage;
pub use live_mark::live_mark;
pub use notice::{Told, flash, problem, provide_told};
pub use pill::{Tone, pill, state_pill};
pub use removal::{Removal, Removed, removal};
pub use rollouts::{history_table, moving_row, recent};
pub use stop::stop;
pub use timeline::{Begin, mini_timeline, timeline};
pub use traffic::{share_text, traffic};
pub use verbs::{Act, need_verbs, roll_back, verbs};
pub use when::{ago, at, at_clock};
