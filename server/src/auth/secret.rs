//! Secrets: 256 random bits, of which only the hash is kept.

use rand::TryRngCore;
use sha2::{Digest, Sha256};

/// A secret that was just made. It is shown once and forgotten.
pub(super) struct Secret(String);

impl Secret {
    /// # Errors
    /// Where the machine gives no randomness; nothing weaker is used instead.
    pub(super) fn new(prefix: &str) -> Result<Self, rand::rand_core::OsError> {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
        Ok(Self(format!("{prefix}{}", hex::encode(bytes))))
    }

    pub(super) fn reveal(self) -> String {
        self.0
    }

    pub(super) fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// What the store knows a secret by. No salt and no slow hash: the input is 256 random bits. Looked
/// up by equality of hashes, so the time it takes tells nothing of a secret.
pub(super) fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
