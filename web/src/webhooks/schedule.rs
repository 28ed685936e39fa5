//! When a message is tried again: ten attempts over three days. A pause is the latest time of the
//! next attempt and not the earliest: an endpoint that answers again gets what waits at once.

use domain::time::Timestamp;
use std::time::Duration;

/// The pause before each attempt, in seconds.
const PAUSES: [u64; 10] =
    [0, 5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600];

/// No pause is longer.
pub const LONGEST: Duration = Duration::from_secs(24 * 3_600 / 5 * 6);

/// Attempts in all.
#[cfg(test)]
pub const ATTEMPTS_MAX: u32 = PAUSES.len() as u32;

/// How long after `failed` failed attempts the next one comes; none: there is no further one. The
/// pause is up to a fifth longer or shorter, the same for the same event and attempt.
pub fn pause(event_id: &str, failed: u32) -> Option<Duration> {
    let micros = PAUSES.get(failed as usize)? * 1_000_000;
    let mut hasher = blake3::Hasher::new();
    hasher.update(event_id.as_bytes());
    hasher.update(&failed.to_be_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    // 80 to 120 percent, in thousandths.
    let share = 800 + u64::from_be_bytes(first) % 401;
    Some(Duration::from_micros(micros / 1_000 * share))
}

/// When the next attempt comes after `failed` failed ones. An endpoint that asks for more time gets
/// it, up to the pause that would come after this one.
pub fn next_attempt(
    event_id: &str,
    failed: u32,
    now: Timestamp,
    retry_after: Option<Duration>,
) -> Option<Timestamp> {
    let pause_now = pause(event_id, failed)?;
    let longest = pause(event_id, failed + 1).unwrap_or(pause_now);
    let asked = retry_after.unwrap_or(Duration::ZERO).min(longest);
    Some(now.plus(pause_now.max(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_pause_is_within_a_fifth_of_the_schedule() {
        #[rustfmt::skip]
        let schedule = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (failed, seconds) in (0_u32..).zip(schedule) {
            let nominal = SECOND * seconds;
            let spread: Vec<Duration> =
                (0..200).filter_map(|event| pause(&format!("evt_{event}"), failed)).collect();
            assert_eq!(spread.len(), 200);
            assert!(spread.iter().all(|pause| *pause >= nominal * 4 / 5));
            assert!(spread.iter().all(|pause| *pause <= nominal * 6 / 5));
            // Not all at once, which is what the jitter is for.
            let early = spread.iter().filter(|pause| **pause < nominal).count();
            assert!(failed == 0 || (60..140).contains(&early), "{failed}: {early}");
        }
        assert_eq!(pause("evt_1", ATTEMPTS_MAX), None);
    }

    #[test]
    fn the_same_attempt_of_the_same_event_has_the_same_pause() {
        assert_eq!(pause("evt_1", 3), pause("evt_1", 3));
        assert_ne!(pause("evt_1", 3), pause("evt_2", 3));
        let shares = [2, 3].map(|failed| pause("evt_1", failed).map(|one| one.as_micros()));
        assert_ne!(shares[0].map(|one| one * 6), shares[1]);
    }

    #[test]
    fn an_endpoint_that_asks_for_time_gets_it_up_to_the_pause_after() {
        let now = Timestamp(0);
        let [first, second] = [1, 2].map(|failed| pause("evt_1", failed));
        let next = |seconds| {
            let at = next_attempt("evt_1", 1, now, Some(SECOND * seconds));
            at.map(|at| at.since(now))
        };
        assert_eq!(next_attempt("evt_1", 1, now, None).map(|at| at.since(now)), first);
        assert_eq!(next(1), first, "never sooner than the schedule");
        assert_eq!(next(60), Some(SECOND * 60));
        assert_eq!(next(86_400), second);
        assert_eq!(next_attempt("evt_1", ATTEMPTS_MAX, now, Some(SECOND)), None);
    }
}
