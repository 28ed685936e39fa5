//! The time that a request may take. Apart from tokio's timers, of which each is made, entered and taken away
//! again: here a clock for each thread looks now and then at the requests that are under way on it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// How often the clock looks, while anybody waits: a request is told so much later at most.
const LOOKS_EVERY: Duration = Duration::from_millis(50);

thread_local! {
    static CLOCK: RefCell<Clock> = RefCell::default();
}

/// What is awaited, and until when.
pub(super) struct InTime<F> {
    awaited: F,
    deadline: Instant,
    place: Option<Place>,
}

/// The time is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLate;

/// Waits until then, and shortly longer.
pub(super) fn until<F: Future + Unpin>(deadline: Instant, awaited: F) -> InTime<F> {
    InTime { awaited, deadline, place: None }
}

impl<F: Future + Unpin> Future for InTime<F> {
    type Output = Result<F::Output, TooLate>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(done) = Pin::new(&mut self.awaited).poll(context) {
            return Poll::Ready(Ok(done));
        }
        match &self.place {
            Some(place) if place.is_over(context.waker()) => return Poll::Ready(Err(TooLate)),
            Some(_) => {}
            None => self.place = Some(Place::take(self.deadline, context.waker())),
        }
        Poll::Pending
    }
}

/// Those who wait on this thread.
#[derive(Default)]
struct Clock {
    waiting: Vec<Option<Waiting>>,
    /// Places where nobody waits.
    free: Vec<usize>,
    runs: bool,
}

struct Waiting {
    deadline: Instant,
    waker: Waker,
    is_over: bool,
}

/// One's own among those who wait; given back when dropped.
struct Place(usize);

impl Place {
    fn take(deadline: Instant, waker: &Waker) -> Place {
        let waiting = Some(Waiting { deadline, waker: waker.clone(), is_over: false });
        CLOCK.with_borrow_mut(|clock| {
            if !std::mem::replace(&mut clock.runs, true) {
                actix_rt::spawn(run());
            }
            if let Some(place) = clock.free.pop() {
                clock.waiting[place] = waiting;
                return Place(place);
            }
            clock.waiting.push(waiting);
            Place(clock.waiting.len() - 1)
        })
    }

    /// If not, this one is woken when it is.
    fn is_over(&self, waker: &Waker) -> bool {
        CLOCK.with_borrow_mut(|clock| match &mut clock.waiting[self.0] {
            Some(waiting) => {
                waiting.waker.clone_from(waker);
                waiting.is_over
            }
            None => false,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A thread that ends may have no clock any more.
        let _ = CLOCK.try_with(|clock| {
            let mut clock = clock.borrow_mut();
            clock.waiting[self.0] = None;
            clock.free.push(self.0);
        });
    }
}

/// Looks until nobody waits any more.
async fn run() {
    /// Also when the runtime ends.
    struct Running;

    impl Drop for Running {
        fn drop(&mut self) {
            let _ = CLOCK.try_with(|clock| clock.borrow_mut().runs = false);
        }
    }

    let _running = Running;
    while CLOCK.with_borrow(|clock| clock.free.len() < clock.waiting.len()) {
        tokio::time::sleep(LOOKS_EVERY).await;
        let now = Instant::now();
        let late: Vec<Waker> = CLOCK.with_borrow_mut(|clock| {
            let waiting = clock.waiting.iter_mut().flatten();
            let late = waiting.filter(|one| !one.is_over && one.deadline <= now);
            late.map(|one| {
                one.is_over = true;
                one.waker.clone()
            })
            .collect()
        });
        // Not while the clock is held: whoever is woken may give a place back at once.
        late.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn places() -> (usize, usize) {
        CLOCK.with_borrow(|clock| (clock.waiting.len(), clock.free.len()))
    }

    #[actix_web::test]
    async fn whoever_is_late_is_told_and_gives_the_place_back() {
        let past = Instant::now();
        assert_eq!(until(past, Box::pin(pending::<()>())).await, Err(TooLate));
        let both = async {
            let (one, other) = (pending::<()>(), pending::<()>());
            tokio::join!(until(past, Box::pin(one)), until(past, Box::pin(other)))
        };
        assert_eq!(both.await, (Err(TooLate), Err(TooLate)));
        assert_eq!(places(), (2, 2));
    }

    #[actix_web::test]
    async fn what_is_done_is_done_however_late() {
        assert_eq!(until(Instant::now(), ready(1)).await, Ok(1));
        let later = Box::pin(tokio::task::yield_now());
        assert_eq!(until(Instant::now() + Duration::from_secs(60), later).await, Ok(()));
        assert_eq!(places(), (1, 1));
    }

    #[test]
    fn the_clock_runs_again_in_another_runtime() {
        for _ in 0..2 {
            let late = async { until(Instant::now(), Box::pin(pending::<()>())).await };
            assert_eq!(actix_rt::System::new().block_on(late), Err(TooLate));
        }
    }
}
