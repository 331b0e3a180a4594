use super::*;
use axum::body::Body;
use http_body_util::BodyExt;
use std::sync::{Mutex, PoisonError};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// One after the other: listing the routes of an application keeps notes for the whole process, and a
/// page rendered at that moment may never end. A server lists them once, before it listens.
fn run(test: impl Future<Output = ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Runtime::new().expect("a runtime").block_on(test);
}

async fn fetch(router: Router, uri: &str, accept_encoding: &str) -> (Response<()>, String) {
    let request = Request::builder()
        .uri(uri)
        .header("accept-encoding", accept_encoding)
        .body(Body::empty())
        .unwrap();
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (
        Response::from_parts(parts, ()),
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

fn built_site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let pkg = folder.path().join("pkg");
    std::fs::create_dir(&pkg).unwrap();
    for (name, content) in [
        ("viridian.js", "script"),
        ("viridian.js.br", "script, compressed"),
        ("viridian_bg.wasm", "module"),
        ("viridian.css", "style"),
    ] {
        std::fs::write(pkg.join(name), content).unwrap();
    }
    folder
}

fn site(folder: &tempfile::TempDir) -> Router {
    let root = Some(folder.path().to_path_buf());
    router(SiteOptions { root }, || {})
}

fn address_of_script(page: &str) -> String {
    page.split('"')
        .find(|text| text.starts_with("/pkg/") && text.ends_with("/viridian.js"))
        .expect("the page names its script")
        .to_owned()
}

#[test]
fn page_without_a_bundle_renders_and_asks_for_none() {
    run(async {
        // The one page that needs nobody to ask anything of.
        let (response, page) = fetch(router(SiteOptions::default(), || {}), "/nowhere", "").await;
        assert_eq!(response.status(), 404);
        assert!(page.contains("<h1>"), "{page}");
        assert!(
            !page.contains("/pkg/") && !page.contains("stylesheet"),
            "{page}"
        );
    });
}

#[test]
fn every_inline_script_carries_the_nonce_of_the_policy() {
    run(async {
        let folder = built_site();
        let (response, page) = fetch(site(&folder), "/", "").await;
        let policy = header(&response, "content-security-policy");
        let nonce = policy
            .split_once("'nonce-")
            .and_then(|(_, rest)| rest.split_once('\''))
            .expect("a nonce in the policy")
            .0;
        assert!(page.contains("<script"), "{page}");
        for script in page.split("<script").skip(1) {
            assert!(script.contains(&format!("nonce=\"{nonce}\"")), "{script}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert!(!page.contains(" style="), "{page}");
    });
}

#[test]
fn two_responses_never_share_a_nonce() {
    run(async {
        let folder = built_site();
        let (one, _) = fetch(site(&folder), "/", "").await;
        let (two, _) = fetch(site(&folder), "/", "").await;
        let name = "content-security-policy";
        assert_ne!(header(&one, name), header(&two, name));
    });
}

#[test]
fn unknown_address_is_a_page_with_404() {
    run(async {
        let (response, page) = fetch(router(SiteOptions::default(), || {}), "/nowhere", "").await;
        assert_eq!(response.status(), 404);
        assert!(page.contains("There is nothing here"), "{page}");
    });
}

#[test]
fn bundle_is_compressed_and_kept_for_ever() {
    run(async {
        let folder = built_site();
        let (_, page) = fetch(site(&folder), "/", "").await;
        let (response, body) = fetch(site(&folder), &address_of_script(&page), "br").await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-encoding"), "br");
        assert_eq!(body, "script, compressed");
        assert!(header(&response, "cache-control").contains("immutable"));
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    });
}

#[test]
fn another_builds_address_is_not_served_and_not_kept() {
    run(async {
        let folder = built_site();
        let (_, page) = fetch(site(&folder), "/", "").await;
        let before = address_of_script(&page);
        std::fs::write(folder.path().join("pkg/viridian_bg.wasm"), "another").unwrap();
        let (_, page) = fetch(site(&folder), "/", "").await;
        assert_ne!(before, address_of_script(&page));
        let (response, _) = fetch(site(&folder), &before, "").await;
        assert_eq!(response.status(), 404);
        assert_eq!(header(&response, "cache-control"), "no-store");
    });
}

#[test]
fn files_beside_the_bundle_are_not_served() {
    run(async {
        let folder = built_site();
        std::fs::write(folder.path().join("private"), "x").unwrap();
        let (_, page) = fetch(site(&folder), "/", "").await;
        let script = address_of_script(&page);
        let above = script.replace("viridian.js", "..%2Fprivate");
        let (response, body) = fetch(site(&folder), &above, "").await;
        assert_eq!(response.status(), 404, "{body}");
    });
}
