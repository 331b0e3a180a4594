//! Rights that end at an application or an environment, and sign-in links that remember being used.
//!
//! Expand: `grants` is beside `role`, which is still written for a version that knows no other:
//! the least there is where the grants end somewhere, so that it never gives more than they do.
//! Contract, one release later: `role` goes.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: &[&str] = &[
    // JSON. Null in rows from before: the role counts everywhere.
    "ALTER TABLE token ADD COLUMN grants TEXT",
    "ALTER TABLE session ADD COLUMN grants TEXT",
    "ALTER TABLE login ADD COLUMN grants TEXT",
    // The token it comes from, by its hash: with it, it ends.
    "ALTER TABLE session ADD COLUMN via TEXT",
    "ALTER TABLE login ADD COLUMN via TEXT",
    "ALTER TABLE login ADD COLUMN used_at BIGINT",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, COLUMNS).await
    }
}
