//! Merchants, and an operator, who ask over HTTP until they are told: the same key twice in one moment, the same
//! key later, another body under it, commands that race the submission. Apart from the process, because they
//! outlive it: whoever was not told asks the next one.

use crate::audit::id_of;
use crate::life::{Answer, Life, SECRETS, merchant};
use crate::operators;
use crate::world::World;
use actix_web::test::TestRequest;
use domain::id::PayoutId;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// For how long merchants have wishes.
const BUSY: u64 = 900_000;

/// What somebody wants.
#[derive(Clone, Debug)]
pub enum What {
    Create {
        key: String,
        body: u64,
    },
    Command {
        key: String,
        verb: &'static str,
        token: Option<String>,
    },
    Get {
        key: String,
    },
    Events,
    List,
    /// An operator looks at what is held.
    Moderate {
        verb: &'static str,
    },
}

/// A wish, until it is told.
pub struct Wish {
    merchant: usize,
    what: What,
    begun: bool,
    told: bool,
}

/// All wishes there are.
#[derive(Default)]
pub struct Merchants {
    wishes: Vec<Wish>,
}

impl Merchants {
    /// Everybody has been told.
    pub fn are_told(&self) -> bool {
        self.wishes.iter().all(|wish| wish.told)
    }
}

/// The key of a merchant's payout.
fn key(number: u16) -> String {
    format!("order-{number}")
}

/// What the body with this number asks for.
fn body(number: u64, accounts: usize) -> Value {
    let mut recipient = json!({ "type": "bank_account", "name": "Anna Schmidt", "country": "DE" });
    if number % 8 != 6 {
        recipient["iban"] = "DE89370400440532013000".into();
    }
    let mut body = json!({
        "amount": format!("{}.40", 10 + number), "currency": "EUR",
        "method": "bank_transfer", "recipient": recipient,
    });
    if number % 8 == 7 {
        body["autoprocess"] = false.into();
    }
    if number % 4 == 1 && accounts > 1 {
        body["provider_account"] = "beta".into();
    }
    body
}

/// Draws what is wished for, and puts it on the agenda.
pub fn begin(world: &World) {
    for number in 0..world.setting.payouts {
        let merchant = usize::from(number % 2);
        let (at, chosen) = world.draw(|chance| (chance.below(BUSY), chance.below(16)));
        let create = |body| What::Create { key: key(number), body };
        wish(world, at, merchant, create(chosen));
        let others = world.draw(|chance| chance.below(4));
        for _ in 0..others {
            let (late, other) = world.draw(|chance| {
                let late = *chance.pick(&[0, 0, 1, 50, 5_000, 400_000]);
                (late, chance.permille(250))
            });
            wish(world, at + late, merchant, create(if other { chosen + 1 } else { chosen }));
        }
        let commands = world.draw(|chance| chance.below(5));
        for nth in 0..commands {
            let verbs =
                ["process", "terminate", "revoke", "cancel", "reconcile", "details", "get", "get"];
            let (verb, late, twice) = world.draw(|chance| {
                (*chance.pick(&verbs), chance.spread(1, 400_000), chance.permille(300))
            });
            let token = (verb != "reconcile").then(|| format!("{}-{verb}-{nth}", key(number)));
            let what = match verb {
                "get" => What::Get { key: key(number) },
                _ => What::Command { key: key(number), verb, token },
            };
            let at = at + late.unsigned_abs();
            if twice {
                wish(world, at + world.draw(|chance| chance.below(3_000)), merchant, what.clone());
            }
            wish(world, at, merchant, what);
        }
    }
    for merchant in 0..2 {
        for what in [What::Events, What::List, What::Events] {
            wish(world, world.draw(|chance| chance.below(BUSY)), merchant, what);
        }
    }
    for _ in 0..world.draw(|chance| chance.below(4)) {
        let (at, verb) = world.draw(|chance| {
            (chance.below(2 * BUSY), *chance.pick(&["release", "resubmit", "pause"]))
        });
        wish(world, at, 2, What::Moderate { verb });
    }
}

