"""Dgtmarket's private records as its document shows them, and how a test reads them all."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

WALLET = {
    "outgoing_address": None,
    "currency": "LTC",
    "balance": "0.00000000",
    "incoming_address": "LeZNStaj1q8eseLa9Gqr8nvwp4iaGiX6rU",
    "blocked": "0.00000000",
}
OFFER = {
    "status": "REALIZED_CLOSED",
    "any_price": False,
    "updated": "2016-07-29T10:13:47.086269",
    "activation_limit": "0.00000000",
    "order_type": "BUY",
    "created": "2016-07-29T10:13:47.018452",
    "transactions": [8033],
    "filled_amount": "0.09846107",
    "commission": "0.00000000",
    "amount": "0.09846107",
    "pair": "BTCPLN",
    "blocked": "253.03214996",
    "id": 17169,
    "quotation": "2569.87000000",
}
TRANSACTION = {
    "date": "2016-07-29T10:13:47.037002",
    "transaction_type": "BUY",
    "commission": "0.30000000",
    "amount": "0.09846107",
    "pair": "BTCPLN",
    "id": 8033,
    "quotation": "2569.87000000",
}
# The document shows no transfer; these fields are the sandbox's own.
TRANSFER_FIELDS = [
    "status", "updated", "created", "transfer_type", "amount", "fee", "currency", "address", "id",
]  # fmt: skip
STATUSES = {
    "ACTIVE": 3,
    "PARTIALLY_REALIZED": 1,
    "REALIZED_CLOSED": None,
    "CANCELED": None,
    "PARTIALLY_REALIZED_CANCELED": None,
}
EIGHT = re.compile(r"[0-9]+\.[0-9]{8}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}")
AMOUNTS = {"balance", "blocked", "activation_limit", "filled_amount", "commission", "amount"}
AMOUNTS |= {"quotation", "fee"}


def looks_like(row, sample):
    """The same keys in the same order, and values of the same types and forms."""
    assert list(row) == list(sample)
    for name, value in row.items():
        if name in AMOUNTS:
            assert EIGHT.fullmatch(value)
        elif name in ("date", "created", "updated"):
            assert TIME.fullmatch(value)
        elif sample[name] is not None:
            assert type(value) is type(sample[name])


def everything(account, resource, **filters):
    """All rows of a list, along its `next` links, as a client walks it."""
    rows, target = [], f"/api/private/{resource}/{'?' if filters else ''}{urlencode(filters)}"
    for _ in range(100):
        page = account(target)
        assert list(page) == ["count", "previous", "results", "next"]
        rows += page["results"]
        if page["next"] is None:
            assert len(rows) == page["count"]
            return rows
        link = urlsplit(page["next"])
        assert (link.scheme, link.netloc) == ("https", "sandbox.invalid")
        target = f"{link.path}?{link.query}"
    raise AssertionError("the pages do not end")
