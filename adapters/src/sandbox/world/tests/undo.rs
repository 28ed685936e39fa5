//! Recall and undo, in every state that they can meet.

use super::*;

impl Stage {
    fn revoke(&mut self) -> String {
        said(&self.world.revoke(self.now, "ref-1"))
    }

    fn reverse(&mut self) -> String {
        said(&self.world.reverse(self.now, "ref-1"))
    }
}

#[test]
fn recalls() {
    // Suffix, when it is recalled, what is answered, what is answered the second time, the ledger.
    let table = [
        (50, 500, "200 revoked", "200 revoked", [0, 0, 1]),
        (51, 500, "409 already_settled", "409 already_settled", [1, 0, 0]),
        (52, 500, "silence", "silence", [0, 0, 1]),
        (0, 100, "200 revoked", "200 revoked", [0, 0, 1]),
        (0, 500, "409 already_settled", "409 already_settled", [1, 0, 0]),
        (2, 500, "409 not_revocable", "409 not_revocable", [0, 0, 0]),
        (6, 500, "200 revoked", "200 revoked", [0, 0, 1]),
        (31, 500, "409 not_revocable", "409 not_revocable", [0, 0, 0]),
        (32, 600, "409 already_settled", "409 already_settled", [1, 0, 0]),
        (1, 500, "404 not_found", "404 not_found", [0, 0, 0]),
    ];
    for (suffix, after, first, second, money) in table {
        let mut stage = Stage::new(suffix);
        stage.submit();
        stage.pass(after);
        assert_eq!(
            (stage.revoke(), stage.revoke()),
            (first.to_owned(), second.to_owned()),
            "{suffix:03}"
        );
        stage.pass(100_000);
        assert_eq!(stage.money(), money, "{suffix:03}");
    }
}

#[test]
fn a_recall_is_told_and_nothing_follows_it() {
    let mut stage = Stage::new(52);
    stage.submit();
    stage.revoke();
    stage.pass(100_000);
    assert_eq!(said(&stage.fetch()), "200 revoked");
    assert_eq!(stage.callbacks(), ["revoked#1"]);
}

#[test]
fn undoing() {
    let table = [
        (53, "200 reversed", "200 reversed", [1, 1, 0]),
        (54, "409 reversal_refused", "409 reversal_refused", [1, 0, 0]),
        (0, "200 reversed", "200 reversed", [1, 1, 0]),
        (40, "200 reversed", "200 reversed", [1, 1, 0]),
        (2, "409 not_settled", "409 not_settled", [0, 0, 0]),
        (30, "409 not_settled", "409 not_settled", [0, 0, 0]),
    ];
    for (suffix, first, second, money) in table {
        let mut stage = Stage::new(suffix);
        stage.submit();
        stage.pass(1_000);
        assert_eq!(
            (stage.reverse(), stage.reverse()),
            (first.to_owned(), second.to_owned()),
            "{suffix:03}"
        );
        stage.pass(100_000);
        assert_eq!(stage.money(), money, "{suffix:03}");
    }
}

#[test]
fn what_came_back_by_itself_cannot_be_undone_as_well() {
    let mut stage = Stage::new(41);
    stage.submit();
    stage.pass(10_000);
    assert_eq!(stage.reverse(), "409 already_returned");
    let mut early = Stage::new(41);
    early.submit();
    early.pass(1_000);
    assert_eq!(early.reverse(), "200 reversed");
    early.pass(10_000);
    assert_eq!((stage.money(), early.money()), ([1, 1, 0], [1, 1, 0]));
}

#[test]
fn the_sandboxs_own_id_names_the_payout_as_well() {
    let mut stage = Stage::new(0);
    let Said::Payout(told) = stage.submit().said else { panic!("refused") };
    stage.pass(1_000);
    let reply = stage.world.fetch(stage.now, told.id.as_deref().unwrap());
    assert_eq!(said(&reply), "200 settled");
    assert_eq!(said(&stage.world.fetch(stage.now, "sbx_ref-2")), "404 not_found");
}
