//! What is said of a value of the wrong kind: serde's words, without those of a Rust type.

use crate::near::{listed, near};

/// The rest of the error's text after the field, and what to do; `beside` are names that the place has beside those
/// that serde knows of.
pub(super) fn told(why: &str, beside: &[&'static str]) -> (String, String) {
    if let Some((given, mut known)) = of_names(why, "unknown field ") {
        known.extend(beside);
        let remedy = match near(given, known.iter().copied()).as_slice() {
            [] => format!("leave it out; there is: {}", listed(&known)),
            close => format!("leave it out, or did you mean {}?", either(close)),
        };
        return (format!("there is no field `{}`", short(given)), remedy);
    }
    if let Some((given, known)) = of_names(why, "unknown variant ") {
        let given = format!("it is \"{}\", which is not known here", short(given));
        return (given, format!("give {}", either(&known)));
    }
    if let Some(rest) = why.strip_prefix("invalid length ") {
        // All lists of a fixed length are pairs, of two arms or of a lower and an upper bound.
        let length = rest.split(',').next().unwrap_or(rest);
        return (
            format!("it has the length {length}, not 2"),
            "give two values".to_owned(),
        );
    }
    let (given, wanted) = match why.rsplit_once(", expected ") {
        Some((given, wanted)) => (given, taken(wanted)),
        None => {
            return (
                why.to_owned(),
                "docs/ANALYZE.md lists what each method takes".to_owned(),
            );
        }
    };
    let mismatch = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|kind| given.strip_prefix(kind));
    let why = match mismatch {
        Some(given) => format!("it is {}, not {wanted}", shown(given)),
        None => given.to_owned(),
    };
    (why, format!("give {wanted}"))
}

/// What serde found unknown, and the names that it knows.
fn of_names<'a>(why: &'a str, kind: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let quoted = why.strip_prefix(kind)?;
    let (given, known) = quoted
        .rsplit_once(", expected ")
        .or_else(|| quoted.rsplit_once(", there are no "))?;
    let known = known.split('`').skip(1).step_by(2).collect();
    Some((given.trim_matches('`'), known))
}

/// `a, b or c`.
fn either(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A value as serde describes it, in the words of JSON.
fn shown(given: &str) -> String {
    let inside = |kind: &str| Some(given.strip_prefix(kind)?.trim_matches('`'));
    if let Some(number) = ["integer ", "floating point ", "boolean "]
        .iter()
        .find_map(|kind| inside(kind))
    {
        return number.to_owned();
    }
    match given {
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        "unit value" => "null".to_owned(),
        text => match text.strip_prefix("string ") {
            Some(text) => format!("the string {}", short(text)),
            None => text.to_owned(),
        },
    }
}

/// What a field takes, in the words of JSON.
fn taken(wanted: &str) -> &str {
    match wanted {
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "string or map" | "map with a single key" | "unit" => {
            "one of the words that docs/ANALYZE.md lists"
        }
        pair if pair.starts_with("an array") => "a list of two values",
        object if object.starts_with("struct ") => "an object",
        other => other,
    }
}

/// Text of a request, as much of it as can be read.
fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
