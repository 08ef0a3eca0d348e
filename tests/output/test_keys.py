"""The keys that scripts rely on. Removing or renaming one is a breaking change: see CONTRACT."""

from __future__ import annotations

import inspect

import pytest

from exchcli import records
from exchcli.output import check_fields
from exchcli.output.fields import names_of
from exchcli.output.shape import least_important

KEYS = {
    "Ticker": "symbol last bid ask high low volume quote_volume change_percent time",
    "Level": "price amount",
    "Book": "symbol bids asks time",
    "Trade": "id symbol side price amount time",
    "Candle": "symbol time open high low close volume",
    "Symbol": (
        "symbol base quote price_precision amount_precision min_amount min_value status "
        "order_types api_trading margin liquidation_rate zone"
    ),
    "Currency": (
        "currency chain deposit withdraw min_deposit min_withdraw withdraw_fee_currency "
        "min_withdraw_fee withdraw_fee_rate"
    ),
    "MarginCurrency": "currency level range loan_fee",
    "Balance": "currency free held total address withdraw_address",
    "Order": (
        "id symbol market side type price stop_price amount filled average_price cost status "
        "exchange_status post_only created updated fills"
    ),
    "Fill": ("id order_id symbol market side price amount fee fee_currency fee_percent maker time"),
    "Ledger": "currency type amount balance time",
    "Transfer": (
        "id kind currency chain amount fee address memo hash status exchange_status created updated"
    ),
    "Moved": (
        "id kind currency chain amount fee address memo hash status exchange_status created "
        "updated once replayed evidence"
    ),
    "Address": "currency address memo chain",
    "Position": (
        "symbol side leverage amount entry_price unrealized_pnl liquidation_price liquidation_rate"
    ),
    "Limits": "exchange scope used limit window_seconds banned_until",
    "Indicator": "symbol indicator value threshold orders",
    "ServerTime": "exchange time offset_seconds",
    "Ping": "exchange message milliseconds",
    "Placed": (
        "id symbol market side type price stop_price amount filled average_price cost status "
        "exchange_status post_only created updated fills once replayed evidence"
    ),
    "Cancelled": "id status",
    "JournalEntry": (
        "key exchange profile command state order_id evidence attempts created updated candidates "
        "url"
    ),
    "Finding": "finding order_id symbol key created",
    "Unsent": "method url headers body",
}


@pytest.mark.parametrize(("name", "keys"), KEYS.items(), ids=KEYS)
def test_a_record_has_the_keys_of_the_contract_in_its_order(name, keys):
    record = getattr(records, name)
    assert names_of(record) == tuple(keys.split())
    assert check_fields(keys.replace(" ", ","), record, "json") == tuple(keys.split())


def test_every_record_is_pinned():
    defined = inspect.getmembers(records, inspect.isclass)
    shown = {
        name
        for name, record in defined
        if record.__module__ == records.__name__ and record not in records.NOT_SHOWN
    }
    assert shown == set(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_only_columns_that_there_are_can_be_left_out(name):
    record = getattr(records, name)
    ways = least_important(record, names_of(record))
    left_out = {column for groups in ways for group in groups for column in group}
    assert left_out <= set(names_of(record))
