//! Many connections that ask at once, each for the next as soon as it is answered.

use super::{
    connection::{Answer, Connection, find},
    peer::Target,
    workload::Workload,
};
use hdrhistogram::Histogram;
use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// A minute: whatever takes longer counts as that.
const LONGEST_MICROS: u64 = 60_000_000;

/// What a crowd did.
pub struct Created {
    /// Of every payout that was acknowledged.
    pub ids: Vec<String>,
    pub took: Duration,
    latency: Histogram<u64>,
}

impl Created {
    /// In a second.
    pub fn rate(&self) -> u64 {
        per_second(self.ids.len() as u64, self.took)
    }

    /// Microseconds.
    pub fn percentile(&self, place: f64) -> u64 {
        self.latency.value_at_percentile(place)
    }
}

/// Creates for as long as told.
pub async fn create(
    target: &Arc<Target>,
    workload: Workload,
    connections: usize,
    time: Duration,
) -> Result<Created, Failure> {
    let (workload, next) = (Arc::new(workload), Arc::new(AtomicU64::new(0)));
    let began = Instant::now();
    let mut crowd = JoinSet::new();
    for _ in 0..connections {
        let (target, workload, next) = (target.clone(), workload.clone(), next.clone());
        crowd.spawn(async move {
            let mut connection = Connection::open(&target.address).await?;
            let mut mine = (Vec::new(), Histogram::<u64>::new_with_bounds(1, LONGEST_MICROS, 3)?);
            while began.elapsed() < time {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let key = workload.key(number);
                let request = target.create(&key, &workload.body(number, &key));
                let asked = Instant::now();
                let answer = connection.ask(&request).await?;
                mine.0.push(acknowledged(&answer)?);
                let micros = u64::try_from(asked.elapsed().as_micros()).unwrap_or(LONGEST_MICROS);
                mine.1.saturating_record(micros.max(1));
            }
            Ok::<_, Failure>(mine)
        });
    }
    let (mut ids, mut latency) = (Vec::new(), Histogram::new_with_bounds(1, LONGEST_MICROS, 3)?);
    while let Some(one) = crowd.join_next().await {
        let (theirs, times) = one??;
        ids.extend(theirs);
        latency.add(times)?;
    }
    Ok(Created { ids, took: began.elapsed(), latency })
}

/// Reads every one of these payouts; how many are in that status.
pub async fn look_up(
    target: &Arc<Target>,
    ids: Vec<String>,
    connections: usize,
    status: &'static str,
) -> Result<u64, Failure> {
    let (ids, next) = (Arc::new(ids), Arc::new(AtomicU64::new(0)));
    let wanted = format!(r#""status":"{status}""#);
    let mut crowd = JoinSet::new();
    for _ in 0..connections {
        let (target, ids, next) = (target.clone(), ids.clone(), next.clone());
        let wanted = wanted.clone();
        crowd.spawn(async move {
            let mut connection = Connection::open(&target.address).await?;
            let mut found = 0;
            loop {
                let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed))?;
                let Some(id) = ids.get(number) else { return Ok::<u64, Failure>(found) };
                let answer = connection.ask(&target.read(id)).await?;
                found += u64::from(find(answer.body, wanted.as_bytes()).is_some());
            }
        });
    }
    let mut found = 0;
    while let Some(one) = crowd.join_next().await {
        found += one??;
    }
    Ok(found)
}

/// How many in a second.
pub fn per_second(count: u64, time: Duration) -> u64 {
    let micros = time.as_micros().max(1);
    u64::try_from(u128::from(count) * 1_000_000 / micros).unwrap_or(u64::MAX)
}

/// The id of a payout that was made.
fn acknowledged(answer: &Answer<'_>) -> Result<String, Failure> {
    let said = || String::from_utf8_lossy(answer.body).into_owned();
    if answer.status != 200 && answer.status != 201 {
        return Err(format!("answered {}: {}", answer.status, said()).into());
    }
    let begin = find(answer.body, br#""id":""#).ok_or_else(|| format!("no id in {}", said()))? + 6;
    let rest = &answer.body[begin..];
    let end = find(rest, b"\"").ok_or("an id without an end")?;
    Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
}
