"""buy and sell: arguments in; exact stdout, stderr and exit code out, against the sandbox."""

from __future__ import annotations

import json
from typing import Any

import pytest
from running import Exch, Ran

from exchcli.execution.journal import Journal

BUY = ["dgt", "buy", "btcpln", "0.05", "--price", "2570"]


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def error(ran: Ran) -> Any:
    assert ran.out == ""
    return json.loads(ran.err)["error"]


def ids(exch: Exch, exchange: str = "dgt", *words: str) -> list[str]:
    ran = exch(exchange, "orders", "--history", "--start", "20d", *words)
    return [row["id"] for row in done(ran)]


def test_a_placed_order_is_printed_with_the_keys_of_the_contract(still: Exch) -> None:
    ran = still(*BUY, "--yes")
    assert ran == (
        0,
        '{"id": "17167", "symbol": "BTCPLN", "market": "spot", "side": "buy", "type": "limit", '
        '"price": "2570.00000000", "stop_price": null, "amount": "0.05000000", '
        '"filled": "0.00000000", "average_price": null, "cost": "0", "status": "open", '
        '"exchange_status": "ACTIVE", "post_only": null, "created": "2020-05-19T07:44:54", '
        '"updated": "2020-05-19T07:44:54", "fills": [], "once": null, "replayed": false, '
        '"evidence": "reply"}\n',
        "",
    )


def test_the_same_key_answers_the_same_order_and_places_no_other(still: Exch) -> None:
    first = done(still(*BUY, "--yes", "--once", "weekly-20"))
    there = ids(still)
    second = done(still(*BUY, "--yes", "--once", "weekly-20"))
    assert (first["once"], first["replayed"]) == ("weekly-20", False)
    assert second == {**first, "replayed": True}
    assert ids(still) == there
    same_meaning = ["dgt", "buy", "BTC/PLN", "0.0500", "--price", "2570.0"]
    assert done(still(*same_meaning, "--yes", "--once", "weekly-20")) == second


def test_a_key_of_other_parameters_is_refused(still: Exch) -> None:
    done(still(*BUY, "--yes", "--once", "weekly-20"))
    there = ids(still)
    for other in (
        ["dgt", "buy", "btcpln", "0.06", "--price", "2570"],
        ["dgt", "buy", "btcpln", "0.05", "--price", "2571"],
        ["dgt", "buy", "btcpln", "0.05", "--market"],
        ["dgt", "buy", "btcpln", "0.05", "--price", "2570", "--stop", "2500"],
        ["dgt", "sell", "btcpln", "0.05", "--price", "2570"],
    ):
        ran = still(*other, "--yes", "--once", "weekly-20")
        assert ran.code == 9, other
        assert error(ran)["kind"] == "once_conflict"
    assert ids(still) == there


def test_two_orders_without_a_key_are_two_orders(still: Exch) -> None:
    first, second = done(still(*BUY, "--yes")), done(still(*BUY, "--yes"))
    assert first["id"] != second["id"]


@pytest.mark.parametrize("words", [["order", "buy"], ["buy"]], ids=" ".join)
def test_without_yes_and_without_anybody_nothing_is_done(still: Exch, words: list[str]) -> None:
    ran = still("dgt", *words, "btcpln", "0.05", "--price", "2570")
    assert ran.code == 2
    assert error(ran)["hint"] == "Run it again with --yes."
    assert not (still.home / "state" / "journal.sqlite").exists()


def test_on_a_terminal_it_says_what_it_will_do_and_asks(still: Exch) -> None:
    ran = still(*BUY, terminal=True, typed="n\n")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "On Dgtmarket: buy 0.05 BTC at 2570 PLN",
        "  costs 128.5 PLN",
        "  fee about 0.2 % (as last time; whether maker's or taker's is not told)",
        "  the best ask is 2652.5 PLN: 3.11 % below it, so it waits in the book",
        "Buy 0.05 BTC at 2570 PLN? [y/N] exch: Nothing was done: the answer was not yes. "
        "Answer y, or use --yes.",
    ]
    assert not any(row["price"] == "2570.00000000" for row in done(still("dgt", "orders")))
    ran = still(*BUY, terminal=True, typed="y\n")
    assert ran.code == 0
    assert "17167" in ran.out


def test_a_script_is_told_nothing_but_the_data(still: Exch) -> None:
    for words in (
        [*BUY, "--yes"],
        ["dgt", "buy", "btcpln", "--spend", "50", "--market", "--yes"],
        [*BUY, "--dry-run"],
    ):
        assert still(*words).err == ""


def test_a_settled_key_asks_no_question(still: Exch) -> None:
    done(still(*BUY, "--yes", "--once", "weekly-20"))
    ran = still(*BUY, "--once", "weekly-20", "--json", terminal=True)
    assert ran.code == 0
    assert "[y/N]" not in ran.err
    assert json.loads(ran.out)["replayed"] is True


