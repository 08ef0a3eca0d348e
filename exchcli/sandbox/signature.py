"""The one check that both exchanges share: a hex HMAC-SHA256 over the bytes received."""

from __future__ import annotations

import hmac


def matches(secret: str, message: bytes, given: str) -> bool:
    """Whether `given` is the signature; hex case does not matter. Takes the same time always."""
    right = hmac.digest(secret.encode(), message, "sha256").hex()
    return hmac.compare_digest(right.encode(), given.lower().encode("utf-8", "replace"))
