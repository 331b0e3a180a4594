//! Where nodes and curves go: a column for each generation.

use crate::format::real;
use crate::view::ImageView;
use std::collections::HashMap;

pub(super) const NODE_WIDTH: f64 = 160.0;
pub(super) const NODE_HEIGHT: f64 = 44.0;
const COLUMN_GAP: f64 = 42.0;
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

/// What hangs on an image: another image, or an environment that it serves.
#[derive(Clone, Copy)]
enum Leaf {
    Image(usize),
    Live(usize, usize),
}

/// Lays a forest out: the first child keeps its parent's row, every other begins a new one, so that
/// a plain line of versions is a straight line. Where an image is live stands right behind it, so
/// that no curve ever crosses a node.
pub(super) fn lay_out(images: &[ImageView]) -> Drawing {
    let index: HashMap<_, _> = images
        .iter()
        .enumerate()
        .map(|(i, image)| (&image.digest, i))
        .collect();
    let mut children = vec![Vec::new(); images.len()];
    let mut roots = Vec::new();
    for (i, image) in images.iter().enumerate() {
        match image.parent.as_ref().and_then(|parent| index.get(parent)) {
            // A parent that comes later would be a circle: it is drawn as a root instead.
            Some(&parent) if parent < i => children[parent].push(Leaf::Image(i)),
            _ => roots.push(i),
        }
    }
    let mut leads_to_live: Vec<bool> = images.iter().map(|image| !image.live.is_empty()).collect();
    for i in (0..images.len()).rev() {
        leads_to_live[i] |= children[i]
            .iter()
            .any(|child| matches!(child, Leaf::Image(child) if leads_to_live[*child]));
        children[i].extend((0..images[i].live.len()).map(|live| Leaf::Live(i, live)));
    }
    let mut drawing = Drawing::default();
    let mut free = FreeRows::default();
    for root in roots {
        let mut stack = vec![(Leaf::Image(root), 0, None)];
        while let Some((leaf, column, from)) = stack.pop() {
            let row = match from {
                // The first child goes on in its parent's row, which was kept free for it.
                Some((_, row, 0)) => row,
                Some((_, row, _)) => free.take(column, straight(leaf, &children), row),
                None => free.take(column, straight(leaf, &children), 0),
            };
            let (x, y) = (x_of(column), y_of(row));
            let live = match leaf {
                Leaf::Image(image) => {
                    drawing.nodes.push(Node { image, x, y });
                    for (nth, &child) in children[image].iter().enumerate().rev() {
                        stack.push((child, column + 1, Some((column, row, nth))));
                    }
                    leads_to_live[image]
                }
                Leaf::Live(image, live) => {
                    drawing.places.push(Place { image, live, x, y });
                    true
                }
            };
            drawing
                .edges
                .extend(from.map(|(from_column, from_row, _)| Edge {
                    x1: x_of(from_column) + NODE_WIDTH,
                    y1: y_of(from_row) + NODE_HEIGHT / 2.0,
                    x2: x,
                    y2: y + NODE_HEIGHT / 2.0,
                    live,
                }));
        }
    }
    let columns = free.0.len();
    let rows = free.0.iter().copied().max().unwrap_or(0);
    drawing.width = (x_of(columns) - COLUMN_GAP + MARGIN).max(0.0);
    drawing.height = (y_of(rows) - ROW_GAP + MARGIN).max(0.0);
    drawing
}

/// How many nodes follow each other in one row from here: itself, its first child, and so on.
fn straight(leaf: Leaf, children: &[Vec<Leaf>]) -> usize {
    let mut length = 1;
    let mut next = leaf;
    while let Leaf::Image(image) = next
        && let Some(&first) = children[image].first()
    {
        length += 1;
        next = first;
    }
    length
}

/// The next free row of each column.
#[derive(Default)]
struct FreeRows(Vec<u64>);

impl FreeRows {
    /// The first row at or below `lowest` in which `length` columns from `column` are free.
    fn take(&mut self, column: usize, length: usize, lowest: u64) -> u64 {
        let end = column + length;
        if self.0.len() < end {
            self.0.resize(end, 0);
        }
        let columns = &mut self.0[column..end];
        let row = columns.iter().copied().fold(lowest, u64::max);
        columns.fill(row + 1);
        row
    }
}

fn x_of(column: usize) -> f64 {
    MARGIN + real(column as u64) * (NODE_WIDTH + COLUMN_GAP)
}

fn y_of(row: u64) -> f64 {
    MARGIN + real(row) * (NODE_HEIGHT + ROW_GAP)
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
                .map(|env| LiveIn {
                    app: app.clone(),
                    env: EnvName::new(env).unwrap(),
                    weight: 100,
                })
                .collect(),
            vetoed_in: vec![],
            changes: vec![],
        }
    }

    #[test]
    fn a_line_of_versions_is_straight_and_a_branch_gets_a_row() {
        let images = [
            image(0, None, &[]),
            image(1, Some(0), &[]),
            image(2, Some(1), &["dev"]),
            image(3, Some(0), &[]),
        ];
        let drawing = lay_out(&images);
        let spot = |image| {
            let node = drawing
                .nodes
                .iter()
                .find(|node| node.image == image)
                .unwrap();
            (node.x.to_bits(), node.y.to_bits())
        };
        assert_eq!((spot(0).1, spot(1).1), (spot(2).1, spot(2).1));
        assert_eq!(spot(1).0, spot(3).0);
        assert!(spot(3).1 > spot(2).1);
        assert!(drawing.places[0].x > f64::from_bits(spot(2).0));
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
        assert!(
            drawing
                .nodes
                .iter()
                .all(|node| node.y + NODE_HEIGHT <= drawing.height)
        );
        assert!(
            drawing
                .places
                .iter()
                .all(|place| place.x + NODE_WIDTH <= drawing.width)
        );
    }

    #[test]
    fn nothing_draws_nothing() {
        assert!(lay_out(&[]).nodes.is_empty());
    }
}
