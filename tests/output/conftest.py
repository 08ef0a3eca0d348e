"""A stream that can be a terminal or a pipe, and a few records to show on it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchcli.output import show
from exchcli.records import Book, Level, Ticker, Trade

TIME = datetime(2020, 5, 19, 7, 44, 54, tzinfo=UTC)


class Stream(io.StringIO):
    encoding = "utf-8"

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8") -> None:
        super().__init__()
        self.terminal = terminal
        self.encoding = encoding

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def stream() -> type[Stream]:
    return Stream


@pytest.fixture
def full() -> Iterator[io.TextIOWrapper]:
    """A stream on a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    raw = io.FileIO("/dev/full", "w")
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
    yield stream
    # What it could not write is still in its buffer, and closing it would fail again.
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), raw.fileno())
    stream.close()


@pytest.fixture
def shown() -> Callable[..., str]:
    """What `show` writes: into a pipe, unless `terminal` is set."""

    def shown(
        data: Any,
        record: type,
        format: Any = "table",
        fields: tuple[str, ...] | None = None,
        *,
        width: int | None = None,
        terminal: bool = False,
        encoding: str = "utf-8",
    ) -> str:
        stdout = Stream(terminal=terminal, encoding=encoding)
        show(data, record, format=format, fields=fields, stdout=stdout, width=width)
        return stdout.getvalue()

    return shown


@pytest.fixture
def ticker() -> Ticker:
    return Ticker(
        symbol="BTC_USDT",
        last=Decimal("9750.110"),
        bid=Decimal("9750.10"),
        ask=Decimal("9750.12"),
        high=Decimal("9980"),
        low=Decimal("9611.25"),
        volume=Decimal("1E-8"),
        change_percent=Decimal("-1.5"),
        time=TIME,
    )


@pytest.fixture
def trades() -> list[Trade]:
    prices = ("38250", "38249.5", "38251.25")
    amounts = ("0.5", "12", "0.00000001")
    return [
        Trade(
            id=str(734 + i),
            symbol="BTCPLN",
            side="sell" if i else "buy",
            price=Decimal(prices[i]),
            amount=Decimal(amounts[i]),
            time=TIME.replace(second=54 - i),
        )
        for i in range(3)
    ]


@pytest.fixture
def book() -> Book:
    def level(price: str, amount: str) -> Level:
        return Level(Decimal(price), Decimal(amount))

    return Book(
        symbol="BTC_USDT",
        bids=(level("9750.1", "0.25"), level("9750", "12"), level("9749.05", "3")),
        asks=(level("9750.12", "1.5"), level("9751", "40")),
        time=TIME,
    )
