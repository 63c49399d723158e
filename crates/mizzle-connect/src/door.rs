//! Who is inside: work under way, for which closing waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// Open until it is closed; whoever is inside then may stay to the end.
#[derive(Debug, Default)]
pub(crate) struct Door {
    closed: AtomicBool,
    inside: AtomicUsize,
    /// Rung when the last leaves after it was closed: while it is open everybody comes and goes, and nobody waits.
    emptied: Notify,
}

/// One who is inside; outside again when dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Door>);

impl Door {
    /// Lets somebody in, unless it is closed.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Inside> {
        // Counted first: whoever closes afterwards sees it.
        let inside = Inside::of(self);
        (!self.closed.load(Ordering::SeqCst)).then_some(inside)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    /// Waits until nobody is inside any more, once it is closed, at most this long; how many still are.
    pub(crate) async fn empty(&self, limit: Duration) -> usize {
        let empty = async {
            loop {
                let emptied = self.emptied.notified();
                // Counted after the wait has begun: the last to leave rings, or is seen to have left.
                if self.inside.load(Ordering::SeqCst) == 0 {
                    return;
                }
                emptied.await;
            }
        };
        // Who is left is counted anyway.
        let _in_time = tokio::time::timeout(limit, empty).await;
        self.inside.load(Ordering::SeqCst)
    }
}

impl Inside {
    fn of(door: &Arc<Door>) -> Self {
        door.inside.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(door))
    }
}

/// Whoever is inside may bring somebody along, closed or not.
impl Clone for Inside {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let last = self.0.inside.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.0.closed.load(Ordering::SeqCst) {
            self.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_those_inside_and_for_whom_they_bring() {
        let door = Arc::new(Door::default());
        let first = door.enter().expect("it is open");
        door.close();
        assert!(door.enter().is_none());
        let second = first.clone();
        drop(first);
        assert_eq!(door.empty(Duration::from_secs(1)).await, 1);
        let (left, ()) = tokio::join!(door.empty(Duration::from_secs(1)), async { drop(second) });
        assert_eq!(left, 0);
    }
}
