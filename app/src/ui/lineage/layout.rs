//! Where nodes and curves go: a column for each generation, and one for where images are live.

use crate::format::real;
use crate::view::ImageView;
use std::collections::HashMap;

pub(super) const NODE_WIDTH: f64 = 176.0;
pub(super) const NODE_HEIGHT: f64 = 44.0;
const COLUMN_GAP: f64 = 52.0;
const ROW_GAP: f64 = 12.0;
const MARGIN: f64 = 12.0;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Drawing {
    pub nodes: Vec<Node>,
    pub places: Vec<Place>,
    pub edges: Vec<Edge>,
    pub width: f64,
    pub height: f64,
}

/// An image, by its position in the list.
#[derive(Debug, PartialEq)]
pub(super) struct Node {
    pub image: usize,
    pub x: f64,
    pub y: f64,
}

/// An environment that an image serves, by their positions.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub image: usize,
    pub live: usize,
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Edge {
    pub x1: f64,
    pub y1: f64,
    pub x2: f64,
    pub y2: f64,
    /// Leads to something that is live.
    pub live: bool,
}

/// Lays a forest out: the first child keeps its parent's row, every other begins a new one, so that
/// a plain line of versions is a straight line.
pub(super) fn lay_out(images: &[ImageView]) -> Drawing {
    let index: HashMap<_, _> = images.iter().enumerate().map(|(i, image)| (&image.digest, i)).collect();
    let mut children = vec![Vec::new(); images.len()];
    let mut roots = Vec::new();
    for (i, image) in images.iter().enumerate() {
        match image.parent.as_ref().and_then(|parent| index.get(parent)) {
            // A parent that comes later would be a circle: it is drawn as a root instead.
            Some(&parent) if parent < i => children[parent].push(i),
            _ => roots.push(i),
        }
    }
    let mut spot = vec![(0_u64, 0_u64); images.len()];
    let mut next_row = 0;
    for root in roots {
        let mut stack = vec![(root, 0, None)];
        while let Some((image, column, row)) = stack.pop() {
            let row = row.unwrap_or_else(|| {
                next_row += 1;
                next_row - 1
            });
            spot[image] = (column, row);
            for (nth, &child) in children[image].iter().enumerate().rev() {
                stack.push((child, column + 1, (nth == 0).then_some(row)));
            }
        }
    }
    place(images, &children, &spot)
}

fn place(images: &[ImageView], children: &[Vec<usize>], spot: &[(u64, u64)]) -> Drawing {
    let x = |column: u64| MARGIN + real(column) * (NODE_WIDTH + COLUMN_GAP);
    let y = |row: u64| MARGIN + real(row) * (NODE_HEIGHT + ROW_GAP);
    let nodes: Vec<_> = spot
        .iter()
        .enumerate()
        .map(|(image, &(column, row))| Node { image, x: x(column), y: y(row) })
        .collect();
    let mut leads_to_live: Vec<bool> = images.iter().map(|image| !image.live.is_empty()).collect();
    for image in (0..images.len()).rev() {
        leads_to_live[image] |= children[image].iter().any(|&child| leads_to_live[child]);
    }
    let mut edges = Vec::new();
    for (parent, children) in children.iter().enumerate() {
        edges.extend(children.iter().map(|&child| Edge {
            x1: nodes[parent].x + NODE_WIDTH,
            y1: nodes[parent].y + NODE_HEIGHT / 2.0,
            x2: nodes[child].x,
            y2: nodes[child].y + NODE_HEIGHT / 2.0,
            live: leads_to_live[child],
        }));
    }
    let last_column = spot.iter().map(|(column, _)| column + 1).max().unwrap_or(0);
    let mut by_height: Vec<_> = (0..images.len()).collect();
    by_height.sort_by_key(|&image| (spot[image].1, spot[image].0));
    let mut places = Vec::new();
    let mut free_row = 0;
    for image in by_height {
        for live in 0..images[image].live.len() {
            let row = spot[image].1.max(free_row);
            free_row = row + 1;
            let place = Place { image, live, x: x(last_column), y: y(row) };
            edges.push(Edge {
                x1: nodes[image].x + NODE_WIDTH,
                y1: nodes[image].y + NODE_HEIGHT / 2.0,
                x2: place.x,
                y2: place.y + NODE_HEIGHT / 2.0,
                live: true,
            });
            places.push(place);
        }
    }
    let columns = last_column + u64::from(!places.is_empty());
    let rows = spot.iter().map(|(_, row)| row + 1).max().unwrap_or(0).max(free_row);
    let width = (x(columns) - COLUMN_GAP + MARGIN).max(0.0);
    let height = y(rows) - ROW_GAP + MARGIN;
    Drawing { nodes, places, edges, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::LiveIn;
    use domain::{AppName, Digest, EnvName, Time, Version};

    fn image(n: u8, parent: Option<u8>, live: &[&str]) -> ImageView {
        let digest = |n: u8| Digest::new(format!("sha256:{n:064x}")).unwrap();
        let app = AppName::new("shop").unwrap();
        ImageView {
            digest: digest(n),
            app: app.clone(),
            version: Version::new(format!("1.{n}")).unwrap(),
            parent: parent.map(digest),
            command: vec![],
            baked_at: Time(0),
            baked_by: String::new(),
            size_bytes: 0,
            files: 0,
            labels: vec![],
            live: live
                .iter()
                .map(|env| LiveIn { app: app.clone(), env: EnvName::new(env).unwrap(), weight: 100 })
                .collect(),
            vetoed_in: vec![],
            changes: vec![],
        }
    }

    #[test]
    fn a_line_of_versions_is_straight_and_a_branch_gets_a_row() {
        let images = [image(0, None, &[]), image(1, Some(0), &[]), image(2, Some(1), &["dev"]), image(3, Some(0), &[])];
        let drawing = lay_out(&images);
        let y: Vec<_> = drawing.nodes.iter().map(|node| node.y).collect();
        assert_eq!((y[0], y[1]), (y[2], y[2]));
        assert!(y[3] > y[2]);
        let x: Vec<_> = drawing.nodes.iter().map(|node| node.x).collect();
        assert!(x[0] < x[1] && x[1] < x[2] && x[1] == x[3]);
        assert!(drawing.places[0].x > x[2]);
    }

    #[test]
    fn no_two_things_lie_on_each_other() {
        let images = [
            image(0, None, &["a", "b"]),
            image(1, Some(0), &["c"]),
            image(2, Some(0), &["d", "e"]),
            image(3, None, &["f"]),
            image(4, Some(9), &[]),
        ];
        let drawing = lay_out(&images);
        let mut spots: Vec<_> = drawing
            .nodes
            .iter()
            .map(|node| (node.x, node.y))
            .chain(drawing.places.iter().map(|place| (place.x, place.y)))
            .map(|(x, y)| (x.to_bits(), y.to_bits()))
            .collect();
        let all = spots.len();
        spots.sort_unstable();
        spots.dedup();
        assert_eq!(spots.len(), all);
        assert!(drawing.nodes.iter().all(|node| node.y + NODE_HEIGHT <= drawing.height));
        assert!(drawing.places.iter().all(|place| place.x + NODE_WIDTH <= drawing.width));
    }

    #[test]
    fn nothing_draws_nothing() {
        assert!(lay_out(&[]).nodes.is_empty());
    }
}
