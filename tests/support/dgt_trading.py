"""Short ways to trade on Dgtmarket's wire."""

from __future__ import annotations

import json
from decimal import Decimal

OFFERS, TRANSFER = "/api/private/offers/", "/api/private/transfer/"


def post(account, target, **fields):
    """The status and the JSON of what a JSON body of these fields gets."""
    reply = account.reply(
        target, "POST", json.dumps(fields).encode(), content_type="application/json"
    )
    return reply.status, json.loads(reply.body)


def offer(account, side="buy", amount="0.1", quotation="2500", pair="BTCPLN", **more):
    """Places an offer, which has to be taken; its id."""
    fields = {"pair": pair, "order_type": side, "amount": amount, "quotation": quotation, **more}
    status, answer = post(account, OFFERS, **fields)
    assert status == 201, answer
    return answer["id"]


def shown(account, number):
    return account(f"{OFFERS}{number}/")


def wallet(account, currency):
    """Balance and blocked."""
    for row in account("/api/private/wallets/"):
        if row["currency"] == currency:
            return Decimal(row["balance"]), Decimal(row["blocked"])
    return Decimal(0), Decimal(0)
