//! One clock for everybody who waits for a backend: a timer for each answer would cost more than most answers do.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How often the clock looks, and so how long a wait lasts at least before its bell rings; at most it is twice that.
const TICK: Duration = Duration::from_millis(1);

/// After how many ticks without anybody waiting the clock stops.
const IDLE: u32 = 20;

/// The clock.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    ticking: AbortHandle,
}

#[derive(Debug, Default)]
struct Shared {
    tick: AtomicU64,
    /// Whether the clock has stopped and wants to be woken.
    asleep: AtomicBool,
    woken: Notify,
    bells: Mutex<Vec<Weak<Bell>>>,
}

/// Rings when its owner has waited for long.
#[derive(Debug)]
pub(super) struct Bell {
    shared: Arc<Shared>,
    /// The tick after which the wait began; 0 while there is none.
    since: AtomicU64,
    rung: Notify,
}

/// A wait, over when dropped.
pub(super) struct Waiting<'a>(&'a Bell);

impl Watch {
    /// Starts the clock.
    pub(super) fn start() -> Watch {
        let shared = Arc::new(Shared { tick: AtomicU64::new(1), ..Shared::default() });
        let ticking = tokio::spawn(Arc::clone(&shared).run()).abort_handle();
        Watch { shared, ticking }
    }

    pub(super) fn bell(&self) -> Arc<Bell> {
        let bell = Arc::new(Bell {
            shared: Arc::clone(&self.shared),
            since: AtomicU64::new(0),
            rung: Notify::new(),
        });
        let mut bells = self.shared.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.retain(|bell| bell.strong_count() > 0);
        bells.push(Arc::downgrade(&bell));
        bell
    }
}

impl Shared {
    async fn run(self: Arc<Shared>) {
        let mut idle = 0;
        loop {
            tokio::time::sleep(TICK).await;
            let now = self.tick.fetch_add(1, SeqCst) + 1;
            if self.look(now) {
                idle = 0;
                continue;
            }
            idle += 1;
            if idle > IDLE {
                self.asleep.store(true, SeqCst);
                // Whoever began to wait before that did not see it.
                if !self.look(now) {
                    self.woken.notified().await;
                }
                self.asleep.store(false, SeqCst);
                idle = 0;
            }
        }
    }

    /// Rings the bells of those who have waited for long; whether anybody waits.
    fn look(&self, now: u64) -> bool {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = false;
        for bell in bells.iter().filter_map(Weak::upgrade) {
            waiting |= bell.since.load(SeqCst) != 0;
            if bell.is_late(now) {
                bell.rung.notify_one();
            }
        }
        waiting
    }
}

impl Bell {
    /// Begins a wait.
    pub(super) fn wait(&self) -> Waiting<'_> {
        self.since.store(self.shared.tick.load(SeqCst), SeqCst);
        if self.shared.asleep.load(SeqCst) {
            self.shared.woken.notify_one();
        }
        Waiting(self)
    }

    fn is_late(&self, now: u64) -> bool {
        let since = self.since.load(SeqCst);
        since != 0 && now >= since + 2
    }
}

impl Waiting<'_> {
    /// Until the wait has been long.
    pub(super) async fn rung(&self) {
        loop {
            self.0.rung.notified().await;
            // The bell may have rung for a wait before this one.
            if self.0.is_late(self.0.shared.tick.load(SeqCst)) {
                return;
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.since.store(0, SeqCst);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bell_rings_for_a_wait_and_again_after_the_clock_had_stopped() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let watch = Watch::start();
            let bell = watch.bell();
            for _ in 0..2 {
                bell.wait().rung().await;
                while !watch.shared.asleep.load(SeqCst) {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
}
