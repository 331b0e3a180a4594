//! One image: where it comes from, what is in it, where it runs.

use super::images::where_live;
use super::live_page::page;
use crate::api;
use crate::format;
use crate::ui::{at, changed_files};
use crate::view::*;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

#[component]
pub fn Image() -> impl IntoView {
    let params = use_params_map();
    let digest = move || params.read().get("digest").unwrap_or_default();
    page(digest, api::image, |_, image: ImageView| body(&image))
}

fn body(image: &ImageView) -> AnyView {
    let name = format!("{} {}", image.app, image.version);
    let parent = match &image.parent {
        Some(parent) => {
            view! { <a href=format!("/images/{parent}")><code class="digest">{parent.to_string()}</code></a> }.into_any()
        }
        None => view! { "none: this is a base image" }.into_any(),
    };
    let labels = image
        .labels
        .iter()
        .map(|(key, value)| {
            view! {
                <tr>
                    <th scope="row">{key.clone()}</th>
                    <td>{value.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Title text=name.clone() />
        <header class="page-head">
            <div>
                <nav class="breadcrumb" aria-label="Where you are">
                    <a href="/images">"Images"</a>
                    " / "
                    <a href=format!("/applications/{}", image.app)>{image.app.to_string()}</a>
                </nav>
                <h1>{name}</h1>
            </div>
        </header>
        <div class="image-columns">
            <section class="card" aria-labelledby="provenance">
                <h2 id="provenance">"Provenance"</h2>
                <dl class="facts">
                    <dt>"Digest"</dt>
                    <dd>
                        <code class="digest">{image.digest.to_string()}</code>
                    </dd>
                    <dt>"Parent"</dt>
                    <dd>{parent}</dd>
                    <dt>"Baked"</dt>
                    <dd>{at(image.baked_at)} " UTC by " {image.baked_by.clone()}</dd>
                    <dt>"Content"</dt>
                    <dd>
                        {format!(
                            "{}, {}",
                            format::counted(image.files, "file", "files"),
                            format::bytes(image.size_bytes),
                        )}
                    </dd>
                    <dt>"Command"</dt>
                    <dd>{command(&image.command)}</dd>
                    <dt>"Live in"</dt>
                    <dd>{where_live(image)}</dd>
                </dl>
            </section>
            <section class="card" aria-labelledby="labels">
                <h2 id="labels">"Labels"</h2>
                {if image.labels.is_empty() {
                    view! {
                        <p class="card-quiet">
                            "None. A source commit is worth one: "
                            <code>"--label commit=8c1f02e"</code>
                        </p>
                    }
                        .into_any()
                } else {
                    view! {
                        <table>
                            <caption class="hidden">"Labels"</caption>
                            <tbody>{labels}</tbody>
                        </table>
                    }
                        .into_any()
                }}
            </section>
        </div>
        <section class="card" aria-labelledby="changes">
            <h2 id="changes">"What differs from its parent " <small>{differences(image)}</small></h2>
            {match (image.parent.is_some(), image.changes.is_empty()) {
                (false, _) => {
                    view! { <p class="card-quiet">"A base image has no parent to differ from."</p> }.into_any()
                }
                (true, true) => {
                    view! {
                        <p class="card-quiet">"No file differs: only its command or its labels may."</p>
                    }
                        .into_any()
                }
                (true, false) => changed_files(&image.changes),
            }}
        </section>
    }
    .into_any()
}

fn differences(image: &ImageView) -> String {
    if image.changes.is_empty() {
        return String::new();
    }
    let of = |kind: &str| {
        image
            .changes
            .iter()
            .filter(|change| change.kind == kind)
            .count()
    };
    format!(
        "{} added, {} changed, {} removed",
        of("added"),
        of("changed"),
        of("removed")
    )
}

/// Word by word, since no shell stands between.
fn command(words: &[String]) -> AnyView {
    if words.is_empty() {
        return view! { <small>"none"</small> }.into_any();
    }
    let words = words
        .iter()
        .map(|word| view! { <code class="word">{word.clone()}</code> " " })
        .collect_view();
    view! { <span class="words">{words}</span> }.into_any()
}
