//! Images with a base, a line of versions, and one that was sent back.

use super::*;

pub(crate) fn images() -> Vec<ImageView> {
    let image = |n: u64, v: &str, parent: Option<u64>, live: &[(&str, u32)]| ImageView {
        digest: digest(n),
        app: app("storefront"),
        version: version(v),
        parent: parent.map(digest),
        command: ["./shop", "--port", "${PORT}"].map(String::from).to_vec(),
        baked_at: ago(900_000 - i64::try_from(n).unwrap_or(0) * 9_000),
        baked_by: "ada".into(),
        size_bytes: 14_800_000 + n * 31_337,
        files: 18 + n / 10,
        labels: vec![
            ("commit".into(), "8c1f02e".into()),
            ("branch".into(), "main".into()),
        ],
        live: live
            .iter()
            .map(|(name, weight)| LiveIn {
                app: app("storefront"),
                env: env(name),
                weight: *weight,
            })
            .collect(),
        vetoed_in: if v == "1.0.0" {
            vec![env("prod-us")]
        } else {
            vec![]
        },
        changes: vec![
            FileChangeView {
                path: "pages/catalogue.html".into(),
                kind: "changed".into(),
            },
            FileChangeView {
                path: "pages/offers.html".into(),
                kind: "added".into(),
            },
            FileChangeView {
                path: "pages/old.html".into(),
                kind: "removed".into(),
            },
        ],
    };
    vec![
        image(1, "base", None, &[]),
        image(40, "1.0.0", Some(1), &[]),
        image(41, "1.1.0", Some(1), &[("prod-eu", 75), ("prod-us", 100)]),
        image(42, "1.2.0", Some(41), &[("staging", 100), ("prod-eu", 25)]),
        image(43, "1.3.0", Some(42), &[("dev", 100)]),
        image(44, "1.4.0", Some(43), &[]),
        image(45, "1.2.1", Some(42), &[]),
    ]
}
