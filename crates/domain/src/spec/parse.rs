//! From TOML text to a valid [`Application`], or an error with line, column and remedy.
//!
//! A mistake of syntax or type is told where it stands; one of meaning at the key whose value it is.

use super::check::{self, Fault};
use super::{Application, Environment};
use crate::{AppName, EnvName};
use serde::Deserialize;
use std::collections::HashMap;
use std::net::SocketAddr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong in a declaration, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SpecError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    application: Header,
    #[serde(default)]
    environment: Vec<Environment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: AppName,
}

impl Application {
    /// Parses a declaration.
    ///
    /// # Errors
    /// Names the line, the column, what is wrong and what to write instead.
    pub fn from_toml(text: &str) -> Result<Application, SpecError> {
        let document: Document = toml::from_str(text).map_err(|error| misread(text, &error))?;
        if document.environment.is_empty() {
            return Err(at(
                text,
                0,
                "no [[environment]]: declare at least one place where the application runs".into(),
            ));
        }
        let mut before = Before::default();
        for (index, env) in document.environment.iter().enumerate() {
            let checked = check::environment(env).and_then(|()| before.admit(env));
            checked.map_err(|fault| at(text, key_of(text, index, fault.key), fault.message))?;
        }
        Ok(Application {
            name: document.application.name,
            environments: document.environment,
        })
    }
}

/// The environments declared above the one at hand.
#[derive(Default)]
struct Before {
    ports: HashMap<SocketAddr, EnvName>,
    names: HashMap<EnvName, ()>,
}

impl Before {
    fn admit(&mut self, env: &Environment) -> Result<(), Fault> {
        if self.names.insert(env.name.clone(), ()).is_some() {
            let message = format!("environment {:?} is declared twice", env.name);
            return Err(Fault::new("name", message));
        }
        if let Some(other) = self.ports.insert(env.listen, env.name.clone()) {
            let message = format!(
                "environments {other:?} and {:?} both listen on {}: give each its own port",
                env.name, env.listen
            );
            return Err(Fault::new("listen", message));
        }
        Ok(())
    }
}

/// What the parser itself found.
fn misread(text: &str, error: &toml::de::Error) -> SpecError {
    let start = error.span().map_or(0, |span| span.start);
    let message = error.message().to_owned();
    let tree = DeTable::parse(text).ok();
    let found = tree.and_then(|tree| owner(tree.get_ref(), start));
    match found {
        Some((key, name)) if name.ends_with("_ms") => {
            let message =
                format!("{name} is a whole number of milliseconds such as 1500: {message}");
            at(text, key, message)
        }
        Some((key, name)) if name == "listen" => {
            let message =
                format!("{name} is an address with its port such as \"127.0.0.1:8103\": {message}");
            at(text, key, message)
        }
        // The type fits and the value does not: a name, a number that cannot be.
        Some((key, _)) if !message.starts_with("invalid type") => at(text, key, message),
        Some(_) | None => at(text, start, message),
    }
}

/// The key whose value begins at `offset`: where it stands, and its name.
fn owner(table: &DeTable<'_>, offset: usize) -> Option<(usize, String)> {
    table.iter().find_map(|(key, value)| {
        let inside = match value.get_ref() {
            DeValue::Table(table) => owner(table, offset),
            DeValue::Array(items) => items.iter().find_map(|item| match item.get_ref() {
                DeValue::Table(table) => owner(table, offset),
                _ => None,
            }),
            _ => None,
        };
        let is_plain = !matches!(value.get_ref(), DeValue::Table(_));
        inside.or_else(|| {
            (is_plain && key.span().end <= offset && value.span().contains(&offset))
                .then(|| (key.span().start, key.get_ref().to_string()))
        })
    })
}

/// Where a key of the `index`-th environment stands; of the longest part of its path that is written
/// down, since a default may be what is wrong beside it.
fn key_of(text: &str, index: usize, path: &str) -> usize {
    let Ok(tree) = DeTable::parse(text) else {
        return 0;
    };
    let environments = tree.get_ref().get("environment").map(Spanned::get_ref);
    let Some(DeValue::Array(environments)) = environments else {
        return 0;
    };
    let Some(environment) = environments.get(index) else {
        return 0;
    };
    let (mut place, mut value) = (environment.span().start, environment.get_ref());
    for part in path.split('.') {
        let DeValue::Table(table) = value else { break };
        let Some((key, inner)) = table.iter().find(|(key, _)| key.get_ref() == part) else {
            break;
        };
        (place, value) = (key.span().start, inner.get_ref());
    }
    place
}

/// Turns a byte offset into line and column.
fn at(text: &str, offset: usize, message: String) -> SpecError {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    SpecError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
    }
}
