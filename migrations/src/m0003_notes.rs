//! Finds what happened to an environment outside its rollouts, without reading the journal.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: &[&str] =
    &["CREATE INDEX journal_note ON journal (app, env, seq) WHERE rollout IS NULL"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, INDEXES).await
    }
}
