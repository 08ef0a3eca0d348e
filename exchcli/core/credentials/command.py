"""A helper command that prints the pair: another program's password store.

It is run as a list of words, never by a shell. What it prints on stderr is thrown away, as it
may repeat what is secret.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence

from exchcli.core.credentials.pair import MOST_BYTES
from exchcli.errors import CredentialsError

SECONDS = 10.0
SECONDS_TO_TYPE = 60.0  # somebody may have to type a passphrase


def output_of(argv: Sequence[str], *, interactive: bool) -> bytes:
    """What the helper prints on stdout. Raises CredentialsError; it is gone when this returns."""
    name = argv[0]
    seconds = SECONDS_TO_TYPE if interactive else SECONDS
    try:
        process = subprocess.Popen(  # noqa: S603 -- the user's own command, without a shell
            list(argv),
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # On a terminal it stays in the foreground, where it can ask.
            start_new_session=not interactive,
        )
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise CredentialsError(
            f"The helper command {name} cannot be run: {reason}.",
            "Check argv of this profile in `exch config show`.",
        ) from None
    try:
        data, code = _collected(process, seconds)
    finally:
        _end(process, group=not interactive)
    by_hand = "Run it by hand to see what it says."
    if data is None:
        raise CredentialsError(f"The helper command {name} printed more than 64 KiB.", by_hand)
    if code is None:
        raise CredentialsError(
            f"The helper command {name} was not done within {seconds:g} s.", by_hand
        )
    if code != 0:
        ended = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        raise CredentialsError(f"The helper command {name} {ended}.", by_hand)
    return data


def _collected(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes | None, int | None]:
    """Its output, None if that is too long, and its exit code, None if the time ran out."""
    assert process.stdout is not None
    handle = process.stdout.fileno()
    data = b""
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        ready.register(handle, selectors.EVENT_READ)
        ended = False
        while (left := end - time.monotonic()) > 0:
            if ready.select(0 if ended else min(left, 0.05)):
                part = os.read(handle, 65536)
                data += part
                if len(data) > MOST_BYTES:
                    return None, None
                if not part:
                    break
            elif ended:  # a child of its own may hold the pipe for ever
                break
            else:  # what it wrote just before it ended is read once more
                ended = process.poll() is not None
    try:
        return data, process.wait(max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return data, None


def _end(process: subprocess.Popen[bytes], *, group: bool) -> None:
    assert process.stdout is not None
    process.stdout.close()
    if process.poll() is not None:
        return
    try:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.wait()
