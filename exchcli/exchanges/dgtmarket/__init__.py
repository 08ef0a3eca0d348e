"""Dgtmarket, part by part in the order of its document: market.py, account.py, and
what changes something in trading.py.

Numbers come as texts with eight decimals; HTTP status codes tell success and failure.
"""

from __future__ import annotations

import hashlib
import hmac

from exchcli.core.credentials import Credentials, Headers
from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint
from exchcli.errors import BadReply, CredentialsError, Rejected
from exchcli.exchanges.dgtmarket.account import Account
from exchcli.exchanges.dgtmarket.keys import Keys
from exchcli.exchanges.dgtmarket.market import PAIRS, MarketData
from exchcli.exchanges.dgtmarket.reasons import gives_reasons, reason
from exchcli.exchanges.dgtmarket.trading import Trading

__all__ = ["PAIRS", "Dgtmarket"]

_REVOKED = (
    "It was revoked (every new pair revokes the one before) or mistyped: store the right one "
    "with `exch dgt auth login`, or fetch a new one with `exch dgt auth rotate`."
)
_EXPIRED = "The request came too late: run it again; `exch doctor` compares this machine's clock."
_NOT_ENABLED = (
    "Dgtmarket enables its API for each account on request: ask its support, or use another key."
)
_NEXT_STEPS = {
    400: "Check the arguments; -v shows what is sent.",
    404: "Check the path, like /private/offers/ with the slash at its end, and the id in it.",
    405: "This path takes another method: name GET, POST or DELETE before it.",
}

_SAID = "Go by what it says; -v shows what is sent."

_REFUSALS = (401, 403, 404, 405, 415, 429)


class Dgtmarket(MarketData, Account, Trading, Keys):
    name = "dgt"
    title = "Dgtmarket"
    url = "https://dgtmarket.com/api"
    example = "btcpln or BTC/PLN"
    bodies = "json"
    methods = ("GET", "POST", "DELETE")
    # The document has no code for an expired timestamp.
    stamp_suspected = frozenset({"401", "403"})
    probe = Endpoint("GET", "/private/wallets/", auth=True)

    def budget(self, endpoint: Endpoint) -> str:
        """60 requests a minute for public endpoints, 100 for private ones."""
        return "private" if endpoint.auth else "public"

    def check(self, method: str, status: int, reply: Reply) -> None:
        """HTTP status codes alone tell success, which for a DELETE is 204 No Content and nothing
        else; the document lists no error bodies.
        """
        if status in ((204,) if method == "DELETE" else (200, 201)):
            return
        if status < 300:
            raise BadReply(f"HTTP {status}")
        said = reason(reply.value)
        words = f": {said}" if said else ""
        # Its words are not documented; where they tell of a key, it is the key that has expired.
        if status == 401 and "expired" in said.lower() and "key" not in said.lower():
            raise CredentialsError(
                f"Dgtmarket refused the request (HTTP 401){words.removesuffix('.')}.",
                _EXPIRED,
                exchange=self.name,
                code="401",
            )
        if status in (401, 403):
            raise CredentialsError(
                f"Dgtmarket refused the key (HTTP {status}){words.removesuffix('.')}.",
                _REVOKED if status == 401 else _NOT_ENABLED,
                exchange=self.name,
                code=str(status),
            )
        raise Rejected(
            f"Dgtmarket refused the request (HTTP {status}){words}",
            _SAID if status == 400 and said else _NEXT_STEPS.get(status),
            exchange=self.name,
            code=str(status),
        )

    def refuses(self, status: int, reply: Reply | None) -> bool:
        """What these statuses mean is the same whoever says it; a 400 is the exchange's when it
        says why. Others, such as 408, 409 and 499, tell of the way there or of what is there.
        """
        if status == 400:
            return reply is not None and gives_reasons(reply.value)
        return status in _REFUSALS

    def sign(
        self, credentials: Credentials, timestamp: int, method: str, target: str, body: bytes
    ) -> Headers:
        """Authenticating requests: HMAC-SHA256 over timestamp, METHOD, path with query, body."""
        message = f"{timestamp}{method}{target}".encode() + body
        secret = credentials.secret.reveal().encode()
        return {
            "ACCESS-KEY": credentials.key,
            "ACCESS-SIGN": hmac.new(secret, message, hashlib.sha256).hexdigest(),
            "ACCESS-TIMESTAMP": str(timestamp),
        }
