//! The engine trusts some lengths and offsets of a file and panics over those that cannot be. What a
//! damaged file does is an error like others.

use crate::failure::Failure;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside of [`told`], and its panics are nothing to print.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// The panics of all other threads are printed as ever.
fn quietly() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !INSIDE.get() {
                usual(panic);
            }
        }));
    });
}

/// Runs what reads a file, a panic of it told as an error. What was read until then is not to be used.
pub(super) fn told<T>(
    path: &Path,
    read: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    quietly();
    let outer = INSIDE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(read));
    INSIDE.set(outer);
    outcome.unwrap_or_else(|panic| {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it contradicts itself");
        Err(Failure::file(
            path,
            format!("the Parquet file is damaged: {what}"),
            "was it written to its end?",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::told;
    use std::path::Path;

    #[test]
    fn a_panic_is_an_error_and_the_next_file_is_read() {
        let path = Path::new("a.parquet");
        let damaged = told::<()>(path, || panic!("a length of {}", -1)).unwrap_err();
        assert_eq!(
            damaged.to_string(),
            "a.parquet: the Parquet file is damaged: a length of -1"
        );
        assert_eq!(told(path, || Ok(7)), Ok(7));
    }
}
