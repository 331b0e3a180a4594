//! The tables, column by column, as `migrations` makes them. A test compares the two.

/// The append-only, hash-chained record.
pub mod journal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "journal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub rollout: Option<i64>,
        pub rollout_seq: Option<i64>,
        pub app: Option<String>,
        pub env: Option<String>,
        pub at: i64,
        pub actor: String,
        pub kind: String,
        pub detail: String,
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One row: the end of the chain and the next rollout's number.
pub mod chain {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "chain")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub seq: i64,
        pub hash: String,
        pub next_rollout: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a team releases.
pub mod application {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub applied_at: i64,
        pub applied_by: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One place an application runs, with what is remembered of it.
pub mod environment {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "environment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub app: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub env: String,
        pub position: i64,
        pub listen: String,
        pub spec: String,
        pub gone: bool,
        pub stable: Option<String>,
        pub stable_since: Option<i64>,
        pub next_group: i64,
        pub next_release: i64,
        pub hold: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An image that may not be started in an environment.
pub mod veto {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "veto")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub app: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub env: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: String,
        pub version: String,
        pub why: String,
        pub actor: String,
        pub at: i64,
        pub rollout: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A rollout as its last event left it, with its lease.
pub mod rollout {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "rollout")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i64,
        pub app: String,
        pub env: String,
        pub strategy: String,
        pub state: String,
        pub reason: Option<String>,
        pub status: String,
        pub active: bool,
        pub finished: bool,
        pub step: i64,
        pub steps_total: i64,
        pub from_group: Option<String>,
        pub from_version: Option<String>,
        pub from_digest: Option<String>,
        pub to_group: String,
        pub to_version: String,
        pub to_digest: String,
        pub release: i64,
        pub created_by: String,
        pub created_at: i64,
        pub admitted_at: Option<i64>,
        pub ended_at: Option<i64>,
        pub updated_at: i64,
        pub due_at: Option<i64>,
        pub seq: i64,
        pub journal_seq: i64,
        pub lease_owner: Option<String>,
        pub lease_until: i64,
        pub epoch: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A numbered, immutable snapshot.
pub mod release {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "release")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub app: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub env: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub digest: String,
        pub version: String,
        pub server_group: String,
        pub rollout: i64,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An immutable artifact.
pub mod image {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "image")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: String,
        pub app: String,
        pub version: String,
        pub parent: Option<String>,
        pub command: String,
        pub baked_at: i64,
        pub baked_by: String,
        pub size_bytes: i64,
        pub files: i64,
        pub labels: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A signed-in person.
pub mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub actor: String,
        pub role: String,
        pub expires_at: i64,
        pub grants: Option<String>,
        pub via: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An API token.
pub mod token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub name: String,
        pub role: String,
        pub scopes: String,
        pub expires_at: Option<i64>,
        pub grants: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A one-time sign-in link.
pub mod login {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "login")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        pub actor: String,
        pub role: String,
        pub expires_at: i64,
        pub grants: Option<String>,
        pub via: Option<String>,
        pub used_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A request with an idempotency key, and how it was answered.
pub mod request {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub route: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub actor: String,
        pub hash: String,
        pub at: i64,
        pub status: Option<i64>,
        pub body: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
#[cfg(test)]
mod tests {
    use crate::{Store, StoreUrl};
    use sea_orm::{
        ColumnTrait, ConnectionTrait, Database, DbBackend, EntityTrait, IdenStatic, Iterable,
        Statement,
    };
    use std::collections::BTreeMap;

    /// Column names and whether each may be absent.
    fn expected<E: EntityTrait>() -> (String, BTreeMap<String, bool>) {
        let columns = E::Column::iter().map(|c| (c.as_str().to_owned(), c.def().is_null()));
        (E::default().table_name().to_owned(), columns.collect())
    }

    #[tokio::test]
    async fn migrated_tables_are_what_the_code_expects() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("viridian.db");
        Store::open(&StoreUrl::Sqlite(path.clone()))
            .await
            .unwrap()
            .close()
            .await;
        let raw = Database::connect(format!("sqlite:{}", path.display()))
            .await
            .unwrap();
        let ask = async |sql: String| {
            raw.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql))
                .await
                .unwrap()
        };
        let tables = [
            expected::<super::journal::Entity>(),
            expected::<super::chain::Entity>(),
            expected::<super::application::Entity>(),
            expected::<super::environment::Entity>(),
            expected::<super::veto::Entity>(),
            expected::<super::rollout::Entity>(),
            expected::<super::release::Entity>(),
            expected::<super::image::Entity>(),
            expected::<super::session::Entity>(),
            expected::<super::token::Entity>(),
            expected::<super::login::Entity>(),
            expected::<super::request::Entity>(),
        ];
        for (table, columns) in &tables {
            let rows = ask(format!("PRAGMA table_info({table})")).await;
            let found: BTreeMap<String, bool> = rows
                .iter()
                .map(|row| {
                    let not_null: bool = row.try_get("", "notnull").unwrap();
                    (row.try_get("", "name").unwrap(), !not_null)
                })
                .collect();
            assert_eq!(&found, columns, "{table}");
        }
        let all =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut all: Vec<String> = ask(all.to_owned())
            .await
            .iter()
            .map(|row| row.try_get("", "name").unwrap())
            .filter(|name| name != "seaql_migrations")
            .collect();
        let mut known: Vec<String> = tables.into_iter().map(|(table, _)| table).collect();
        all.sort();
        known.sort();
        assert_eq!(all, known);
    }
}
