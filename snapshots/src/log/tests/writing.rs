//! What the writer promises: order, durability, one frame per append; and what
//! it does with a disk that refuses.

use std::fs::OpenOptions;

use super::*;
use crate::journal_port::JournalError;

#[test]
fn many_concurrent_appends_are_acknowledged_in_order_and_all_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|scope| {
        for payout in 0..8u8 {
            let journal = running.journal.clone();
            scope.spawn(move || {
                let mut last = 0;
                for version in 1..=200 {
                    let records = vec![record(payout, version, 100), record(payout, version, 10)];
                    let sequence = journal.append_blocking(records).unwrap();
                    assert!(sequence > last && sequence <= journal.durable_sequence());
                    last = sequence;
                }
            });
        }
        let queued: Vec<_> = (1..=500)
            .map(|version| running.journal.append(vec![record(99, version, 30)]))
            .collect();
        let sequences: Vec<_> =
            queued.into_iter().map(|append| runtime.block_on(append).unwrap()).collect();
        assert!(sequences.is_sorted());
    });
    let stats = running.journal.stats();
    assert_eq!(stats.records, 8 * 200 * 2 + 500);
    assert!(stats.commits < stats.records / 2, "commits are shared");
    running.close();

    let found = read_all(dir.path());
    assert_eq!(found.len(), 8 * 200 * 2 + 500);
    assert!(found.iter().map(|(sequence, _)| *sequence).eq(1..=3700));
    for payout in (0..8).chain([99]) {
        let versions: Vec<_> = found
            .iter()
            .filter(|(_, r)| r.payout == [payout; 16])
            .map(|(_, r)| r.version)
            .collect();
        assert!(versions.is_sorted());
    }
    assert!(fs::read_dir(dir.path()).unwrap().count() > 4, "the log rolled over several segments");
    // A second life continues where the first ended.
    let running = start(dir.path());
    assert_eq!(running.journal.append_blocking(vec![record(1, 1, 1)]).unwrap(), 3701);
    running.close();
    assert_eq!(verify(dir.path()).unwrap().last_sequence, 3701);
}

#[test]
fn a_frame_larger_than_a_segment_gets_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    for version in 1..=3 {
        running.journal.append_blocking(vec![record(1, version, 100_000)]).unwrap();
    }
    running.close();
    assert_eq!(read_all(dir.path()).len(), 3);
}

#[test]
fn an_append_without_records_is_a_barrier() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    assert_eq!(running.journal.append_blocking(vec![]).unwrap(), 0);
    running.journal.append_blocking(vec![record(1, 1, 5), record(1, 2, 5)]).unwrap();
    assert_eq!(running.journal.append_blocking(vec![]).unwrap(), 2);
    assert_eq!(running.journal.stats().commits, 1);
    running.close();
}

#[test]
fn an_append_over_the_limit_is_refused_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let refused = running.journal.append_blocking(vec![record(1, 1, APPEND_LIMIT + 1)]);
    assert!(matches!(refused, Err(JournalError::TooLarge { .. })));
    running.close();
    assert_eq!(read_all(dir.path()), []);
}

#[test]
fn a_disk_that_refuses_is_fatal_and_nothing_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let tip = Tail::create(dir.path(), RULES).unwrap();
    let tail = Tail::resume(dir.path(), &tip, RULES).unwrap();
    // A file opened for reading only stands for a disk that fails.
    let tail = tail.on_file(OpenOptions::new().read(true).open(&tip.path).unwrap());
    let running = start_on(dir.path(), tail);
    let refused = running.journal.append_blocking(vec![record(1, 1, 10)]);
    assert_eq!(refused, Err(JournalError::Closed));
    assert!(running.fatal.recv().unwrap().contains("Bad file descriptor"));
    assert_eq!(running.journal.durable_sequence(), 0);
    assert_eq!(running.journal.append_blocking(vec![]), Err(JournalError::Closed));
    running.close();
}

