"""Why Dgtmarket refused something, in one line of its own words.

No error body is documented. Seen are {"detail": "..."} and sentences under the name of each
wrong field, {"amount": ["..."]}; whatever has the shape of either is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST = 300  # characters of it that are told


def gives_reasons(body: Any) -> bool:
    """Whether it has the shape of a refusal, whole: texts, and lists of them under fields."""
    return isinstance(body, dict) and bool(body) and all(map(_is_reason, body, body.values()))


def _is_reason(field: str, told: Any) -> bool:
    if isinstance(told, str):
        return field == "detail"
    return isinstance(told, list) and bool(told) and all(isinstance(one, str) for one in told)


def reason(body: Any) -> str:
    """All that is said, each field before its sentences; empty where nothing is."""
    words = " ".join("; ".join(_said(body)).split())
    return words if len(words) <= MOST else f"{words[: MOST - 3]}..."


def _said(body: Any, name: str = "") -> Iterator[str]:
    if isinstance(body, dict):
        for field, told in body.items():
            # What is said of the whole is under a name that is no field's.
            own = "" if field in ("detail", "non_field_errors") else str(field)
            yield from _said(told, f"{name}.{own}".strip("."))
    elif isinstance(body, list):
        for told in body:
            yield from _said(told, name)
    elif isinstance(body, str) and body.strip():
        yield f"{name}: {body.strip()}" if name else body.strip()
