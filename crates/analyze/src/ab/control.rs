//! Which variant the others are compared with.

use super::Request;
use crate::failure::Failure;
use crate::figures::name;
use crate::join::Joined;
use crate::near;
use std::path::Path;

/// The names a control usually has.
const USUAL: [&str; 8] = [
    "control", "baseline", "stable", "blue", "a", "0", "false", "off",
];

/// Which of the arms is the control.
pub(super) fn control(request: &Request, joined: &Joined, file: &Path) -> Result<usize, Failure> {
    let names: Vec<&str> = joined.arms.iter().map(|(name, _)| name.as_str()).collect();
    let column = &request.variant;
    let failure = |what: String, remedy: String| Failure::file(file, what, remedy).column(column);
    match names.as_slice() {
        [] => {
            return Err(failure(
                "no row names a variant".to_owned(),
                "is this the column of the variant?".to_owned(),
            ));
        }
        [only] => {
            return Err(failure(
                format!("there is only one variant, \"{}\"", name(only)),
                "a comparison needs two; is the export complete?".to_owned(),
            ));
        }
        _ => {}
    }
    for (arm, _) in &request.shares {
        if !names.contains(&arm.as_str()) {
            return Err(failure(
                format!("there is no variant \"{}\"", name(arm)),
                format!("in --share, {}", near::hint(arm, &names)),
            ));
        }
    }
    match &request.control {
        Some(control) => names
            .iter()
            .position(|name| name == control)
            .ok_or_else(|| {
                failure(
                    format!("there is no variant \"{}\"", name(control)),
                    format!("in --control, {}", near::hint(control, &names)),
                )
            }),
        None => usual(request, joined).ok_or_else(|| {
            failure(
                "which variant is the control cannot be told".to_owned(),
                format!("name it with --control; there is: {}", near::listed(&names)),
            )
        }),
    }
}

/// The variant with the first of the usual names. Where case makes several of it, the one written as
/// here, else the one that has a share, else the largest.
fn usual(request: &Request, joined: &Joined) -> Option<usize> {
    let named = |usual: &str| -> Vec<usize> {
        (0..joined.arms.len())
            .filter(|at| joined.arms[*at].0.eq_ignore_ascii_case(usual))
            .collect()
    };
    let (usual, found) = USUAL
        .iter()
        .map(|usual| (*usual, named(usual)))
        .find(|(_, found)| !found.is_empty())?;
    let only = |keep: &dyn Fn(usize) -> bool| {
        let mut kept = found.iter().copied().filter(|at| keep(*at));
        kept.next().filter(|_| kept.next().is_none())
    };
    let most = found.iter().map(|at| joined.arms[*at].1.units).max();
    only(&|_| true)
        .or_else(|| only(&|at| joined.arms[at].0 == usual))
        .or_else(|| {
            only(&|at| {
                request
                    .shares
                    .iter()
                    .any(|(arm, share)| *arm == joined.arms[at].0 && *share > 0.0)
            })
        })
        .or_else(|| only(&|at| Some(joined.arms[at].1.units) == most))
}

/// By what the control was known, where that is not plain.
pub(super) fn guess(request: &Request, joined: &Joined, control: usize) -> Option<String> {
    let taken = joined.arms[control].0.as_str();
    let usual = || {
        USUAL.iter().filter(|usual| {
            joined
                .arms
                .iter()
                .any(|(arm, _)| arm.eq_ignore_ascii_case(usual))
        })
    };
    if request.control.is_some() || taken == USUAL[0] {
        return None;
    }
    let of: Vec<&str> = usual().copied().collect();
    let of = if of.len() > 1 {
        format!(", the first of {}", of.join(", "))
    } else {
        String::new()
    };
    Some(format!(
        "The control is taken to be \"{}\" by its name{of}; --control names another.",
        name(taken)
    ))
}
