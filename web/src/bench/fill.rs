//! Makes the payouts that a scenario needs to be there. Apart because it is the same before five of them.

use super::gateway::Gateway;
use super::progress::Limit;
use super::requests::Requests;
use super::script::{Creates, Made};
use super::site::Site;
use crate::cli::Failure;
use std::rc::Rc;

/// Makes so many, each answered for.
pub async fn fill(
    site: &Site<'_>,
    gateway: &Gateway,
    requests: Requests,
    count: u64,
) -> Result<Vec<Made>, Failure> {
    let creates = Rc::new(Creates::new(&gateway.merchant, requests));
    site.closed("filling", Limit::Count(count)).run(&gateway.merchant, creates.clone()).await?;
    Ok(creates.made())
}
