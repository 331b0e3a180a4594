//! The schema of the journal and of everything projected from it, in the order in which it grew.
//!
//! **The rule of this crate:** expand, then contract. A migration only ever adds what the running
//! version can ignore; what nobody reads any more is removed one release later. A migration that was
//! released is never edited.
//!
//! **Deliberately absent:** data that a person entered, and any type of the product: rows become
//! domain types in `store`.
//!
//! Portable between SQLite and PostgreSQL: enums are text, times are milliseconds since 1970 UTC in
//! 64 bits, JSON is text that only `store` reads.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

mod m0001_journal;
mod m0002_grants;
mod m0003_notes;
mod m0004_lists;

pub use sea_orm_migration::MigratorTrait;

/// Brings a database to the schema of this version.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_journal::Migration),
            Box::new(m0002_grants::Migration),
            Box::new(m0003_notes::Migration),
            Box::new(m0004_lists::Migration),
        ]
    }
}

/// Runs statements one by one. `{id}` becomes the type of a 64-bit key, which SQLite stores as the
/// row's own number only when it is spelt `INTEGER`.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let id = match manager.get_database_backend() {
        DbBackend::Sqlite => "INTEGER",
        _ => "BIGINT",
    };
    for statement in statements {
        connection
            .execute_unprepared(&statement.replace("{id}", id))
            .await?;
    }
    Ok(())
}