fn wish(world: &World, at: u64, merchant: usize, what: What) {
    let number = {
        let mut all = world.merchants();
        all.wishes.push(Wish { merchant, what, begun: false, told: false });
        all.wishes.len() - 1
    };
    world.after(Duration::from_millis(at), move |world, life| ask(world, life, number));
}

/// Another process has begun: whoever was cut off asks again.
pub fn ask_again(world: &World) {
    let cut_off: Vec<usize> = {
        let all = world.merchants();
        let open = all.wishes.iter().enumerate().filter(|(_, wish)| wish.begun && !wish.told);
        open.map(|(number, _)| number).collect()
    };
    for number in cut_off {
        let late = world.draw(|chance| chance.below(3_000));
        world.after(Duration::from_millis(late), move |world, life| ask(world, life, number));
    }
}

/// Somebody asks. Whether there will be an answer depends on whether the process lives for so long.
fn ask(world: &World, life: &Life, number: usize) {
    let (asker, what) = {
        let mut all = world.merchants();
        let wish = &mut all.wishes[number];
        if wish.told {
            return;
        }
        wish.begun = true;
        (wish.merchant, wish.what.clone())
    };
    let (world, life) = (world.clone(), life.clone());
    tokio::task::spawn_local(async move {
        sleep(world.delay(world.setting.http)).await;
        let told = match &what {
            What::Create { key, body } => create(&world, &life, asker, key, *body).await,
            What::Command { key, verb, token } => {
                command(&world, &life, asker, key, verb, token.as_deref()).await
            }
            What::Get { key } => get(&world, &life, asker, key).await,
            What::Events => events(&world, &life, asker).await.is_some(),
            What::List => list(&world, &life, asker).await,
            What::Moderate { verb } => operators::moderate(&world, &life, verb).await,
        };
        if world.is_dead() {
            return;
        }
        world.merchants().wishes[number].told |= told;
        if !told {
            let late = world.draw(|chance| 500 + chance.below(4_000));
            world.after(Duration::from_millis(late), move |world, life| ask(world, life, number));
        }
    });
}

/// Calls, and carries the answer home. None: the gateway cannot say now, or nobody is there to hear it.
pub async fn call(
    world: &World,
    life: &Life,
    request: TestRequest,
    asker: usize,
    what: &str,
) -> Option<Answer> {
    let answer = (life.call)(request, SECRETS[asker]).await;
    if world.boundary("before an answer") {
        return None;
    }
    world.note(what, answer.text.as_bytes());
    world.tell(|| format!("{what} by {asker}: {} {}", answer.status, brief(&answer.body)));
    world.count("answers");
    if answer.status == 500 {
        world.broken("no 500", format!("{what}: {}", answer.text));
    }
    let payouts = match &answer.body["data"] {
        Value::Array(all) => all.iter().filter(|one| one["object"] == "payout").collect(),
        _ if answer.body["object"] == "payout" => vec![&answer.body],
        _ => Vec::new(),
    };
    let of = (asker < 2).then(|| merchant(asker));
    for shown in payouts {
        world.check(world.audit().shows(of, shown));
    }
    sleep(world.delay(world.setting.http)).await;
    let later = matches!(answer.status, 408 | 429 | 502..=504);
    if later {
        world.count("told to come later");
    }
    (!world.is_dead() && !later).then_some(answer)
}

fn brief(body: &Value) -> String {
    let of = |name: &str| body[name].to_string();
    match body["object"] == "payout" {
        true => format!("{} v{} {}", of("id"), of("version"), of("status")),
        false => body.to_string().chars().take(160).collect(),
    }
}

fn id(asker: usize, key: &str) -> PayoutId {
    PayoutId::derive(&crate::life::ID_KEY, merchant(asker), key)
}

