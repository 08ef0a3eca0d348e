"""What an exchange would refuse is found here, and the refusal says what would do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.cli.checking import (
    Rules,
    check_funds,
    check_minimums,
    check_types,
    fitting,
    up_to,
)
from exchcli.errors import UsageError
from exchcli.money import short
from exchcli.records import Balance, NewOrder, Symbol

D = Decimal
PAIR = Symbol("BTC_USDT", "BTC", "USDT", 2, 4, D("0.001"), D(2), "TRADING", ("LIMIT",))
RULES = Rules(PAIR, 8)
BUY = NewOrder("BTC_USDT", "buy", D("0.01"), D(9000))


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (
            {"price": D("9000.123")},
            "The price 9000.123 has more decimals than BTC_USDT takes: 2.",
            "Write 9000.12 or 9000.13, or use --round.",
        ),
        (
            {"amount": D("0.00005")},
            "The amount 0.00005 has more decimals than BTC_USDT takes: 4.",
            "Write 0.0001.",
        ),
        (
            {"amount": None, "price": None, "spend": D("1.123456789")},
            "The money to spend 1.123456789 has more decimals than BTC_USDT takes: 8.",
            "Write 1.12345678 or 1.12345679, or use --round.",
        ),
    ],
    ids=["price", "amount", "money"],
)
def test_too_many_decimals_are_refused_with_the_nearest_that_fit(
    change: dict[str, Decimal], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        fitting(BUY._replace(**change), RULES, rounded=False)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_zeros_at_the_end_are_no_decimals() -> None:
    fit = fitting(BUY._replace(price=D("9000.1000"), amount=D("10.000000")), RULES, rounded=False)
    assert (str(fit.price), str(fit.amount)) == ("9000.1", "10")


@pytest.mark.parametrize(("side", "price"), [("buy", "9000.12"), ("sell", "9000.13")])
def test_rounding_takes_amounts_down_and_a_price_never_to_a_worse_one(
    side: str, price: str
) -> None:
    new = BUY._replace(side=side, price=D("9000.125"), amount=D("0.01239"))  # type: ignore[arg-type]
    fit = fitting(new, RULES, rounded=True)
    assert (str(fit.price), str(fit.amount)) == (price, "0.0123")


def test_what_is_rounded_to_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"rounded to 4 decimals, is 0"):
        fitting(BUY._replace(amount=D("0.00005")), RULES, rounded=True)


@given(
    st.decimals("0.00000001", "99999999", places=9),
    st.integers(0, 9),
    st.sampled_from(["buy", "sell"]),
)
def test_a_rounded_order_is_never_larger_nor_worse(amount: Decimal, places: int, side: str) -> None:
    rules = Rules(PAIR._replace(price_precision=places, amount_precision=places), 8)
    new = BUY._replace(side=side, amount=amount + 1, price=amount + 1)  # type: ignore[arg-type]
    fit = fitting(new, rules, rounded=True)
    assert fit.amount <= new.amount < fit.amount + D(1).scaleb(-places)
    assert (fit.price <= new.price) if side == "buy" else (fit.price >= new.price)
    assert abs(fit.price - new.price) < D(1).scaleb(-places)
    assert fitting(fit, rules, rounded=False) == fit


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"amount": D("0.0009")}, "Order at least 0.001 BTC."),
        ({"amount": D("0.001"), "price": D(1500)}, "At this price, order at least 0.0014 BTC."),
        ({"amount": None, "price": None, "spend": D("1.99")}, "Spend at least 2 USDT."),
        ({"amount": D(0)}, "Write one above 0."),
        ({"price": D("0.00")}, "Write one above 0."),
        ({"stop": D(0)}, "Write one above 0."),
        ({"spend": D(0)}, "Write an amount above 0."),
    ],
    ids=str,
)
def test_what_is_below_the_minimum_is_refused_with_what_would_do(
    change: dict[str, Decimal], hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check_minimums(BUY._replace(**change), RULES)
    assert caught.value.hint == hint


def test_a_pair_that_tells_no_rules_has_eight_decimals_and_no_minimum() -> None:
    rules = Rules(Symbol("BTCPLN", "BTC", "PLN"), 8)
    new = BUY._replace(amount=D("0.00000001"), price=D("0.00000001"))
    assert fitting(new, rules, rounded=False) == new
    check_minimums(new, rules)
    check_types(new._replace(price=None), rules)
    with pytest.raises(UsageError, match="takes: 8"):
        fitting(new._replace(amount=D("0.000000001")), rules, rounded=False)


def test_a_pair_without_market_orders_says_what_it_takes() -> None:
    with pytest.raises(UsageError) as caught:
        check_types(BUY._replace(price=None), RULES)
    assert caught.value.hint == "It takes limit."


def balances(**free: str) -> list[Balance]:
    return [Balance(name, D(text), D(0), D(text)) for name, text in free.items()]


def test_funds_count_what_all_orders_need_together() -> None:
    sell = NewOrder("BTC_USDT", "sell", D("0.5"), D(9000))
    check_funds([BUY, BUY, sell], PAIR, balances(USDT="180", BTC="0.5"), None)
    with pytest.raises(UsageError, match=r"needs 180 USDT, and 179\.99 USDT are free"):
        check_funds([BUY, BUY, sell], PAIR, balances(USDT="179.99", BTC="0.5"), None)
    with pytest.raises(UsageError, match=r"needs 0\.5 BTC, and 0 BTC are free"):
        check_funds([sell], PAIR, balances(USDT="9000"), None)


def test_an_order_at_the_market_needs_the_best_price_at_least() -> None:
    new = NewOrder("BTC_USDT", "buy", D(2), None)
    check_funds([new], PAIR, balances(USDT="18000"), D(9000))
    with pytest.raises(UsageError, match="needs 18000 USDT"):
        check_funds([new], PAIR, balances(USDT="17999"), D(9000))
    check_funds([new], PAIR, balances(USDT="0"), None)
    with pytest.raises(UsageError, match="needs 50 USDT"):
        check_funds([new._replace(amount=None, spend=D(50))], PAIR, balances(USDT="49"), None)


@pytest.mark.parametrize(
    ("number", "text"), [("100", "100"), ("1.50", "1.5"), ("2.00", "2"), ("0E+3", "0")]
)
def test_numbers_are_shown_without_zeros_at_their_end(number: str, text: str) -> None:
    assert short(D(number)) == text


def test_a_hundred_digits_are_rounded_exactly() -> None:
    number = D("9" * 50 + "." + "9" * 49)
    assert up_to(number, 2, "ROUND_FLOOR") == D("9" * 50 + ".99")
