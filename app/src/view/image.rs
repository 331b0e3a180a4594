//! Images and their lineage.

use super::*;

view! {
    pub struct ImagesView {
        pub as_of: Time,
        pub seq: i64,
        /// Parents before children.
        pub images: Vec<ImageView>,
    }

    pub struct ImageView {
        pub digest: Digest,
        pub app: AppName,
        pub version: Version,
        pub parent: Option<Digest>,
        pub command: Vec<String>,
        pub baked_at: Time,
        pub baked_by: String,
        pub size_bytes: u64,
        pub files: u64,
        pub labels: Vec<(String, String)>,
        /// Environments it serves now, with its share.
        pub live: Vec<LiveIn>,
        pub vetoed_in: Vec<EnvName>,
        /// What differs from the parent; only when one image is asked for.
        pub changes: Vec<FileChangeView>,
    }

    pub struct LiveIn {
        pub app: AppName,
        pub env: EnvName,
        pub weight: u32,
    }

    pub struct FileChangeView {
        pub path: String,
        /// `added`, `changed`, `removed`.
        pub kind: String,
    }

    /// What `image bake` sends: a folder on the server's machine.
    #[serde(deny_unknown_fields)]
    pub struct BakeRequest {
        pub folder: String,
        pub app: AppName,
        pub version: Version,
        /// A version of the same application, or a digest.
        pub parent: Option<String>,
        /// Started without a shell; `${PORT}` is filled in. Empty inherits the parent's.
        pub command: Vec<String>,
        pub labels: Vec<(String, String)>,
    }
}