async fn create(world: &World, life: &Life, asker: usize, key: &str, number: u64) -> bool {
    let floor = u32::from(world.audit().told(id(asker, key)) > 0);
    let request = TestRequest::post()
        .uri("/v1/payouts")
        .insert_header(("Idempotency-Key", key))
        .set_json(body(number, world.setting.accounts.len()));
    let what = format!("create {key} with {number}");
    let Some(answer) = call(world, life, request, asker, &what).await else { return false };
    let mut audit = world.audit();
    match answer.status {
        201 => {
            if id_of(&answer.body) != Some(id(asker, key)) {
                world.broken("I-20", format!("{key} has made another id: {}", answer.text));
            }
            let checked = audit.created(merchant(asker), key, number, &answer.body);
            world.check(checked.and_then(|()| audit.heard(&answer.body, floor)));
        }
        422 => world.check(audit.key_reused(merchant(asker), key, number)),
        _ => world.broken("I-19", format!("{what}: {}", answer.text)),
    }
    true
}

async fn command(
    world: &World,
    life: &Life,
    asker: usize,
    key: &str,
    verb: &str,
    token: Option<&str>,
) -> bool {
    let id = id(asker, key);
    let known = world.audit().told(id) > 0;
    let mut request = TestRequest::post().uri(&format!("/v1/payouts/{id}/{verb}"));
    if let Some(token) = token {
        request = request.insert_header(("Idempotency-Key", token));
    }
    if verb == "details" {
        let recipient = json!({ "iban": "DE89370400440532013000" });
        request = request.set_json(json!({ "recipient": recipient }));
    }
    let what = format!("{verb} {key}");
    let Some(answer) = call(world, life, request, asker, &what).await else { return false };
    let mut audit = world.audit();
    match (answer.status, token) {
        (200, Some(token)) => {
            world.check(audit.commanded(token, &answer.body));
            // A repetition shows what was: only that it is no less than what any command needs.
            world.check(audit.heard(&answer.body, u32::from(known)));
        }
        (200, None) => world.check(audit.heard(&answer.body["after"], 0)),
        (404, _) if known => world.broken("I-18", format!("{id} was told, and is gone")),
        _ => {}
    }
    true
}

async fn get(world: &World, life: &Life, asker: usize, key: &str) -> bool {
    let id = id(asker, key);
    look(world, life, asker, id).await.is_some()
}

/// A payout as it is now; none where nobody could say.
pub async fn look(world: &World, life: &Life, asker: usize, id: PayoutId) -> Option<Answer> {
    let floor = world.audit().told(id);
    let request = TestRequest::get().uri(&format!("/v1/payouts/{id}"));
    let answer = call(world, life, request, asker, "get").await?;
    match answer.status {
        200 => world.check(world.audit().heard(&answer.body, floor)),
        _ if floor > 0 => world.broken("I-18", format!("{id} was told, and is gone")),
        _ => {}
    }
    Some(answer)
}

/// All events of a merchant, page by page; how many there are.
pub async fn events(world: &World, life: &Life, asker: usize) -> Option<u64> {
    let mut after = 0;
    loop {
        let uri = format!("/v1/events?after={after}&limit=40");
        let answer = call(world, life, TestRequest::get().uri(&uri), asker, "events").await?;
        world.check(world.audit().events(merchant(asker), after, &answer.body));
        let next = answer.body["next_after"].as_u64()?;
        if next == after || world.violation().is_some() {
            return Some(after);
        }
        after = next;
    }
}

async fn list(world: &World, life: &Life, asker: usize) -> bool {
    let request = TestRequest::get().uri("/v1/payouts?limit=100");
    let told: Vec<PayoutId> = {
        let audit = world.audit();
        let own = audit.shadows.iter().filter(|(_, shadow)| {
            shadow.told > 0 && shadow.payout.request().merchant == merchant(asker)
        });
        own.map(|(id, _)| *id).collect()
    };
    let Some(answer) = call(world, life, request, asker, "list").await else { return false };
    let shown = answer.body["data"].as_array();
    let shown: Vec<_> = shown.into_iter().flatten().filter_map(id_of).collect();
    for id in told {
        if !shown.contains(&id) {
            world.broken("I-21", format!("{id} was told, and is on no list"));
        }
    }
    true
}
