"""What one run of `exch` has begun to change and has done, for whoever has to tell how it ended.

Ctrl-C may come at any moment, also between the answer of an exchange and the first place that
could tell of it. So it is not caught in each of those places: it is told by what stands here.
"""

from __future__ import annotations

from exchcli.errors import ExchError, Interrupted, OutcomeUnknown


class Underway:
    """`begun` is the name of what may have left and has no answer yet; `done` are the names and
    ids of what was done; `told` is whether all of that was printed, and nothing else failed."""

    def __init__(self) -> None:
        self.begun: str | None = None
        self.done: list[tuple[str, tuple[str, ...]]] = []
        self.told = False

    def begin(self, name: str) -> None:
        """From now on a byte of it may leave."""
        self.begun, self.told = name, False

    def nothing(self) -> None:
        """Nothing came of what was begun."""
        self.begun = None

    def did(self, name: str, ids: tuple[str, ...]) -> None:
        # First what was done: between the two, it is told twice rather than not at all.
        self.done.append((name, ids))
        self.begun = None

    @property
    def is_open(self) -> bool:
        """Whether there is something of which nobody has told yet."""
        return not self.told and (self.begun is not None or bool(self.done))

    def interrupted(self, since: int = 0) -> ExchError:
        """What Ctrl-C means at this moment; `since` is how much was done and is told elsewhere."""
        parts = [f"{name} was done ({', '.join(ids)})" if ids else f"{name} was done"
                 for name, ids in self.done[since:]]  # fmt: skip
        done = {name for name, _ in self.done}
        unknown = self.begun is not None and self.begun not in done
        if unknown:
            parts.append(f"what became of {self.begun} is not known")
        if not parts:
            return Interrupted("Interrupted; nothing was sent that changes anything.")
        name = self.begun if unknown else self.done[-1][0]
        return OutcomeUnknown(
            f"Interrupted before it could be told: {'; '.join(parts)}.",
            f"`exch journal show {name}` tells what is known. {_again(name)}",
        )


def _again(name: str | None) -> str:
    # Every command starts with this module, and few are interrupted.
    from exchcli.execution.advice import given_key
    from exchcli.execution.intent import HANDLE

    if name is None or name.startswith(HANDLE):
        return "Look before you send it again."
    return f"Do not send it again without --once {given_key(name)}."
