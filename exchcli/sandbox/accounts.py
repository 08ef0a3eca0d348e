"""Who may sign: the demo accounts, their keys, and what a key can be refused for.

The accounts of an exchange come into being, whole and in one transaction, when something
private is first asked of it. They depend on nothing but the store's seed and opening, so
that is as good as having been there from the start, and costs public requests nothing.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from exchcli.sandbox.store import Store

ACTIVE, REVOKED, EXPIRED = "active", "revoked", "expired"
NO_PERMISSION, IP_NOT_ALLOWED = "no_permission", "ip_not_allowed"
STATES = (ACTIVE, REVOKED, EXPIRED, NO_PERMISSION, IP_NOT_ALLOWED)

# A key and a secret of Dgtmarket have so many characters in its document.
KEY_LENGTH = 40


class DemoAccount(NamedTuple):
    """A funded account of the sandbox, with its current key."""

    key: str
    secret: str
    username: str
    password: str


class Key(NamedTuple):
    """A key as the exchange knows it; `state` is one of STATES."""

    key: str
    secret: str
    account: int
    state: str


def demo_accounts(store: Store, exchange: str) -> list[DemoAccount]:
    """The accounts of an exchange; the first is the one with a history to look at."""
    ensure(store, exchange)
    rows = store.select(
        "SELECT key, secret, username, password FROM accounts JOIN keys USING (account)"
        " WHERE exchange = ? AND id IN (SELECT max(id) FROM keys GROUP BY account)"
        " ORDER BY number",
        exchange,
    )
    return [DemoAccount(*row) for row in rows]


def find_key(store: Store, exchange: str, key: str) -> Key | None:
    """A key of this exchange in whatever state, or None."""
    known: dict[tuple[str, str], Key] = store.kept("keys") or {}
    if (exchange, key) not in known:
        ensure(store, exchange)
        rows = store.select(
            "SELECT key, secret, account, state FROM keys JOIN accounts USING (account)"
            " WHERE key = ? AND exchange = ?",
            key,
            exchange,
        )
        if not rows:
            return None
        known[exchange, key] = Key(*rows[0])
        store.keep("keys", known)
    return known[exchange, key]


def mark_key(store: Store, key: str, state: str) -> None:
    """Puts a key into one of STATES. Raises ValueError for another word or an unknown key."""
    if state not in STATES:
        raise ValueError(f"{state!r} is none of {', '.join(STATES)}")
    with store.writing() as db:
        if not db.execute("UPDATE keys SET state = ? WHERE key = ?", (state, key)).rowcount:
            raise ValueError(f"there is no key {key!r}")


def renew_key(store: Store, exchange: str, username: str, password: str) -> Key | None:
    """A new pair, which revokes the ones before it; None if nobody has this name and password."""
    ensure(store, exchange)
    with store.writing() as db:
        found = db.execute(
            "SELECT account FROM accounts WHERE exchange = ? AND username = ? AND password = ?",
            (exchange, username, password),
        ).fetchone()
        if found is None:
            return None
        account = int(found[0])
        made = Key(_random("demo-key-"), _random("demo-secret-"), account, ACTIVE)
        db.execute("UPDATE keys SET state = ? WHERE account = ?", (REVOKED, account))
        db.execute(
            "INSERT INTO keys (key, secret, account, state) VALUES (?, ?, ?, ?)",
            made,
        )
    return made


def ensure(store: Store, exchange: str) -> None:
    """Makes the accounts of an exchange if they are not there yet."""
    if store.select("SELECT 1 FROM accounts WHERE exchange = ? LIMIT 1", exchange):
        return
    from exchcli.sandbox.demo import demo

    made = demo(exchange, store.stored_seed, store.opened)
    with store.writing() as db:
        # Another process may have been faster, and its accounts are the same.
        if db.execute("SELECT 1 FROM accounts WHERE exchange = ? LIMIT 1", (exchange,)).fetchone():
            return
        for table, rows in made:
            if rows:
                places = ", ".join("?" * len(rows[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


def _random(beginning: str) -> str:
    return (beginning + os.urandom(KEY_LENGTH).hex())[:KEY_LENGTH]
