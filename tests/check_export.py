"""Checks a `bursar snapshot export --jsonl` file without any code of ours: the chain of hashes, the
order, each payout's versions and steps, and the totals. Usage: python3 check_export.py FILE"""

import hashlib
import json
import sys
from collections import defaultdict
from decimal import Decimal


class Wrong(Exception):
    pass


def must(truth, what):
    if not truth:
        raise Wrong(what)


def chained(lines):
    """Each line as an object, its place in the chain checked."""
    prev = "0" * 64
    for number, line in enumerate(lines, 1):
        text, mark, _ = line.rstrip("\n").rpartition(',"hash":"')
        must(mark, f"line {number} carries no hash")
        row = json.loads(line)
        body = text + "}"
        must(row["prev"] == prev, f"line {number} does not continue the line before it")
        must(row["hash"] == hashlib.sha256((prev + body).encode()).hexdigest(),
             f"line {number} does not match its hash")
        prev = row["hash"]
        yield number, row


def check(path):
    payouts, sequence, header, last = {}, 0, None, None
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, row in chained(lines):
            must(last is None, f"line {number} follows the totals")
            if header is None:
                header = row
                must(row.get("format") == "bursar-journal-1", "the format is not known")
            elif "totals" in row:
                last = row
            else:
                sequence += 1
                must(row["sequence"] == sequence, f"sequence {sequence} is missing at line {number}")
                if row["payout"] is not None:
                    step(payouts.setdefault(row["payout"], {"version": 0}), row, number)
    must(last is not None, "the totals are missing")
    must(header["through"] == sequence == last["records"], "the end is missing")
    sums = defaultdict(lambda: (0, Decimal(0)))
    for one in payouts.values():
        count, amount = sums[one["status"], one["currency"]]
        sums[one["status"], one["currency"]] = (count + 1, amount + Decimal(one["amount"]))
    told = {(t["status"], t["currency"]): (t["count"], Decimal(t["amount"])) for t in last["totals"]}
    must(told == dict(sums) and last["payouts"] == len(payouts), "the totals are not those of the lines")
    return f"{sequence} records of {len(payouts)} payouts, {last['hash']}"


def step(payout, row, number):
    must(row["version"] == payout["version"] + 1, f"a version is missing before line {number}")
    payout["version"] = row["version"]
    if row["version"] == 1:
        must(row["fact"] == "created", f"line {number} begins a payout and does not create it")
        payout.update(amount=row["amount"], currency=row["currency"], status=None)
    if "to" in row:
        must(row["from"] == payout["status"], f"line {number} does not begin where the payout stood")
        payout["status"] = row["to"]


if __name__ == "__main__":
    try:
        print("good:", check(sys.argv[1]))
    except (Wrong, KeyError, ValueError) as wrong:
        sys.exit(f"wrong: {wrong}")
