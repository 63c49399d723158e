//! A latch of three modes: many may look, many may write, one may be alone.
//!
//! Whoever takes a snapshot looks, whoever commits writes: the two exclude each other, so that a snapshot never falls
//! into the middle of a commit, and neither excludes its own kind. The mode changes in the order of arrival; a
//! change lets in everybody who waits for the new mode.
//!
//! ```text
//! queue:  look  write  look  write        who has it:  write write
//!         └───────────┴── next: all who look, then all who write
//! ```

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// What one has the latch for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Look,
    Write,
    Alone,
}

/// The latch.
#[derive(Debug, Default)]
pub(super) struct Latch(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Who has it: a mode and how many.
    mode: Option<Mode>,
    count: usize,
    queue: VecDeque<(Mode, oneshot::Sender<Guard>)>,
}

/// A hold on the latch, given up when dropped.
#[derive(Debug)]
pub(crate) struct Guard(Arc<Mutex<State>>);

impl Latch {
    /// A hold in this mode, once it is this mode's turn.
    pub(super) async fn hold(&self, mode: Mode) -> Guard {
        let waiting = {
            let mut state = lock(&self.0);
            if state.is_open_to(mode) && state.queue.is_empty() {
                state.enter(mode);
                return Guard(Arc::clone(&self.0));
            }
            let (sender, waiting) = oneshot::channel();
            state.queue.push_back((mode, sender));
            waiting
        };
        // A sender is dropped only with the latch, which we borrow.
        waiting.await.expect("a waiter gets its turn")
    }

    /// A hold in this mode if it may be had now.
    pub(super) fn try_hold(&self, mode: Mode) -> Option<Guard> {
        let mut state = lock(&self.0);
        let free = state.is_open_to(mode) && state.queue.is_empty();
        free.then(|| {
            state.enter(mode);
            Guard(Arc::clone(&self.0))
        })
    }
}

impl State {
    fn is_open_to(&self, mode: Mode) -> bool {
        self.mode.is_none() || self.mode == Some(mode) && mode != Mode::Alone
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = Some(mode);
        self.count += 1;
    }

    /// Lets in whoever is next once nobody is left.
    fn turn(&mut self, latch: &Arc<Mutex<State>>) {
        while self.mode.is_none()
            && let Some((mode, _)) = self.queue.front()
        {
            let mode = *mode;
            let mut later = VecDeque::new();
            for (wanted, sender) in mem::take(&mut self.queue) {
                if wanted != mode || !self.is_open_to(mode) {
                    later.push_back((wanted, sender));
                    continue;
                }
                self.enter(mode);
                if let Err(unwanted) = sender.send(Guard(Arc::clone(latch))) {
                    // Nobody waits there any more; dropping the guard would lock again.
                    mem::forget(unwanted);
                    self.leave();
                }
            }
            self.queue = later;
        }
    }

    fn leave(&mut self) {
        self.count -= 1;
        if self.count == 0 {
            self.mode = None;
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = lock(&self.0);
        state.leave();
        state.turn(&self.0);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Waiting<'a> = Pin<Box<dyn Future<Output = Guard> + 'a>>;

    fn ask(latch: &Latch, mode: Mode) -> Waiting<'_> {
        let mut waiting: Waiting<'_> = Box::pin(latch.hold(mode));
        // The first poll takes the place in the queue.
        assert!(poll(&mut waiting).is_none(), "{mode:?} has to wait");
        waiting
    }

    fn poll(waiting: &mut Waiting<'_>) -> Option<Guard> {
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(guard) => Some(guard),
            Poll::Pending => None,
        }
    }

    #[test]
    fn only_the_same_mode_shares_and_nobody_is_alone_with_others() {
        for (one, other, together) in [
            (Mode::Look, Mode::Look, true),
            (Mode::Write, Mode::Write, true),
            (Mode::Look, Mode::Write, false),
            (Mode::Write, Mode::Look, false),
            (Mode::Alone, Mode::Alone, false),
            (Mode::Alone, Mode::Look, false),
            (Mode::Write, Mode::Alone, false),
        ] {
            let latch = Latch::default();
            let held = latch.try_hold(one).expect("free");
            assert_eq!(latch.try_hold(other).is_some(), together, "{one:?} {other:?}");
            drop(held);
            assert!(latch.try_hold(other).is_some(), "{other:?} after {one:?}");
        }
    }

    #[test]
    fn the_oldest_waiter_comes_next_and_brings_its_kind() {
        let latch = Latch::default();
        let held = latch.try_hold(Mode::Write).expect("free");
        let (mut look, mut write, mut again) =
            (ask(&latch, Mode::Look), ask(&latch, Mode::Write), ask(&latch, Mode::Look));
        drop(held);
        let looks = (poll(&mut look).expect("its turn"), poll(&mut again).expect("its kind's turn"));
        assert!(poll(&mut write).is_none());
        drop(looks.0);
        assert!(poll(&mut write).is_none());
        drop(looks.1);
        assert!(poll(&mut write).is_some());
    }

    #[test]
    fn a_waiter_that_went_away_holds_nobody_up() {
        let latch = Latch::default();
        let held = latch.try_hold(Mode::Alone).expect("free");
        let gone = ask(&latch, Mode::Alone);
        let granted = ask(&latch, Mode::Alone);
        let mut last = ask(&latch, Mode::Look);
        drop(gone);
        drop(held);
        // Granted and never looked at.
        drop(granted);
        assert!(poll(&mut last).is_some());
    }
}