#[test]
fn a_closed_journal_takes_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let journal = running.journal.clone();
    running.close();
    assert_eq!(journal.append_blocking(vec![record(1, 1, 1)]), Err(JournalError::Closed));
}

#[test]
fn a_copy_is_another_log_with_the_same_records_in_the_same_frames() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    fs::create_dir(&old).unwrap();
    fs::create_dir(&new).unwrap();
    let running = start(&old);
    for version in 1..=400 {
        let records = vec![record(1, version, 700), record(2, version, 10)];
        running.journal.append_blocking(records).unwrap();
    }
    running.close();

    let mut source = LogFrames::open(&old).unwrap();
    let mut copy = LogCopy::begin(&new, RULES.bytes).unwrap();
    let mut frames = 0;
    while let Some(frame) = source.next_frame().unwrap().filter(|f| f.last_sequence() <= 300) {
        copy.take(&frame).unwrap();
        frames += 1;
    }
    assert_eq!(copy.append(&[record(9, 1, 5)]).unwrap(), 301);
    let made = copy.finish(&dir.path().join("anchor")).unwrap();
    assert_eq!((frames, made.last_sequence), (150, 301));
    assert_eq!(verify(&new).unwrap(), made);
    assert_ne!(verify(&old).unwrap().log_id, made.log_id);
    let (mut was, is) = (read_all(&old), read_all(&new));
    was.truncate(300);
    assert_eq!(was[..], is[..300]);
    assert!(fs::read_dir(&new).unwrap().count() > 2, "several segments");
    let mark = Anchor::read(&dir.path().join("anchor")).unwrap().unwrap();
    assert_eq!((mark.log_id, mark.sequence, mark.chain), (made.log_id, 301, made.chain));
}

#[test]
fn a_lane_tells_each_of_its_tasks_and_says_when_the_log_has_closed() {
    let dir = tempfile::tempdir().unwrap();
    let running = start(dir.path());
    let lane = Lane::new(&running.journal);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    let teller = tasks.spawn_local(lane.clone().tell());
    let too_large = lane.append(vec![record(1, 1, APPEND_LIMIT)]);
    assert!(
        matches!(too_large.err(), Some(JournalError::TooLarge { .. })),
        "and nothing else fails"
    );
    runtime.block_on(tasks.run_until(async {
        for round in 0..20 {
            let queued = (1..=50).map(|version| lane.append(vec![record(round, version, 30)]));
            let queued: Vec<_> = queued.collect::<Result<_, _>>().unwrap();
            // Some in tasks of their own, some dropped, the last one waited for here.
            for (place, append) in queued.into_iter().enumerate() {
                match place % 3 {
                    0 => drop(append),
                    1 => drop(tokio::task::spawn_local(async { append.await.unwrap() })),
                    _ => append.await.unwrap(),
                }
            }
        }
    }));
    assert_eq!(running.journal.durable_sequence(), 20 * 50);
    running.close();
    assert_eq!(lane.append(vec![record(1, 1, 1)]).err(), Some(JournalError::Closed));
    drop(lane);
    assert_eq!(read_all(dir.path()).len(), 20 * 50);
    drop(teller);
}

#[test]
fn what_a_lane_queued_behind_the_end_is_not_waited_for_for_ever() {
    // Bounded, as in production: such a queue keeps what nobody took.
    let (messages, queue) = crossbeam_channel::bounded(8);
    let shared: Arc<Shared> = Arc::default();
    let journal = Journal::new(messages, shared.clone());
    let lane = Lane::new(&journal);
    let append = lane.append(vec![record(1, 1, 1)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    tasks.spawn_local(lane.tell());
    shared.end(&queue);
    let told = runtime.block_on(tasks.run_until(append));
    assert_eq!(told, Err(JournalError::Closed));
    assert_eq!(runtime.block_on(journal.append(Vec::new())), Err(JournalError::Closed));
    assert_eq!(journal.append_blocking(Vec::new()), Err(JournalError::Closed));
    drop(queue);
}
