//! An actor context that is only a mailbox and one pending turn. A million payouts wait most of
//! their lives; the default context's list of spawned futures costs more than their state.

use actix::dev::{Envelope, Mailbox, ToEnvelope};
use actix::{
    Actor, ActorContext, ActorFuture, ActorState, Addr, AsyncContext, Handler, Message, SpawnHandle,
};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use tokio::sync::oneshot;

/// What is waited for between two messages: the turn that is being written.
type PendingTurn<A> = Pin<Box<dyn ActorFuture<A, Output = ()>>>;

/// The context of an actor that does one thing at a time.
pub struct LeanContext<A: Actor<Context = LeanContext<A>>> {
    pending: Option<PendingTurn<A>>,
    stopped: bool,
    address: WeakSelf<A>,
}

/// A context only hands out its own address while it runs.
struct WeakSelf<A: Actor>(Option<actix::WeakAddr<A>>);

impl<A: Actor<Context = LeanContext<A>>> LeanContext<A> {
    /// Starts the actor on the current arbiter. It lives until it stops itself or panics.
    pub fn start(actor: A) -> Addr<A>
    where
        A: Unpin,
    {
        let mut mailbox = Mailbox::<A>::default();
        // The supervisor is the only sender and waits for each answer.
        mailbox.set_capacity(4);
        let address = mailbox.address();
        let context = LeanContext {
            pending: None,
            stopped: false,
            address: WeakSelf(Some(address.downgrade())),
        };
        actix_rt::spawn(Running { actor, context, mailbox });
        address
    }
}

impl<A: Actor<Context = LeanContext<A>>> ActorContext for LeanContext<A> {
    fn stop(&mut self) {
        self.stopped = true;
    }

    fn terminate(&mut self) {
        self.stopped = true;
    }

    fn state(&self) -> ActorState {
        if self.stopped { ActorState::Stopping } else { ActorState::Running }
    }
}

impl<A: Actor<Context = LeanContext<A>>> AsyncContext<A> for LeanContext<A> {
    #[expect(clippy::expect_used, reason = "a context exists only inside its running actor")]
    fn address(&self) -> Addr<A> {
        self.address.0.as_ref().and_then(actix::WeakAddr::upgrade).expect("the actor is running")
    }

    fn spawn<F>(&mut self, future: F) -> SpawnHandle
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        // One at a time: what is spawned is waited for.
        self.wait(future);
        SpawnHandle::default()
    }

    fn wait<F>(&mut self, future: F)
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        debug_assert!(self.pending.is_none(), "a turn begins only after the one before it ended");
        self.pending = Some(Box::pin(future));
    }

    fn waiting(&self) -> bool {
        self.pending.is_some() || self.stopped
    }

    fn cancel_future(&mut self, _: SpawnHandle) -> bool {
        false
    }
}

impl<A, M> ToEnvelope<A, M> for LeanContext<A>
where
    A: Actor<Context = LeanContext<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn pack(message: M, reply: Option<oneshot::Sender<M::Result>>) -> Envelope<A> {
        Envelope::new(message, reply)
    }
}

/// The actor, its context and its mailbox, as one task.
struct Running<A: Actor<Context = LeanContext<A>>> {
    actor: A,
    context: LeanContext<A>,
    mailbox: Mailbox<A>,
}

impl<A: Actor<Context = LeanContext<A>> + Unpin> Future for Running<A> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if let Some(mut turn) = this.context.pending.take() {
                match turn.as_mut().poll(&mut this.actor, &mut this.context, task) {
                    Poll::Pending => {
                        this.context.pending = Some(turn);
                        return Poll::Pending;
                    }
                    Poll::Ready(()) => {}
                }
            }
            if this.context.stopped {
                return Poll::Ready(());
            }
            this.mailbox.poll(&mut this.actor, &mut this.context, task);
            if this.context.pending.is_none() && !this.context.stopped {
                // Every address is gone: nothing can reach this actor any more.
                return if this.mailbox.connected() { Poll::Pending } else { Poll::Ready(()) };
            }
        }
    }
}
