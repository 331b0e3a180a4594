//! The files of an image after all its layers, as data: nothing is on disk yet.
//!
//! Working out the final tree before a single file is written removes a class of attacks: there is
//! no moment at which a link made by one entry could redirect the writing of another.

use std::collections::BTreeMap;

use crate::{DifferenceKind, Digest, FileChange, FileFacts, FileKind};

pub(crate) const PATH_BYTES_MAX: usize = 1024;
pub(crate) const NAME_BYTES_MAX: usize = 255;
pub(crate) const WHITEOUT: &str = ".wh.";
pub(crate) const OPAQUE: &str = ".wh..wh..opq";
/// As Linux: a longer chain is an error when opened, hence harmless.
const LINK_HOPS_MAX: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Folder,
    File {
        size: u64,
        executable: bool,
        /// Unknown only for a folder's file that was not read yet.
        digest: Option<Digest>,
        /// Layer and position in it that hold the bytes.
        source: (usize, u64),
    },
    Link {
        target: String,
    },
}

impl Node {
    pub(crate) fn facts(&self) -> FileFacts {
        let (kind, size_bytes, digest, link_target) = match self {
            Node::Folder => (FileKind::Folder, 0, None, None),
            Node::File {
                size,
                executable: true,
                digest,
                ..
            } => (FileKind::Executable, *size, *digest, None),
            Node::File { size, digest, .. } => (FileKind::File, *size, *digest, None),
            Node::Link { target } => (FileKind::Link, 0, None, Some(target.clone())),
        };
        FileFacts {
            kind,
            size_bytes,
            digest,
            link_target,
        }
    }
}

/// What one entry of a layer does to the layers below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Put(Node),
    /// Takes over the content of another file, as a copy: nothing in an image shares bytes.
    HardLink {
        target: String,
    },
    /// Removes this path of the layers below.
    Whiteout,
    /// Removes everything below this folder in the layers below.
    Opaque,
}

/// An entry that no honest layer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadEntry {
    pub(crate) path: String,
    pub(crate) reason: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Keyed by the path relative to the root, with `/`; a folder sorts before what is in it.
    pub(crate) nodes: BTreeMap<String, Node>,
}

impl Tree {
    pub(crate) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(crate) fn files(&self) -> u64 {
        self.nodes
            .values()
            .filter(|node| matches!(node, Node::File { .. }))
            .count() as u64
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.nodes
            .values()
            .map(|node| match node {
                Node::File { size, .. } => *size,
                Node::Folder | Node::Link { .. } => 0,
            })
            .fold(0, u64::saturating_add)
    }

    /// Lays one layer over this tree. Removals concern the layers below only, wherever they stand.
    pub(crate) fn apply(&mut self, layer: Vec<(String, Change)>) -> Result<(), BadEntry> {
        for (path, change) in &layer {
            match change {
                Change::Whiteout => self.remove(path),
                Change::Opaque => self.remove_below(path),
                Change::Put(_) | Change::HardLink { .. } => {}
            }
        }
        for (path, change) in layer {
            let node = match change {
                Change::Whiteout | Change::Opaque => continue,
                Change::Put(node) => node,
                Change::HardLink { target } => match self.nodes.get(&target) {
                    Some(file @ Node::File { .. }) => file.clone(),
                    _ => {
                        return Err(BadEntry {
                            path,
                            reason: "is a hard link to something that is no file of the image",
                        });
                    }
                },
            };
            self.put(path, node)?;
        }
        Ok(())
    }

