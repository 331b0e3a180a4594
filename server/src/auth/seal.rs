//! Words of this server in an address: sealed for one browser, so that nobody else can put theirs there.

use super::secret::hash;

/// Seals what is said to whoever holds one session or token. Any replica that knows the secret can.
#[derive(Clone)]
pub(crate) struct Seal(String);

impl Seal {
    pub(super) fn of(secret: &str) -> Self {
        Self(hash(&format!("seal of {secret}")))
    }

    /// Key and text go in at one length each, so nothing can be appended to what was sealed.
    pub(crate) fn on(&self, text: &str) -> String {
        hash(&format!("{} on {}", self.0, hash(text)))
    }

    /// Compared by hash: the time it takes tells nothing of the right one.
    pub(crate) fn is_on(&self, seal: &str, text: &str) -> bool {
        hash(seal) == hash(&self.on(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_secret_and_one_text() {
        let (ours, theirs) = (Seal::of("a"), Seal::of("b"));
        let seal = ours.on("it is over");
        assert!(ours.is_on(&seal, "it is over"));
        assert!(!ours.is_on(&seal, "it is over; call Mallory"));
        assert!(!theirs.is_on(&seal, "it is over"));
        assert!(!ours.is_on("", "it is over"));
    }
}
