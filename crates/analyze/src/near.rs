//! "Did you mean": the known name nearest to one that is not known.

use crate::figures::name;

/// The names close enough to be what was meant, nearest first, at most three.
pub(crate) fn near<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wrong_folded = fold(wrong);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let folded = fold(name);
            let far = distance(&wrong_folded, &folded);
            let contained = wrong_folded.len() >= 3
                && (folded
                    .windows(wrong_folded.len())
                    .any(|part| part == wrong_folded));
            let allowed = 1 + wrong_folded.len().min(folded.len()) / 4;
            (far <= allowed || contained).then_some((far, name))
        })
        .collect();
    found.sort_by_key(|(far, _)| *far);
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// `Did you mean "a" or "b"?`, or what there is instead, for the end of an error.
pub(crate) fn hint(wrong: &str, known: &[&str]) -> String {
    let close = near(wrong, known.iter().copied());
    if close.is_empty() {
        format!("there is: {}", listed(known))
    } else {
        let quoted: Vec<String> = close
            .iter()
            .map(|known| format!("\"{}\"", name(known)))
            .collect();
        format!("did you mean {}?", quoted.join(" or "))
    }
}

/// The names, as many as can be read.
pub(crate) fn listed(known: &[&str]) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = known.iter().take(MOST).map(|known| name(known)).collect();
    if known.len() > MOST {
        names.push(format!("and {} more", known.len() - MOST));
    }
    names.join(", ")
}

/// Case and the usual separators do not count as different.
fn fold(name: &str) -> Vec<char> {
    name.chars()
        .take(200)
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein's distance, in one row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_slips_are_found_and_strangers_are_not() {
        let known = ["user_id", "variant", "revenue", "converted"];
        assert_eq!(near("userid", known), ["user_id"]);
        assert_eq!(near("Variants", known), ["variant"]);
        assert_eq!(near("user", known), ["user_id"]);
        assert!(near("country", known).is_empty());
        assert_eq!(
            hint("country", &known),
            "there is: user_id, variant, revenue, converted"
        );
    }
}
