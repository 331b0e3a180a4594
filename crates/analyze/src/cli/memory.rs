//! Sizes as people write them.

/// `512M`, `1G`, `2GiB`: at least 16 MiB.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "m" | "mb" | "mib" => 1usize << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err("write it as 512M or 2G".to_owned()),
    };
    let size = digits
        .parse::<usize>()
        .ok()
        .and_then(|n| n.checked_mul(unit));
    match size {
        None => Err("write it as 512M or 2G".to_owned()),
        Some(size) if size < 16 << 20 => Err("at least 16M are needed".to_owned()),
        Some(size) => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes() {
        assert_eq!(parse("16M"), Ok(16 << 20));
        assert_eq!(parse("2GiB"), Ok(2 << 30));
        for bad in [
            "",
            "1",
            "1T",
            "G",
            "-1G",
            "1.5G",
            "15M",
            "99999999999999999999G",
            "9999999999999G",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
