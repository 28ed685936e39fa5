//! Payouts that wait for a permit, with what is needed to grant it. Apart from the queue, which is
//! pure: here are addresses, and the few payouts that need a quote.
//!
//! An address is ten times the size of a place in the queue, and usually thousands of payouts are
//! behind the same one. So it is kept once and counted.

use super::messages::{PermitGranted, RequestPermit};
use crate::fair_queue::{FairQueue, QueueFull};
use crate::provider::QuoteWish;
use actix::Recipient;
use domain::id::{MerchantId, PayoutId};
use std::collections::HashMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::rc::Rc;

/// A payout whose turn has come.
pub(super) struct Claim {
    pub(super) payout: PayoutId,
    pub(super) quote: Option<QuoteWish>,
    pub(super) grant_to: Rc<Recipient<PermitGranted>>,
}

/// All that wait for a permit of one provider account.
pub(super) struct Claims {
    queue: FairQueue<NonZeroU32>,
    quotes: HashMap<PayoutId, QuoteWish>,
    addresses: Addresses,
}

impl Claims {
    pub(super) fn new(bound: usize, weights: &[(MerchantId, NonZeroU16)]) -> Claims {
        let mut queue = FairQueue::new(bound);
        for (merchant, weight) in weights {
            queue.set_weight(*merchant, *weight);
        }
        Claims { queue, quotes: HashMap::new(), addresses: Addresses::default() }
    }

    pub(super) fn push(&mut self, ask: RequestPermit) -> Result<(), QueueFull> {
        let address = self.addresses.keep(ask.grant_to);
        let pushed = self.queue.push(ask.merchant, ask.payout, address);
        match pushed {
            Ok(None) => {}
            // It waited already, and its former address is no longer needed for it.
            Ok(Some(former)) => drop(self.addresses.release(former)),
            Err(QueueFull) => {
                self.addresses.release(address);
                return Err(QueueFull);
            }
        }
        match ask.quote {
            Some(quote) => drop(self.quotes.insert(ask.payout, quote)),
            None => drop(self.quotes.remove(&ask.payout)),
        }
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Claim> {
        let (payout, address) = self.queue.pop()?;
        let quote = self.quotes.remove(&payout);
        let grant_to = self.addresses.release(address)?;
        Some(Claim { payout, quote, grant_to })
    }

    pub(super) fn withdraw(&mut self, payout: PayoutId) -> bool {
        self.quotes.remove(&payout);
        let address = self.queue.remove(payout);
        address.is_some_and(|address| self.addresses.release(address).is_some())
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

/// Addresses by number, each with how many wait behind it.
#[derive(Default)]
struct Addresses {
    numbers: HashMap<Rc<Recipient<PermitGranted>>, NonZeroU32>,
    kept: HashMap<NonZeroU32, (Rc<Recipient<PermitGranted>>, usize)>,
    last: u32,
}

impl Addresses {
    /// One more waits behind this address.
    fn keep(&mut self, address: Recipient<PermitGranted>) -> NonZeroU32 {
        if let Some(number) = self.numbers.get(&address)
            && let Some((_, waiting)) = self.kept.get_mut(number)
        {
            *waiting += 1;
            return *number;
        }
        let (number, address) = (self.free_number(), Rc::new(address));
        self.numbers.insert(address.clone(), number);
        self.kept.insert(number, (address, 1));
        number
    }

    /// One fewer waits behind it.
    fn release(&mut self, number: NonZeroU32) -> Option<Rc<Recipient<PermitGranted>>> {
        let (address, waiting) = self.kept.get_mut(&number)?;
        *waiting -= 1;
        if *waiting > 0 {
            return Some(address.clone());
        }
        let (address, _) = self.kept.remove(&number)?;
        self.numbers.remove(&*address);
        Some(address)
    }

    /// Counts up and around; fewer are in use than there are numbers.
    fn free_number(&mut self) -> NonZeroU32 {
        loop {
            self.last = self.last.wrapping_add(1);
            match NonZeroU32::new(self.last) {
                Some(number) if !self.kept.contains_key(&number) => return number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix::{Actor, Context, Handler};

    struct Somebody;

    impl Actor for Somebody {
        type Context = Context<Somebody>;
    }

    impl Handler<PermitGranted> for Somebody {
        type Result = ();

        fn handle(&mut self, _: PermitGranted, _: &mut Context<Self>) {}
    }

    #[actix_rt::test]
    async fn an_address_is_kept_once_and_no_longer_than_someone_waits_behind_it() {
        let (one, other) = (Somebody.start(), Somebody.start());
        let mut claims = Claims::new(3, &[]);
        let mut push = |number: u8, addr: &actix::Addr<Somebody>| {
            let grant_to = addr.clone().recipient();
            let payout = PayoutId([number; 16]);
            let ask = RequestPermit { payout, merchant: MerchantId(1), quote: None, grant_to };
            (claims.push(ask), claims.addresses.kept.len())
        };
        assert_eq!(push(1, &one), (Ok(()), 1));
        assert_eq!(push(2, &one), (Ok(()), 1));
        assert_eq!(push(3, &other), (Ok(()), 2));
        assert_eq!(push(4, &Somebody.start()), (Err(QueueFull), 2));
        assert_eq!(push(3, &one), (Ok(()), 1), "whoever asked last");
        assert_eq!(push(1, &other), (Ok(()), 2));
        let first = claims.pop().unwrap();
        assert!(*first.grant_to == other.recipient());
        assert!(claims.withdraw(PayoutId([2; 16])) && claims.pop().is_some());
        assert!(claims.pop().is_none() && claims.addresses.kept.is_empty());
        assert!(claims.addresses.numbers.is_empty());
    }
}
