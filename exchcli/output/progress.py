"""A progress bar on stderr, for a person who waits; it leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """Drawn from the first call of `told` on; `close` takes it away.

    The bar is only imported then: what is done in one request shows none.
    """

    def __init__(self, stderr: TextIO, doing: str = "reading") -> None:
        self._stderr = stderr
        self._doing = doing
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def told(self, done: int, all_: int | None) -> None:
        """So much is done, of so much."""
        if self._progress is None:
            if all_ is not None and done >= all_:
                return
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn

            console = Console(file=self._stderr)
            self._progress = Progress(
                self._doing, BarColumn(), TaskProgressColumn(), console=console, transient=True
            )
            self._progress.start()
            self._task = self._progress.add_task("", total=None)
        assert self._task is not None
        self._progress.update(self._task, completed=done, total=all_)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
