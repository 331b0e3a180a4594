//! Figures as people read them.

/// `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 unit", "12,345 units".
pub(crate) fn counted(n: u64, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{} {one}s", count(n)),
    }
}

/// Four significant digits, with powers of ten only where a plain number would be unreadable.
pub(crate) fn value(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "not known"
        } else if x > 0.0 {
            "no upper limit"
        } else {
            "no lower limit"
        }
        .to_owned();
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let size = x.abs();
    if !(1e-4..1e15).contains(&size) {
        return format!("{x:.3e}");
    }
    if size >= 10_000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below 1e15"
        )]
        let whole = count(size.round() as u64);
        return format!("{}{whole}", if x < 0.0 { "-" } else { "" });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a power of ten between -4 and 3"
    )]
    let before = size.log10().floor() as i32;
    let after = usize::try_from(3 - before).unwrap_or(0);
    format!("{x:.after$}")
}

/// `+4.1%`: a relative change.
pub(crate) fn change(share: f64) -> String {
    if share.is_nan() {
        return "not known".to_owned();
    }
    if share.is_infinite() {
        return "from 0".to_owned();
    }
    let percent = share * 100.0;
    if percent.is_infinite() {
        return format!("{} times", signed(share));
    }
    let after = match percent.abs() {
        x if x >= 100.0 => 0,
        x if x >= 1.0 || x == 0.0 => 1,
        x if x >= 0.1 => 2,
        x if x >= 0.01 => 3,
        _ => return format!("{}%", signed(percent)),
    };
    format!("{percent:+.after$}%")
}

/// From one change to another, where an end may be open.
pub(crate) fn between(lo: f64, hi: f64, shown: impl Fn(f64) -> String) -> String {
    match (lo.is_finite(), hi.is_finite()) {
        _ if lo.is_nan() || hi.is_nan() => "not known".to_owned(),
        (true, true) => format!("{} to {}", shown(lo), shown(hi)),
        // Both ends: from nothing to something is no share.
        _ if lo == hi => shown(lo),
        (true, false) => format!("{} or more", shown(lo)),
        (false, true) => format!("{} or less", shown(hi)),
        (false, false) => "anything".to_owned(),
    }
}

/// The same of shares: nothing that is counted falls by more than all of it, so that is no bound.
pub(crate) fn between_shares(lo: f64, hi: f64, shown: impl Fn(f64) -> String) -> String {
    if lo <= -1.0 && hi == f64::INFINITY {
        return "anything".to_owned();
    }
    between(lo, hi, shown)
}

/// What [`between`] says, behind the word "interval".
pub(crate) fn behind(interval: &str) -> String {
    if interval.starts_with(|c: char| c.is_ascii_alphabetic()) {
        format!(": {interval}")
    } else {
        format!(" {interval}")
    }
}

/// [`value`] with its sign.
pub(crate) fn signed(x: f64) -> String {
    if x > 0.0 {
        format!("+{}", value(x))
    } else {
        value(x)
    }
}

/// `12.3%`: a share of a whole.
pub(crate) fn share(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        return value(share);
    }
    match percent {
        0.0 => "0%".to_owned(),
        x if x.abs() < 0.1 => format!("{}%", value(x)),
        x if x.abs() < 1.0 => format!("{x:.2}%"),
        x => format!("{x:.1}%"),
    }
}

/// A chance that is never quite none and never quite certain.
pub(crate) fn chance(chance: f64) -> String {
    match chance {
        x if x.is_nan() => "not known".to_owned(),
        x if x < 0.001 => "< 0.1%".to_owned(),
        x if x > 0.999 => "> 99.9%".to_owned(),
        x => format!("{:.1}%", x * 100.0),
    }
}

/// `+1.25 pp`: a difference of two shares in percentage points.
pub(crate) fn points(difference: f64) -> String {
    if (difference * 100.0).is_finite() {
        format!("{:+.2} pp", difference * 100.0)
    } else {
        value(difference)
    }
}

