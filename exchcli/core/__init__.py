"""The signed HTTP client, and what it needs."""

import sys

# httpx has a command line of its own, which it imports where click is installed (the sandbox's
# server brings it): click, rich and pygments, 25 ms of every start.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
