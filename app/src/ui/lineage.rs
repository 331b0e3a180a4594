//! From base image to what runs where, left to right.

use crate::format;
use crate::view::ImageView;
use leptos::prelude::*;

mod layout;

use layout::{Drawing, NODE_HEIGHT, NODE_WIDTH, lay_out};

/// The graph; each node is a link, in the order in which it is read.
pub fn lineage(images: &[ImageView]) -> AnyView {
    let Drawing {
        nodes,
        places,
        edges,
        width,
        height,
    } = lay_out(images);
    let curves = edges
        .iter()
        .map(|edge| {
            let middle = f64::midpoint(edge.x1, edge.x2);
            let d = format!(
                "M{} {}C{middle} {},{middle} {},{} {}",
                edge.x1, edge.y1, edge.y1, edge.y2, edge.x2, edge.y2
            );
            view! { <path class=if edge.live { "lineage-edge lineage-edge-live" } else { "lineage-edge" } d=d /> }
        })
        .collect_view();
    let boxes = nodes
        .iter()
        .map(|node| {
            let image = &images[node.image];
            let class = match (image.live.is_empty(), image.vetoed_in.is_empty()) {
                (false, _) => "lineage-node lineage-node-live",
                (true, false) => "lineage-node lineage-node-vetoed",
                (true, true) => "lineage-node",
            };
            let line = match (&image.parent, image.vetoed_in.is_empty()) {
                (_, false) => "vetoed".to_owned(),
                (None, _) => format!("base · {}", format::bytes(image.size_bytes)),
                (Some(_), _) => image.digest.short().to_owned(),
            };
            view! {
                <a href=format!("/images/{}", image.digest) class=class>
                    <title>{format!("{} {}", image.app, image.version)}</title>
                    <rect
                        x=node.x.to_string()
                        y=node.y.to_string()
                        width=NODE_WIDTH.to_string()
                        height=NODE_HEIGHT.to_string()
                        rx="6"
                    />
                    <text class="lineage-name" x=(node.x + 12.0).to_string() y=(node.y + 18.0).to_string()>
                        {format!("{} {}", image.app, image.version)}
                    </text>
                    <text class="lineage-line" x=(node.x + 12.0).to_string() y=(node.y + 34.0).to_string()>
                        {line}
                    </text>
                </a>
            }
        })
        .collect_view();
    let ends = places
        .iter()
        .map(|place| {
            let live = &images[place.image].live[place.live];
            view! {
                <a href=format!("/applications/{}", live.app) class="lineage-place">
                    <rect
                        x=place.x.to_string()
                        y=place.y.to_string()
                        width=NODE_WIDTH.to_string()
                        height=NODE_HEIGHT.to_string()
                        rx="22"
                    />
                    <text class="lineage-name" x=(place.x + 18.0).to_string() y=(place.y + 18.0).to_string()>
                        {live.env.to_string()}
                    </text>
                    <text class="lineage-line" x=(place.x + 18.0).to_string() y=(place.y + 34.0).to_string()>
                        {format!("{} · {}%", live.app, live.weight)}
                    </text>
                </a>
            }
        })
        .collect_view();
    view! {
        <div class="lineage scroll" tabindex="0" role="group" aria-label="Lineage of the images, as a graph">
            <svg width=width.to_string() height=height.to_string() viewBox=format!("0 0 {width} {height}")>
                {curves}
                {boxes}
                {ends}
            </svg>
        </div>
    }
    .into_any()
}
