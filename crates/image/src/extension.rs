//! The entries of a tar stream that only say something about the next one: GNU long names and the
//! PAX records of POSIX.1-2001.

use std::{io::Read, path::Path};

use tar::EntryType;

use crate::ImageError;

/// More than any legal path and its records need.
const EXTENSION_BYTES_MAX: u64 = 64 * 1024;

/// What is known about the next real entry.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) path: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) size: Option<u64>,
}

impl Extensions {
    /// Whether the entry was such an extension, and therefore is no file.
    pub(crate) fn take_in(
        &mut self,
        kind: EntryType,
        content: &mut dyn Read,
        blob: &Path,
    ) -> Result<bool, ImageError> {
        match kind {
            EntryType::GNULongName => self.path = Some(long_name(content, blob)?),
            EntryType::GNULongLink => self.link = Some(long_name(content, blob)?),
            EntryType::XHeader => {
                let bytes = bounded(content, blob)?;
                self.records(&bytes)
                    .map_err(|reason| ImageError::malformed(blob, reason))?;
            }
            // Comments and commit ids of archive tools: nothing an image keeps.
            EntryType::XGlobalHeader => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `<length> <key>=<value>\n`, where the length counts the whole record.
    fn records(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        const BAD: &str = "a PAX header cannot be read";
        while !bytes.is_empty() {
            let space = bytes.iter().position(|&b| b == b' ').ok_or(BAD)?;
            let length: usize = std::str::from_utf8(&bytes[..space])
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or(BAD)?;
            let record = bytes.get(space + 1..length).ok_or(BAD)?;
            bytes = &bytes[length..];
            let record = record.strip_suffix(b"\n").ok_or(BAD)?;
            let equals = record.iter().position(|&b| b == b'=').ok_or(BAD)?;
            let value = || std::str::from_utf8(&record[equals + 1..]).map_err(|_| BAD);
            match &record[..equals] {
                b"path" => self.path = Some(value()?.to_owned()),
                b"linkpath" => self.link = Some(value()?.to_owned()),
                b"size" => self.size = Some(value()?.parse().map_err(|_| BAD)?),
                key if key.starts_with(b"GNU.sparse") => {
                    return Err("it holds a sparse file: write the archive without them");
                }
                // Times, owners and extended attributes: an image keeps none.
                _ => {}
            }
        }
        Ok(())
    }
}

fn long_name(content: &mut dyn Read, blob: &Path) -> Result<String, ImageError> {
    let mut bytes = bounded(content, blob)?;
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| ImageError::malformed(blob, "a long name is not UTF-8"))
}

fn bounded(content: &mut dyn Read, blob: &Path) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    content
        .take(EXTENSION_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| ImageError::malformed(blob, error))?;
    if bytes.len() as u64 > EXTENSION_BYTES_MAX {
        return Err(ImageError::malformed(
            blob,
            "the header of an entry is longer than 64 KiB",
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pax_records_are_read_and_nonsense_is_refused() {
        let mut extensions = Extensions::default();
        extensions
            .records(b"12 path=a/b\n14 linkpath=c\n9 size=7\n20 mtime=1350244992\n")
            .unwrap();
        assert_eq!(extensions.path.as_deref(), Some("a/b"));
        assert_eq!(extensions.link.as_deref(), Some("c"));
        assert_eq!(extensions.size, Some(7));
        for bad in [
            &b"path=a\n"[..],
            b"99 path=a\n",
            b"1 path=a\n",
            b"0 path=a\n",
            b"10 path=ab",
            b"8 pathab\n",
            b"18446744073709551616 path=a\n",
            b"23 GNU.sparse.size=100\n",
        ] {
            assert!(Extensions::default().records(bad).is_err(), "{bad:?}");
        }
    }
}