/// A p value: two digits, and never a plain 0.
pub(crate) fn p(p: f64) -> String {
    match p {
        x if x.is_nan() => "not known".to_owned(),
        x if x < 1e-300 => "< 1e-300".to_owned(),
        x if x < 1e-4 => format!("{x:.1e}"),
        x if x < 0.1 => {
            let text = format!("{x:.4}");
            text.trim_end_matches('0').to_owned()
        }
        x => format!("{x:.2}"),
    }
}

/// A name as people see it: short, and without what would move the cursor or turn the text around.
pub(crate) fn name(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.pop();
        short.push('…');
    }
    plain(&short)
}

/// The text in at most so many characters: its beginning and its end, which tell names apart.
pub(crate) fn without_middle(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let head = letters.iter().take(head);
    let tail = letters.iter().skip(letters.len() - tail);
    head.chain(['…'].iter()).chain(tail).collect()
}

/// The text with control characters, and those that change the direction of reading, written out.
pub(crate) fn plain(text: &str) -> String {
    let strange = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(strange) {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if strange(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Broken between words into lines of at most so many characters; those behind the first begin with
/// `indent`. A word that is longer has a line of its own.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut long = 0;
        for word in paragraph.split(' ') {
            let more = word.chars().count();
            if long > indent.chars().count() && long + 1 + more > width {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
                long = indent.chars().count();
                line.push_str(word);
                long += more;
                continue;
            }
            if !line.is_empty() {
                line.push(' ');
                long += 1;
            }
            line.push_str(word);
            long += more;
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// Columns as wide as their widest cell. Those named in `right` are aligned to the right.
pub(crate) fn table(head: &[&str], right: &[usize], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (at, (cell, width)) in cells.zip(&widths).enumerate() {
            // A width in a format is 16 bits wide, and a name may be longer.
            let space = " ".repeat(width.saturating_sub(cell.chars().count()));
            let (before, after) = if right.contains(&at) {
                (space.as_str(), "")
            } else {
                ("", space.as_str())
            };
            text.push_str(&[before, cell, after, "  "].concat());
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![line(&mut head.iter().copied())];
    lines.extend(
        rows.iter()
            .map(|row| line(&mut row.iter().map(String::as_str))),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_honest() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "unit"), "1 unit");
        assert_eq!(without_middle("latency_of_a_p99", 9), "late…_p99");
        assert_eq!(without_middle("latency", 7), "latency");
        for (x, text) in [
            (0.0, "0"),
            (2.313_49, "2.313"),
            (-0.012_345, "-0.01235"),
            (12_345.6, "12,346"),
            (1e-9, "1.000e-9"),
            (1e300, "1.000e300"),
            (f64::INFINITY, "no upper limit"),
            (f64::NEG_INFINITY, "no lower limit"),
            (f64::NAN, "not known"),
        ] {
            assert_eq!(value(x), text);
        }
        for (x, text) in [
            (0.041_2, "+4.1%"),
            (-0.000_52, "-0.052%"),
            (2.5, "+250%"),
            (0.0, "+0.0%"),
            (1e-7, "+1.000e-5%"),
            (-1e308, "-1.000e308 times"),
        ] {
            assert_eq!(change(x), text);
        }
        for (lo, hi, text) in [
            (-0.1, 0.2, "-10.0% to +20.0%"),
            (0.5, f64::INFINITY, "+50.0% or more"),
            (f64::NEG_INFINITY, 0.5, "+50.0% or less"),
            (-1.0, f64::INFINITY, "anything"),
            (f64::NEG_INFINITY, f64::INFINITY, "anything"),
            (f64::NAN, 1.0, "not known"),
            (f64::INFINITY, f64::INFINITY, "from 0"),
        ] {
            assert_eq!(between_shares(lo, hi, change), text);
        }
        assert_eq!(between(-3.0, f64::INFINITY, signed), "-3.000 or more");
        for shown in [share, chance, points, p] {
            assert_eq!(shown(f64::NAN), "not known");
        }
        assert_eq!(share(f64::INFINITY), "no upper limit");
        assert_eq!(change(f64::INFINITY), "from 0");
        assert_eq!(change(f64::NAN), "not known");
        for (x, text) in [
            (0.0, "< 1e-300"),
            (0.04, "0.04"),
            (2.2e-9, "2.2e-9"),
            (0.621, "0.62"),
        ] {
            assert_eq!(p(x), text);
        }
    }
}
