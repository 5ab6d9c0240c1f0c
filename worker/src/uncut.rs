//! What must not be cut in the middle: while somebody is in it, who wants to cut waits for the end.
//!
//! Promises: [`Uncut::free`] ends only while nobody is inside. It may be entered again from within, unlike a lock.
//! Leaves to others: what is cut (the task that both run in: nobody enters between the end of `free` and the cut).

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts who is inside.
#[derive(Debug, Default)]
pub(crate) struct Uncut {
    n_inside: AtomicUsize,
    left: Notify,
}

/// Somebody is inside while it lives.
pub(crate) struct Inside<'a>(&'a Uncut);

impl Uncut {
    /// From now on nothing may be cut.
    pub(crate) fn enter(&self) -> Inside<'_> {
        self.n_inside.fetch_add(1, Ordering::SeqCst);
        Inside(self)
    }

    /// Whether nobody is inside.
    pub(crate) fn is_free(&self) -> bool {
        self.n_inside.load(Ordering::SeqCst) == 0
    }

    /// Ends when nobody is inside.
    pub(crate) async fn free(&self) {
        loop {
            let left = self.left.notified();
            if self.is_free() {
                return;
            }
            left.await;
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if self.0.n_inside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.left.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_wants_to_cut_waits_for_the_last_one_inside() {
        let uncut = Uncut::default();
        assert!(uncut.free().now_or_never().is_some());
        let outer = uncut.enter();
        let inner = uncut.enter();
        drop(inner);
        assert!(uncut.free().now_or_never().is_none(), "one is still inside");
        let free = uncut.free();
        tokio::pin!(free);
        assert!(free.as_mut().now_or_never().is_none());
        drop(outer);
        free.await;
    }
}
