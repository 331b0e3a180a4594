use std::{path::Path, time::SystemTime};

use super::{
    cart::Cart,
    catalogue::{Catalogue, Product, price},
    config::Config,
    error::{LoadError, read},
    template::{
        Template,
        Value::{Html, Text},
    },
};

/// The templates and the style of one image, and how they are filled.
pub(crate) struct Pages {
    version: String,
    layout: &'static str,
    frame: Template,
    catalogue: Template,
    item: Template,
    product: Template,
    cart: Template,
    cart_line: Template,
    thanks: Template,
    message: Template,
    pub(crate) stylesheet: String,
    pub(crate) script: String,
}

impl Pages {
    pub(crate) fn load(root: &Path, config: &Config) -> Result<Self, LoadError> {
        let page =
            |name: &str, known: &[&str]| Template::load(&root.join("pages").join(name), known);
        let product = ["id", "name", "blurb", "story", "colour", "price", "stock"];
        let theme = &config.theme;
        Ok(Self {
            version: config.version.clone(),
            layout: theme.layout.as_str(),
            frame: page(
                "frame.html",
                &["title", "version", "layout", "pieces", "main"],
            )?,
            catalogue: page("catalogue.html", &["items", "count"])?,
            item: page("item.html", &product)?,
            product: page("product.html", &product)?,
            cart: page("cart.html", &["lines", "total"])?,
            cart_line: page(
                "cart_line.html",
                &["id", "name", "colour", "quantity", "sum"],
            )?,
            thanks: page("thanks.html", &["pieces", "total"])?,
            message: page("message.html", &["title", "words"])?,
            stylesheet: format!(
                ":root {{ --accent: {}; --accent-ink: {}; }}\n{}",
                theme.accent,
                theme.accent_ink,
                read(&root.join("theme.css"))?
            ),
            script: read(&root.join("pages/live.js"))?,
        })
    }

    fn framed(&self, title: &str, cart: &Cart, main: &str) -> String {
        self.frame.fill(&[
            ("title", Text(title)),
            ("version", Text(&self.version)),
            ("layout", Text(self.layout)),
            ("pieces", Text(&cart.pieces().to_string())),
            ("main", Html(main)),
        ])
    }

    fn of_product(template: &Template, product: &Product) -> String {
        template.fill(&[
            ("id", Text(&product.id)),
            ("name", Text(&product.name)),
            ("blurb", Text(&product.blurb)),
            ("story", Text(&product.story)),
            ("colour", Text(&product.colour)),
            ("price", Text(&price(product.price_cents))),
            ("stock", Text(&product.stock(SystemTime::now()).to_string())),
        ])
    }

    pub(crate) fn catalogue(&self, catalogue: &Catalogue, cart: &Cart) -> String {
        let items: String = catalogue
            .all()
            .iter()
            .map(|product| Self::of_product(&self.item, product))
            .collect();
        let main = self.catalogue.fill(&[
            ("items", Html(&items)),
            ("count", Text(&catalogue.all().len().to_string())),
        ]);
        self.framed("Colours", cart, &main)
    }

    pub(crate) fn product(&self, product: &Product, cart: &Cart) -> String {
        self.framed(
            &product.name,
            cart,
            &Self::of_product(&self.product, product),
        )
    }

    pub(crate) fn cart(&self, catalogue: &Catalogue, cart: &Cart) -> String {
        if cart.is_empty() {
            return self.message("Your basket is empty", "Pick a colour and come back.", cart);
        }
        let lines: String = cart
            .lines(catalogue)
            .map(|(product, quantity)| {
                self.cart_line.fill(&[
                    ("id", Text(&product.id)),
                    ("name", Text(&product.name)),
                    ("colour", Text(&product.colour)),
                    ("quantity", Text(&quantity.to_string())),
                    (
                        "sum",
                        Text(&price(product.price_cents.saturating_mul(quantity))),
                    ),
                ])
            })
            .collect();
        let total = price(cart.total_cents(catalogue));
        let main = self
            .cart
            .fill(&[("lines", Html(&lines)), ("total", Text(&total))]);
        self.framed("Basket", cart, &main)
    }

    pub(crate) fn thanks(&self, catalogue: &Catalogue, bought: &Cart) -> String {
        let main = self.thanks.fill(&[
            ("pieces", Text(&bought.pieces().to_string())),
            ("total", Text(&price(bought.total_cents(catalogue)))),
        ]);
        self.framed("Thank you", &Cart::default(), &main)
    }

    pub(crate) fn message(&self, title: &str, words: &str, cart: &Cart) -> String {
        let main = self
            .message
            .fill(&[("title", Text(title)), ("words", Text(words))]);
        self.framed(title, cart, &main)
    }
}
