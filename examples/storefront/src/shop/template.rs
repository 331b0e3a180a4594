use std::path::Path;

use super::error::{LoadError, read};

/// A page with named slots: `{{name}}`. No conditions and no loops; what repeats is a template of its own.
pub(crate) struct Template(Vec<Part>);

enum Part {
    Text(String),
    Slot(String),
}

/// What goes into a slot.
pub(crate) enum Value<'a> {
    /// Words and numbers; escaped.
    Text(&'a str),
    /// The output of another template; not escaped again.
    Html(&'a str),
}

impl Template {
    /// Reads a page and refuses slots that the program does not fill, so that a typing error in an image is found when
    /// the instance starts and not by a visitor.
    pub(crate) fn load(path: &Path, known: &[&str]) -> Result<Self, LoadError> {
        let source = read(path)?;
        let mut parts = Vec::new();
        let mut rest = source.as_str();
        while let Some(open) = rest.find("{{") {
            let line = 1 + source[..source.len() - rest.len() + open]
                .matches('\n')
                .count();
            let Some(length) = rest[open..].find("}}") else {
                return Err(LoadError::Unclosed {
                    path: path.to_owned(),
                    line,
                });
            };
            let slot = rest[open + 2..open + length].trim();
            if !known.contains(&slot) {
                return Err(LoadError::Slot {
                    path: path.to_owned(),
                    line,
                    slot: slot.to_owned(),
                    known: known.join(", "),
                });
            }
            parts.push(Part::Text(rest[..open].to_owned()));
            parts.push(Part::Slot(slot.to_owned()));
            rest = &rest[open + length + 2..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    pub(crate) fn fill(&self, values: &[(&str, Value<'_>)]) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Slot(slot) => match values.iter().find(|(name, _)| name == slot) {
                    Some((_, Value::Text(text))) => escape_into(&mut out, text),
                    Some((_, Value::Html(html))) => out.push_str(html),
                    None => {}
                },
            }
        }
        out
    }
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Template, LoadError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("page.html");
        std::fs::write(&path, text).unwrap();
        Template::load(&path, &["name", "main"])
    }

    #[test]
    fn words_are_escaped_and_fragments_are_not() {
        let page = load("<p>{{name}}</p>{{ main }}").unwrap();
        let html = page.fill(&[
            ("name", Value::Text("<b>&")),
            ("main", Value::Html("<i>x</i>")),
        ]);
        assert_eq!(html, "<p>&lt;b&gt;&amp;</p><i>x</i>");
    }

    #[test]
    fn an_unknown_or_open_slot_is_refused_with_its_line() {
        let message = |text| load(text).err().unwrap().to_string();
        assert!(message("a\nb {{nmae}}").contains("line 2: unknown slot `nmae`"));
        assert!(message("a\n\n{{name").contains("line 3"));
    }
}
