"""Deposits and transfers, and what the clock does to payments."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bookkeeping import MICRO, OPENED, refused
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox import statement
from exchcli.sandbox.engine import payments, withdrawals
from exchcli.sandbox.engine.money import Overdrawn
from exchcli.sandbox.engine.reasons import Reason, Refusal
from exchcli.sandbox.statement import Where

D = Decimal
SOMEONE = "sandbox-dfx-someone-btc"


def states(books, account, kind):
    where = Where("account = ? AND kind = ?", account, kind)
    return {row.id: row.status for row in statement.payments(books.store, where)}


# --- the ledger -------------------------------------------------------------------------------


def test_nobody_can_be_left_with_less_than_is_held(dfx):
    place = dfx.two, "spot", "BTC"
    with pytest.raises(Overdrawn), dfx.at(1) as books:
        books.ledger.hold(place, books.ledger.free(place) + D("0.00000001"))
    fees = dfx.house, "fees", "BTC"
    with pytest.raises(Overdrawn), dfx.at(1) as books:
        books.ledger.move("fee", place, fees, D("2.50000001"), 0)
    assert dfx.balance(dfx.two, "BTC") == (D("2.5"), 0)


def test_entries_go_on_where_the_ones_before_ended(dfx):
    ((newest,),) = dfx.store.select("SELECT max(id) FROM entries")
    with dfx.at(1) as books:
        payments.fund(books, dfx.two, "BTC", D(1))
        books.ledger.flush()
        payments.fund(books, dfx.two, "BTC", D(2))
    rows = dfx.store.select("SELECT id - ?, deed - ? FROM entries WHERE id > ?", *[newest] * 3)
    assert rows == [(1, 1), (2, 1), (3, 3), (4, 3)]


def test_a_balance_that_did_not_change_is_not_written(dfx):
    with dfx.at(1) as books:
        changes = books.db.total_changes
        assert books.ledger.free((dfx.two, "spot", "EOS")) == 0
        assert books.ledger.free((dfx.two, "spot", "BTC")) == D("2.5")
        books.ledger.flush()
        assert books.db.total_changes == changes


# --- deposits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "chain"), [("BTC", ""), ("USDT", "ERC20")])
def test_funds_are_a_deposit_that_is_there_at_once(dfx, currency, chain):
    before = dfx.free(dfx.two, currency)
    with dfx.at(7) as books:
        number = payments.fund(books, dfx.two, currency, D("12.34500000"))
    assert dfx.free(dfx.two, currency) == before + D("12.345")
    (row,) = statement.payments(dfx.store, Where("exchange = 'dfx' AND id = ?", number))
    assert (row.kind, row.status, row.chain, row.fee) == ("deposit", "done", chain, 0)
    assert row.created == row.updated == (OPENED + 7) * MICRO
    assert row.address.startswith(f"sandbox-dfx-demo-{dfx.two}-{currency.lower()}")
    assert len(row.hash) == 64


def test_payments_are_numbered_on_from_the_newest(dgt):
    with dgt.at(1) as books:
        first = payments.fund(books, dgt.one, "PLN", D(5))
        assert payments.fund(books, dgt.two, "LTC", D(5)) == first + 1 == 414


@pytest.mark.parametrize(
    "amount", ["0", "-1", "0.000000001", "NaN", "Infinity", "1e16", "1E-999999", "1e999999"]
)
def test_an_amount_is_positive_and_of_whole_units(dfx, amount):
    refused(dfx, Reason.BAD_AMOUNT, payments.fund, "BTC", D(amount))
    refused(dfx, Reason.BAD_AMOUNT, payments.transfer, "BTC", D(amount), "spot", "margin")
    refused(dfx, Reason.BAD_AMOUNT, withdrawals.withdraw, "BTC", D(amount), SOMEONE)


@pytest.mark.parametrize("currency", ["PLN", "btc", ""])
def test_what_the_exchange_does_not_have_is_refused(dfx, currency):
    refused(dfx, Reason.NO_CURRENCY, payments.fund, currency, D(1))
    refused(dfx, Reason.NO_CURRENCY, payments.transfer, currency, D(1), "spot", "margin")
    refused(dfx, Reason.NO_CURRENCY, withdrawals.withdraw, currency, D(1), SOMEONE)


# --- transfers --------------------------------------------------------------------------------


def test_a_transfer_takes_from_one_wallet_what_it_gives_to_the_other(dfx):
    before = [dfx.free(dfx.two, "USDT", wallet) for wallet in ("spot", "margin", "otc")]
    with dfx.at(3) as books:
        first = payments.transfer(books, dfx.two, "USDT", D("100.5"), "spot", "margin")
        assert payments.transfer(books, dfx.two, "USDT", D(40), "spot", "otc") == first + 1
        payments.transfer(books, dfx.two, "USDT", D("0.5"), "margin", "spot")
    after = [dfx.free(dfx.two, "USDT", wallet) for wallet in ("spot", "margin", "otc")]
    assert after == [before[0] - 140, before[1] + 100, before[2] + 40]
    row = dfx.store.select(
        "SELECT account, currency, amount, from_wallet, to_wallet, time FROM transfers"
        " WHERE exchange = 'dfx' AND id = ?",
        first,
    )
    assert row == [(dfx.two, "USDT", "100.50000000", "spot", "margin", (OPENED + 3) * MICRO)]


@pytest.mark.parametrize(
    ("source", "target"),
    [("margin", "otc"), ("otc", "margin"), ("spot", "spot"), ("otc", "otc"), ("spot", "moon")],
)
def test_nothing_goes_between_margin_and_otc_or_to_where_it_is(dfx, source, target):
    refused(dfx, Reason.BAD_WALLETS, payments.transfer, "USDT", D(1), source, target)


def test_dgtmarket_has_one_wallet(dgt):
    refused(dgt, Reason.BAD_WALLETS, payments.transfer, "BTC", D(1), "spot", "margin")


def test_the_margin_wallet_takes_only_what_is_lent(dfx):
    refused(dfx, Reason.NOT_TRANSFERABLE, payments.transfer, "TRX", D(1), "spot", "margin")
    with dfx.at(1) as books:
        payments.transfer(books, dfx.two, "TRX", D(1), "spot", "otc")


def test_no_more_can_be_transferred_than_is_free(dfx):
    free = dfx.free(dfx.two, "BTC")
    unit = D("0.00000001")
    refused(dfx, Reason.NO_FUNDS, payments.transfer, "BTC", free + unit, "spot", "otc")
    with dfx.at(1) as books:
        books.ledger.hold((dfx.two, "spot", "BTC"), D(1))
        with pytest.raises(Refusal):
            payments.transfer(books, dfx.two, "BTC", free, "spot", "otc")
        payments.transfer(books, dfx.two, "BTC", free - 1, "spot", "otc")
        books.ledger.hold((dfx.two, "spot", "BTC"), D(-1))
    assert dfx.free(dfx.two, "BTC") == 1


def test_the_transfers_of_a_day_have_a_greatest_worth(dfx):
    most = payments.TRANSFERRED_A_DAY
    with dfx.at(0) as books:
        payments.fund(books, dfx.two, "USDT", most)
        payments.transfer(books, dfx.two, "USDT", most / 2, "spot", "margin")
    with dfx.at(86399) as books, pytest.raises(Refusal) as refusal:
        payments.transfer(books, dfx.two, "USDT", most / 2 + 1, "spot", "otc")
    assert refusal.value.reason is Reason.DAILY_LIMIT
    with dfx.at(86399) as books:
        payments.transfer(books, dfx.two, "USDT", most / 2, "spot", "otc")
    refused(dfx, Reason.DAILY_LIMIT, payments.transfer, "BTC", D("0.1"), "spot", "otc")
    with dfx.at(86400) as books:
        payments.transfer(books, dfx.two, "BTC", D("0.1"), "spot", "otc")


# --- the clock --------------------------------------------------------------------------------


def test_payments_that_are_under_way_at_the_opening_move_on_after_ten_minutes(dfx):
    def look():
        where = Where("exchange = 'dfx' AND status NOT IN ('done', 'canceled')")
        return sorted(
            (row.kind, row.currency, row.status) for row in statement.payments(dfx.store, where)
        )

    opening = look()
    assert opening == [
        ("deposit", "ETH", "confirming"),
        ("deposit", "LTC", "pending"),
        ("withdrawal", "BTC", "pending"),
        ("withdrawal", "USDT", "confirming"),
    ]
    litecoin, tether = dfx.balance(dfx.one, "LTC"), dfx.balance(dfx.one, "USDT")
    for seconds in (0, 599.9):
        with dfx.at(seconds) as books:
            payments.advance(books, books.time)
        assert look() == opening
    with dfx.at(600) as books:
        payments.advance(books, books.time)
    assert look() == [("deposit", "LTC", "confirming"), ("withdrawal", "BTC", "confirming")]
    assert dfx.balance(dfx.one, "USDT") == (tether[0] - 252, tether[1] - 252)
    with dfx.at(720) as books:
        payments.advance(books, books.time)
    assert look() == []
    assert dfx.balance(dfx.one, "LTC") == (litecoin[0] + 4, litecoin[1])


def test_on_dgtmarket_what_is_pending_is_done_next(dgt):
    litecoin, bitcoin = dgt.balance(dgt.one, "LTC"), dgt.balance(dgt.one, "BTC")
    with dgt.at(600) as books:
        payments.advance(books, books.time)
    assert set(states(dgt, dgt.one, "deposit").values()) == {"done"}
    assert set(states(dgt, dgt.one, "withdrawal").values()) == {"done", "canceled"}
    assert dgt.balance(dgt.one, "LTC") == (litecoin[0] + 3, litecoin[1])
    taken = D("0.0205")
    assert dgt.balance(dgt.one, "BTC") == (bitcoin[0] - taken, bitcoin[1] - taken)


def test_however_late_somebody_looks_everything_has_the_time_at_which_it_was_due(dfx):
    with dfx.at(365 * 86400) as books:
        payments.advance(books, books.time)
    where = Where("exchange = 'dfx' AND kind = 'deposit' AND currency = 'LTC'")
    row = statement.payments(dfx.store, where, 1)[0]
    assert (row.status, row.updated) == ("done", (OPENED + 720) * MICRO)
    entry = statement.entries(dfx.store, dfx.one, "spot", 1, currency="LTC")[0]
    assert (entry.kind, entry.amount, entry.time) == ("deposit", 4, row.updated)


def test_looking_again_moves_nothing_twice(dfx):
    for seconds in (900, 900, 10**6):
        with dfx.at(seconds) as books:
            payments.advance(books, books.time)
        count = dfx.store.select("SELECT count(*) FROM entries")
        if seconds == 900:
            first = count
    assert count == first


def test_whether_anything_is_due_is_one_look_into_an_index(dfx):
    plan = dfx.store.select(
        f"EXPLAIN QUERY PLAN {payments.SELECT}"
        " WHERE exchange = 'dfx' AND due <= 5 ORDER BY due, id LIMIT 1"
    )
    assert [row[3] for row in plan] == [
        "SEARCH payments USING INDEX payments_due (exchange=? AND due<?)"
    ]


# --- all of it --------------------------------------------------------------------------------

WALLETS = st.sampled_from(["spot", "margin", "otc"])
CURRENCIES = st.sampled_from(["USDT", "BTC", "XRP", "ETH"])
AMOUNTS = st.one_of(st.decimals("0.00000001", "40", places=8), st.decimals("1", "20000", places=2))
DEEDS = st.one_of(
    st.tuples(st.just("fund"), CURRENCIES, AMOUNTS),
    st.tuples(st.just("transfer"), CURRENCIES, AMOUNTS, WALLETS, WALLETS),
    st.tuples(st.just("withdraw"), CURRENCIES, AMOUNTS),
    st.tuples(st.just("internal"), CURRENCIES, AMOUNTS),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(1, 150)),
)


def act(books, account, other, deed):
    match deed:
        case ("fund", currency, amount):
            payments.fund(books, account, currency, amount)
        case ("transfer", currency, amount, source, target):
            payments.transfer(books, account, currency, amount, source, target)
        case ("withdraw", currency, amount):
            chain = "ERC20" if currency == "USDT" else ""
            (row,) = books.db.execute(
                "SELECT address, tag FROM addresses WHERE account = ? AND kind = 'withdrawal'"
                " AND currency = ? AND chain = ?",
                (account, currency, chain),
            )
            withdrawals.withdraw(books, account, currency, amount, row[0], chain, row[1])
        case ("internal", currency, amount):
            number = str(other % 100)
            withdrawals.withdraw(books, account, currency, amount, number, internal=True)
        case ("cancel", ago):
            row = books.db.execute(
                "SELECT id FROM payments WHERE account = ? AND kind = 'withdrawal'"
                " ORDER BY id DESC LIMIT 1 OFFSET ?",
                (account, ago),
            ).fetchone()
            withdrawals.cancel_withdrawal(books, account, row[0] if row else 0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), DEEDS), max_size=25))
def test_whatever_comes_and_goes_the_books_are_right(dfx_books, deeds):
    """Entries, balances, holds; nobody below nothing; and outside has what came and went."""
    with dfx_books.trial():
        now = 0
        for first, deed in deeds:
            account, other = dfx_books.one, dfx_books.two
            if not first:
                account, other = other, account
            if deed[0] == "wait":
                now += deed[1]
            try:
                with dfx_books.at(now) as books:
                    payments.advance(books, books.time)
                    act(books, account, other, deed)
            except Refusal:
                pass
            dfx_books.check()
        everything = dfx_books.store.select(
            "SELECT currency, kind, amount FROM payments WHERE exchange = 'dfx' AND status = 'done'"
        )
        for currency in ("USDT", "BTC", "XRP", "ETH"):
            came = sum(
                D(amount) if kind == "deposit" else -D(amount)
                for other, kind, amount in everything
                if other == currency
            )
            assert dfx_books.balance(dfx_books.house, currency, "outside")[0] == -came