    fn put(&mut self, path: String, node: Node) -> Result<(), BadEntry> {
        for (at, _) in path.match_indices('/') {
            let above = &path[..at];
            match self.nodes.get(above) {
                Some(Node::Folder) => {}
                None => {
                    self.nodes.insert(above.to_owned(), Node::Folder);
                }
                Some(_) => {
                    return Err(BadEntry {
                        path,
                        reason: "would be written through a link or below a file",
                    });
                }
            }
        }
        if !(node == Node::Folder && self.nodes.get(&path) == Some(&Node::Folder)) {
            self.remove_below(&path);
            self.nodes.insert(path, node);
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) {
        self.nodes.remove(path);
        self.remove_below(path);
    }

    fn remove_below(&mut self, path: &str) {
        if path.is_empty() {
            self.nodes.clear();
            return;
        }
        // `0` follows `/` in ASCII, so this is exactly the range of paths that begin with `path/`.
        let (from, to) = (format!("{path}/"), format!("{path}0"));
        let below: Vec<String> = self
            .nodes
            .range(from..to)
            .map(|(path, _)| path.clone())
            .collect();
        for path in below {
            self.nodes.remove(&path);
        }
    }

    /// The first link that leads out of the image, also by way of other links.
    pub(crate) fn escaping_link(&self) -> Option<(&str, &str)> {
        self.nodes.iter().find_map(|(path, node)| match node {
            Node::Link { target } if self.escapes(path, target) => {
                Some((path.as_str(), target.as_str()))
            }
            _ => None,
        })
    }

    fn escapes(&self, link: &str, target: &str) -> bool {
        let mut at: Vec<&str> = link.split('/').collect();
        at.pop();
        let mut ahead: Vec<&str> = Vec::new();
        let mut hops = 0;
        let mut follow = Some(target);
        loop {
            if let Some(target) = follow.take() {
                hops += 1;
                if target.starts_with('/') {
                    return true;
                }
                if hops > LINK_HOPS_MAX {
                    return false;
                }
                ahead.extend(target.split('/').rev());
            }
            match ahead.pop() {
                None => return false,
                Some("" | ".") => {}
                Some("..") => {
                    if at.pop().is_none() {
                        return true;
                    }
                }
                Some(name) => {
                    at.push(name);
                    if let Some(Node::Link { target }) = self.nodes.get(&at.join("/")) {
                        at.pop();
                        follow = Some(target);
                    }
                }
            }
        }
    }

    /// What changed from this tree to another.
    pub(crate) fn changes_to(&self, after: &Tree) -> Vec<FileChange> {
        let mut paths: Vec<&String> = self.nodes.keys().chain(after.nodes.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
            .into_iter()
            .filter_map(|path| {
                let before = self.get(path).map(Node::facts);
                let after = after.get(path).map(Node::facts);
                let kind = match (&before, &after) {
                    (None, _) => DifferenceKind::Added,
                    (_, None) => DifferenceKind::Removed,
                    (Some(before), Some(after)) if before == after => return None,
                    (Some(before), Some(after)) => {
                        let same_bytes = before.digest.is_some() && before.digest == after.digest;
                        if same_bytes {
                            DifferenceKind::Mode
                        } else {
                            DifferenceKind::Changed
                        }
                    }
                };
                Some(FileChange {
                    path: path.clone(),
                    kind,
                    before,
                    after,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Change {
        Change::Put(Node::File {
            size: text.len() as u64,
            executable: false,
            digest: Some(Digest::of(text.as_bytes())),
            source: (0, 0),
        })
    }

    fn link(target: &str) -> Change {
        Change::Put(Node::Link {
            target: target.to_owned(),
        })
    }

    fn tree(entries: &[(&str, Change)]) -> Tree {
        let mut tree = Tree::default();
        tree.apply(owned(entries)).unwrap();
        tree
    }

    fn owned(entries: &[(&str, Change)]) -> Vec<(String, Change)> {
        entries
            .iter()
            .map(|(path, change)| ((*path).to_owned(), change.clone()))
            .collect()
    }

    fn paths(tree: &Tree) -> Vec<&str> {
        tree.nodes.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_whiteout_removes_a_path_of_the_layers_below_wherever_it_stands() {
        let mut tree = tree(&[("a/x", file("1")), ("a/y", file("2")), ("a-b", file("3"))]);
        tree.apply(owned(&[("a/x", file("new")), ("a", Change::Whiteout)]))
            .unwrap();
        assert_eq!(paths(&tree), ["a", "a-b", "a/x"]);
        tree.apply(owned(&[("a", Change::Opaque)])).unwrap();
        assert_eq!(paths(&tree), ["a", "a-b"]);
    }

    #[test]
    fn nothing_is_written_through_a_link_or_below_a_file() {
        for below in [link("elsewhere"), file("1")] {
            let mut tree = tree(&[("a", below)]);
            let error = tree.apply(owned(&[("a/b", file("2"))])).unwrap_err();
            assert_eq!(error.path, "a/b");
        }
    }

    #[test]
    fn a_file_over_a_folder_removes_what_was_in_it() {
        let mut tree = tree(&[("a/b/c", file("1"))]);
        tree.apply(owned(&[("a", file("2"))])).unwrap();
        assert_eq!(paths(&tree), ["a"]);
    }

    #[test]
    fn links_that_lead_out_are_found_also_by_way_of_other_links() {
        let check = |entries: &[(&str, Change)]| {
            tree(entries)
                .escaping_link()
                .map(|(path, _)| path.to_owned())
        };
        assert_eq!(check(&[("a/b", link("../c")), ("c", file("1"))]), None);
        assert_eq!(check(&[("a", link("missing"))]), None);
        assert_eq!(check(&[("a", link("b")), ("b", link("a"))]), None);
        assert_eq!(check(&[("a", link("/etc"))]).as_deref(), Some("a"));
        assert_eq!(check(&[("a/b", link("../../c"))]).as_deref(), Some("a/b"));
        // Lexically `x/l` stays inside; by way of `x/d`, which is at the top, it does not.
        let by_way = [
            ("x/d", link("../p")),
            ("p/f", file("1")),
            ("x/l", link("d/../../y")),
        ];
        assert_eq!(check(&by_way).as_deref(), Some("x/l"));
        // And the other way round: lexically outside, in fact inside.
        assert_eq!(
            check(&[
                ("d", link("p/q/r")),
                ("p/q/r/f", file("1")),
                ("l", link("d/../../f"))
            ]),
            None
        );
    }

    #[test]
    fn a_hard_link_to_what_is_no_file_is_refused() {
        let mut tree = tree(&[("d/f", file("1"))]);
        for target in ["d", "missing"] {
            let bad = Change::HardLink {
                target: target.to_owned(),
            };
            assert!(tree.apply(owned(&[("l", bad)])).is_err());
        }
    }
}
