"""An API key and its secret, and the one type that a secret is ever held in."""

from __future__ import annotations

import hmac
from typing import NamedTuple, NoReturn


class Secret:
    """A text that cannot be printed, formatted, pickled or compared by accident.

    `reveal()` is the only way to it, so every place where a secret is used can be found.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode(), other._text.encode()
        )

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


class Credentials(NamedTuple):
    """One pair. `source` says in words where it came from, such as "the keyring"."""

    key: str
    secret: Secret
    source: str

    def __repr__(self) -> str:
        return f"Credentials(key={self.key[:4]}..., source={self.source!r})"


Headers = dict[str, str]
