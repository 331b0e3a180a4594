//! Where every image comes from and where it runs.

use super::live_page::live_page;
use crate::api;
use crate::format;
use crate::live::as_of;
use crate::ui::{Tone, at, empty, lineage, live_mark, pill};
use crate::view::*;
use leptos::prelude::*;
use leptos_meta::Title;
use std::collections::{HashMap, HashSet};

/// Beyond this the graph shows what is live with its ancestors, and the newest; the table shows all.
const GRAPH_MAX: usize = 48;

#[component]
pub fn Images() -> impl IntoView {
    // Where an image is live changes with traffic, not with figures.
    live_page(
        || (),
        |()| api::images(),
        |_, change| change.what != "observed",
        body,
    )
}

fn body(images: RwSignal<ImagesView>) -> AnyView {
    view! {
        <Title text="Images" />
        <header class="page-head">
            <h1>"Images"</h1>
            {live_mark(as_of(images))}
        </header>
        {move || images.with(|images| content(&images.images))}
    }
    .into_any()
}

fn content(images: &[ImageView]) -> AnyView {
    if images.is_empty() {
        return view! {
            <section class="card">
                {empty(
                    "No image yet",
                    "An image is a folder, made immutable and named by its content. A child names its parent, and this page then shows the line from base to what runs.",
                    &[
                        "viridian image bake ./base --app shop --version base -- ./shop",
                        "viridian image bake ./1.0 --app shop --version 1.0 --parent base",
                    ],
                )}
            </section>
        }
        .into_any();
    }
    let drawn = worth_drawing(images);
    let left_out = images.len() - drawn.len();
    let note = (left_out > 0).then(|| {
        format!(
            " · {} only in the table",
            format::counted(left_out as u64, "older image", "older images")
        )
    });
    view! {
        <section class="card" aria-labelledby="lineage">
            <h2 id="lineage">"Lineage " <small>"base → children → where live" {note}</small></h2>
            {lineage(&drawn)}
        </section>
        <section class="card" aria-labelledby="all">
            <h2 id="all">
                "All images " <small>{format::counted(images.len() as u64, "image", "images")}</small>
            </h2>
            {table(images)}
        </section>
    }
    .into_any()
}

/// Parents stay before their children.
fn worth_drawing(images: &[ImageView]) -> Vec<ImageView> {
    if images.len() <= GRAPH_MAX {
        return images.to_vec();
    }
    let parents: HashMap<_, _> = images
        .iter()
        .map(|image| (&image.digest, image.parent.as_ref()))
        .collect();
    let mut newest: Vec<_> = images.iter().collect();
    newest.sort_by_key(|image| std::cmp::Reverse(image.baked_at));
    let wanted = images
        .iter()
        .filter(|image| !image.live.is_empty())
        .chain(newest.into_iter().take(GRAPH_MAX / 3));
    let mut keep = HashSet::new();
    for image in wanted {
        let mut next = Some(&image.digest);
        while let Some(digest) = next {
            if !keep.insert(digest) {
                break;
            }
            next = parents.get(digest).copied().flatten();
        }
    }
    images
        .iter()
        .filter(|image| keep.contains(&image.digest))
        .cloned()
        .collect()
}

fn table(images: &[ImageView]) -> AnyView {
    let versions: HashMap<_, _> = images
        .iter()
        .map(|image| (&image.digest, format!("{} {}", image.app, image.version)))
        .collect();
    let mut newest_first: Vec<_> = images.iter().collect();
    newest_first.sort_by_key(|image| std::cmp::Reverse(image.baked_at));
    let body = newest_first
        .into_iter()
        .map(|image| row(image, &versions))
        .collect_view();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label="All images">
            <table class="images-table">
                <caption class="hidden">"All images, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"image"</th>
                        <th scope="col">"digest"</th>
                        <th scope="col">"parent"</th>
                        <th scope="col">"live in"</th>
                        <th scope="col" class="num">"files"</th>
                        <th scope="col" class="num">"size"</th>
                        <th scope="col">"baked"</th>
                        <th scope="col">"by"</th>
                    </tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(image: &ImageView, versions: &HashMap<&domain::Digest, String>) -> impl IntoView + use<> {
    let parent = image.parent.as_ref().map(|parent| {
        let name = versions
            .get(parent)
            .cloned()
            .unwrap_or_else(|| parent.short().to_owned());
        view! { <a href=format!("/images/{parent}")>{name}</a> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/images/{}", image.digest)>{format!("{} {}", image.app, image.version)}</a>
            </th>
            <td>
                <code class="soft" title=image.digest.to_string()>
                    {image.digest.short().to_owned()}
                </code>
            </td>
            <td>{parent}</td>
            <td>{where_live(image)}</td>
            <td class="num">{format::count(image.files)}</td>
            <td class="num">{format::bytes(image.size_bytes)}</td>
            <td>{at(image.baked_at)}</td>
            <td>{image.baked_by.clone()}</td>
        </tr>
    }
}

/// Environments it serves, and those that have refused it.
pub(super) fn where_live(image: &ImageView) -> AnyView {
    if image.live.is_empty() && image.vetoed_in.is_empty() {
        return view! { <small>"nowhere"</small> }.into_any();
    }
    let live = image
        .live
        .iter()
        .map(|live| view! { {pill(Tone::Good, format!("{} {}%", live.env, live.weight))} " " })
        .collect_view();
    let vetoed = image
        .vetoed_in
        .iter()
        .map(|env| view! { {pill(Tone::Bad, format!("vetoed in {env}"))} " " })
        .collect_view();
    view! {
        {live}
        {vetoed}
    }
    .into_any()
}
