"""A key and its secret as text: what each may hold, and the two forms they are written in.

JSON, `{"key": "...", "secret": "..."}`, in the keyring and in files; or just two lines, the key
and then the secret, which is what helper commands and secret stores like to print. No message
repeats any part of either.
"""

from __future__ import annotations

import json

from exchcli.core.credentials import Credentials, Secret
from exchcli.errors import CredentialsError

MOST_BYTES = 64 * 1024
MOST_CHARACTERS = 1000
FORM = 'Write it as {"key": "...", "secret": "..."}, or the key and the secret on two lines.'


def checked(
    key: str, secret: str, source: str, *, key_name: str = "", secret_name: str = ""
) -> Credentials:
    """The pair, if both could be what an exchange gives out. Raises CredentialsError.

    `source` says where it is from, such as "the keyring"; the names replace "The key from ...".
    """
    check_text(key, key_name or f"The key from {source}")
    check_text(secret, secret_name or f"The secret from {source}")
    return Credentials(key, Secret(secret), source)


def check_text(text: str, name: str) -> None:
    """Refuses what cannot be a key or a secret, each fault in its own words."""
    again = "Copy it again, alone: exchanges give out plain letters, digits and signs."
    if not text:
        raise CredentialsError(f"{name} is empty.", "Give it a value, or take it away altogether.")
    if "\n" in text or "\r" in text:
        raise CredentialsError(f"{name} contains a line break.", again)
    if any(character.isspace() for character in text):
        raise CredentialsError(f"{name} contains a space or a tab.", again)
    if not text.isascii():
        raise CredentialsError(f"{name} contains a character that is not ASCII.", again)
    if not text.isprintable():
        raise CredentialsError(f"{name} contains a control character.", again)
    if len(text) > MOST_CHARACTERS:
        raise CredentialsError(f"{name} is longer than {MOST_CHARACTERS} characters.", again)


def parse(data: bytes, source: str) -> Credentials:
    """The pair in either form. Raises CredentialsError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CredentialsError(f"What came from {source} is not UTF-8 text.", FORM) from None
    if not text.strip():
        raise CredentialsError(f"Nothing came from {source}.", FORM)
    if text.lstrip().startswith("{"):
        return _from_json(text, source)
    lines = [line.removesuffix("\r") for line in text.rstrip("\r\n").split("\n")]
    if len(lines) != 2:
        raise CredentialsError(f"What came from {source} is neither JSON nor two lines.", FORM)
    key, secret = lines
    return checked(key, secret, source)


def _from_json(text: str, source: str) -> Credentials:
    value = as_object(text)
    if value is None:
        raise CredentialsError(f"What came from {source} is not valid JSON.", FORM)
    return checked(_text(value, "key", source), _text(value, "secret", source), source)


def _text(value: dict[str, object], name: str, source: str) -> str:
    if name not in value:
        raise CredentialsError(f"What came from {source} has no {name}.", FORM)
    text = value[name]
    if not isinstance(text, str):
        raise CredentialsError(f"The {name} from {source} is not a text.", FORM)
    return text


def as_object(text: str) -> dict[str, object] | None:
    """A JSON object, or None for all else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def written(pair: Credentials, **more: str | None) -> bytes:
    """The pair as JSON on one line."""
    content = {"key": pair.key, "secret": pair.secret.reveal(), **more}
    return json.dumps(content).encode() + b"\n"
