"""order batch: a file of orders, ten a call, all or none of each call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from running import Exch, Ran

from exchcli.cli.doing import Keeping


def done(ran: Ran) -> Any:
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


@pytest.fixture
def orders(tmp_path: Path) -> Any:
    """Writes a file of so many orders, each a little larger than the one before."""

    def write(count: int, price: str = "9000", first: int = 10) -> str:
        file = tmp_path / "orders.csv"
        lines = [f"buy,0.00{number},{price}" for number in range(first, first + count)]
        file.write_text("\n".join(["side,amount,price", *lines]) + "\n")
        return str(file)

    return write


def count(exch: Exch) -> int:
    return len(done(exch("dfx", "orders", "btc_usdt", "--history", "--start", "1d")))


def test_orders_are_placed_in_the_order_of_the_file(still: Exch, orders: Any) -> None:
    before = count(still)
    placed = done(still("dfx", "order", "batch", "btcusdt", orders(12), "--yes", "--once", "b"))
    assert [row["amount"] for row in placed] == [
        f"0.00{number}".rstrip("0") for number in range(10, 22)
    ]
    assert {(row["once"], row["replayed"], row["status"]) for row in placed} == {
        ("b", False, "open")
    }
    assert count(still) == before + 12
    journal = done(still("journal", "list", "--fields", "key,state,command"))
    assert [(row["key"], row["state"]) for row in journal] == [("b#2", "placed"), ("b#1", "placed")]
    assert journal[0]["command"].startswith("batch 2/2 of ")


def test_the_same_file_under_the_same_key_is_placed_once(still: Exch, orders: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt", orders(12), "--yes", "--once", "b"]
    first = done(still(*words))
    before = count(still)
    again = done(still(*words))
    assert again == [{**row, "replayed": True} for row in first]
    assert count(still) == before


def test_a_file_that_was_changed_is_another_under_every_key(still: Exch, orders: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt", orders(12), "--yes", "--once", "b"]
    done(still(*words))
    before = count(still)
    orders(13)  # the first ten are the same
    ran = still(*words)
    assert (ran.code, ran.out) == (9, "")
    assert count(still) == before


def test_what_was_placed_is_printed_also_when_a_later_call_fails(still: Exch, orders: Any) -> None:
    # On margin nothing is known of what can be lent: so many orders are beyond it.
    words = ["dfx", "order", "batch", "btcusdt", "-", "--margin", "--yes"]
    file = Path(orders(10))
    text = file.read_text() + "buy,100,9000\nbuy,0.001,9000\n"
    file.write_text(text)
    words[4] = str(file)
    ran = still(*words)
    assert ran.code == 7
    assert len(json.loads(ran.out)) == 10
    error = json.loads(ran.err)["error"]
    assert error["message"].startswith("Orders 11 to 12 of 12: DigiFinex refused")
    assert error["hint"].startswith(
        "Orders 1 to 10 are placed. Do not run the whole file again: place what is left of it, "
        "from order 11 on."
    )
    assert (error["kind"], error["retry"], error["code"]) == ("unknown", "never", "20011")


def test_under_a_key_it_says_how_to_go_on(still: Exch, orders: Any) -> None:
    file = Path(orders(10))
    file.write_text(file.read_text() + "buy,100,9000\nbuy,0.001,9000\n")
    ran = still("dfx", "order", "batch", "btcusdt", str(file), "--margin", "--yes", "--once", "b")
    assert (ran.code, len(json.loads(ran.out))) == (7, 10)
    hint = json.loads(ran.err)["error"]["hint"]
    assert hint.startswith("Orders 1 to 10 are placed.")
    assert hint.endswith(
        "Run the same again with --once b: what is placed stays as it is. If the orders have to "
        "change, place those from 11 on from a file of their own, under another key."
    )


def test_a_bug_does_not_hide_what_is_placed(
    still: Exch, orders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Keeping.place_all, []

    def place_all(self: Keeping, *args: Any, **more: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise LookupError("what?")
        return real(self, *args, **more)

    monkeypatch.setattr(Keeping, "place_all", place_all)
    ran = still("dfx", "order", "batch", "btcusdt", orders(12), "--yes")
    assert (ran.code, len(json.loads(ran.out))) == (7, 10)
    error = json.loads(ran.err)["error"]
    assert error["message"] == "Orders 11 to 12 of 12: a bug in exch: LookupError: what?."


def test_a_file_that_cannot_go_out_within_a_minute_is_not_begun(still: Exch, orders: Any) -> None:
    assert still("config", "set", "dfx.guard.max_orders_per_minute", "15").code == 0
    before = count(still)
    ran = still("dfx", "order", "batch", "btcusdt", orders(16), "--yes")
    assert (ran.code, ran.out) == (8, "")
    assert "with 16 more that is beyond" in ran.err
    assert "Place fewer at once" in ran.err
    assert count(still) == before
    ran = still("dfx", "order", "batch", "btcusdt", orders(15), "--yes", "--once", "b")
    assert (ran.code, len(json.loads(ran.out))) == (0, 15)
    assert still("dfx", "order", "batch", "btcusdt", orders(15), "--yes", "--once", "b").code == 0
    ran = still("dfx", "order", "batch", "btcusdt", orders(1), "--yes")
    assert (ran.code, "Wait a minute" in ran.err) == (8, True)


def test_a_later_order_that_a_guard_forbids_stops_the_file_before_its_first(
    still: Exch, orders: Any
) -> None:
    assert still("config", "set", "dfx.guard.max_order_value.USDT", "20").code == 0
    file = Path(orders(10))
    file.write_text(file.read_text() + "buy,0.01,9000\n")
    before = count(still)
    ran = still("dfx", "order", "batch", "btcusdt", str(file), "--yes")
    assert (ran.code, ran.out) == (8, "")
    assert "The order is worth 90" in ran.err
    assert count(still) == before


def test_funds_are_counted_for_the_whole_file(still: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.ndjson"
    row = {"side": "sell", "amount": "0.5", "price": "9900"}
    file.write_text("\n".join([json.dumps(row)] * 12))
    before = count(still)
    ran = still("dfx", "order", "batch", "btcusdt", str(file), "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "This needs 6 BTC" in ran.err
    assert count(still) == before


def test_a_dry_run_shows_every_call(still: Exch, orders: Any) -> None:
    unsent = done(still("dfx", "order", "batch", "btcusdt", orders(11), "--dry-run"))
    fields = [dict(parse_qsl(one["body"])) for one in unsent]
    assert [len(json.loads(one["list"])) for one in fields] == [10, 1]
    assert all(one["url"].endswith("/spot/order/batch_new") for one in unsent)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no order in it."),
        ("side,amount,price\nbuy,0.00001,9000", "Order 1: The amount 0.00001 has more decimals"),
        ("side,amount,price\nbuy,1,9000\nbuy,1,9000.123", "Order 2: The price 9000.123 has more"),
        ("side,amount,price\nbuy,0.0001,9", "Order 1: The order is worth 0.0009 USDT"),
    ],
)
def test_what_is_wrong_with_a_file_names_the_order(
    still: Exch, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "orders"
    file.write_text(text)
    ran = still("dfx", "order", "batch", "btcusdt", str(file), "--yes")
    assert (ran.code, ran.out) == (2, "")
    error = json.loads(ran.err)["error"]
    assert error["message"].startswith(message)
    assert "--round" not in error["hint"]


def test_a_terminal_is_told_what_it_comes_to(still: Exch, orders: Any) -> None:
    ran = still(
        "dfx", "order", "batch", "btcusdt", orders(12), "--json", terminal=True, typed="y\n"
    )
    assert ran.code == 0
    assert "12 to buy: 0.0186 BTC for 167.4 USDT" in ran.err
    assert "the farthest is at 9000, 6.17 % below it; none trades at once" in ran.err
    assert "Place 12 orders of BTC_USDT on DigiFinex? [y/N]" in ran.err
    assert len(json.loads(ran.out)) == 12


def test_dgtmarket_has_no_batch(still: Exch) -> None:
    ran = still("dgt", "order", "batch", "btcpln", "x")
    assert ran.code == 13


def test_what_is_placed_already_is_not_asked_about(still: Exch, orders: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt", orders(12), "--once", "b"]
    done(still(*words, "--yes"))
    ran = still(*words, "--json", terminal=True)
    assert ran.code == 0
    assert "[y/N]" not in ran.err


def test_funds_are_told_before_the_question(still: Exch, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\nsell,5,9900\n")
    words = ["dfx", "order", "batch", "btcusdt", str(file)]
    ran = still(*words, terminal=True, typed="y\n")
    assert (ran.code, ran.out) == (2, "")
    assert "[y/N]" not in ran.err


@pytest.fixture
def many(tmp_path: Path) -> Any:
    """Writes a file of so many orders, each at a price of its own."""

    def write(count: int, first: int, kind: str = "") -> str:
        file = tmp_path / "many.csv"
        lines = [f"buy,0.001,{first + number},{kind}" for number in range(count)]
        file.write_text("\n".join(["side,amount,price,post_only", *lines]) + "\n")
        return str(file)

    return write


@pytest.mark.parametrize("words", [[], ["--once", "b"]])
def test_a_file_that_would_get_the_account_banned_is_not_begun(
    still: Exch, many: Any, words: list[str]
) -> None:
    before = count(still)
    ran = still("dfx", "order", "batch", "btcusdt", many(60, 9000), "--yes", *words)
    assert (ran.code, ran.out) == (8, "")
    error = json.loads(ran.err)["error"]
    assert error["message"].startswith("DigiFinex would ban this account from trading for more")
    assert "place fewer at once" in error["hint"]
    assert count(still) == before
    assert done(still("journal", "list")) == []
    ran = still("dfx", "order", "batch", "btcusdt", many(60, 9000), terminal=True, typed="y\n")
    assert (ran.code, "[y/N]" in ran.err) == (8, False)


def test_orders_that_trade_at_once_get_nobody_banned(still: Exch, many: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt"]
    # Post-only, they would be canceled.
    assert still(*words, many(60, 9900, "true"), "--yes").code == 8
    ran = still(*words, many(60, 9900), "--yes")
    assert (ran.code, len(json.loads(ran.out))) == (0, 60)
    assert {row["status"] for row in json.loads(ran.out)} == {"filled"}


def test_what_is_placed_already_counts_once(still: Exch, many: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt", many(40, 9000), "--yes", "--once", "b"]
    assert still(*words).code == 0
    assert [row["replayed"] for row in done(still(*words))] == [True] * 40


def test_a_terminal_shows_orders_that_have_fared_differently_as_a_table(
    still: Exch, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    lines = [f"buy,0.0123,{price}" for price in ("9000.12", "9001.13", "9900.14", "9002.15")]
    file.write_text("\n".join(["side,amount,price", "buy,1.5,9592.23", *lines]) + "\n")
    words = ["dfx", "order", "batch", "btcusdt", str(file), "-o", "table", "--yes"]
    ran = still(*words)
    assert ran.code == 0
    rows = [line for line in ran.out.splitlines() if " buy " in line]
    assert len(rows) == 5
    assert {row.split()[-1] for row in rows} >= {"open", "filled"}
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_dry_run_says_what_would_stand_in_the_way_of_the_whole_file(
    still: Exch, many: Any, orders: Any
) -> None:
    words = ["dfx", "order", "batch", "btcusdt"]
    dry = still(*words, many(60, 9000), "--dry-run")
    assert (dry.code, len(json.loads(dry.out))) == (0, 6)
    assert dry.err.startswith("exch: it would not be sent: DigiFinex would ban this account")
    assert still(*words, orders(12), "--yes", "--once", "b").code == 0
    dry = still(*words, orders(12), "--dry-run", "--once", "b")
    assert dry.code == 0
    first, second = dry.err.splitlines()
    assert first.startswith("exch: it would not be sent: b#1 was used for it before: placed, as ")
    assert first.endswith(" and 9 more.")
    assert second.startswith("exch: it would not be sent: b#2 was used")


def test_one_order_is_one_order_in_every_message(still: Exch, orders: Any) -> None:
    file = Path(orders(10))
    file.write_text(file.read_text() + "buy,100,9000\n" + "buy,0.001,9000\n" * 10)
    words = ["dfx", "order", "batch", "btcusdt", str(file), "--margin", "--yes"]
    error = json.loads(still(*words).err)["error"]
    assert error["message"].startswith("Orders 11 to 20 of 21:")
    assert "Orders 1 to 10 are placed; order 21 was not sent." in error["hint"]
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:12]))
    error = json.loads(still(*words).err)["error"]
    assert error["message"].startswith("Order 11 of 11:")


def test_a_dry_run_is_printed_whatever_the_journal_is_like(still: Exch, orders: Any) -> None:
    words = ["dfx", "order", "batch", "btcusdt", orders(12), "--once", "b"]
    assert still(*words, "--yes").code == 0
    (still.home / "state" / "journal.sqlite").write_bytes(b"not a database, but long enough " * 99)
    dry = still(*words, "--dry-run")
    assert (dry.code, len(json.loads(dry.out))) == (0, 2)


def test_another_order_under_an_id_of_before_keeps_none_of_the_others_from_being_printed(
    still: Exch, orders: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["dfx", "order", "batch", "btcusdt", orders(12), "--yes", "--once", "b"]
    first = json.loads(still(*words).out)
    second = first[1]["id"]
    monkeypatch.setattr(
        "exchcli.cli.following.difference",
        lambda _new, order: "a sell" if order.id == second else None,
    )
    ran = still(*words)
    rows = json.loads(ran.out)
    assert (ran.code, [row["id"] for row in rows]) == (7, [row["id"] for row in first])
    assert [row["status"] for row in rows[:3]] == ["open", "unknown", "open"]
    message = json.loads(ran.err)["error"]["message"]
    assert message.startswith(f"b was placed as {second}, and under that id the exchange now shows")
