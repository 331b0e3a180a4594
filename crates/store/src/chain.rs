//! The hash chain: each entry's hash covers its content and the hash before it, so that no entry
//! can be changed, removed or moved without every later hash telling.

use crate::entity::journal;
use sha2::{Digest as _, Sha256};

/// Where the chain begins.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 over the hash before and every field. Each field goes in with its length, and an absent
/// one unlike an empty one, so that no two different entries read the same.
pub(crate) fn hash(before: &str, row: &journal::Model) -> String {
    let mut sha = Sha256::new();
    let mut field = |bytes: Option<&[u8]>| {
        sha.update([u8::from(bytes.is_some())]);
        let bytes = bytes.unwrap_or_default();
        sha.update((bytes.len() as u64).to_be_bytes());
        sha.update(bytes);
    };
    let number = |number: Option<i64>| number.map(i64::to_be_bytes);
    field(Some(before.as_bytes()));
    field(Some(&row.seq.to_be_bytes()));
    field(number(row.rollout).as_ref().map(|n| n.as_slice()));
    field(number(row.rollout_seq).as_ref().map(|n| n.as_slice()));
    field(row.app.as_deref().map(str::as_bytes));
    field(row.env.as_deref().map(str::as_bytes));
    field(Some(&row.at.to_be_bytes()));
    field(Some(row.actor.as_bytes()));
    field(Some(row.kind.as_bytes()));
    field(Some(row.detail.as_bytes()));
    hex::encode(sha.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_and_the_hash_before_count() {
        let row = journal::Model {
            seq: 2,
            rollout: Some(1),
            rollout_seq: Some(1),
            app: Some("a".into()),
            env: Some("bc".into()),
            at: 5,
            actor: "eva".into(),
            kind: "created".into(),
            detail: "{}".into(),
            hash: String::new(),
        };
        let base = hash(GENESIS, &row);
        assert_eq!(base, hash(GENESIS, &row));
        let changed = [
            journal::Model {
                seq: 3,
                ..row.clone()
            },
            journal::Model {
                rollout: None,
                ..row.clone()
            },
            journal::Model {
                rollout_seq: Some(2),
                ..row.clone()
            },
            journal::Model {
                app: Some("ab".into()),
                env: Some("c".into()),
                ..row.clone()
            },
            journal::Model {
                env: None,
                ..row.clone()
            },
            journal::Model {
                at: 6,
                ..row.clone()
            },
            journal::Model {
                actor: "ev".into(),
                kind: "acreated".into(),
                ..row.clone()
            },
            journal::Model {
                detail: "{ }".into(),
                ..row.clone()
            },
        ];
        for other in &changed {
            assert_ne!(base, hash(GENESIS, other), "{other:?}");
        }
        assert_ne!(base, hash(&base, &row));
    }
}