def test_money_is_spent_on_dgtmarket_by_an_amount_from_the_book(still: Exch) -> None:
    order = done(still("dgt", "buy", "btcpln", "--spend", "100", "--market", "--yes"))
    assert (order["type"], order["status"], order["price"]) == ("market", "filled", None)
    assert order["amount"] == "0.03770028"  # 100 / 2652.5, rounded down
    ran = still("dgt", "buy", "btcpln", "--spend", "100", "--market", terminal=True)
    assert ran.err.startswith("100 PLN buy 0.0377")


def test_money_is_spent_at_the_stop_where_there_is_one(still: Exch) -> None:
    words = ["dgt", "buy", "btcpln", "--spend", "100", "--market", "--stop", "2900"]
    ran = still(*words, "--json", terminal=True, typed="y\n")
    assert ran.code == 0
    assert ran.err.splitlines()[:3] == [
        "100 PLN buy 0.03448275 BTC at the stop price, for 99.999975.",
        "On Dgtmarket: buy 0.03448275 BTC at the market's price, once the price reaches 2900",
        "  costs about 99.999975 PLN at the stop price",
    ]
    assert "it waits until the price reaches 2900, 9.33 % above it" in ran.err
    order = json.loads(ran.out)
    assert (order["amount"], order["status"]) == ("0.03448275", "open")


def test_a_key_means_the_money_whatever_the_book_makes_of_it(still: Exch) -> None:
    words = ["dgt", "buy", "ltcpln", "--spend", "90", "--market", "--yes", "--once", "k"]
    first = done(still(*words))
    two_hours_on = {"EXCH_SANDBOX_CLOCK": "2020-05-19T09:44:54Z"}
    later = done(still(*words, **two_hours_on))
    assert (later["id"], later["replayed"]) == (first["id"], True)
    other = still(*[word.replace("90", "91") for word in words], **two_hours_on)
    assert other.code == 9


def test_money_is_spent_on_digifinex_as_it_is(still: Exch) -> None:
    order = done(still("dfx", "buy", "btc_usdt", "--spend", "100", "--market", "--yes"))
    assert (order["type"], order["amount"], order["status"]) == ("market", None, "filled")
    sold = done(still("dfx", "sell", "btc_usdt", "0.01", "--market", "--yes"))
    assert (sold["type"], sold["amount"], sold["filled"]) == ("market", "0.01", "0.01")


def test_post_only_and_margin_reach_digifinex(still: Exch) -> None:
    words = ["dfx", "buy", "btc_usdt", "0.001", "--price", "9700", "--post-only", "--yes"]
    assert done(still(*words))["status"] == "canceled"
    words = ["dfx", "sell", "btc_usdt", "0.001", "--price", "9700", "--margin", "--yes"]
    assert done(still(*words))["market"] == "margin"


def test_a_stop_reaches_dgtmarket(still: Exch) -> None:
    words = ["dgt", "sell", "btcpln", "0.01", "--price", "2490", "--stop", "2500", "--yes"]
    order = done(still(*words))
    assert (order["stop_price"], order["status"]) == ("2500.00000000", "open")


def test_wait_ends_when_the_order_is_filled_or_when_its_time_is_up(still: Exch) -> None:
    words = ["dgt", "buy", "btcpln", "0.01", "--price", "2700", "--yes", "--wait"]
    assert done(still(*words))["status"] == "filled"
    ran = still(*BUY, "--yes", "--wait", "0")
    assert (ran.code, json.loads(ran.out)["status"]) == (0, "open")
    assert ran.err == "exch: after 0 s the order 17168 is open; it stays.\n"
    assert still("dgt", "buy", "btcpln", "--wait", "0", "0.05", "--price", "2570").code == 2


def test_a_dry_run_prints_the_request_without_the_key_and_sends_nothing(still: Exch) -> None:
    there = ids(still, "dfx")
    words = ["dfx", "buy", "btc_usdt", "0.01", "--price", "9000"]
    unsent = done(still(*words, "--dry-run", "--once", "k"))
    assert unsent == {
        "method": "POST",
        "url": "https://sandbox.invalid/v3/spot/order/new",
        "headers": [
            "accept: application/json",
            "content-type: application/x-www-form-urlencoded",
            "ACCESS-KEY: (redacted)",
            "ACCESS-SIGN: (redacted)",
            "ACCESS-TIMESTAMP: 1589874294",
        ],
        "body": "symbol=btc_usdt&price=9000&amount=0.01&type=buy",
    }
    assert ids(still, "dfx") == there
    assert not (still.home / "state" / "journal.sqlite").exists()


