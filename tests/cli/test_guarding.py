"""What the configuration forbids is refused with 8, before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import Exch, Ran

from exchcli.cli.doing import Keeping

BUY = ["dgt", "buy", "btcpln", "0.05", "--price", "2570", "--yes"]


def refusal(ran: Ran) -> Any:
    assert (ran.code, ran.out) == (8, ""), ran
    told = json.loads(ran.err)["error"]
    assert (told["kind"], told["retry"]) == ("guard", "fix")
    return told["message"]


def set_(exch: Exch, key: str, value: str) -> None:
    assert exch("config", "set", key, value).code == 0


@pytest.mark.parametrize(
    ("key", "value", "words", "message"),
    [
        ("guard.halt", "true", BUY, "dgt.guard.halt is on"),
        ("dgt.guard.max_order_value.PLN", "128", BUY, "The order is worth 128.5"),
        (
            "dgt.guard.max_order_value.PLN",
            "99",
            ["dgt", "buy", "btcpln", "--spend", "100", "--market", "--yes"],
            "The order is worth 100 PLN",
        ),
        (
            "dgt.guard.max_order_value.PLN",
            "99",
            ["dgt", "sell", "btcpln", "0.05", "--market", "--yes"],
            "The order is worth 132",
        ),
        (
            "dgt.guard.max_order_value.PLN",
            "2700",  # the best bid alone would make it 2640
            ["dgt", "buy", "btcpln", "1.02", "--market", "--yes"],
            "The order is worth 27",
        ),
        (
            "dgt.guard.max_order_value.PLN",
            "140",
            ["dgt", "buy", "btcpln", "0.05", "--market", "--stop", "2900", "--yes"],
            "The order is worth 145",
        ),
        (
            "dgt.guard.max_order_value.PLN",
            "20",  # such a stop is reached already
            ["dgt", "buy", "btcpln", "0.01", "--market", "--stop", "10", "--yes"],
            "The order is worth 26.5",
        ),
        (
            "dgt.guard.max_deviation_percent",
            "1",
            ["dgt", "buy", "btcpln", "1", "--market", "--yes"],
            "% from the market's 2652.5",
        ),
        (
            "dfx.guard.max_deviation_percent",
            "0.001",
            ["dfx", "buy", "btcusdt", "--spend", "20000", "--market", "--yes"],
            "% from the market's 9",
        ),
        (
            "dfx.guard.max_order_value.USDT",
            "99999999",
            ["dfx", "sell", "btcusdt", "9000", "--market", "--margin", "--yes"],
            "does not show what the order would take",
        ),
        ("dgt.guard.max_deviation_percent", "3", BUY, "2570 is 3.1 % from the market's 2652.5"),
        (
            "dgt.guard.withdrawals",
            "false",
            ["dgt", "withdraw", "new", "btc", "0.1", "--yes"],
            "dgt.guard.withdrawals is off",
        ),
        (
            "dgt.guard.withdraw_addresses",
            "elsewhere",
            ["dgt", "withdraw", "new", "btc", "0.1", "--yes"],
            "is not among",
        ),
        (
            "guard.halt",
            "true",
            ["dfx", "transfer", "new", "usdt", "1", "--from", "spot", "--to", "margin", "--yes"],
            "dfx.guard.halt is on",
        ),
        ("guard.halt", "true", ["dfx", "margin", "close", "btc_usdt", "--yes"], "halt is on"),
        ("guard.halt", "true", ["dfx", "api", "POST", "/transfer", "--yes"], "halt is on"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:3]),
)
def test_a_bound_is_kept(still: Exch, key: str, value: str, words: list[str], message: str) -> None:
    set_(still, key, value)
    assert message in refusal(still(*words))
    assert json.loads(still("journal", "list").out) == []


def test_orders_are_counted_over_all_commands(still: Exch) -> None:
    set_(still, "dgt.guard.max_orders_per_minute", "2")
    for _ in range(2):
        assert still(*BUY).code == 0
    assert "2 orders were sent in the last minute" in refusal(still(*BUY))


def test_a_batch_counts_as_its_orders(still: Exch, tmp_path: Any) -> None:
    set_(still, "dfx.guard.max_orders_per_minute", "2")
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\n" + "buy,0.001,9000\n" * 3)
    assert "with 3 more" in refusal(still("dfx", "order", "batch", "btcusdt", str(file), "--yes"))


def test_cancels_and_replays_pass_the_halt_switch(still: Exch) -> None:
    placed = json.loads(still(*BUY, "--once", "k").out)
    set_(still, "guard.halt", "true")
    replayed = json.loads(still(*BUY, "--once", "k").out)
    assert (replayed["id"], replayed["replayed"]) == (placed["id"], True)
    assert still("dgt", "cancel", placed["id"], "--yes").code == 0
    api = still("dgt", "api", "DELETE", f"/private/offers/{placed['id']}/", "--yes")
    assert api.code == 7  # there is nothing left to cancel, which a 409 alone does not say


def test_the_halt_switch_stops_a_batch_that_runs(
    still: Exch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_all = Keeping.place_all
    config = still.home / "config.toml"

    def halted(self: Keeping, *args: Any, **more: Any) -> Any:
        done = place_all(self, *args, **more)
        config.write_text("[dfx.guard]\nhalt = true\n")
        return done

    monkeypatch.setattr(Keeping, "place_all", halted)
    file = tmp_path / "orders.csv"
    file.write_text("side,amount,price\n" + "buy,0.001,9000\n" * 25)
    ran = still("dfx", "order", "batch", "btcusdt", str(file), "--yes")
    assert (ran.code, len(json.loads(ran.out))) == (7, 10)
    error = json.loads(ran.err)["error"]
    assert error["message"].startswith("Orders 11 to 20 of 25: dfx.guard.halt is on")
    assert error["hint"].startswith("Orders 1 to 10 are placed; orders 21 to 25 were not sent.")


def test_the_halt_switch_counts_also_while_api_asks(
    still: Exch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agreed(_question: str, _yes: bool) -> None:
        (still.home / "config.toml").write_text("[dgt.guard]\nhalt = true\n")

    monkeypatch.setattr("exchcli.cli.api.confirm", agreed)
    ran = still("dgt", "api", "POST", "/private/offers/", "-f", "amount=1", terminal=True)
    assert ran.code == 8
    assert json.loads(still("journal", "list").out) == []


def test_on_a_terminal_a_bound_is_told_before_the_question(still: Exch) -> None:
    set_(still, "dgt.guard.max_order_value.PLN", "128")
    ran = still(*BUY[:-1], terminal=True, typed="y\n")
    assert ran.code == 8
    assert "[y/N]" not in ran.err
