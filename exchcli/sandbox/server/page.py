"""The page at `/`: one file, whose script and style are the only ones that it allows itself."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response

_FILE = Path(__file__).with_name("page.html")


def page() -> Response:
    """The page, to be shown in no frame and to load nothing from anywhere."""
    body, policy = _prepared()
    return Response(
        body,
        media_type="text/html",
        headers={
            "content-security-policy": policy,
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        },
    )


@cache
def _prepared() -> tuple[str, str]:
    """The page and its policy, which names its inline script and style by their hashes."""
    text = _FILE.read_text(encoding="utf-8")
    script, style = (_hash(text, element) for element in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text, policy


def _hash(text: str, element: str) -> str:
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
