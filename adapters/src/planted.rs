//! Faults planted on purpose in the code of the actors: what a careless change could do to it. In no build but
//! those for a test of the tests (`tests/actors`); apart so that all of them are seen in one place. The engine
//! asks here, too, because it knows this crate and this crate does not know it.
//!
//! Planted on one thread at a time: a simulated world has only one.

use std::cell::Cell;

/// A planted fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Planted {
    /// A turn's effects happen while its entries are on their way to the disk.
    ActsBeforeDurable,
    /// A turn ends, and is answered, while its entries are on their way to the disk.
    AnswersBeforeDurable,
    /// What a turn has written is believed, and shown, while it is on its way to the disk.
    BelievesBeforeDurable,
    /// A caller gets the answer that was meant for the one before.
    AnswersTheWrongCaller,
    /// A submission whose answer is lost is made once more.
    SubmitsAgain,
    /// What was due before a restart has no timer behind it.
    TimersNotRearmed,
    /// Whoever was asked about once stays under question for ever.
    QuestionsNeverEnd,
    /// As many calls as anybody likes are under way at once.
    ConcurrencyIgnored,
    /// What was paced before the journal is not paced once more behind it.
    DoorOpen,
    /// A submission without an answer keeps its place for ever.
    PlaceKept,
    /// A finished payout leaves memory before the archive has it.
    LeavesTooEarly,
    /// A payout falls asleep while a turn is on its way to it.
    SleepsThroughItsTurn,
    /// The last event of a burst is left out.
    EventLeftOut,
    /// Money that was in doubt once is counted as in doubt for ever.
    DoubtKept,
    /// Whoever the archive refused is not brought to it again.
    RefusedOnce,
}

impl Planted {
    /// All of them.
    pub const ALL: [Planted; 15] = [
        Planted::ActsBeforeDurable,
        Planted::AnswersBeforeDurable,
        Planted::BelievesBeforeDurable,
        Planted::AnswersTheWrongCaller,
        Planted::SubmitsAgain,
        Planted::TimersNotRearmed,
        Planted::QuestionsNeverEnd,
        Planted::ConcurrencyIgnored,
        Planted::DoorOpen,
        Planted::PlaceKept,
        Planted::LeavesTooEarly,
        Planted::SleepsThroughItsTurn,
        Planted::EventLeftOut,
        Planted::DoubtKept,
        Planted::RefusedOnce,
    ];

    /// The promises that it breaks: by the checker of one of them it must be noticed.
    pub const fn breaks(self) -> &'static [&'static str] {
        match self {
            Planted::ActsBeforeDurable => &["I-4", "I-23"],
            Planted::AnswersBeforeDurable => &["I-23", "I-18", "I-4"],
            Planted::BelievesBeforeDurable => &["I-23", "I-18"],
            Planted::AnswersTheWrongCaller => &["I-19", "I-20", "I-22"],
            Planted::SubmitsAgain => &["I-1", "I-2", "I-4"],
            Planted::TimersNotRearmed => &["I-17", "I-41"],
            // Nobody asks about it again, so it never ends.
            Planted::QuestionsNeverEnd => &["I-17", "I-41"],
            Planted::ConcurrencyIgnored => &["I-31"],
            // Where all places are kept, nothing is sent any more.
            Planted::PlaceKept => &["I-31", "I-41"],
            Planted::DoorOpen => &["I-30"],
            Planted::LeavesTooEarly => &["I-14", "I-18", "I-21"],
            // Its turn is lost; whoever waits for the end of it is told that the gateway failed.
            Planted::SleepsThroughItsTurn => &["no 500"],
            Planted::EventLeftOut => &["I-33", "I-34"],
            Planted::DoubtKept => &["I-8"],
            Planted::RefusedOnce => &["bounded"],
        }
    }
}

thread_local! {
    static HERE: Cell<Option<Planted>> = const { Cell::new(None) };
}

/// Plants a fault on this thread, or takes it out.
pub fn plant(which: Option<Planted>) {
    HERE.set(which);
}

/// Whether this one is planted on this thread.
pub fn is(which: Planted) -> bool {
    HERE.get() == Some(which)
}
