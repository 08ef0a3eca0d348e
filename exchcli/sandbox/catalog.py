"""The pairs that the sandbox lists, with their rules, and how each market opens.

What the documents' samples say is taken from them, figure by figure, and marked so; the
rest is of the same kind and fit for the same days. All numbers are text: exact, and read
once into whole ticks and units.
"""

from __future__ import annotations

from typing import NamedTuple

DGT, DFX = "dgt", "dfx"


class Rules(NamedTuple):
    """What may be traded, and how finely. `min_amount` is in base, `min_value` in quote.

    `api` says whether orders by API are allowed; `liquidation_rate` is None without margin.
    """

    exchange: str
    symbol: str
    base: str
    quote: str
    price_precision: int
    amount_precision: int
    min_amount: str = "0.001"
    min_value: str = "2"
    api: bool = True
    liquidation_rate: str | None = None

    def ticks(self, price: str) -> int:
        """A price as whole ticks, an amount by `units` as whole units."""
        return scaled(price, self.price_precision)

    def units(self, amount: str) -> int:
        return scaled(amount, self.amount_precision)


class Opening(NamedTuple):
    """The last 24 hours at the moment that a market opens.

    `quote` is the volume in quote currency, or None where no document gives it. `tail` are
    the newest trades one by one, oldest first: seconds before the opening, price, amount.
    `touch` are the amounts at the best bid and the best ask.
    """

    open: str
    high: str
    low: str
    last: str
    bid: str
    ask: str
    volume: str
    newest_id: int
    quote: str | None = None
    tail: tuple[tuple[int, str, str], ...] = ()
    touch: tuple[str, str] | None = None


class Pace(NamedTuple):
    """How busy a market is: trades in 15 minutes; the usual distance between two prices of
    the order book; the usual amount at one."""

    trades: int
    step: str
    size: str


class Simulation(NamedTuple):
    rules: Rules
    opening: Opening
    pace: Pace


def scaled(text: str, precision: int) -> int:
    """A plain decimal as a whole number of 10 ** -precision; it must not be finer."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > precision:
        raise ValueError(f"{text} has more than {precision} decimals")
    return int(whole + fraction.ljust(precision, "0"))


def _usdt(base: str, price: int, amount: int, rate: str | None = None, api: bool = True) -> Rules:
    return Rules(DFX, f"{base}_USDT", base, "USDT", price, amount, api=api, liquidation_rate=rate)


# fmt: off
_SIMULATIONS = (
    Simulation(
        Rules(DGT, "BTCPLN", "BTC", "PLN", 2, 8),
        # The document: /public/ticker24/, /public/transactions/ (1469383603, ...4081, ...5205),
        # and the amounts that head its sample of /public/offers/.
        Opening(
            "2601.15", "2642.59", "2576.44", "2642.59", "2640.00", "2652.50", "8.50726555", 7557,
            tail=(
                (1602, "2586.93", "0.04765030"),
                (1124, "2630.00", "0.07680608"),
                (0, "2642.59", "0.03311129"),
            ),
            touch=("0.41148783", "0.28889603"),
        ),
        Pace(6, "8.00", "0.25"),
    ),
    Simulation(
        Rules(DGT, "LTCPLN", "LTC", "PLN", 2, 8),
        Opening("16.05", "16.64", "15.82", "16.31", "16.25", "16.38", "284.30715020", 7552),
        Pace(6, "0.07", "12"),
    ),
    Simulation(
        Rules(DGT, "LTCBTC", "LTC", "BTC", 8, 8, min_value="0.0002"),
        Opening(
            "0.00621000", "0.00629950", "0.00609001", "0.00617400",
            "0.00616050", "0.00618890", "96.12904377", 7549,
        ),
        Pace(6, "0.00002", "9"),
    ),
    Simulation(
        # The documents' samples of /markets, /ticker; the amounts head that of /order_book.
        _usdt("BTC", 2, 4, "0.3")._replace(min_amount="0.0001"),
        Opening(
            "9779.00", "9793.87", "9476.24", "9592.22", "9592.03", "9592.23",
            "40717.4461", 2989995478, quote="392447999.65374", touch=("1.3766", "0.0087"),
        ),
        Pace(45, "0.35", "0.9"),
    ),
    Simulation(
        _usdt("ETH", 2, 4, "0.3"),
        Opening(
            "211.52", "215.90", "207.63", "213.37",
            "213.34", "213.39", "512840.2117", 2989995412,
        ),
        Pace(45, "0.03", "18"),
    ),
    Simulation(
        # The document's sample of /spot/symbols, /margin/symbols, /trades/symbols.
        _usdt("LTC", 2, 4, "0.3"),
        Opening("44.61", "45.20", "43.58", "44.27", "44.26", "44.28", "203115.0864", 2989995390),
        Pace(42, "0.02", "40"),
    ),
    Simulation(
        _usdt("TRX", 6, 2)._replace(min_amount="1"),
        Opening(
            "0.015040", "0.015288", "0.014711", "0.014902",
            "0.014899", "0.014904", "288140775.10", 2989995377,
        ),
        Pace(40, "0.000004", "52000"),
    ),
    Simulation(
        _usdt("XRP", 5, 2, "0.3")._replace(min_amount="0.1"),
        Opening(
            "0.20275", "0.20438", "0.19802", "0.20146",
            "0.20143", "0.20148", "30518220.75", 2989995361,
        ),
        Pace(42, "0.00004", "6000"),
    ),
    Simulation(
        _usdt("EOS", 4, 4, api=False),
        Opening(
            "2.6240", "2.6512", "2.5497", "2.5903",
            "2.5899", "2.5906", "1904330.5120", 2989995349,
        ),
        Pace(40, "0.0006", "700"),
    ),
    Simulation(
        Rules(DFX, "ETH_BTC", "ETH", "BTC", 6, 4, min_value="0.0002"),
        Opening(
            "0.021630", "0.022340", "0.021520", "0.022244",
            "0.022240", "0.022247", "38207.9413", 2989995333,
        ),
        Pace(40, "0.000006", "9"),
    ),
)
# fmt: on

SIMULATIONS = {(each.rules.exchange, each.rules.symbol): each for each in _SIMULATIONS}
