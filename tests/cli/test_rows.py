"""A batch is read from JSON, ndjson or CSV; what is wrong with it names the order."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from exchcli.cli.rows import orders_of, read_file
from exchcli.errors import UsageError
from exchcli.records import NewOrder

D = Decimal
TWO = [
    NewOrder("BTC_USDT", "buy", D("0.1"), D("9000.00000001")),
    NewOrder("BTC_USDT", "sell", D("0.20"), D(9500), post_only=True),
]
ROWS = [
    {"side": "buy", "amount": "0.1", "price": "9000.00000001"},
    {"side": "SELL", "amount": "0.20", "price": 9500, "post_only": True},
]


def read(text: str) -> list[NewOrder]:
    return orders_of(text, "BTC_USDT", "spot")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2).replace('"9000.00000001"', "9000.00000001"),
        "\n".join(map(json.dumps, ROWS)) + "\n\n",
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "side,amount,price,post_only\nbuy,0.1,9000.00000001,\nsell,0.20,9500,1\n",
        "Price, Side, Amount, Post_Only\r\n9000.00000001, Buy, 0.1, no\r\n9500,sell,0.20,yes\r\n",
        '\n\nprice,amount,side,post_only\n"9000.00000001","0.1",buy,false\n9500,0.20,sell,true',
    ],
    ids=[
        "array",
        "numbers",
        "ndjson",
        "objects over lines",
        "csv",
        "csv with blanks",
        "csv with quotes",
    ],
)
def test_all_forms_say_the_same_with_every_digit(text: str) -> None:
    assert read(text) == TWO


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no order in it."),
        ("[]", "There is no order in it."),
        ("side,amount,price\n", "There is no order in it."),
        ("[1]", "Order 1 is no JSON object."),
        ('[{"side": "buy"}', "The file is no JSON."),
        ('[{"side": "buy", "amount": NaN}]', "The file is no JSON."),
        ("[" * 100_000, "The file is no JSON."),
        ('{"side": "buy", "amount": "1", "price": "2"}\n{"side"', "Order 2 is no JSON."),
        ('[{"amount": "1", "price": "2"}]', "Order 1 has no side."),
        (
            '[{"side": "buy", "amount": "1", "price": "2", "amount": "100"}]',
            'An order has \'amount\' twice: {"side": "buy", "amount": "100", "price": "2"}.',
        ),
        (
            '{"side": "buy", "side": "sell", "amount": "1", "price": "2"}',
            'An order has \'side\' twice: {"side": "sell", "amount": "1", "price": "2"}.',
        ),
        ('[{"side": "both", "amount": "1", "price": "2"}]', "The side of order 1 is 'both'."),
        ('{"side": "hold", "amount": "1", "price": "2"}', "The side of order 1 is 'hold'."),
        ('[{"side": "", "amount": "1", "price": "2"}]', "Order 1 has no side."),
        ('[{"side": null, "amount": "1", "price": "2"}]', "Order 1 has no side."),
        ('{"side": "buy", "amount": "1", "price": "2"},', "Order 2 is no JSON."),
        ('{"side": "buy", "amount": "1", "price": "2"}]', "Order 2 is no JSON."),
        ('{"side": "buy", "amount": "1", "price": "2"}\n3', "Order 2 is no JSON object."),
        ('{"side": "buy", "amount": NaN}', "Order 1 is no JSON."),
        ('[{"side": "buy", "price": "2"}]', "Order 1 has no amount."),
        ('[{"side": "buy", "amount": "1"}]', "Order 1 has no price."),
        ('[{"side": "buy", "amount": true, "price": "2"}]', "Order 1 has no amount."),
        (
            '[{"side": "buy", "amount": 1e-3, "price": "2"}]',
            "The amount of order 1, '1e-3' is not a plain decimal number.",
        ),
        (
            '[{"side": "buy", "amount": "-1", "price": "2"}]',
            "The amount of order 1, '-1' is not a plain decimal number.",
        ),
        (
            '[{"side": "buy", "amount": "1", "price": "2", "stop": "3"}]',
            "Order 1 has 'stop', which means nothing here.",
        ),
        (
            '[{"side": "buy", "amount": "1", "price": "2", "post_only": "maybe"}]',
            "post_only of order 1 is no truth.",
        ),
        ("buy,0.1,9000", "The CSV has no header with side, amount and price."),
        (
            "side,amount,price,price\nbuy,1,2,3",
            "The CSV has no header with side, amount and price.",
        ),
        ("side,amount,price\nbuy,1", "Order 1 has 2 cells, not 3."),
        ('side,amount,price\n"buy,1,2', "The file is no CSV: unexpected end of data."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_names_the_order(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert caught.value.message == message
    assert caught.value.hint


def test_too_many_orders_are_refused() -> None:
    with pytest.raises(UsageError, match="10001 orders are too many"):
        read("side,amount,price\n" + "buy,1,2\n" * 10_001)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_file(str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="Is a directory"):
        read_file(str(tmp_path))
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_file(str(tmp_path / "latin"))
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbf[]")
    assert read_file(str(tmp_path / "marked")) == "[]"
