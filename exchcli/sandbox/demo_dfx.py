"""What the demo accounts of DigiFinex have done."""

from __future__ import annotations

from decimal import Decimal

from exchcli.sandbox.catalog import DFX
from exchcli.sandbox.currencies import CHAINS
from exchcli.sandbox.story import Newest, Payment, Rows, Story, address, tag

DAY, HOUR = 86400, 3600
_NEWEST = Newest(order=640_000, fill=63_194_988, payment=1171)
_PAIRS = {
    "BTC_USDT": Decimal(220),
    "ETH_USDT": Decimal(140),
    "LTC_USDT": Decimal(90),
    "XRP_USDT": Decimal(60),
    "TRX_USDT": Decimal(40),
    "ETH_BTC": Decimal("0.01"),
}
_FUNDS = (
    ("USDT", "30000", "ERC20"),
    ("BTC", "2.5", ""),
    ("ETH", "60", ""),
    ("LTC", "200", ""),
    ("XRP", "25000", ""),
    ("TRX", "150000", ""),
)
_PAST = 130


def history(house: int, seed: int, opened: int) -> list[tuple[str, Rows]]:
    """The rows of everything but accounts and keys."""
    story = Story(DFX, house, seed, opened, _NEWEST)
    one, two = house + 1, house + 2
    _payments(story, one, two)
    _past(story, one)
    _burst(story, one)
    _open(story, one)
    _margin(story, one)
    addresses: Rows = [
        (account, kind, chain.currency.upper(), chain.chain, *_address(account, kind, *chain[:2]))
        for account in (one, two)
        for kind in ("deposit", "withdrawal")
        for chain in CHAINS
    ]
    return [*story.rows(), ("addresses", addresses)]


def _payments(story: Story, one: int, two: int) -> None:
    for account in (one, two):
        for currency, amount, chain in _FUNDS:
            story.pay(account, Payment("deposit", currency, amount, 42 * DAY, chain=chain))
        story.transfer(account, "USDT", "5000", 41 * DAY, "spot", "margin")
    for number in range(9):
        ago = (38 - 4 * number) * DAY
        story.pay(one, Payment("deposit", "USDT", f"{100 + 35 * number}.5", ago, chain="OMNI"))
        story.pay(one, Payment("withdrawal", "XRP", f"{40 + number}", ago - DAY, fee="0.25"))
    for payment in (
        Payment("withdrawal", "BTC", "0.05", 20 * DAY, fee="0.0005", status="canceled"),
        Payment("withdrawal", "USDT", "250", 4 * HOUR, fee="2", chain="ERC20", status="confirming"),
        Payment("withdrawal", "BTC", "0.01", 3 * HOUR, fee="0.0005", status="pending"),
        Payment("deposit", "ETH", "1.5", 3 * HOUR, status="confirming"),
        Payment("deposit", "LTC", "4", 2 * HOUR, status="pending"),
        Payment("deposit", "XRP", "900", 9 * DAY, status="canceled"),
    ):
        story.pay(one, payment)
    story.transfer(one, "BTC", "0.2", 35 * DAY, "spot", "margin")
    story.transfer(one, "USDT", "400", 21 * DAY, "margin", "spot")
    story.transfer(one, "USDT", "300", 15 * DAY, "spot", "otc")
    story.transfer(one, "USDT", "120", 2 * DAY, "otc", "spot")


def _past(story: Story, account: int) -> None:
    """Some 130 orders over 40 days; of every ten, one of each kind that is rarer."""
    planners = {symbol: story.planner(symbol) for symbol in _PAIRS}
    symbols = ["BTC_USDT", *_PAIRS]
    for number in range(_PAST - 12):
        symbol = symbols[number // 2 % len(symbols)]
        planner, value = planners[symbol], _PAIRS[symbol]
        side = "buy" if number % 2 == 0 else "sell"
        time = story.opened - 40 * DAY + number * (39 * DAY // (_PAST - 12))
        kinds = {
            3: planner.untouched,
            4: planner.partly,
            6: planner.market,
            7: planner.market,
            1: planner.taker,
            5: planner.taker,
            8: planner.taker,
        }
        story.order(account, kinds.get(number % 10, planner.maker)(time, side, value))


def _burst(story: Story, account: int) -> None:
    """A dozen orders within one second, as a program places them."""
    planner = story.planner("BTC_USDT")
    for number in range(12):
        side = "buy" if number % 2 else "sell"
        story.order(account, planner.taker(story.opened - 26 * HOUR, side, Decimal(35)))


def _open(story: Story, account: int) -> None:
    """One of each kind that is not over."""
    bitcoin, ether = story.planner("BTC_USDT"), story.planner("ETH_USDT")
    story.order(account, bitcoin.resting(story.opened - 3 * DAY, "buy", Decimal(500), 92))
    story.order(account, ether.resting(story.opened - 2 * DAY, "sell", Decimal(300), 94))
    story.order(account, bitcoin.extreme(story.opened - DAY, "buy", Decimal(250)))
    story.order(account, ether.extreme(story.opened - DAY, "sell", Decimal(250)))
    plan = bitcoin.resting(story.opened - 6 * HOUR, "sell", Decimal(400), 98)
    story.order(account, plan._replace(post_only=True))


def _margin(story: Story, account: int) -> None:
    """A position that is still open, one that is over, an order that rests, one canceled."""
    bitcoin, ether = story.planner("BTC_USDT"), story.planner("ETH_USDT")
    sizes = Decimal(900), Decimal(700), Decimal(400)
    plans = [
        # Within the day before the opening, whose prices are far from those of a liquidation.
        bitcoin.taker(story.opened - 23 * HOUR, "buy", sizes[0]),
        bitcoin.maker(story.opened - 17 * HOUR, "buy", sizes[1]),
        bitcoin.maker(story.opened - 9 * HOUR, "sell", sizes[2]),
        ether.taker(story.opened - 22 * DAY, "buy", sizes[1]),
        bitcoin.untouched(story.opened - 6 * DAY, "buy", sizes[2]),
        bitcoin.resting(story.opened - 2 * DAY, "buy", sizes[2], 90),
    ]
    bought = plans[3]
    sold = ether.market(story.opened - 20 * DAY, "sell", sizes[1])
    # The position is closed to the last unit, in one fill.
    assert bought.amount is not None
    closing = sold.trades[0]._replace(amount=bought.amount)
    plans.append(sold._replace(trades=[closing], amount=bought.amount))
    for plan in plans:
        story.order(account, plan._replace(wallet="margin"))


def _address(account: int, kind: str, currency: str, chain: str) -> tuple[str, str]:
    whose = f"demo-{account}" if kind == "deposit" else "someone"
    name = currency.upper()
    return address(DFX, whose, currency, chain), tag(name, account)
