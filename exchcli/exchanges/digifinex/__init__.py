"""DigiFinex v3, part by part in the order of its document: market.py, orders.py, account.py, and
what changes something in trading.py.

Every reply carries a `code`: 0 or, on some endpoints, 200 is success, as number or text.
"""

from __future__ import annotations

import hashlib
import hmac

from exchcli.core.credentials import Credentials, Headers
from exchcli.core.reply import Reply
from exchcli.core.request import Endpoint
from exchcli.core.throttle import Ban
from exchcli.errors import Unreadable
from exchcli.exchanges.digifinex.codes import error_of
from exchcli.exchanges.digifinex.market import PERIODS, MarketData
from exchcli.exchanges.digifinex.trading import LISTABLE, MOST_CANCELS, MOST_ORDERS, Trading

__all__ = ["PERIODS", "DigiFinex"]


class DigiFinex(MarketData, Trading):
    name = "dfx"
    title = "DigiFinex"
    url = "https://openapi.digifinex.com/v3"
    example = "btc_usdt or BTC/USDT"
    bodies = "form"
    most_orders = MOST_ORDERS
    most_cancels = MOST_CANCELS
    listable = LISTABLE
    methods = ("GET", "POST")
    # "API Endpoints Description": 2 minutes; "Risk Control and API Ban": 30 minutes.
    bans = {  # noqa: RUF012 -- nobody changes it
        "429": Ban(60),
        "10005": Ban(120),
        "20018": Ban(1800, "trading"),
        "20020": Ban(1800, "trading"),
    }
    stamp_refused = frozenset({"10008"})
    probe = Endpoint("GET", "/spot/assets", auth=True)

    def budget(self, endpoint: Endpoint) -> str:
        """One sum of weights, of everything that is asked from here."""
        return "weight"

    def scopes(self, endpoint: Endpoint) -> tuple[str, ...]:
        """Who is banned from trading can do everything but place orders."""
        scopes = super().scopes(endpoint)
        placing = endpoint.path.endswith(("/order/new", "/order/batch_new"))
        return (*scopes, "trading") if placing else scopes

    def check(self, method: str, status: int, reply: Reply) -> None:
        """The table of error codes; see codes.py. Without a code nothing is said, in a 204 too."""
        if not isinstance(reply.value, dict):
            raise Unreadable("a reply that is not an object")
        code = reply["code"].integer()
        if code in (0, 200) and status == 200:
            return
        said = reply.get("msg")
        raise error_of(code, None if said is None else said.words(), status)

    def refuses(self, status: int, reply: Reply | None) -> bool:
        """Codes tell what it has refused, HTTP statuses nothing."""
        return reply is not None

    def sign(
        self, credentials: Credentials, timestamp: int, method: str, target: str, body: bytes
    ) -> Headers:
        """Signature Algorithm: HMAC-SHA256 over the query, the body, or both joined by `&`."""
        query = target.partition("?")[2].encode()
        message = b"&".join(part for part in (query, body) if part)
        secret = credentials.secret.reveal().encode()
        return {
            "ACCESS-KEY": credentials.key,
            "ACCESS-SIGN": hmac.new(secret, message, hashlib.sha256).hexdigest(),
            "ACCESS-TIMESTAMP": str(timestamp),
        }
