"""What the keeper of a sandbox has decreed, so that refusals of people can be met as well.

Pairs can be suspended, currencies closed for withdrawals or transfers, accounts barred from
either or put out of order. A mark is a word beside a name.
"""

from __future__ import annotations

from exchcli.sandbox.store import Store

SUSPENDED = "suspended"
NO_WITHDRAWALS, NO_TRANSFERS, ABNORMAL = "no_withdrawals", "no_transfers", "abnormal"
MARKS = (SUSPENDED, NO_WITHDRAWALS, NO_TRANSFERS, ABNORMAL)


def mark(store: Store, exchange: str, name: str, word: str, *, on: bool = True) -> None:
    """Puts one of MARKS on a pair, a currency or the account of a user name, or takes it off.

    Raises ValueError for another word. That there is nothing of this name is no error.
    """
    if word not in MARKS:
        raise ValueError(f"{word!r} is none of {', '.join(MARKS)}")
    with store.writing() as db:
        found = db.execute(
            "SELECT account FROM accounts WHERE exchange = ? AND username = ?", (exchange, name)
        ).fetchone()
        row = exchange, str(found[0]) if found else name.upper(), word
        if on:
            db.execute("INSERT OR IGNORE INTO marks VALUES (?, ?, ?)", row)
        else:
            db.execute("DELETE FROM marks WHERE exchange = ? AND name = ? AND mark = ?", row)


def marked(store: Store, exchange: str, name: str | int, word: str) -> bool:
    """Whether a pair, a currency or an account, by its number, has this mark."""
    return bool(
        store.select(
            "SELECT 1 FROM marks WHERE exchange = ? AND name = ? AND mark = ?",
            exchange,
            str(name),
            word,
        )
    )
