"""Symbols as they are typed, and the list of them, which heals itself."""

from __future__ import annotations

import json

import pytest
from listing_dfx import BOOK, LIST, SPOT, UNKNOWN, dfx
from loopback import loopback, reply
from running import Exch


def test_a_symbol_that_the_exchange_does_not_know_is_looked_up_and_the_nearest_are_named(
    exch: Exch,
) -> None:
    with loopback(UNKNOWN, LIST) as server:
        ran = exch("dfx", "book", "btc_usd", terminal=True, **dfx(server))
    assert ran == (
        2,
        "",
        "exch: DigiFinex has no symbol 'btc_usd'. Did you mean BTC_USDT, LTC_USDT or ETH_USDT? "
        "`exch dfx symbols` lists all.\n",
    )


def test_a_symbol_without_a_separator_costs_the_list_once(exch: Exch) -> None:
    with loopback(LIST, BOOK) as server:
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        assert exch("dfx", "book", "LTCBTC", **dfx(server)).code == 0
        asked = [request.split()[1].decode() for request in server.requests]
    book = "/v3/order_book?symbol=ltc_btc&limit=10"
    assert asked == ["/v3/spot/symbols", book, book]


@pytest.mark.parametrize("broken", [b"", b"{", b"\x00" * 100, b"[1]", b'{"symbols": 1}'])
def test_a_corrupt_list_of_symbols_heals_itself(exch: Exch, broken: bytes) -> None:
    with loopback(LIST, BOOK, LIST, BOOK) as server:
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        files = [file for file in exch.home.rglob("symbols/*") if file.is_file()]
        assert files
        for file in files:
            file.write_bytes(broken)
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        assert len(server.requests) == 4
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        assert len(server.requests) == 5


def test_a_stale_list_of_symbols_heals_itself(exch: Exch) -> None:
    new = json.loads(json.dumps(SPOT))
    trx = {"symbol": "TRX_USDT", "base_asset": "TRX", "quote_asset": "USDT"}
    new["symbol_list"].append({**new["symbol_list"][0], **trx})
    with loopback(LIST, BOOK, reply(json.dumps(new)), BOOK) as server:
        assert exch("dfx", "book", "btcusdt", **dfx(server)).code == 0
        assert exch("dfx", "book", "trxusdt", **dfx(server)).code == 0
        assert len(server.requests) == 4


def test_a_pair_that_left_the_exchange_is_told_from_a_fresh_list(exch: Exch) -> None:
    fewer = json.loads(json.dumps(SPOT))
    fewer["symbol_list"] = fewer["symbol_list"][:3]
    with loopback(LIST, BOOK, UNKNOWN, reply(json.dumps(fewer))) as server:
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        ran = exch("dfx", "book", "ltcbtc", terminal=True, **dfx(server))
    assert ran.code == 2
    assert "has no symbol 'ltcbtc'" in ran.err


def test_where_the_separator_stands_decides_between_two_symbols(exch: Exch) -> None:
    listed = json.loads(json.dumps(SPOT))
    for base, quote in (("AB", "C"), ("A", "BC")):
        own = {"symbol": f"{base}_{quote}", "base_asset": base, "quote_asset": quote}
        listed["symbol_list"].append({**listed["symbol_list"][0], **own})
    with loopback(reply(json.dumps(listed)), BOOK) as server:
        assert exch("dfx", "symbols", **dfx(server)).code == 0
        for symbol in ("A_BC", "ab/c"):
            assert exch("dfx", "book", symbol, **dfx(server)).code == 0
        asked = [request.split()[1].decode() for request in server.requests[1:]]
    assert [target.partition("symbol=")[2][:4] for target in asked] == ["a_bc", "ab_c"]


def test_an_exchange_that_lists_no_symbols_is_not_believed(exch: Exch) -> None:
    with loopback(reply('{"code": 0, "symbol_list": []}')) as server:
        ran = exch("dfx", "ticker", "btcusdt", terminal=True, **dfx(server))
    assert ran == (
        6,
        "",
        "exch: DigiFinex lists no symbols at all. Nothing was changed; run it again later.\n",
    )


def test_the_list_for_margin_trading_is_not_kept_as_the_list_of_all(exch: Exch) -> None:
    few = {"code": 0, "symbol_list": SPOT["symbol_list"][:1]}
    with loopback(LIST, reply(json.dumps(few)), BOOK) as server:
        assert exch("dfx", "symbols", **dfx(server)).code == 0
        assert exch("dfx", "symbols", "--source", "margin", **dfx(server)).code == 0
        assert exch("dfx", "book", "ltcbtc", **dfx(server)).code == 0
        assert len(server.requests) == 3


def test_a_list_of_symbols_that_cannot_be_kept_does_not_stop_a_read(exch: Exch) -> None:
    exch.home.mkdir()
    (exch.home / "state").write_text("a file where a folder should be")
    with loopback(LIST, BOOK) as server:
        assert exch("dfx", "book", "ltcbtc", "--fields", "symbol", **dfx(server)) == (
            0,
            '{"symbol": "LTC_BTC"}\n',
            "",
        )
    with loopback(LIST, BOOK) as server:
        told = exch("dfx", "book", "ltcbtc", "-v", **dfx(server)).err
    assert "The list of symbols was not kept: " in told
    assert "set EXCH_HOME to a folder of your own" in told
