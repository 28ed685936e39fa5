//! All rows of the archive, held against each other.
//!
//! Apart from answering because this reads everything, for whoever wants to
//! know whether it is still there. A payout's value says which index rows it
//! has; each of them must be found, and there must be no others.

use std::ops::ControlFlow;

use fjall::Keyspace;

use super::{
    ArchiveError, Archived, Id, RowAmiss, RowsChecked, covers, keys, keys::Indexed, stored,
};

const CUT: ArchiveError = ArchiveError::Damaged("a key is not a payout's");

/// The keyspaces that payouts are spread over.
pub(crate) struct Rows<'a> {
    pub(crate) payouts: &'a Keyspace,
    pub(crate) by_time: &'a Keyspace,
    pub(crate) by_status: &'a Keyspace,
    pub(crate) references: &'a Keyspace,
    pub(crate) due: &'a Keyspace,
}

/// The rows that one payout has in one index: name, keyspace, key, value.
type Expected<'a> = (&'static str, &'a Keyspace, Vec<u8>, Vec<u8>);

impl Rows<'_> {
    /// Hands on every payout in the order of their ids.
    pub(crate) fn payouts(
        &self,
        visit: &mut dyn FnMut(Archived) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        for entry in self.payouts.iter() {
            let (key, value) = entry.into_inner()?;
            if covers::is_word(&key) {
                continue;
            }
            let id: Id = (*key).try_into().map_err(|_| CUT)?;
            let (indexed, body) = stored::decode(id, &value)?;
            if visit(indexed.with_body(body)).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Looks for each row that a payout must have, and for each payout that a
    /// row must have.
    pub(crate) fn check(
        &self,
        amiss: &mut dyn FnMut(RowAmiss),
    ) -> Result<RowsChecked, ArchiveError> {
        let mut checked = RowsChecked::default();
        for entry in self.payouts.iter() {
            let (key, value) = entry.into_inner()?;
            if covers::is_word(&key) {
                continue;
            }
            let id: Id = (*key).try_into().map_err(|_| CUT)?;
            checked.payouts += 1;
            for (table, keyspace, key, value) in self.expected(&stored::decode(id, &value)?.0) {
                checked.rows += 1;
                let what = match keyspace.get(&key)? {
                    Some(found) if *found == *value => continue,
                    Some(_) => "the row says something else than the payout",
                    None => "the row is missing",
                };
                amiss(RowAmiss { table, key, payout: Some(id), what });
            }
        }
        self.strays(amiss)?;
        Ok(checked)
    }

    fn expected(&self, payout: &Indexed) -> Vec<Expected<'_>> {
        let facets = payout.facets.0.to_be_bytes().to_vec();
        let mut rows: Vec<Expected<'_>> = vec![
            ("by_time", self.by_time, payout.by_time().to_vec(), facets.clone()),
            ("by_status", self.by_status, payout.by_status().to_vec(), facets),
        ];
        if let Some(key) = payout.reference() {
            rows.push(("references", self.references, key.to_vec(), payout.id.to_vec()));
        }
        if let Some(key) = payout.due() {
            rows.push(("due", self.due, key.to_vec(), Vec::new()));
        }
        rows
    }

    /// Rows whose payout is not there, or does not have them.
    fn strays(&self, amiss: &mut dyn FnMut(RowAmiss)) -> Result<(), ArchiveError> {
        let tables = [
            ("by_time", self.by_time),
            ("by_status", self.by_status),
            ("references", self.references),
            ("due", self.due),
        ];
        for (table, keyspace) in tables {
            for entry in keyspace.iter() {
                let (key, value) = entry.into_inner()?;
                if covers::is_word(&key) {
                    continue;
                }
                // In `references` the payout is the value, elsewhere the key's end.
                let named = if table == "references" { &value } else { &key };
                let id = named.last_chunk::<16>().copied();
                if !self.has(table, id, &key)? {
                    let what = "no payout stands behind the row";
                    amiss(RowAmiss { table, key: key.to_vec(), payout: id, what });
                }
            }
        }
        Ok(())
    }

    fn has(&self, table: &str, id: Option<Id>, key: &[u8]) -> Result<bool, ArchiveError> {
        let Some(id) = id else { return Ok(false) };
        let Some(value) = self.payouts.get(id)? else { return Ok(false) };
        let payout = stored::decode(id, &value)?.0;
        Ok(match table {
            "by_time" => payout.by_time() == *key,
            "by_status" => payout.by_status() == *key,
            "references" => payout.reference().is_some_and(|wanted| wanted == *key),
            _ => payout.due().is_some_and(|wanted| wanted == *key),
        })
    }
}

impl Indexed {
    fn with_body(self, body: &[u8]) -> Archived {
        let keys::Indexed { id, merchant, created_at, facets, reference, due } = self;
        Archived { id, merchant, created_at, facets, reference, due, body: body.to_vec() }
    }
}
