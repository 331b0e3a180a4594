//! Whether a request has done what cannot be done a second time, told to who may send it again.

use std::cell::Cell;

tokio::task_local! {
    static DONE: Cell<bool>;
}

/// Carries a request out, and says whether anything was [`done`] by it.
pub(crate) async fn watched<T>(request: impl Future<Output = T>) -> (T, bool) {
    let watched = async {
        let answer = request.await;
        (answer, DONE.with(Cell::get))
    };
    DONE.scope(Cell::new(false), watched).await
}

/// It is in the journal: whatever goes wrong from here on, the request must not be carried out again.
pub(crate) fn done() {
    // Nobody watches a request without a key.
    let _ = DONE.try_with(|done| done.set(true));
}
