use axum::http::{HeaderMap, HeaderValue, header};

use super::catalogue::{Catalogue, Product};

const QUANTITY_MAX: u32 = 9;
const NAME: &str = "cart";

/// What a visitor means to buy. It lives in a cookie (`cart=viridian.2~ochre.1`), so any instance of any version can
/// serve the next request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cart(Vec<(String, u32)>);

impl Cart {
    /// Reads the cookie; what this catalogue does not sell, or nobody could have meant, is dropped.
    pub(crate) fn from_headers(headers: &HeaderMap, catalogue: &Catalogue) -> Self {
        let mut cart = Self::default();
        let entries = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == NAME)
            .flat_map(|(_, value)| value.split('~'));
        for (id, quantity) in entries.filter_map(|entry| entry.split_once('.')) {
            if let (Some(product), Ok(quantity)) = (catalogue.get(id), quantity.parse::<u32>()) {
                cart.add(product, quantity.min(QUANTITY_MAX));
            }
        }
        cart
    }

    pub(crate) fn add(&mut self, product: &Product, quantity: u32) {
        match self.0.iter_mut().find(|(id, _)| *id == product.id) {
            Some((_, held)) => *held = (*held + quantity).min(QUANTITY_MAX),
            None if quantity > 0 => self
                .0
                .push((product.id.clone(), quantity.min(QUANTITY_MAX))),
            None => {}
        }
    }

    pub(crate) fn remove(&mut self, product: &Product) {
        self.0.retain(|(id, _)| *id != product.id);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn pieces(&self) -> u32 {
        self.0.iter().map(|(_, quantity)| quantity).sum()
    }

    pub(crate) fn lines<'a>(
        &'a self,
        catalogue: &'a Catalogue,
    ) -> impl Iterator<Item = (&'a Product, u32)> {
        self.0
            .iter()
            .filter_map(|(id, quantity)| Some((catalogue.get(id)?, *quantity)))
    }

    pub(crate) fn total_cents(&self, catalogue: &Catalogue) -> u32 {
        self.lines(catalogue)
            .map(|(product, quantity)| product.price_cents.saturating_mul(quantity))
            .fold(0, u32::saturating_add)
    }

    pub(crate) fn to_cookie(&self) -> HeaderValue {
        let entries: Vec<String> = self.0.iter().map(|(id, n)| format!("{id}.{n}")).collect();
        let age = if entries.is_empty() { 0 } else { 86_400 };
        let text = format!(
            "{NAME}={}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax",
            entries.join("~")
        );
        HeaderValue::try_from(text)
            .expect("product ids are letters, digits and dashes, checked when they were loaded")
    }
}
