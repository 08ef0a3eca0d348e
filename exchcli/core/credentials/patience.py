"""How long the keyring may take: a daemon that hangs must not hang a cron job for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

SECONDS = 3.0
SECONDS_TO_ANSWER = 60.0  # for a dialogue that somebody has in front of them


class KeyringTrouble(Exception):
    """What goes wrong with a keyring; `exchcli.core.credentials.keyring` tells it in words."""


class Unavailable(KeyringTrouble):
    """There is none to talk to. Its text says why."""


class NotMade(Unavailable):
    """There is one to talk to, which has nothing to keep items in yet."""


class Locked(KeyringTrouble):
    """It is locked, and nobody unlocked it."""


class TimedOut(KeyringTrouble):
    """It did not answer. Its text is the number of seconds."""


class Duplicates(KeyringTrouble):
    """It has several items where one is expected. Its text is their number."""


class Patience:
    """Runs what may hang. `say` tells a person what is waited for.

    `can_answer` is whether the keyring's dialogue would be seen by the one who typed the
    command: only then is there any.
    """

    def __init__(self, can_answer: bool, say: Callable[[str], None]) -> None:
        self.can_answer = can_answer
        self.say = say

    def run(self, work: Callable[[], T], seconds: float = SECONDS) -> T:
        """The result of `work`. Raises TimedOut; the thread that hangs ends with the process."""
        ended: list[tuple[Any, BaseException | None]] = []

        def runs() -> None:
            try:
                ended.append((work(), None))
            except BaseException as error:
                ended.append((None, error))

        thread = threading.Thread(target=runs, daemon=True)
        thread.start()
        thread.join(seconds)
        if not ended:
            raise TimedOut(f"{seconds:g}")
        result, error = ended[0]
        if error is not None:
            raise error
        value: T = result
        return value


def sees_dialogues(interactive: bool, env: Mapping[str, str]) -> bool:
    """Whether a dialogue on the desktop would reach who typed the command.

    Over SSH there is a terminal, but the dialogue would come up on a screen elsewhere.
    """
    return interactive and bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
