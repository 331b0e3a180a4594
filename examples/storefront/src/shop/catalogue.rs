use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;

use super::{
    config::is_colour,
    error::{LoadError, read},
};

/// One thing on the shelf, from `products.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// Part of its address: small letters, digits and dashes.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) blurb: String,
    pub(crate) story: String,
    /// The dab of paint in its picture, `#rrggbb`.
    pub(crate) colour: String,
    pub(crate) price_cents: u32,
    /// Jars on a freshly filled shelf.
    pub(crate) shelf: u32,
}

impl Product {
    /// Jars left at a moment. A function of the clock alone, so that all instances of all versions agree without
    /// talking to each other: the shelf empties by one jar every few seconds and is then filled again.
    pub(crate) fn stock(&self, now: SystemTime) -> u32 {
        let seconds = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let pace = 3 + self.id.len() as u64 % 5;
        self.shelf - (seconds / pace % u64::from(self.shelf)) as u32
    }
}

/// The products in shelf order; at least one.
pub(crate) struct Catalogue(Vec<Product>);

impl Catalogue {
    pub(crate) fn load(path: &Path) -> Result<Self, LoadError> {
        let products: Vec<Product> =
            serde_json::from_str(&read(path)?).map_err(|source| LoadError::Json {
                path: path.to_owned(),
                source,
            })?;
        let field = |field: String, problem| {
            Err(LoadError::Field {
                path: path.to_owned(),
                field,
                problem,
            })
        };
        if products.is_empty() {
            return field("[]".into(), "has no product; a shop needs at least one");
        }
        for (index, product) in products.iter().enumerate() {
            let id_ok = !product.id.is_empty()
                && product
                    .id
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !id_ok {
                return field(
                    format!("[{index}].id"),
                    "must be small letters, digits and dashes",
                );
            }
            if products[..index]
                .iter()
                .any(|earlier| earlier.id == product.id)
            {
                return field(
                    format!("[{index}].id"),
                    "is used twice; each product needs its own",
                );
            }
            if !is_colour(&product.colour) {
                return field(
                    format!("[{index}].colour"),
                    "must be a colour such as #40826d",
                );
            }
            if product.shelf == 0 {
                return field(format!("[{index}].shelf"), "must be at least 1");
            }
        }
        Ok(Self(products))
    }

    pub(crate) fn all(&self) -> &[Product] {
        &self.0
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Product> {
        self.0.iter().find(|product| product.id == id)
    }
}

pub(crate) fn price(cents: u32) -> String {
    format!("€ {}.{:02}", cents / 100, cents % 100)
}