def test_a_dry_run_needs_no_key(exch: Exch) -> None:
    exch.env |= {"EXCH_DGT_URL": "http://127.0.0.1:9/api"}
    unsent = done(exch(*BUY, "--dry-run"))
    assert unsent["url"] == "http://127.0.0.1:9/api/private/offers/"
    assert json.loads(unsent["body"])["quotation"] == "2570"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("dgt buy btcpln 0.05", "It does not say at what price."),
        ("dgt buy btcpln --price 5", "It does not say how much."),
        ("dgt buy btcpln 1 --price 5 --market", "--price and --market are two kinds of order."),
        ("dgt buy btcpln 1 --spend 5 --market", "AMOUNT and --spend both say how much."),
        ("dgt buy btcpln --spend 5 --price 5", "--spend is for an order at the market's price."),
        ("dfx buy btc_usdt 1 --market", "DigiFinex buys at the market's price for money, not by"),
        ("dfx sell btc_usdt 1 --market --post-only", "An order at the market's price always takes"),
        ("dgt buy btcpln 1e3 --price 5", "AMOUNT '1e3' is not a plain decimal number."),
        ("dgt buy btcpln 1_000 --price 5", "AMOUNT '1_000' is not a plain decimal number."),
        ("dgt buy btcpln 1 --price NaN", "--price 'NaN' is not a plain decimal number."),
        ("dgt buy btcpln 0 --price 5", "The amount is 0."),
        ("dgt buy doge 1 --price 5", "Dgtmarket has no symbol 'doge'."),
        ("dgt buy btcpln 1 --price 0.123456789", "has more decimals than BTCPLN takes: 8."),
        ("dfx buy btc_usdt 0.00001 --price 9000", "has more decimals than BTC_USDT takes: 4."),
        (
            "dfx buy btc_usdt 0.0001 --price 9000",
            "The order is worth 0.9 USDT, and BTC_USDT takes none below 2.",
        ),
        ("dfx sell btc_usdt 900 --price 9000", "This needs 900 BTC, and "),
        ("dgt buy btcpln 900 --price 9000", "This needs 8100000 PLN, and "),
        ("dgt buy btcpln 1 --price 5 --on-absent resend", "--on-absent says what to do under a"),
        ("dgt buy btcpln 1 --price 5 --once a#1", "can be no key"),
        ("dgt buy btcpln 1 --price 5 --post-only", "has no option --post-only."),
        ("dfx buy btc_usdt 1 --price 5 --stop 4", "has no option --stop."),
        ("dgt buy btcpln 1 --price 5 --wait x", "There is no place for"),
        ("dgt sell btcpln 1 --spend 5 --market", "has no option --spend."),
    ],
    ids=lambda value: value[:50],
)
def test_what_cannot_be_is_told_before_anything_is_sent(
    still: Exch, words: str, message: str
) -> None:
    ran = still(*words.split(), "--yes")
    assert ran.code == 2
    assert message in error(ran)["message"]
    assert error(ran)["hint"]
    journal = Journal(still.home / "state")
    assert journal.entries() == []
    journal.close()


def test_rounding_is_asked_for(still: Exch) -> None:
    words = ["dfx", "sell", "btc_usdt", "0.00129", "--price", "9900.001", "--yes"]
    assert still(*words).code == 2
    order = done(still(*words, "--round"))
    assert (order["amount"], order["price"]) == ("0.0012", "9900.01")


def test_what_the_exchange_refuses_is_4_and_may_be_tried_again(still: Exch) -> None:
    # On margin, what can be lent is for the exchange to know.
    words = ["dfx", "buy", "btc_usdt", "900", "--price", "9000", "--margin", "--yes"]
    ran = still(*words, "--once", "k")
    assert (ran.code, error(ran)["code"]) == (4, "20011")
    assert still(*words, "--once", "k").code == 4


@pytest.mark.parametrize(
    ("before", "words", "told"),
    [
        ([["config", "set", "guard.halt", "true"]], BUY, "dgt.guard.halt is on: nothing"),
        (
            [["config", "set", "dgt.guard.max_order_value.PLN", "100"]],
            BUY,
            "The order is worth 128.50 PLN, beyond dgt.guard.max_order_value.PLN = 100.",
        ),
        ([], ["dgt", "sell", "btcpln", "100", "--price", "9900"], "This needs 100 BTC, and 3.2315"),
        (
            [[*BUY, "--yes", "--once", "k"]],
            [*BUY, "--once", "k"],
            "k was used for it before: placed, as 17167.",
        ),
        (
            [[*BUY, "--yes", "--once", "k"]],
            [*BUY[:3], "0.06", *BUY[4:], "--once", "k"],
            "The key k stands for something else: buy 0.05 BTCPLN at 2570.",
        ),
    ],
    ids=["halt", "value", "money", "used", "something else"],
)
def test_a_dry_run_says_what_would_stand_in_the_way(
    still: Exch, before: list[list[str]], words: list[str], told: str
) -> None:
    for one in before:
        assert still(*one).code == 0
    ran = still(*words, "--dry-run")
    assert ran.code == 0
    assert json.loads(ran.out)["method"] == "POST"
    (line,) = ran.err.splitlines()
    assert line.startswith(f"exch: it would not be sent: {told}")
    listed = len(json.loads(still("journal", "list").out))
    assert listed == sum("--once" in one for one in before)


def test_a_dry_run_under_a_key_that_is_new_has_nothing_in_its_way(still: Exch) -> None:
    ran = still(*BUY, "--dry-run", "--once", "k")
    assert (ran.code, ran.err) == (0, "")
