"""DigiFinex's list of symbols as a test's own exchange answers it."""

from __future__ import annotations

import json
from typing import Any

from loopback import Loopback, reply

SPOT: dict[str, Any] = {
    "code": 0,
    "symbol_list": [
        {
            "status": "TRADING",
            "symbol": symbol,
            "base_asset": symbol.split("_")[0],
            "quote_asset": symbol.split("_")[1],
            "amount_precision": 4,
            "price_precision": 2,
            "minimum_amount": 0.001,
            "minimum_value": 2,
            "zone": "MAIN",
            "order_types": ["LIMIT", "MARKET"],
        }
        for symbol in ("BTC_USDT", "ETH_USDT", "LTC_USDT", "LTC_BTC")
    ],
}
UNKNOWN = reply('{"code": 20019}')
LIST = reply(json.dumps(SPOT))
BOOK = reply('{"code": 0, "date": 1589874953, "bids": [[1, 2]], "asks": [[3, 4]]}')


def dfx(server: Loopback) -> dict[str, str]:
    return {"EXCH_DFX_URL": f"{server.url}/v3"}
