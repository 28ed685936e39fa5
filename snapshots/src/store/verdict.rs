//! Judges a log by its anchor: is it all there, and is it the same log?
//!
//! Apart because these few lines decide whether a gateway may start at all
//! (I-25), and whether the operator's word overrides them.

use std::path::Path;

use crate::{
    anchor::Mark,
    log::Scan,
    open_error::{OpenError, RolledBackTo},
    options::{AnchorPolicy, StoreOptions},
};

/// An anchor that has seen records, and no log at all.
pub(crate) fn refuse_lost_log(mark: Option<Mark>, options: &StoreOptions) -> Result<(), OpenError> {
    match mark {
        Some(Mark { sequence, .. })
            if sequence > 0 && options.anchor_policy == AnchorPolicy::Enforce =>
        {
            Err(OpenError::RolledBack {
                witness: "anchor",
                expected: sequence,
                found: RolledBackTo::EndsAt(0),
            })
        }
        _ => Ok(()),
    }
}

/// True when the log does not fit the anchor and is adopted all the same.
pub(crate) fn judge_by_anchor(
    scan: &Scan,
    mark: Option<Mark>,
    anchor: &Path,
    options: &StoreOptions,
) -> Result<bool, OpenError> {
    let refusal = match mark {
        // A crash right after the first start leaves an empty log alone.
        None if scan.last_sequence() == 0 => None,
        None => Some(OpenError::AnchorMissing(anchor.to_owned())),
        Some(mark) => rolled_back(scan, mark).map(|found| OpenError::RolledBack {
            witness: "anchor",
            expected: mark.sequence,
            found,
        }),
    };
    match (refusal, options.anchor_policy) {
        (None, _) => Ok(false),
        (Some(refusal), AnchorPolicy::Enforce) => Err(refusal),
        (Some(refusal), AnchorPolicy::Adopt) => {
            tracing::warn!(%refusal, "the log is adopted as it is");
            Ok(true)
        }
    }
}

/// In what way the log is older than the anchor, if it is.
pub(crate) fn rolled_back(scan: &Scan, mark: Mark) -> Option<RolledBackTo> {
    if mark.sequence == 0 {
        // An anchor that has seen no record has nothing to miss.
        return None;
    }
    if scan.tip.log_id != mark.log_id {
        return Some(RolledBackTo::OtherLog);
    }
    if scan.last_sequence() < mark.sequence {
        return Some(RolledBackTo::EndsAt(scan.last_sequence()));
    }
    (scan.head(mark.sequence) != Some(mark.chain)).then_some(RolledBackTo::OtherFrames)
}
