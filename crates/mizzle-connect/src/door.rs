//! Who is inside: work under way, for which closing waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// Open until it is closed; whoever is inside then may stay to the end.
#[derive(Debug, Default)]
pub(crate) struct Door {
    closed: AtomicBool,
    inside: watch::Sender<usize>,
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

    /// Waits until nobody is inside, at most this long; how many still are.
    pub(crate) async fn empty(&self, limit: Duration) -> usize {
        let mut inside = self.inside.subscribe();
        let empty = async { inside.wait_for(|count| *count == 0).await.map(|count| *count) };
        match tokio::time::timeout(limit, empty).await {
            Ok(Ok(count)) => count,
            Ok(Err(_)) | Err(_) => *self.inside.borrow(),
        }
    }
}

impl Inside {
    fn of(door: &Arc<Door>) -> Self {
        door.inside.send_modify(|count| *count += 1);
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
        self.0.inside.send_modify(|count| *count -= 1);
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
