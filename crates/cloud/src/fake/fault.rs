//! What can go wrong, when, and how often it did.

use crate::CloudError;
use domain::{GroupName, Target};
use std::collections::BTreeMap;
use std::time::Duration;

/// The verbs of the contract, for faults to pick from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Observe,
    EnsureGroup,
    EnsureSize,
    EnsureTraffic,
    EnsureRetired,
    ReplaceInstance,
    HasImage,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not done, and told so.
    Throttled { retry_after: Option<Duration> },
    /// Not done; the caller cannot know that.
    Transient,
    /// Not done, and never will be.
    Denied,
    /// Done, but the caller hears of an error.
    LostReply,
    /// A traffic change that lands later, also after younger ones. Other verbs ignore it.
    Late { by_ms: u64, answer: Answer },
    /// Of the instances that this verb starts only so many ever become healthy.
    HalfStart { healthy: u32 },
    /// Every instance that this verb starts dies after so long, and so does each that replaces it.
    Dies { after_ms: u64 },
    /// The observation is the one that was made before.
    Stale,
}

/// What the caller of a late write hears at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All is well, although nothing is in force yet.
    Accepted,
    /// A time-out.
    TimesOut,
}

impl Kind {
    /// One word to count it under.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Transient => "transient",
            Self::Denied => "denied",
            Self::LostReply => "lost_reply",
            Self::Late { .. } => "late",
            Self::HalfStart { .. } => "half_start",
            Self::Dies { .. } => "dies",
            Self::Stale => "stale",
        }
    }

    /// Whether it can happen to this verb at all: a fault that cannot is not spent on it.
    #[must_use]
    pub fn suits(&self, verb: Verb) -> bool {
        match self {
            Self::Throttled { .. } | Self::Transient | Self::Denied => true,
            Self::LostReply => !matches!(verb, Verb::Observe | Verb::HasImage),
            Self::Late { .. } => verb == Verb::EnsureTraffic,
            Self::HalfStart { .. } | Self::Dies { .. } => verb == Verb::EnsureGroup,
            Self::Stale => verb == Verb::Observe,
        }
    }

    /// The error of a verb that is not done.
    pub(super) fn refusal(&self) -> Option<CloudError> {
        match self {
            Self::Throttled { retry_after } => Some(CloudError::Throttled {
                retry_after: *retry_after,
                message: "too many calls (injected)".to_owned(),
            }),
            Self::Transient => Some(CloudError::Transient(
                "connection reset (injected)".to_owned(),
            )),
            Self::Denied => Some(CloudError::Denied(
                "no such permission (injected)".to_owned(),
            )),
            Self::LostReply
            | Self::Late { .. }
            | Self::HalfStart { .. }
            | Self::Dies { .. }
            | Self::Stale => None,
        }
    }
}

/// A scripted fault: happens to calls that match, after `skip` of them, `times` times.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// `None` for every verb that the kind suits.
    pub verb: Option<Verb>,
    pub target: Option<Target>,
    /// Only calls about this group.
    pub group: Option<GroupName>,
    pub skip: u32,
    pub times: u32,
}

impl Fault {
    /// Once, at the next call of `verb`.
    #[must_use]
    pub fn once(verb: Verb, kind: Kind) -> Self {
        Self {
            kind,
            verb: Some(verb),
            target: None,
            group: None,
            skip: 0,
            times: 1,
        }
    }

    /// At every call of `verb` until it is taken back.
    #[must_use]
    pub fn always(verb: Verb, kind: Kind) -> Self {
        Self {
            times: u32::MAX,
            ..Self::once(verb, kind)
        }
    }

    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Lets so many calls pass first.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    #[must_use]
    pub fn of_group(self, group: GroupName) -> Self {
        Self {
            group: Some(group),
            ..self
        }
    }

    #[must_use]
    pub fn at(self, target: Target) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }
}

/// Names a scripted fault, to ask how often it happened or to take it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(u64);

