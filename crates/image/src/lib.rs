//! Images of the local cloud: a folder, laid over a parent image, becomes an immutable,
//! content-addressed image in an OCI image layout; an image becomes a read-only folder again
//! that can be checked against its digest at any time.
//!
//! **The one rule:** what a digest names never changes, and nothing is trusted that does not hash
//! to it. Layers are checked on every read, layouts of other tools are treated as hostile.
//!
//! Deliberately absent: processes, a clock (times come in as data), the network, async (every call
//! blocks; use `spawn_blocking`) and garbage collection of images (a rollback may need any of them).

mod bake;
mod blobs;
mod digest;
mod error;
mod extension;
mod import;
mod index;
mod layer;
mod layer_reader;
mod model;
mod oci;
mod scan;
mod seal;
mod store;
mod time;
mod tree;
mod unpack;
mod verify;

pub use digest::{BadDigest, Digest};
pub use error::ImageError;
pub use model::{
    Bake, Difference, DifferenceKind, FileChange, FileFacts, FileKind, Image, Layer, Options,
    Progress, Verdict,
};
pub use store::ImageStore;
