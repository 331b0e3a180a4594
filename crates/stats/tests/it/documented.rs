//! Every public function is shown at work: its documentation has an example, and a doc test runs it.

use std::path::{Path, PathBuf};

#[test]
fn every_public_function_has_an_example_of_its_own() {
    // Asked at run time: with one target folder for two clones the compile-time path may be the other's.
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut seen = 0;
    let mut bare = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (line, function) in public_functions(&text) {
            seen += 1;
            if !function.shown {
                let at = file.strip_prefix(&root).unwrap().display();
                bare.push(format!("{at}:{line}: {}", function.name));
            }
        }
    }
    assert!(seen > 100, "only {seen} public functions were found");
    assert!(bare.is_empty(), "without an example:\n{}", bare.join("\n"));
}

/// All files of Rust below the folder but those of tests.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

struct Function {
    name: String,
    shown: bool,
}

/// The public functions of a source text, by line, and whether a code block stands in the comment above.
fn public_functions(text: &str) -> Vec<(usize, Function)> {
    let mut found = Vec::new();
    let mut shown = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let declared = ["pub fn ", "pub const fn "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(rest) = declared {
            let name = rest.split(['(', '<']).next().unwrap_or(rest).to_owned();
            found.push((index + 1, Function { name, shown }));
        }
        if line.starts_with("///") {
            shown |= line.contains("```");
        } else if line.is_empty() || line.ends_with(['{', '}', ';']) {
            shown = false;
        }
    }
    found
}

#[test]
fn a_bare_function_is_noticed() {
    let text = "/// What.\n///\n/// ```\n/// f();\n/// ```\n#[must_use]\npub fn f() {}\n\n/// What.\npub const fn g<T>() {}\n";
    let found = public_functions(text);
    let said: Vec<(usize, &str, bool)> = found
        .iter()
        .map(|(line, function)| (*line, function.name.as_str(), function.shown))
        .collect();
    assert_eq!(said, [(7, "f", true), (10, "g", false)]);
}
