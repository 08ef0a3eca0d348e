"""A new pair in place of the old one, in an order that does not lose it.

Dgtmarket revokes the old pair in the same moment as it answers with the new one, so

    preflight       the store takes, gives back and removes a probe
    announce        the intent is on the disk
    call            the exchange is asked, once
    keep_pending    the answer is on the disk, before anything else
    put             the store has it, and gives it back
    pin             the configuration names that store
    forget          intent and pending file are gone

From `keep_pending` on, every command uses the new pair, and `recover` goes on from there. What
no order can save is an answer that never arrives here: then `recover` finds out by a signed
read whether the old pair still holds, and if not, another rotation fetches another pair.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from exchcli.core.credentials import Credentials
from exchcli.core.credentials.lookup import pinned
from exchcli.core.credentials.pending import (
    Intent,
    PendingSource,
    forget_intent,
    keep_intent,
    read_intent,
)
from exchcli.core.credentials.stores import Scope, Source, Store, read_back, store_of
from exchcli.errors import (
    CredentialsError,
    ExchError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    StateError,
    UsageError,
)
from exchcli.state import cannot, make_folder, sweep

WARNING = b"exch: waiting for the new key, which the answer brings; Ctrl-C again may lose it.\n"


class Hands(NamedTuple):
    """What a rotation cannot do by itself.

    `fetch` asks the exchange for a new pair, `pin` writes the kind of store into the
    configuration, `accepted` makes one signed read with a pair and raises what refuses it.
    """

    pin: Callable[[str], None]
    accepted: Callable[[Credentials], None]
    fetch: Callable[[], Credentials] | None = None


def rotated(scope: Scope, store: Store, hands: Hands) -> Credentials:
    """Fetches a new pair and puts it into the store. Call it within `alone`."""
    preflight(store)
    old = _old_key(store)
    with uninterrupted():
        unknown = announce(scope, store)
        pair = call(scope, hands, unknown)
        kept = keep_pending(scope, store, pair, old)
        finish(scope, store, pair, hands, kept)
    return pair._replace(source=store.words)


def recovered(scope: Scope, hands: Hands) -> str:
    """Finishes a rotation that was interrupted, and says what became of it.

    Raises CredentialsError when the pair is lost, and says what to do then.
    """
    pending = PendingSource(scope)
    if pending.exists():
        pair = pending.read()
        store = _destination(scope, pending.store())
        with uninterrupted():
            finish(scope, store, pair, hands, kept=True)
        hands.accepted(pair)
        return f"The rotation is finished: the new key is in {store.words}, and was accepted."
    intent = read_intent(scope)
    if intent is None:
        return "There is nothing to recover: no rotation was interrupted."
    return _settle(scope, intent, hands)


def preflight(store: Store) -> None:
    """Nothing is asked for that could not be kept."""
    store.probe()


def _old_key(store: Store) -> str | None:
    """The key that is replaced, if it can be told: a rotation needs none."""
    try:
        before = store.holds()
    except CredentialsError:
        return None
    return before.key if before else None


def announce(scope: Scope, store: Store) -> bool:
    """The intent is on the disk; whether that of a rotation with no known end stood there."""
    try:
        unknown = read_intent(scope) is not None
    except CredentialsError:  # there is one, whatever it says
        unknown = True
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    keep_intent(scope, Intent(store.kind, started))
    return unknown


def call(scope: Scope, hands: Hands, unknown: bool = False) -> Credentials:
    """The new pair. It is asked for once: a second answer would revoke the first.

    After a refusal the intent is forgotten, but not if an earlier rotation may have happened.
    """
    try:
        assert hands.fetch is not None, "only a recovery asks for nothing"
        with interrupted_twice():
            return hands.fetch()
    except (Rejected, CredentialsError, RateLimited, NotSent, UsageError, StateError):
        if not unknown:  # it refused, or nothing was sent: the old key is as it was
            forget_intent(scope)
        raise
    except ExchError as error:
        raise OutcomeUnknown(
            f"It is not known whether the key was rotated. {error.message}",
            f"{scope.command('auth recover')} finds out, and says what to do.",
            exchange=error.exchange,
        ) from None
    except KeyboardInterrupt:
        raise OutcomeUnknown(
            "It is not known whether the key was rotated: it was interrupted.",
            f"{scope.command('auth recover')} finds out, and says what to do.",
        ) from None


def keep_pending(scope: Scope, store: Store, pair: Credentials, old: str | None) -> bool:
    """Whether the new pair is on the disk; if it cannot be, the store is the last chance."""
    try:
        PendingSource(scope).write(pair, store.kind, old)
    except StateError as error:
        scope.say(f"exch: {error.message}")
        return False
    return True


def finish(scope: Scope, store: Store, pair: Credentials, hands: Hands, kept: bool) -> None:
    """The new pair where it belongs; until it is, `recover` can go on from what is kept."""
    recovering = scope.command("auth recover")
    try:
        put(store, pair)
    except ExchError as error:
        if kept:
            raise CredentialsError(
                f"The key is rotated, but the new one is not in {store.words} yet. {error.message}",
                f"It is safe in {PendingSource(scope).path}, and used from there; "
                f"once that is mended, {recovering} finishes the rotation.",
            ) from None
        raise CredentialsError(
            f"The old key is revoked, and the new one could not be kept. {error.message}",
            f"Mend that, then run {recovering}: if the key is lost, it says how to fetch another.",
        ) from None
    try:
        hands.pin(store.kind)
        forget(scope)
    except ExchError as error:
        setting = f"{scope.exchange}.profiles.{scope.profile}.store"
        raise CredentialsError(
            f"The key is rotated, and the new one is in {store.words}; only the end is missing. "
            f"{error.message}",
            f"Once that is mended, {recovering} finishes the rotation; "
            f"{setting} has to be {store.kind}.",
        ) from None


def put(store: Store, pair: Credentials) -> None:
    """The store has the new pair, and gives it back."""
    store.write(pair)
    read_back(store, pair)


def forget(scope: Scope) -> None:
    """The intent first: a pending file alone can still be recovered without the exchange."""
    forget_intent(scope)
    PendingSource(scope).delete()


def _settle(scope: Scope, intent: Intent, hands: Hands) -> str:
    """Asked, and no answer kept: does the pair that is stored hold?

    That is the old one if nothing happened, and the new one if only the end is missing; then
    the store may not be in the configuration yet.
    """
    decided = pinned(scope)
    source = decided or store_of(scope, intent.store)
    try:
        pair = source.read()
    except CredentialsError as error:
        if decided is not None:
            raise
        raise CredentialsError(
            f"A key was asked for at {intent.started}, and it is not here. {error.message}",
            "If it cannot be found there, nothing can bring it back; "
            f"fetch another: {scope.command('auth login --username USER')}.",
        ) from None
    try:
        hands.accepted(pair)
    except CredentialsError as error:
        if decided is not None and _holds_elsewhere(scope, intent, decided, hands):
            hands.pin(intent.store)
            forget_intent(scope)
            words = store_of(scope, intent.store).words
            return f"The new key is in {words}, was accepted, and is used from now on."
        again = "auth login --username USER" if decided is None else "auth rotate"
        raise CredentialsError(
            f"The new key that was asked for at {intent.started} never arrived here, and the "
            f"old one ({pair.key[:4]}...) is refused.",
            f"Nothing can bring it back; fetch another: {scope.command(again)}.",
            exchange=error.exchange,
            code=error.code,
        ) from None
    if decided is None:
        hands.pin(source.kind)
    forget_intent(scope)
    return f"The key {pair.key[:4]}... in {source.words} holds: nothing more is to be done."


def _holds_elsewhere(scope: Scope, intent: Intent, decided: Source, hands: Hands) -> bool:
    """Whether the new pair got into its store, and the configuration names another one."""
    if decided.kind == intent.store:
        return False
    try:
        hands.accepted(store_of(scope, intent.store).read())
    except CredentialsError:
        return False
    return True


def _destination(scope: Scope, kind: str) -> Store:
    """Where the pair belongs: the profile's store, if that was decided meanwhile."""
    kept = scope.kept.store
    return store_of(scope, kept if kept in ("keyring", "file") else kind)


@contextmanager
def alone(scope: Scope) -> Iterator[None]:
    """One process at a time changes the pair of a profile. Raises CredentialsError."""
    path = scope.file(".lock")
    make_folder(path.parent)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot("open", path, error) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CredentialsError(
                f"Another exch is changing the key of {scope.exchange}, profile {scope.profile}.",
                "Wait until it has ended, then run it again.",
            ) from None
        _clear(scope)
        yield
    finally:
        os.close(handle)


def _clear(scope: Scope) -> None:
    """No secret outlives its file: what killed writers left beside theirs is removed."""
    own = scope.file(".json")
    for path in (own, scope.kept.path or own, scope.file(".rotating.json")):
        sweep(path)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and a polite kill are ignored: after asking, they would lose the pair."""
    held = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in held}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupted_twice() -> Iterator[None]:
    """While the answer is waited for, the first Ctrl-C warns, and only the second one ends it."""

    def warn(_number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(OSError):
            os.write(2, WARNING)  # printing is not safe in the middle of anything

    before = signal.signal(signal.SIGINT, warn)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
