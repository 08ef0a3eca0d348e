"""The page, as a real browser shows it on a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, browser, program
from served import Served, served

SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if program() is None:
        assert not os.environ.get("CI"), "CI has a browser"
        pytest.skip("needs chromium")
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("market", ["exchange=dgt&symbol=BTCPLN", "exchange=dfx&symbol=TRX_USDT"])
def test_the_page_shows_a_market_and_the_requests_at_every_width(
    chromium: Browser, shared: Served, size: str, market: str
) -> None:
    shared.ask("dfx", "/spot/assets", account=1)
    chromium.open(f"{shared.url}/#{market}", *SIZES[size])
    chromium.until("document.querySelectorAll('#bids .row').length >= 8")
    assert chromium.value("document.querySelectorAll('#asks .row').length") >= 8
    assert chromium.value("document.querySelectorAll('#prints .row').length") >= 10
    assert chromium.value("document.querySelectorAll('#chart rect').length") > 40
    chromium.until("[...document.querySelectorAll('#requests tr')]"
                   ".some((row) => row.textContent.includes('demo two'))")  # fmt: skip
    symbol = market.partition("symbol=")[2]
    assert chromium.value("document.getElementById('symbol').value") == symbol
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert chromium.value(overflow) == 0
    wide = (
        "[...document.querySelectorAll('main section, .row, header')]"
        ".filter((each) => each.getBoundingClientRect().right > innerWidth).length"
    )
    assert chromium.value(wide) == 0
    assert not chromium.complaints


def test_the_page_asks_for_another_pair_when_it_is_chosen(
    chromium: Browser, shared: Served
) -> None:
    chromium.open(f"{shared.url}/", *SIZES["desk"])
    chromium.until("document.getElementById('symbol').value === 'BTCPLN'")
    for name, value in (("exchange", "dfx"), ("symbol", "ETH_BTC"), ("period", "3600")):
        chromium.value(
            f"(() => {{ const select = document.getElementById('{name}');"
            f" select.value = '{value}'; select.dispatchEvent(new Event('change')); }})()"
        )
        chromium.until(
            "document.title.includes('_') || document.getElementById('symbol').value !== 'BTCPLN'"
        )
    chromium.until("document.title.includes('ETH_BTC')")
    assert "ETH in BTC" in chromium.value("document.getElementById('title').textContent")
    assert not chromium.complaints


def test_the_page_shows_no_secret(chromium: Browser, shared: Served) -> None:
    shared.ask("dgt", "/private/wallets/")
    user = shared.told["dgt"]["accounts"][0]
    shared.get("/api/public/token/", params={"username": "demo-one", "password": "wrong"})
    chromium.open(f"{shared.url}/", *SIZES["desk"])
    chromium.until("document.querySelectorAll('#requests tr').length >= 2")
    text = chromium.value("document.documentElement.outerHTML")
    assert user["secret"] not in text
    assert user["key"] not in text
    assert "password=" not in text


def test_the_page_says_when_the_server_has_gone_and_when_it_is_back(
    chromium: Browser, tmp_path: Path
) -> None:
    with served(tmp_path) as server:
        server.get("/api/public/time/")
        chromium.open(f"{server.url}/", *SIZES["phone"])
        chromium.until("document.querySelectorAll('#requests tr').length === 1")
        server.stop()
        chromium.until("document.body.classList.contains('lost')")
        assert chromium.value("document.getElementById('lost').offsetHeight") > 0
    with served(tmp_path, ["--port", str(server.port)]) as again:
        chromium.until("!document.body.classList.contains('lost')")
        again.get("/api/public/ticker24/BTCPLN/")
        chromium.until(
            "document.getElementById('requests').textContent.includes('ticker24')"
            " && document.querySelectorAll('#requests tr').length === 1"
        )
