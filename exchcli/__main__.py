"""The entry. It imports next to nothing, so that `--version` and TAB answer at once."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Runs `exch` with the arguments of this process, and ends the process."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        from exchcli import __version__

        _leave(_print(f"exch {__version__}"))
    if arguments[:1] == ["__complete"]:
        from exchcli.cli.offers import offers

        _print("\n".join(offers(arguments[1:], os.environ)))
        _leave(0)
    # One command lives for a tenth of a second: collecting garbage would only cost time.
    gc.disable()
    code = 130  # while it is still starting
    try:
        from exchcli.cli.app import run
        from exchcli.cli.printing import heed_signals

        heed_signals()
        code = run(arguments)
    except KeyboardInterrupt:
        pass
    _leave(code)


def _print(text: str) -> int:
    try:
        sys.stdout.write(text + "\n" if text else "")
        sys.stdout.flush()
    except (OSError, AttributeError):
        return 12
    return 0


def _leave(code: int) -> None:
    """Ends the process without tearing the interpreter down, which takes longer than it gives."""
    try:
        for stream in (sys.stdout, sys.stderr):
            try:
                if stream is not None:
                    stream.flush()
            except (OSError, ValueError):
                pass  # already told, or nobody is there to be told
    finally:  # Ctrl-C included
        os._exit(code)


if __name__ == "__main__":
    main()
