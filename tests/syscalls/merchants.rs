//! Merchants who never stop: they create, ask again under the same key until they are told, and look. For stories in
//! which the gateway keeps them waiting.

use crate::ground::Wanted;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tests::Client;
use tokio::task::JoinHandle;

/// Longer does no merchant wait for an answer before asking again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Some merchants at work on one gateway, which may be another process from one moment to the next.
pub struct Merchants {
    at: Rc<RefCell<Client>>,
    ending: Rc<Cell<bool>>,
    acknowledged: Rc<Cell<usize>>,
    work: Vec<JoinHandle<(Vec<Wanted>, Vec<String>)>>,
}

impl Merchants {
    /// So many of them; `story` makes their keys their own.
    pub fn start(
        client: Client,
        story: &'static str,
        many: u32,
        suffixes: &'static [&'static str],
    ) -> Merchants {
        let at = Rc::new(RefCell::new(client));
        let (ending, acknowledged) = <(Rc<Cell<bool>>, Rc<Cell<usize>>)>::default();
        let work = (0..many)
            .map(|merchant| {
                let (at, ending, acknowledged) = (at.clone(), ending.clone(), acknowledged.clone());
                tokio::task::spawn_local(async move {
                    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
                    for number in 0.. {
                        if ending.get() {
                            break;
                        }
                        let suffix = suffixes[number as usize % suffixes.len()];
                        let key = format!("{story}-{merchant}-{number}");
                        let mut one = Wanted::new(key, suffix, merchant * 100_000 + number);
                        want(&mut one, &at, &ending, &mut wrong).await;
                        acknowledged.set(acknowledged.get() + usize::from(one.id.is_some()));
                        wanted.push(one);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    (wanted, wrong)
                })
            })
            .collect();
        Merchants { at, ending, acknowledged, work }
    }

    /// The gateway is to be found elsewhere from now on.
    pub fn go_to(&self, client: Client) {
        *self.at.borrow_mut() = client;
    }

    /// Until so many more are acknowledged; false if that takes too long.
    pub async fn are_told(&self, many: usize, within: Duration) -> bool {
        let (began, before) = (Instant::now(), self.acknowledged.get());
        while self.acknowledged.get() < before + many {
            if began.elapsed() > within {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    /// What they wanted, and the answers that nothing excuses.
    pub async fn end(self) -> (Vec<Wanted>, Vec<String>) {
        self.ending.set(true);
        let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
        for work in self.work {
            let (some, faults) = work.await.unwrap();
            wanted.extend(some);
            wrong.extend(faults);
        }
        (wanted, wrong)
    }
}

/// Asks until there is an answer, under the same key, and looks at what was made.
async fn want(
    one: &mut Wanted,
    at: &RefCell<Client>,
    ending: &Cell<bool>,
    wrong: &mut Vec<String>,
) {
    loop {
        let client = at.borrow().clone();
        let request = client.request("POST", "/v1/payouts").header("Idempotency-Key", &one.key);
        let asked = client.send(request.json(&one.body));
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Some(answer)) if matches!(answer.status, 200 | 201) => {
                one.note(&answer.json());
                let look = client.request("GET", &format!("/v1/payouts/{}", answer.id()));
                if let Ok(Some(looked)) = tokio::time::timeout(PATIENCE, client.send(look)).await
                    && looked.status == 200
                {
                    one.note(&looked.json());
                }
                return;
            }
            // 409: the same key is being answered at this moment.
            Ok(Some(answer)) if !matches!(answer.status, 409 | 429 | 500..) => {
                return wrong
                    .push(format!("{} is answered {}: {}", one.key, answer.status, answer.text));
            }
            _ if ending.get() => return,
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
