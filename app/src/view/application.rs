//! Applications and their promotion path.

use super::*;

view! {
    pub struct ApplicationRow {
        pub name: AppName,
        pub environments: Vec<EnvName>,
    }

    pub struct ApplicationView {
        pub name: AppName,
        pub as_of: Time,
        pub seq: i64,
        /// In promotion order.
        pub environments: Vec<EnvironmentView>,
    }

    pub struct EnvironmentView {
        pub cell: Cell,
        pub cloud: String,
        pub groups: Vec<GroupView>,
        pub active: Option<RolloutRow>,
        /// In the order in which they will start.
        pub queue: Vec<RolloutRow>,
        pub recent: Vec<RolloutRow>,
        /// What happened here outside a rollout, newest first: a hold removed, an instance replaced.
        pub notes: Vec<JournalRow>,
        /// What the node did and met here since it runs, newest first.
        #[serde(default)]
        pub node: Vec<NodeNote>,
        /// Where what runs differs from what was released, and what becomes of it.
        #[serde(default)]
        pub drift: Option<DriftNote>,
        /// What keeps automation off, if anything.
        pub hold: Option<Hold>,
        pub vetoes: Vec<Veto>,
        /// Images that could be started here, newest first, and why not where not.
        pub candidates: Vec<Candidate>,
    }

    /// What befell instances, told by the node that runs them; alike ones in a row are one.
    pub struct NodeNote {
        /// Of the newest of them.
        pub at: Time,
        /// `adopted`, `lost`, `orphan`, `started`, `ended`, `stopped`, `broken`, `drift`, `listener`.
        pub kind: String,
        pub text: String,
        /// The node's own words, of what nobody asked for.
        pub detail: Option<String>,
        pub instances: Vec<String>,
    }

    /// An instance that differs from its image.
    pub struct DriftNote {
        pub title: String,
        pub detail: String,
        /// Nothing puts it right by itself.
        pub needs_person: bool,
    }

    pub struct Candidate {
        pub version: Version,
        pub digest: Digest,
        pub baked_at: Time,
        pub allowed: bool,
        pub why: String,
    }

    /// Why automation keeps off an environment.
    pub struct Hold {
        pub why: String,
        pub by: String,
        pub at: Time,
        pub rollout: Option<RolloutId>,
        pub remove: Offer,
    }

    /// An image that may not be started here.
    pub struct Veto {
        pub digest: Digest,
        pub version: Version,
        pub why: String,
        pub by: String,
        pub at: Time,
        pub rollout: Option<RolloutId>,
        pub remove: Offer,
    }

    /// Whether this viewer may do it, and why not where not.
    pub struct Offer {
        pub allowed: bool,
        pub why: String,
    }

    /// What `apply` sends: the TOML text, as it stands in Git.
    #[serde(deny_unknown_fields)]
    pub struct ApplyRequest {
        pub toml: String,
        /// Only say what would change.
        pub plan: bool,
    }

    pub struct ApplyView {
        pub app: AppName,
        /// One line per difference: `+`, `~` or `-`, what, from, to. Empty where nothing differs.
        pub changes: Vec<String>,
        pub applied: bool,
        /// One line per environment whose declared settings are not in force: what runs there was
        /// released without them, and it takes a rollout.
        #[serde(default)]
        pub takes_rollout: Vec<String>,
    }
}
