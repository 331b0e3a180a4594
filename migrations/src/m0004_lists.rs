//! Lists that stay quick however many rollouts are over: each filter of a list has an index that holds
//! what it asks for in the order of the list, and what is under way never waits for what is over.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEXES: &[&str] = &[
    "CREATE INDEX rollout_of_environment_in_state ON rollout (app, env, state, id)",
    "CREATE INDEX rollout_of_application_in_state ON rollout (app, state, id)",
    "CREATE INDEX rollout_unfinished_of_application ON rollout (app, id) WHERE NOT finished",
    "CREATE INDEX rollout_unfinished_of_environment ON rollout (app, env, id) WHERE NOT finished",
    "CREATE INDEX rollout_unfinished_in_state ON rollout (state) WHERE NOT finished",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, INDEXES).await
    }
}
