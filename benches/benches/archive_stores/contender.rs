//! What a store must do to hold the archive: the archive's contract cut down to
//! what costs time.
//!
//! Apart from the contract in `snapshots` because only one of the contenders
//! will ever implement that one.

use std::{error::Error, path::Path};

use crate::{
    in_fjall::{Bodies, InFjall},
    in_redb::InRedb,
    in_sled_blocks::InSledBlocks,
    workload::{Finished, Id},
};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// The block or page cache that each store may have.
pub const CACHE_BYTES: usize = 128 * 1024 * 1024;

/// A row of a list: when, and which payout.
pub type Row = (u64, Id);

pub trait Contender {
    /// Stores a batch so that every read that follows sees it, without waiting
    /// for the disk. Looks for each id first, as the archive must before it may
    /// replace a payout; here none is ever there.
    fn put(&mut self, batch: Vec<Finished>) -> Outcome<()>;

    /// Makes everything stored so far durable.
    fn persist(&mut self) -> Outcome<()>;

    fn get(&self, id: &Id) -> Outcome<Option<Vec<u8>>>;

    /// Rows of a merchant that are older than `after`, newest first.
    fn page(&self, merchant: u64, after: Row, limit: usize) -> Outcome<Vec<Row>>;

    fn reference(&self, merchant: u64, hash: [u8; 16]) -> Outcome<Option<Id>>;
}

/// Opens or creates the store of this name.
pub fn open(name: &str, dir: &Path) -> Outcome<Box<dyn Contender>> {
    Ok(match name {
        "fjall" => Box::new(InFjall::open(dir, Bodies::InTree)?),
        "fjall-split" => Box::new(InFjall::open(dir, Bodies::Apart)?),
        "redb" => Box::new(InRedb::open(dir)?),
        "sled-packed" => Box::new(InSledBlocks::open(dir)?),
        _ => return Err(format!("no store is called {name}").into()),
    })
}

/// The row that a key of the time index stands for.
pub fn row_of(by_time: &[u8]) -> Outcome<Row> {
    let (rest, id) = by_time.split_last_chunk::<16>().ok_or("a row is cut short")?;
    let (_, time) = rest.split_last_chunk::<8>().ok_or("a row is cut short")?;
    Ok((!u64::from_be_bytes(*time), *id))
}

/// The workload never repeats an id, so a store that finds one is wrong.
pub fn must_be_new(found: bool) -> Outcome<()> {
    if found { Err("an id was found before it was stored".into()) } else { Ok(()) }
}
