"""Withdrawals: where they may go, what they cost, how often, and what becomes of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bookkeeping import MICRO, OPENED, refused

from exchcli.sandbox import statement
from exchcli.sandbox.engine import payments
from exchcli.sandbox.engine.money import last_price
from exchcli.sandbox.engine.payments import CONFIRMING, PENDING
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.engine.withdrawals import A_DAY, WORTH_A_DAY, cancel_withdrawal, withdraw
from exchcli.sandbox.statement import Where

D = Decimal
BITCOIN = "sandbox-dfx-someone-btc"
RIPPLE = "sandbox-dfx-someone-xrp"
TETHER = "sandbox-dfx-someone-usdt-erc20"


def row_of(books, number):
    where = Where("exchange = ? AND id = ?", books.exchange, number)
    (row,) = statement.payments(books.store, where)
    return row


def at(books, seconds):
    """Lets the clock run to this moment; the status of all withdrawals since then."""
    with books.at(seconds) as opened:
        payments.advance(opened, opened.time)


def tag(books, currency="XRP"):
    ((found,),) = books.store.select(
        "SELECT tag FROM addresses WHERE account = ? AND kind = 'withdrawal' AND currency = ?",
        books.two,
        currency,
    )
    return found


# --- the way of a withdrawal ------------------------------------------------------------------


def test_a_withdrawal_holds_amount_and_fee_is_confirmed_and_then_gone(dfx):
    with dfx.at(10) as books:
        number = withdraw(books, dfx.two, "BTC", D("0.5"), BITCOIN)
    assert row_of(dfx, number).status == "pending"
    held = D("0.5005")
    assert dfx.balance(dfx.two, "BTC") == (D("2.5"), held)
    pending, confirming = PENDING // MICRO, CONFIRMING // MICRO
    at(dfx, 10 + pending - 0.001)
    assert row_of(dfx, number).status == "pending"
    at(dfx, 10 + pending)
    assert row_of(dfx, number).status == "confirming"
    at(dfx, 10 + pending + confirming - 0.001)
    assert row_of(dfx, number).status == "confirming"
    assert dfx.balance(dfx.two, "BTC") == (D("2.5"), held)
    at(dfx, 10 + pending + confirming)
    row = row_of(dfx, number)
    assert row.status == "done"
    assert row.updated == (OPENED + 10 + pending + confirming) * MICRO
    assert dfx.balance(dfx.two, "BTC") == (D("2.5") - held, 0)
    entries = statement.entries(dfx.store, dfx.two, "spot", 2)
    assert [(each.kind, each.amount) for each in entries] == [
        ("fee", D("-0.0005")),
        ("withdrawal", D("-0.5")),
    ]


def test_canceled_while_pending_everything_comes_back(dfx):
    with dfx.at(1) as books:
        number = withdraw(books, dfx.two, "XRP", D(100), RIPPLE, tag=tag(dfx))
    assert dfx.free(dfx.two, "ETH") < 60
    with dfx.at(20) as books:
        assert cancel_withdrawal(books, dfx.two, number) == number
    assert row_of(dfx, number).status == "canceled"
    assert dfx.balance(dfx.two, "XRP") == (25000, 0)
    assert dfx.balance(dfx.two, "ETH") == (60, 0)
    at(dfx, 10**6)
    assert row_of(dfx, number).status == "canceled"


def test_what_is_confirmed_or_over_can_no_longer_be_canceled(dfx):
    with dfx.at(0) as books:
        number = withdraw(books, dfx.two, "BTC", D("0.5"), BITCOIN)
    for seconds in (70, 200):
        at(dfx, seconds)
        refused(dfx, Reason.NOT_CANCELABLE, cancel_withdrawal, number)
    with dfx.at(300) as books:
        number = withdraw(books, dfx.two, "BTC", D("0.5"), BITCOIN)
        cancel_withdrawal(books, dfx.two, number)
    refused(dfx, Reason.NOT_CANCELABLE, cancel_withdrawal, number)


def test_only_withdrawals_of_ones_own_can_be_canceled(dfx):
    where = Where("account = ? AND status = 'pending'", dfx.one)
    for row in statement.payments(dfx.store, where):
        refused(dfx, Reason.NO_WITHDRAWAL, cancel_withdrawal, row.id)
    with dfx.at(1) as books:
        deposit = payments.fund(books, dfx.two, "BTC", D(1))
    refused(dfx, Reason.NO_WITHDRAWAL, cancel_withdrawal, deposit)
    refused(dfx, Reason.NO_WITHDRAWAL, cancel_withdrawal, 0)


def test_the_withdrawal_that_is_pending_at_the_opening_can_be_canceled(dfx):
    total, held = dfx.balance(dfx.one, "BTC")
    where = Where("account = ? AND kind = 'withdrawal' AND status = 'pending'", dfx.one)
    (row,) = statement.payments(dfx.store, where)
    with dfx.at(5) as books:
        cancel_withdrawal(books, dfx.one, row.id)
    assert dfx.balance(dfx.one, "BTC") == (total, held - D("0.0105"))


# --- fees, minimums, funds --------------------------------------------------------------------


def test_a_fee_may_be_in_another_currency(dfx):
    """That of XRP is paid in ETH: two percent of its worth, and at least 0.006."""
    with dfx.at(1) as books:
        small = withdraw(books, dfx.two, "XRP", D(1), RIPPLE, tag=tag(dfx))
        large = withdraw(books, dfx.two, "XRP", D(20000), RIPPLE, tag=tag(dfx))
        worth = 20000 * last_price(books, "XRP_USDT") / last_price(books, "ETH_USDT")
    assert row_of(dfx, small).fee == D("0.006")
    fee = row_of(dfx, large).fee
    assert 0 <= fee - worth / 50 < D("0.00000001")
    assert fee > D("0.1")
    assert dfx.balance(dfx.two, "XRP") == (25000, 20001)
    assert dfx.balance(dfx.two, "ETH") == (60, fee + D("0.006"))
    at(dfx, 1000)
    assert dfx.balance(dfx.two, "XRP") == (4999, 0)
    assert dfx.balance(dfx.two, "ETH") == (60 - fee - D("0.006"), 0)


def test_without_the_currency_of_the_fee_nothing_is_withdrawn(dfx):
    with dfx.at(1) as books:
        payments.transfer(books, dfx.two, "ETH", D("59.995"), "spot", "otc")
    refused(dfx, Reason.NO_FUNDS, withdraw, "XRP", D(1), RIPPLE, tag=tag(dfx))
    assert dfx.balance(dfx.two, "XRP") == (25000, 0)


def test_amount_and_fee_together_have_to_be_free(dfx):
    with dfx.at(1) as books:
        payments.transfer(books, dfx.two, "BTC", D(2), "spot", "otc")
    refused(dfx, Reason.NO_FUNDS, withdraw, "BTC", D("0.49950001"), BITCOIN)
    with dfx.at(1) as books:
        withdraw(books, dfx.two, "BTC", D("0.4995"), BITCOIN)
    assert dfx.free(dfx.two, "BTC") == 0


def test_there_is_a_least_withdrawal_of_every_chain(dfx):
    refused(dfx, Reason.WITHDRAWAL_TOO_SMALL, withdraw, "BTC", D("0.00499999"), BITCOIN)
    refused(dfx, Reason.WITHDRAWAL_TOO_SMALL, withdraw, "USDT", D("9.99"), TETHER, "ERC20")
    omni = "sandbox-dfx-someone-usdt-omni"
    refused(dfx, Reason.WITHDRAWAL_TOO_SMALL, withdraw, "USDT", D(99), omni, "OMNI")
    with dfx.at(1) as books:
        assert withdraw(books, dfx.two, "USDT", D(10), TETHER, "ERC20")
        assert withdraw(books, dfx.two, "BTC", D("0.005"), BITCOIN)


# --- where it may go --------------------------------------------------------------------------


@pytest.mark.parametrize("chain", ["", "TRC20", "BTC"])
def test_tether_needs_one_of_its_chains(dfx, chain):
    refused(dfx, Reason.NO_CHAIN, withdraw, "USDT", D(50), TETHER, chain)


def test_what_is_on_one_chain_names_none(dfx):
    refused(dfx, Reason.NO_CHAIN, withdraw, "BTC", D(1), BITCOIN, "ERC20")


def test_an_address_has_to_be_on_the_white_list_of_that_currency(dfx):
    for address in ("1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "sandbox-dfx-someone-eth"):
        refused(dfx, Reason.NOT_WHITELISTED, withdraw, "BTC", D(1), address)
    for address in (None, ""):
        refused(dfx, Reason.NO_ADDRESS, withdraw, "BTC", D(1), address)


def test_an_address_counts_with_its_chain_and_its_tag_only(dfx):
    refused(dfx, Reason.NO_ADDRESS, withdraw, "USDT", D(500), TETHER, "OMNI")
    for wrong in ("", "1", tag(dfx) + "0"):
        refused(dfx, Reason.NO_ADDRESS, withdraw, "XRP", D(500), RIPPLE, tag=wrong)


def test_on_dgtmarket_money_goes_to_the_configured_address(dgt):
    with dgt.at(1) as books:
        number = withdraw(books, dgt.two, "BTC", D("0.015"))
        named = withdraw(books, dgt.two, "BTC", D("0.015"), "sandbox-dgt-someone-btc")
        zloty = withdraw(books, dgt.two, "PLN", D(100))
    assert row_of(dgt, number).address == row_of(dgt, named).address == "sandbox-dgt-someone-btc"
    assert row_of(dgt, zloty).fee == 0
    refused(dgt, Reason.NO_ADDRESS, withdraw, "LTC", D(1))
    refused(dgt, Reason.NOT_WHITELISTED, withdraw, "BTC", D(1), "sandbox-dgt-someone-pln")
    refused(dgt, Reason.WITHDRAWAL_TOO_SMALL, withdraw, "PLN", D("9.99"))
    assert dgt.balance(dgt.two, "BTC") == (D("3.5"), D("0.031"))
    at(dgt, 100)
    assert row_of(dgt, number).status == "done"
    assert dgt.balance(dgt.two, "BTC") == (D("3.469"), 0)


# --- between accounts -------------------------------------------------------------------------


def test_an_internal_withdrawal_is_with_the_other_account_at_once_and_free(dfx):
    there = dfx.balance(dfx.one, "BTC")
    with dfx.at(4) as books:
        number = withdraw(books, dfx.two, "BTC", D("0.001"), "1", internal=True)
    sent = row_of(dfx, number)
    assert (sent.status, sent.fee, sent.address) == ("done", 0, "1")
    assert dfx.balance(dfx.two, "BTC") == (D("2.499"), 0)
    assert dfx.balance(dfx.one, "BTC") == (there[0] + D("0.001"), there[1])
    where = Where("account = ? AND kind = 'deposit'", dfx.one)
    came = statement.payments(dfx.store, where, 1)[0]
    assert (came.amount, came.status, came.address) == (D("0.001"), "done", "2")
    refused(dfx, Reason.NOT_CANCELABLE, cancel_withdrawal, number)


def test_an_internal_withdrawal_needs_another_account_and_funds(dfx):
    for nobody in ("2", "0", "3", "201", "someone", "1.0", " 1", "01"):
        refused(dfx, Reason.NOT_WHITELISTED, withdraw, "BTC", D(1), nobody, internal=True)
    refused(dfx, Reason.NO_ADDRESS, withdraw, "BTC", D(1), internal=True)
    refused(dfx, Reason.NO_FUNDS, withdraw, "BTC", D("2.50000001"), "1", internal=True)


# --- how often, how much ----------------------------------------------------------------------


def test_three_withdrawals_a_minute_are_the_most(dfx):
    for second in (0, 10, 20):
        with dfx.at(second) as books:
            number = withdraw(books, dfx.two, "BTC", D("0.01"), BITCOIN)
    with dfx.at(21) as books:
        cancel_withdrawal(books, dfx.two, number)
    with dfx.at(59.999) as books, pytest.raises(Refusal, match="minute"):
        withdraw(books, dfx.two, "BTC", D("0.01"), BITCOIN)
    with dfx.at(60) as books:
        withdraw(books, dfx.two, "BTC", D("0.01"), BITCOIN)
    with dfx.at(60) as books, pytest.raises(Refusal, match="minute"):
        withdraw(books, dfx.two, "BTC", D("0.01"), BITCOIN)


def test_a_hundred_withdrawals_a_day_are_the_most(dfx):
    for number in range(A_DAY):
        with dfx.at(30 * number) as books:
            withdraw(books, dfx.two, "USDT", D(10), TETHER, "ERC20")
    with dfx.at(30 * A_DAY) as books, pytest.raises(Refusal) as refusal:
        withdraw(books, dfx.two, "USDT", D(10), TETHER, "ERC20")
    assert refusal.value.reason is Reason.TOO_FREQUENT
    with dfx.at(86400) as books:
        withdraw(books, dfx.two, "USDT", D(10), TETHER, "ERC20")


def test_the_withdrawals_of_a_day_have_a_greatest_worth(dfx):
    refused(dfx, Reason.DAILY_LIMIT, withdraw, "USDT", WORTH_A_DAY + 1, TETHER, "ERC20")
    with dfx.at(0) as books:
        withdraw(books, dfx.two, "USDT", WORTH_A_DAY - 1000, TETHER, "ERC20")
        canceled = withdraw(books, dfx.two, "USDT", D(1000), TETHER, "ERC20")
        price = last_price(books, "BTC_USDT")
        cancel_withdrawal(books, dfx.two, canceled)
    too_much = (1000 / price + D("0.0001")).quantize(D("0.0001"))
    with dfx.at(100) as books, pytest.raises(Refusal) as refusal:
        withdraw(books, dfx.two, "BTC", too_much * 2, BITCOIN)
    assert refusal.value.reason is Reason.DAILY_LIMIT
    with dfx.at(100) as books:
        withdraw(books, dfx.two, "BTC", too_much / 2, BITCOIN)
    with dfx.at(86400) as books:
        withdraw(books, dfx.two, "BTC", too_much * 2, BITCOIN)


def test_dgtmarkets_document_knows_no_such_limits(dgt):
    with dgt.at(1) as books:
        for _ in range(5):
            withdraw(books, dgt.two, "PLN", D(5000))
    assert dgt.free(dgt.two, "PLN") == 0
