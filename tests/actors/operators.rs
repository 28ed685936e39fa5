//! An operator who looks at what is held, and decides about it, rightly or not. Apart from the merchants, whose
//! payouts these are.

use crate::audit::id_of;
use crate::life::Life;
use crate::merchants::call;
use crate::world::World;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

/// An operator looks at what is held, and decides.
pub async fn moderate(world: &World, life: &Life, verb: &str) -> bool {
    let request = TestRequest::get().uri("/v1/ops/moderation?limit=50");
    let Some(held) = call(world, life, request, 2, "moderation").await else { return false };
    let mut about: Vec<Value> = held.body["data"].as_array().cloned().unwrap_or_default();
    if verb == "pause" {
        let all: Vec<_> =
            world.audit().shadows.keys().map(|id| json!({ "id": id.to_string() })).collect();
        about = match all.is_empty() {
            true => Vec::new(),
            false => vec![world.draw(|chance| chance.pick(&all).clone())],
        };
    }
    for payout in about {
        let uri = format!("/v1/ops/payouts/{}/moderation", payout["id"].as_str().unwrap_or("?"));
        let reason = format!("seen on statement {}", world.count("orders of operators"));
        let order = json!({ "action": verb, "reason": &reason });
        let request = TestRequest::post().uri(&uri).set_json(order);
        let Some(answer) = call(world, life, request, 2, verb).await else { return false };
        if answer.status == 200 {
            world.count("orders carried out");
            let id = id_of(&payout).filter(|id| id_of(&answer.body) == Some(*id));
            world.check(world.audit().ordered(id, verb, &reason));
        }
    }
    true
}
