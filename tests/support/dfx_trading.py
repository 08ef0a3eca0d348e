"""Short ways to trade on DigiFinex's wire."""

from __future__ import annotations

import json
from urllib.parse import urlencode


def post(account, path, **fields):
    """The JSON of what a form of these fields gets; `from_` is sent as `from`."""
    form = {name.rstrip("_"): value for name, value in fields.items()}
    return account(f"/v3{path}", "POST", urlencode(form).encode())


def order(account, type_="buy", amount="0.01", price="9000", symbol="btc_usdt", market="spot"):
    """Places an order, which has to be taken; its id. Without a price it is a market order."""
    fields = {"symbol": symbol, "type": type_, "amount": amount}
    if price is not None:
        fields["price"] = price
    answer = post(account, f"/{market}/order/new", **fields)
    assert answer["code"] == 0, answer
    return answer["order_id"]


def batch(account, *items, symbol="btc_usdt", market="spot"):
    return post(account, f"/{market}/order/batch_new", symbol=symbol, list=json.dumps(items))


def shown(account, number, market="spot"):
    (row,) = account(f"/v3/{market}/order?order_id={number}")["data"]
    return row


def asset(account, currency, market="spot"):
    """Free and total."""
    for row in account(f"/v3/{market}/assets")["list"]:
        if row["currency"] == currency:
            return row["free"], row["total"]
    return 0, 0
