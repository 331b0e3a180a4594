//! What people and programs are shown: the JSON of the REST interface, the data of the pages and
//! the output of `--json` are these types and no others.

use domain::rollout::ActionOffer;
use domain::{
    AppName, Digest, EnvName, GroupName, Health, Role, RolloutId, Strategy, Time, Version,
};
use serde::{Deserialize, Serialize};

mod application;
mod history;
mod image;
mod now;
mod rollout;

pub use application::*;
pub use history::*;
pub use image::*;
pub use now::*;
pub use rollout::*;

/// Adds what every view type derives.
macro_rules! view {
    ($($(#[$doc:meta])* pub struct $name:ident { $($(#[$fdoc:meta])* pub $field:ident: $ty:ty,)* })*) => {
        $(
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
            $(#[$doc])*
            pub struct $name { $($(#[$fdoc])* pub $field: $ty,)* }
        )*
    };
}
use view;

/// One page of a list. `next` goes into `?cursor=` for the following one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

view! {
    /// A group's share of an environment's traffic.
    pub struct Share {
        pub group: GroupName,
        pub version: Version,
        pub role: Role,
        /// Percent that the routing in force gives it.
        pub weight: u32,
        /// Whether it runs the release on its way in, drawn in green; the other is blue.
        pub incoming: bool,
    }

    /// A stretch of a rollout's time, drawn to scale.
    pub struct Span {
        pub name: String,
        pub kind: SpanKind,
        pub ms: u64,
    }

    /// What `/api/v1/events` says: something about these changed, look again.
    pub struct Change {
        /// Position in the journal; also the event's id, for `Last-Event-ID`.
        pub seq: i64,
        pub rollout: Option<RolloutId>,
        pub app: Option<AppName>,
        pub env: Option<EnvName>,
        /// The journal's word for it: `step_started`, `paused`…, or `observed` for figures only.
        pub what: String,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum SpanKind {
    Done,
    Now,
    Next,
    /// On the way back.
    Back,
}
