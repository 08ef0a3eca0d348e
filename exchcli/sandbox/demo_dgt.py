"""What the demo accounts of Dgtmarket have done."""

from __future__ import annotations

from decimal import Decimal

from exchcli.sandbox.catalog import DGT
from exchcli.sandbox.plans import Plan
from exchcli.sandbox.story import Newest, Payment, Rows, Story, address

DAY, HOUR = 86400, 3600
# The next offer is to be number 17167, as in the document's sample of placing one, and the
# newest transaction is the newest of its list.
_NEWEST = Newest(order=17166, fill=8035, payment=412)
_PAIRS = {"BTCPLN": Decimal(180), "LTCPLN": Decimal(90), "LTCBTC": Decimal("0.04")}
_PAST = 45


def history(house: int, seed: int, opened: int) -> list[tuple[str, Rows]]:
    """The rows of everything but accounts and keys."""
    story = Story(DGT, house, seed, opened, _NEWEST)
    one, two = house + 1, house + 2
    _payments(story, one, two)
    _past(story, one)
    _open(story, one)
    addresses: Rows = [
        (account, kind, currency, "", _address(account, kind, currency), "")
        for account in (one, two)
        for kind, currencies in (("deposit", ("BTC", "LTC", "PLN")), ("withdrawal", ("BTC", "PLN")))
        for currency in currencies
    ]
    return [*story.rows(), ("addresses", addresses)]


def _payments(story: Story, one: int, two: int) -> None:
    for account in (one, two):
        for currency, amount in (
            ("PLN", "25000.00"),
            ("BTC", "3.50000000"),
            ("LTC", "120.00000000"),
        ):
            story.pay(account, Payment("deposit", currency, amount, 41 * DAY))
    for payment in (
        Payment("withdrawal", "PLN", "1200.00", 33 * DAY),
        Payment("deposit", "LTC", "14.25000000", 29 * DAY),
        Payment("withdrawal", "BTC", "0.15000000", 24 * DAY, fee="0.00050000"),
        Payment("deposit", "PLN", "800.00", 18 * DAY),
        Payment("withdrawal", "BTC", "0.40000000", 12 * DAY, fee="0.00050000", status="canceled"),
        Payment("deposit", "BTC", "0.07500000", 7 * DAY),
        Payment("withdrawal", "PLN", "350.50", 2 * DAY),
        Payment("withdrawal", "BTC", "0.02000000", 5 * HOUR, fee="0.00050000", status="pending"),
        Payment("deposit", "LTC", "3.00000000", 2 * HOUR, status="pending"),
    ):
        story.pay(one, payment)


def _past(story: Story, account: int) -> None:
    """45 offers over 40 days; of every nine, one of each kind that is rarer."""
    planners = {symbol: story.planner(symbol) for symbol in _PAIRS}
    for number in range(_PAST):
        symbol = "BTCPLN" if number % 3 == 0 else list(_PAIRS)[number // 3 % 3]
        planner, value = planners[symbol], _PAIRS[symbol]
        side = "buy" if number % 2 == 0 else "sell"
        time = story.opened - 40 * DAY + number * (39 * DAY // _PAST)
        kinds = {
            2: planner.untouched,
            4: planner.partly,
            6: planner.market,
            1: planner.taker,
            5: planner.taker,
        }
        plan = kinds.get(number % 9, planner.maker)(time, side, value)
        story.order(account, plan)


def _open(story: Story, account: int) -> None:
    """One of each kind that is not over: resting, partly filled, waiting for its stop."""
    bitcoin, litecoin = story.planner("BTCPLN"), story.planner("LTCPLN")
    value = _PAIRS["BTCPLN"]
    story.order(account, bitcoin.resting(story.opened - 3 * DAY, "buy", value, 93))
    story.order(account, litecoin.resting(story.opened - 2 * DAY, "sell", value, 95))
    story.order(account, bitcoin.extreme(story.opened - DAY, "buy", value))
    story.order(account, _stop(bitcoin.resting(story.opened - 5 * HOUR, "sell", value * 2, 97)))


def _stop(plan: Plan) -> Plan:
    """A sale that waits below the market: active when the price falls to its stop."""
    assert plan.price is not None
    stop = (plan.price * Decimal("0.85")).quantize(plan.price)
    return plan._replace(price=stop - Decimal("5.00"), stop=stop)


def _address(account: int, kind: str, currency: str) -> str:
    whose = f"demo-{account}" if kind == "deposit" else "someone"
    return address(DGT, whose, currency, "")
