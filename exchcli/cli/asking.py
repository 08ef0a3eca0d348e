"""What only the user knows: keys, secrets, passwords. None of it is shown or an argument."""

from __future__ import annotations

import sys

from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.pair import MOST_BYTES, check_text, checked
from exchcli.errors import UsageError


def ask_pair(key: str | None, secret_stdin: bool) -> Credentials:
    """A key and its secret, from options, stdin or the terminal.

    Raises UsageError where nobody can be asked, CredentialsError for what cannot be one.
    """
    if secret_stdin and key is None:
        raise UsageError("The key that belongs to the secret is missing.", "Name it with --key.")
    if not secret_stdin and not _at_terminal():
        raise UsageError(
            "Nobody is here to type the secret.",
            "Name the key with --key, and pipe the secret in with --secret-stdin.",
        )
    if key is None:
        key = _ask("API key: ")
    check_text(key, "The key")
    secret = ask_secret("Secret (it is not shown): ", secret_stdin)
    return checked(key, secret.reveal(), "you", secret_name="The secret")  # noqa: S106


def ask_username(given: str | None) -> str:
    """A user name; asked for where it was not given."""
    if given is None and not _at_terminal():
        raise UsageError("The user name is missing.", "Name it with --username.")
    username = _ask("User name: ") if given is None else given
    if not username or not username.isprintable():
        raise UsageError("That is no user name.", "Type the one that you log in with.")
    return username


def ask_password(from_stdin: bool) -> Secret:
    """A password, which may be anything but empty."""
    if not from_stdin and not _at_terminal():
        raise UsageError(
            "Nobody is here to type the password.", "Pipe it in with --password-stdin."
        )
    password = ask_secret("Password (it is not shown): ", from_stdin)
    if not password.reveal():
        raise UsageError("The password is empty.", "Type the one that you log in with.")
    return password


def ask_secret(prompt: str, from_stdin: bool) -> Secret:
    """One line that a terminal does not show, or all of stdin without its last line end."""
    if from_stdin and not _at_terminal():
        return Secret(_piped())
    from getpass import getpass

    try:
        return Secret(getpass(prompt, stream=sys.stderr))
    except EOFError:
        raise UsageError("Nothing was typed.", "Run it again.") from None


def _piped() -> str:
    if sys.stdin is None:
        raise UsageError("There is no stdin to read from.", "Pipe the secret in.")
    try:
        text = sys.stdin.read(MOST_BYTES)
    except UnicodeDecodeError:
        raise UsageError("What came on stdin is not UTF-8 text.", "Pipe in the secret.") from None
    return text.removesuffix("\n").removesuffix("\r")


def _ask(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().removesuffix("\n")


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
