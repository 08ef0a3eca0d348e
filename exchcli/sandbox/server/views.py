"""What the page shows: one market of one exchange at one moment, and the requests since.

Prices and amounts are text in plain notation, times epoch seconds.
"""

from __future__ import annotations

from exchcli.sandbox.bars import Candle, Print
from exchcli.sandbox.book import Level
from exchcli.sandbox.catalog import DFX, DGT, Rules
from exchcli.sandbox.engine.desk import advance
from exchcli.sandbox.exchange import Sandbox
from exchcli.sandbox.limits import SECOND
from exchcli.sandbox.market import Market
from exchcli.sandbox.server.live import Live
from exchcli.sandbox.server.log import Entry
from exchcli.sandbox.wire import fixed, number

EXCHANGES = {DGT: "Dgtmarket", DFX: "DigiFinex"}
PERIODS = (60, 300, 900, 3600, 14400, 86400)
_LEVELS, _TRADES, _CANDLES, _REQUESTS = 14, 24, 96, 60
_ORDINALS = ("one", "two")


class Unknown(Exception):
    """There is no such exchange, pair or period."""


def state(live: Live, exchange: str, symbol: str, period: int, after: int) -> object:
    """One market, and the log's entries after that number. Raises Unknown, StateError."""
    sandbox = live.sandbox
    if exchange not in EXCHANGES or period not in PERIODS:
        raise Unknown
    now = sandbox.now()
    with sandbox.lock:
        advance(sandbox.store, sandbox.floor, exchange, now * SECOND)
    with sandbox.lock, sandbox.store.reading():
        sandbox.floor.refresh()
        rules = sandbox.floor.rules(exchange)
        market = sandbox.floor.market(exchange, symbol or rules[0].symbol)
        if market is None:
            raise Unknown
        shown = _market(market, period, now)
        pairs = {name: [each.symbol for each in sandbox.floor.rules(name)] for name in EXCHANGES}
        names = Names(sandbox)
        requests = [_request(each, names) for each in live.log.after(after, _REQUESTS)]
    return {
        "time": now,
        "clock": "stopped" if live.clock.stands else "running",
        "faults": [str(each) for each in live.faulty.plan.faults],
        "titles": EXCHANGES,
        "pairs": pairs,
        "market": shown,
        "requests": requests,
        "count": live.log.count,
    }


class Names:
    """Whose key it is, in words: "demo one", "unknown", or nothing where none was sent."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._store = sandbox.store
        self._known: dict[str, str] = {}

    def of(self, key: str | None) -> str:
        if key is None:
            return ""
        if key not in self._known:
            rows = self._store.select(
                "SELECT number FROM keys JOIN accounts USING (account) WHERE key = ?", key
            )
            known = rows and 0 <= rows[0][0] < len(_ORDINALS)
            self._known[key] = f"demo {_ORDINALS[rows[0][0]]}" if known else "unknown"
        return self._known[key]


def _market(market: Market, period: int, now: int) -> object:
    rules, day, book = market.rules, market.ticker(now), market.book(now, _LEVELS)
    end = market.moment(now)
    candles = market.candles(period, end - (_CANDLES - 1) * period, end, now, _CANDLES)
    return {
        "exchange": rules.exchange,
        "symbol": rules.symbol,
        "base": rules.base,
        "quote": rules.quote,
        "period": period,
        "last": _price(rules, day.last),
        "open": _price(rules, day.open),
        "high": _price(rules, day.high),
        "low": _price(rules, day.low),
        "bid": _price(rules, day.bid),
        "ask": _price(rules, day.ask),
        "volume": str(number(day.volume, rules.amount_precision)),
        "bids": [_level(rules, each) for each in book.bids],
        "asks": [_level(rules, each) for each in book.asks],
        "trades": [_trade(rules, each) for each in market.trades(now, _TRADES)],
        "candles": [_candle(rules, each) for each in candles],
    }


def _price(rules: Rules, ticks: int) -> str:
    return fixed(ticks, rules.price_precision, rules.price_precision).removesuffix(".")


def _amount(rules: Rules, units: int) -> str:
    return fixed(units, rules.amount_precision, rules.amount_precision).removesuffix(".")


def _level(rules: Rules, level: Level) -> tuple[str, str]:
    return _price(rules, level.price), _amount(rules, level.amount)


def _trade(rules: Rules, each: Print) -> tuple[str, str, str, str, int]:
    side = "buy" if each.buy else "sell"
    return str(each.id), side, _price(rules, each.price), _amount(rules, each.amount), each.time


def _candle(rules: Rules, each: Candle) -> tuple[int, str, str, str, str, str]:
    prices = (_price(rules, ticks) for ticks in each[1:5])
    return each.time, *prices, _amount(rules, each.volume)  # type: ignore[return-value]


def _request(entry: Entry, names: Names) -> object:
    return {
        "id": entry.id,
        "time": entry.time // SECOND,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "code": entry.code,
        "ms": f"{entry.took / 1_000_000:.1f}",
        "who": names.of(entry.key),
        "fault": entry.fault,
    }