/// Faults at random, the same for the same seed.
#[derive(Clone, Debug)]
pub struct Chaos {
    pub seed: u64,
    /// Of 1,000 calls so many go wrong.
    pub per_mille: u32,
    /// After so many faults it is calm.
    pub budget: u32,
    /// Of these, the ones that suit the verb.
    pub kinds: Vec<Kind>,
}

/// One call, as faults pick it.
pub(super) struct Call<'a> {
    pub(super) verb: Verb,
    pub(super) target: Option<&'a Target>,
    pub(super) group: Option<&'a GroupName>,
    /// Whether there is an earlier observation to answer with.
    pub(super) has_previous: bool,
}

impl Call<'_> {
    /// A fault that would change nothing is neither spent nor counted.
    fn suits(&self, kind: &Kind) -> bool {
        kind.suits(self.verb) && (*kind != Kind::Stale || self.has_previous)
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    next: u64,
    script: BTreeMap<FaultId, (Fault, u64)>,
    chaos: Option<Chaos>,
    fired: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        self.script.insert(id, (fault, 0));
        id
    }

    pub(super) fn take_back(&mut self, id: FaultId) {
        if let Some((fault, _)) = self.script.get_mut(&id) {
            fault.times = 0;
        }
    }

    pub(super) fn calm(&mut self) {
        self.chaos = None;
        for (fault, _) in self.script.values_mut() {
            fault.times = 0;
        }
    }

    pub(super) fn set_chaos(&mut self, chaos: Chaos) {
        self.chaos = Some(chaos);
    }

    pub(super) fn fired(&self, id: FaultId) -> u64 {
        self.script.get(&id).map_or(0, |(_, fired)| *fired)
    }

    pub(super) fn fired_by_kind(&self) -> &BTreeMap<&'static str, u64> {
        &self.fired
    }

    /// Whether an earlier observation may be asked for: only then is one kept.
    pub(super) fn wants_stale(&self) -> bool {
        self.script
            .values()
            .any(|(fault, _)| fault.times > 0 && fault.kind == Kind::Stale)
            || self
                .chaos
                .as_ref()
                .is_some_and(|chaos| chaos.budget > 0 && chaos.kinds.contains(&Kind::Stale))
    }

    /// The fault that happens to this call, already counted.
    pub(super) fn strike(&mut self, call: &Call<'_>) -> Option<Kind> {
        let kind = self.scripted(call).or_else(|| self.by_chance(call))?;
        *self.fired.entry(kind.as_str()).or_default() += 1;
        Some(kind)
    }

    fn scripted(&mut self, call: &Call<'_>) -> Option<Kind> {
        for (fault, fired) in self.script.values_mut() {
            let meant = fault.times > 0
                && call.suits(&fault.kind)
                && fault.verb.is_none_or(|verb| verb == call.verb)
                && fault
                    .target
                    .as_ref()
                    .is_none_or(|target| Some(target) == call.target)
                && fault
                    .group
                    .as_ref()
                    .is_none_or(|group| Some(group) == call.group);
            if !meant {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times < u32::MAX {
                fault.times -= 1;
            }
            *fired += 1;
            return Some(fault.kind.clone());
        }
        None
    }

    fn by_chance(&mut self, call: &Call<'_>) -> Option<Kind> {
        let chaos = self.chaos.as_mut().filter(|chaos| chaos.budget > 0)?;
        if draw(&mut chaos.seed) % 1_000 >= u64::from(chaos.per_mille) {
            return None;
        }
        let suiting = chaos.kinds.iter().filter(|kind| call.suits(kind));
        let n = suiting.clone().count();
        let chosen = draw(&mut chaos.seed).checked_rem(u64::try_from(n).unwrap_or(0))?;
        chaos.budget -= 1;
        suiting
            .clone()
            .nth(usize::try_from(chosen).unwrap_or(0))
            .cloned()
    }
}

/// The next number of a seed (splitmix64; Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
pub(super) fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
