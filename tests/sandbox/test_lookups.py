"""What clients look up costs the same, however long the past of an account is."""

from __future__ import annotations

import pytest
from past import FIRST_FILL, FIRST_ORDER, write_past

from exchcli.sandbox import statement

FEW, MANY = 2_000, 32_000
DAY = 86400
START = 1772600807
ALL_DAYS = f"start_time={START - 30 * DAY + 1}"
OLD = "2026-02-04T00:00:00"

DFX = [
    "/v3/spot/mytrades",
    "/v3/spot/mytrades?symbol=eth_usdt",
    "/v3/spot/mytrades?symbol=btc_usdt",
    f"/v3/spot/mytrades?symbol=btc_usdt&{ALL_DAYS}",
    f"/v3/spot/mytrades?{ALL_DAYS}&limit=500",
    f"/v3/margin/mytrades?{ALL_DAYS}",
    f"/v3/margin/mytrades?symbol=btc_usdt&{ALL_DAYS}",
    "/v3/spot/order/history",
    f"/v3/spot/order/history?symbol=btc_usdt&{ALL_DAYS}",
    f"/v3/margin/order/history?symbol=btc_usdt&{ALL_DAYS}",
    "/v3/spot/order/current",
    "/v3/spot/order/current?symbol=btc_usdt",
    f"/v3/spot/order?order_id={FIRST_ORDER:032x}",
    f"/v3/spot/order/detail?order_id={FIRST_ORDER:032x}",
    "/v3/spot/financelog",
    f"/v3/spot/financelog?currency_mark=btc&start_time={START - 29 * DAY}",
    "/v3/spot/financelog?currency_mark=eth&limit=1000",
    f"/v3/margin/financelog?start_time={START - 29 * DAY}",
    "/v3/spot/assets",
]
DGT = [
    "offers/",
    "offers/?pair=btcpln",
    "offers/?pair=ltcpln&order_type=buy",
    "offers/?order_type=sell",
    "offers/?offer_status=ACTIVE",
    "offers/?offer_status=PARTIALLY_REALIZED_CANCELED&order_type=SELL",
    "offers/?offer_status=REALIZED_CLOSED&limit=100",
    f"offers/?date_start={OLD}&date_end=2026-02-25T00:00:00",
    f"offers/?date_start={OLD}&offer_status=REALIZED_CLOSED&pair=LTCPLN&offset=900",
    "offers/?offset={half}",
    "offers/?offset={half}&offer_status=REALIZED_CLOSED",
    f"offers/{FIRST_ORDER}/",
    "transactions/",
    "transactions/?pair=LTCPLN",
    "transactions/?pair=LTCPLN&offset={half}",
    f"transactions/{FIRST_FILL}/",
    "wallets/",
]


class Long:
    """A sandbox with so many past trades, all of one pair of each exchange."""

    def __init__(self, asked, signed, trades):
        self._db = asked.sandbox.store._db
        self._half = trades // 2
        self._ask = {exchange: signed(exchange) for exchange in ("dgt", "dfx")}
        with asked.sandbox.store.writing() as db:
            for exchange, symbol in (("dgt", "LTCPLN"), ("dfx", "ETH_USDT")):
                write_past(db, exchange, symbol, trades, START * 1_000_000)

    def work(self, exchange, target):
        """How many thousands of instructions of SQLite it takes, and the reply."""
        ask, done = self._ask[exchange], []
        path = target.format(half=self._half)
        path = f"/api/private/{path}" if exchange == "dgt" else path
        ask(path)  # what is kept from the first time is there the second time
        self._db.set_progress_handler(lambda: done.append(1), 100)
        reply = ask(path)
        self._db.set_progress_handler(None, 0)
        return len(done) / 10, reply


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory, make_asked):
    return [Long(*make_asked(tmp_path_factory.mktemp("long")), trades) for trades in (FEW, MANY)]


@pytest.mark.parametrize(
    ("exchange", "target"),
    [*(("dfx", each) for each in DFX), *(("dgt", each) for each in DGT)],
)
def test_a_lookup_takes_no_longer_with_sixteen_times_the_past(sandboxes, exchange, target):
    (few, one), (many, other) = (each.work(exchange, target) for each in sandboxes)
    assert len(one) == len(other)
    assert "detail" not in one
    assert many <= 1.5 * few + 2


def test_the_financial_log_is_the_same_however_many_currencies_are_merged_at_once(dfx, monkeypatch):
    target = "/v3/spot/financelog?limit=1000"
    rows = dfx(target)["data"]["finance"]
    times = [row["time"] for row in rows]
    assert len({row["currency_mark"] for row in rows}) > 4
    assert times == sorted(times, reverse=True)
    monkeypatch.setattr(statement, "_TOGETHER", 2)
    assert dfx(target)["data"]["finance"] == rows
    few = target.replace("1000", "7")
    assert dfx(few)["data"]["finance"] == rows[:7]
