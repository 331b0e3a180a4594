//! The journal, its chain, and the projections that answer questions without replaying it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: &[&str] = &[
    "CREATE TABLE journal (
        seq {id} NOT NULL PRIMARY KEY,
        rollout BIGINT,
        rollout_seq BIGINT,
        app TEXT,
        env TEXT,
        at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL,
        hash TEXT NOT NULL
    )",
    "CREATE UNIQUE INDEX journal_of_rollout ON journal (rollout, rollout_seq)",
    // One row: where the chain ends and which number the next rollout gets. On PostgreSQL writers
    // lock it, which is what makes sequence numbers free of gaps over several replicas.
    "CREATE TABLE chain (
        id {id} NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL,
        hash TEXT NOT NULL,
        next_rollout BIGINT NOT NULL
    )",
    "INSERT INTO chain (id, seq, hash, next_rollout) VALUES
        (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 1)",
    "CREATE TABLE application (
        name TEXT NOT NULL PRIMARY KEY,
        applied_at BIGINT NOT NULL,
        applied_by TEXT NOT NULL
    )",
    "CREATE TABLE environment (
        app TEXT NOT NULL REFERENCES application (name),
        env TEXT NOT NULL,
        position BIGINT NOT NULL,
        listen TEXT NOT NULL,
        spec TEXT NOT NULL,
        gone BOOLEAN NOT NULL,
        stable TEXT,
        stable_since BIGINT,
        next_group BIGINT NOT NULL,
        next_release BIGINT NOT NULL,
        hold TEXT,
        PRIMARY KEY (app, env)
    )",
    "CREATE TABLE veto (
        app TEXT NOT NULL,
        env TEXT NOT NULL,
        digest TEXT NOT NULL,
        version TEXT NOT NULL,
        why TEXT NOT NULL,
        actor TEXT NOT NULL,
        at BIGINT NOT NULL,
        rollout BIGINT,
        PRIMARY KEY (app, env, digest),
        FOREIGN KEY (app, env) REFERENCES environment (app, env)
    )",
    "CREATE TABLE rollout (
        id {id} NOT NULL PRIMARY KEY,
        app TEXT NOT NULL,
        env TEXT NOT NULL,
        strategy TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        status TEXT NOT NULL,
        active BOOLEAN NOT NULL,
        finished BOOLEAN NOT NULL,
        step BIGINT NOT NULL,
        steps_total BIGINT NOT NULL,
        from_group TEXT,
        from_version TEXT,
        from_digest TEXT,
        to_group TEXT NOT NULL,
        to_version TEXT NOT NULL,
        to_digest TEXT NOT NULL,
        release BIGINT NOT NULL,
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        admitted_at BIGINT,
        ended_at BIGINT,
        updated_at BIGINT NOT NULL,
        due_at BIGINT,
        seq BIGINT NOT NULL,
        journal_seq BIGINT NOT NULL,
        lease_owner TEXT,
        lease_until BIGINT NOT NULL,
        epoch BIGINT NOT NULL,
        FOREIGN KEY (app, env) REFERENCES environment (app, env)
    )",
    "CREATE UNIQUE INDEX rollout_owns_environment ON rollout (app, env) WHERE active",
    "CREATE INDEX rollout_unfinished ON rollout (id) WHERE NOT finished",
    "CREATE INDEX rollout_due ON rollout (due_at, id) WHERE NOT finished",
    "CREATE INDEX rollout_of_application ON rollout (app, id)",
    "CREATE INDEX rollout_of_environment ON rollout (app, env, id)",
    "CREATE INDEX rollout_in_state ON rollout (state, id)",
    "CREATE INDEX rollout_by_strategy ON rollout (strategy, id)",
    "CREATE TABLE release (
        app TEXT NOT NULL,
        env TEXT NOT NULL,
        number BIGINT NOT NULL,
        digest TEXT NOT NULL,
        version TEXT NOT NULL,
        server_group TEXT NOT NULL,
        rollout BIGINT NOT NULL REFERENCES rollout (id),
        created_at BIGINT NOT NULL,
        PRIMARY KEY (app, env, number)
    )",
    "CREATE TABLE image (
        digest TEXT NOT NULL PRIMARY KEY,
        app TEXT NOT NULL,
        version TEXT NOT NULL,
        parent TEXT,
        command TEXT NOT NULL,
        baked_at BIGINT NOT NULL,
        baked_by TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        files BIGINT NOT NULL,
        labels TEXT NOT NULL
    )",
    "CREATE UNIQUE INDEX image_version ON image (app, version)",
    "CREATE TABLE session (
        hash TEXT NOT NULL PRIMARY KEY,
        actor TEXT NOT NULL,
        role TEXT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE TABLE token (
        hash TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        role TEXT NOT NULL,
        scopes TEXT NOT NULL,
        expires_at BIGINT
    )",
    "CREATE TABLE login (
        hash TEXT NOT NULL PRIMARY KEY,
        actor TEXT NOT NULL,
        role TEXT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE TABLE request (
        id TEXT NOT NULL,
        route TEXT NOT NULL,
        actor TEXT NOT NULL,
        hash TEXT NOT NULL,
        at BIGINT NOT NULL,
        status BIGINT,
        body TEXT,
        PRIMARY KEY (id, route, actor)
    )",
    "CREATE INDEX request_age ON request (at)",
];

/// A row of the journal is never changed: a stray statement is refused by the database itself. Its
/// owner can remove the guard, which is what the hash chain is for.
const GUARD_SQLITE: &[&str] = &[
    "CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER journal_keeps_content BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
];

const GUARD_POSTGRES: &[&str] = &[
    "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
    "CREATE TRIGGER journal_keeps_rows BEFORE DELETE OR UPDATE ON journal
        FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::run(manager, TABLES).await?;
        match manager.get_database_backend() {
            DbBackend::Sqlite => crate::run(manager, GUARD_SQLITE).await,
            _ => crate::run(manager, GUARD_POSTGRES).await,
        }
    }
}
