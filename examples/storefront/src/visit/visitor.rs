use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::Instant;

use super::Crowd;

const PATIENCE: Duration = Duration::from_secs(10);
const PAGE_BYTES_MAX: usize = 1 << 20;

/// How likely a visitor goes on to the next page.
const LOOKS_AT_A_PRODUCT: f64 = 0.85;
const CHECKS_OUT: f64 = 0.6;

/// The look of the page is what makes the variants of an experiment differ: from cards, more people buy.
fn puts_in_basket(layout: &str) -> f64 {
    match layout {
        "cards" => 0.36,
        _ => 0.22,
    }
}

/// One person at a time: cookies, and the version seen first.
pub(crate) struct Visitor {
    crowd: Arc<Crowd>,
    cookies: BTreeMap<String, String>,
    first_version: Option<String>,
    changed_version: bool,
}

struct Page {
    status: u16,
    version: Option<String>,
    layout: String,
    body: String,
}

/// The journey ends here: time is up, or the shop did not answer well. It has been counted already.
struct Left;

impl Visitor {
    pub(crate) fn new(crowd: Arc<Crowd>) -> Self {
        Self {
            crowd,
            cookies: BTreeMap::new(),
            first_version: None,
            changed_version: false,
        }
    }

    pub(crate) async fn visit_until_done(mut self) {
        let done = self.crowd.done.clone();
        let mut is_new = true;
        while !done.is_cancelled() {
            if self.journey(is_new).await.is_err() && done.is_cancelled() {
                return;
            }
            is_new = rand::random::<f64>() >= self.crowd.returning;
            if is_new {
                self = Self::new(self.crowd);
            }
        }
    }

    /// Catalogue, often a product, sometimes the basket and the checkout.
    async fn journey(&mut self, is_new: bool) -> Result<(), Left> {
        let page = self.send(Method::GET, "/", None, is_new).await?;
        self.crowd.report().journey(page.version.as_deref());
        let products = product_ids(&page.body);
        if products.is_empty() || rand::random::<f64>() >= LOOKS_AT_A_PRODUCT {
            return Ok(());
        }
        let chosen = products[rand::random_range(0..products.len())];
        let page = self.get(&format!("/product/{chosen}")).await?;
        if rand::random::<f64>() >= puts_in_basket(&page.layout) {
            return Ok(());
        }
        self.post("/cart", format!("product={chosen}&quantity=1"))
            .await?;
        self.get("/cart").await?;
        if rand::random::<f64>() >= CHECKS_OUT {
            return Ok(());
        }
        let page = self.post("/checkout", String::new()).await?;
        // An empty basket is sent back to its page with 303; only the thanks are a sale.
        if page.status == 200 {
            self.crowd.report().conversion(page.version.as_deref());
        }
        Ok(())
    }

    async fn get(&mut self, path: &str) -> Result<Page, Left> {
        self.send(Method::GET, path, None, false).await
    }

    async fn post(&mut self, path: &str, form: String) -> Result<Page, Left> {
        self.send(Method::POST, path, Some(form), false).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
        is_first: bool,
    ) -> Result<Page, Left> {
        let crowd = self.crowd.clone();
        tokio::select! {
            // A request that has begun is always finished and counted; only waiting for a turn is given up.
            () = crowd.done.cancelled() => return Err(Left),
            () = crowd.pacer.turn() => {}
        }
        if is_first {
            crowd.report().person();
        }
        let begun = Instant::now();
        let answer = match tokio::time::timeout(PATIENCE, self.exchange(method, path, form)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no whole answer within {} s", PATIENCE.as_secs())),
        };
        match answer {
            Ok(page) => {
                let mut report = crowd.report();
                report.answered(page.version.as_deref(), page.status, begun.elapsed());
                if self.is_change(&page) {
                    report.changed_version();
                }
                if page.status >= 400 {
                    Err(Left)
                } else {
                    Ok(page)
                }
            }
            Err(why) => {
                crowd.report().unanswered(format!("{path}: {why}"));
                Err(Left)
            }
        }
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
    ) -> Result<Page, String> {
        let uri = self
            .crowd
            .target
            .join(path)
            .ok_or("the page linked to an unusable address")?;
        let mut request = Request::builder().method(method).uri(uri);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self
                .cookies
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request
            .body(Full::new(Bytes::from(form.unwrap_or_default())))
            .map_err(|error| error.to_string())?;
        let response = self
            .crowd
            .client
            .request(request)
            .await
            .map_err(|error| with_causes(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, PAGE_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| with_causes(error.as_ref()))?
            .to_bytes();
        self.keep_cookies(&head.headers);
        let text = |name: &str| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        Ok(Page {
            status: head.status.as_u16(),
            version: text("x-shop-version"),
            layout: text("x-shop-layout").unwrap_or_default(),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let Ok(cookie) = cookie.to_str() else {
                continue;
            };
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let expired = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            if expired {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Whether this page is the first from another version than this person has seen before.
    fn is_change(&mut self, page: &Page) -> bool {
        let Some(version) = &page.version else {
            return false;
        };
        let first = self.first_version.get_or_insert_with(|| version.clone());
        let changes = first != version && !self.changed_version;
        self.changed_version |= changes;
        changes
    }
}

/// The products a page links to.
fn product_ids(html: &str) -> Vec<&str> {
    html.split("href=\"/product/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        .collect()
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_read_from_the_links_of_a_page() {
        let html = r#"<a href="/product/viridian">x</a> <a href="/cart">y</a> <a href="/product/a?b">z</a>"#;
        assert_eq!(product_ids(html), ["viridian"]);
    }
}
