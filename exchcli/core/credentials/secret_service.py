"""The keyring of a Linux desktop, over D-Bus.

`keyring` has a backend for it, which is built on secretstorage as this is, and writes items
that this reads. But it asks to unlock whether or not anybody is there, takes the first of
several items, waits for ever, and takes 50 ms longer to import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from exchcli.core.credentials.patience import (
    SECONDS_TO_ANSWER,
    Duplicates,
    KeyringTrouble,
    Locked,
    NotMade,
    Patience,
    TimedOut,
    Unavailable,
)

NAME = "keyring.backends.SecretService.Keyring"


class SecretServiceBackend:
    """Items of the default collection, by the two attributes that `keyring` gives them."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def get(self, service: str, user: str) -> str | None:
        with self._collection() as collection:

            def read() -> str | None:
                item = _one(collection, service, user)
                return None if item is None else item.get_secret().decode("utf-8", "replace")

            return self._patience.run(read)

    def set(self, service: str, user: str, text: str) -> None:
        with self._collection(make=True) as collection:

            def write() -> None:
                item = _one(collection, service, user)
                if item is not None:
                    item.set_secret(text.encode())
                    return
                attributes = {"application": "exch", "service": service, "username": user}
                label = f"{service} {user}"
                collection.create_item(label, attributes, text.encode(), replace=True)

            self._patience.run(write)

    def delete(self, service: str, user: str) -> None:
        with self._collection() as collection:

            def remove() -> None:
                item = _one(collection, service, user)
                if item is not None:
                    item.delete()

            self._patience.run(remove)

    @contextmanager
    def _collection(self, make: bool = False) -> Iterator[Any]:
        """The default collection, unlocked. Raises KeyringTrouble."""
        patience = self._patience
        connection = None
        try:
            connection = patience.run(_connect)
            collection, locked = patience.run(lambda: _default(connection))
            if collection is None:
                collection = self._made(connection, make)
            elif locked:
                self._unlock(collection)
            yield collection
        except TimedOut:
            connection = None  # its thread still waits on it
            raise
        except KeyringTrouble:
            raise
        except Exception as error:
            raise _trouble(error) from error
        finally:
            if connection is not None:
                connection.close()

    def _unlock(self, collection: Any) -> None:
        patience = self._patience
        if not patience.can_answer:
            raise Locked
        patience.say("The keyring is locked: answer the dialogue on your screen.")
        patience.run(collection.unlock, SECONDS_TO_ANSWER)
        if patience.run(collection.is_locked):
            raise Locked

    def _made(self, connection: Any, make: bool) -> Any:
        if not (make and self._patience.can_answer):
            raise NotMade("it has no default collection yet")
        from secretstorage import get_default_collection

        self._patience.say("There is no keyring yet: answer the dialogue on your screen.")
        return self._patience.run(lambda: get_default_collection(connection), SECONDS_TO_ANSWER)


def _connect() -> Any:
    try:
        from secretstorage import dbus_init
    except ImportError:
        raise Unavailable("SecretStorage is not installed") from None
    return dbus_init()


def _default(connection: Any) -> tuple[Any, bool]:
    """The default collection, None if there is none, and whether it is locked."""
    from secretstorage import Collection, ItemNotFoundException

    try:
        collection = Collection(connection)
        return collection, collection.is_locked()
    except ItemNotFoundException:
        return None, False


def _one(collection: Any, service: str, user: str) -> Any:
    items = list(collection.search_items({"service": service, "username": user}))
    if len(items) > 1:
        raise Duplicates(f"{len(items)}")
    return items[0] if items else None


def _trouble(error: Exception) -> KeyringTrouble:
    """What secretstorage, D-Bus and the socket say, as one of ours."""
    from secretstorage import LockedException, PromptDismissedException
    from secretstorage import SecretServiceNotAvailableException as NotAvailable

    if isinstance(error, LockedException | PromptDismissedException):
        return Locked()
    if isinstance(error, NotAvailable) and not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return Unavailable("there is no D-Bus session here")
    if isinstance(error, NotAvailable | OSError):
        return Unavailable("nobody answers on the D-Bus session")
    return Unavailable(f"D-Bus says {getattr(error, 'name', None) or type(error).__name__}")
