//! A step of the status table in a script file: by the words that everybody uses for it. Apart from the
//! script, because the product's types know no JSON.

use domain::status::Status;
use domain::transition::Trigger;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub fn serialize<S: Serializer>(
    step: &Option<(Status, Trigger)>,
    to: S,
) -> Result<S::Ok, S::Error> {
    step.map(|(from, on)| (from.code(), on.word())).serialize(to)
}

pub fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<(Status, Trigger)>, D::Error> {
    let Some((status, trigger)) = Option::<(String, String)>::deserialize(from)? else {
        return Ok(None);
    };
    let known = Status::ALL.into_iter().find(|known| known.code() == status);
    let known = known.ok_or_else(|| D::Error::custom(format!("{status} is no status")))?;
    let on = Trigger::ALL.into_iter().find(|on| on.word() == trigger);
    let on = on.ok_or_else(|| D::Error::custom(format!("nothing is called {trigger}")))?;
    Ok(Some((known, on)))
}
