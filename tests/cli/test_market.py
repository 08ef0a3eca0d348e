"""Market commands: arguments in; exact stdout, stderr and exit code out."""

from __future__ import annotations

import json
import re

import pytest
from loopback import loopback, reply
from running import Exch

TICKER = (
    '{"ask": "2652.50000000", "bid": "2640.00000000", "high": "2642.59000000", '
    '"last": "2642.59000000", "low": "2576.44000000", "volume": "8.50726555"}'
)
DFX_TICKER = (
    '{"ticker": [{"vol": 40717.4461, "change": -1.91, "base_vol": 392447999.65374, '
    '"sell": 9592.23, "last": 9592.22, "symbol": "btc_usdt", "low": 9476.24, "buy": 9592.03, '
    '"high": 9793.87}], "date": 1589874294, "code": 0}'
)
BOOK = (
    '{"bids": [[9559.45, 1.3766], [9559.04, 0.0127]], '
    '"asks": [[9563.45, 0.6312], [9563.34, 0.0087]], "date": 1589874953, "code": 0}'
)


def test_a_ticker_into_a_pipe_is_one_json_object_with_every_digit(exch: Exch) -> None:
    with loopback(reply(TICKER)) as server:
        ran = exch("dgt", "ticker", "btcpln", EXCH_DGT_URL=f"{server.url}/api")
    assert ran == (
        0,
        '{"symbol": "BTCPLN", "last": "2642.59000000", "bid": "2640.00000000", '
        '"ask": "2652.50000000", "high": "2642.59000000", "low": "2576.44000000", '
        '"volume": "8.50726555", "quote_volume": null, "change_percent": null, "time": null}\n',
        "",
    )
    assert server.requests[0].startswith(b"GET /api/public/ticker24/BTCPLN/ HTTP/1.1\r\n")


def test_digifinex_volumes_are_the_right_way_round(exch: Exch) -> None:
    with loopback(reply(DFX_TICKER)) as server:
        ran = exch("dfx", "ticker", "btc_usdt", EXCH_DFX_URL=f"{server.url}/v3")
    assert json.loads(ran.out) == {
        "symbol": "BTC_USDT",
        "last": "9592.22",
        "bid": "9592.03",
        "ask": "9592.23",
        "high": "9793.87",
        "low": "9476.24",
        "volume": "40717.4461",
        "quote_volume": "392447999.65374",
        "change_percent": "-1.91",
        "time": "2020-05-19T07:44:54Z",
    }


@pytest.mark.parametrize(
    "symbol", ["btcpln", "BTCPLN", "BTC/PLN", "btc_pln", "Btc-Pln", "btc:pln", "BTC PLN"]
)
def test_a_symbol_is_taken_in_any_case_and_with_any_separator(exch: Exch, symbol: str) -> None:
    with loopback(reply(TICKER)) as server:
        ran = exch("dgt", "ticker", symbol, EXCH_DGT_URL=server.url)
    assert json.loads(ran.out)["symbol"] == "BTCPLN"


def test_several_symbols_and_none_are_lists(exch: Exch) -> None:
    with loopback(reply(TICKER)) as server:
        env = {"EXCH_DGT_URL": server.url}
        two = json.loads(exch("dgt", "ticker", "ltcbtc", "btcpln", **env).out)
        every = json.loads(exch("dgt", "ticker", **env).out)
    assert [row["symbol"] for row in two] == ["LTCBTC", "BTCPLN"]
    assert [row["symbol"] for row in every] == ["BTCPLN", "LTCPLN", "LTCBTC"]


@pytest.mark.parametrize("exchange", ["dgt", "dgtmarket"])
@pytest.mark.parametrize("path", [["ticker"], ["market", "ticker"]])
def test_everyday_commands_stand_on_the_exchange_and_in_their_group(
    exch: Exch, exchange: str, path: list[str]
) -> None:
    with loopback(reply(TICKER)) as server:
        ran = exch(exchange, *path, "btcpln", EXCH_DGT_URL=server.url)
    assert ran.code == 0
    assert json.loads(ran.out)["last"] == "2642.59000000"


OPTIONS = [
    ["--fields", "last,symbol", "-o", "csv", "dgt", "ticker", "btcpln"],
    ["dgt", "--fields", "last,symbol", "-o", "csv", "ticker", "btcpln"],
    ["dgt", "-ocsv", "market", "--fields=last,symbol", "ticker", "btcpln"],
    ["dgt", "ticker", "--fields", "last,symbol", "btcpln", "--output=csv"],
    ["dgt", "ticker", "btcpln", "-o", "csv", "--fields", "last,symbol"],
]


@pytest.mark.parametrize("arguments", OPTIONS, ids=" ".join)
def test_common_options_stand_before_or_after_the_command(exch: Exch, arguments: list[str]) -> None:
    with loopback(reply(TICKER)) as server:
        ran = exch(*arguments, EXCH_DGT_URL=server.url)
    assert ran == (0, "last,symbol\n2642.59000000,BTCPLN\n", "")


def test_of_two_formats_the_last_one_counts(exch: Exch) -> None:
    with loopback(reply(TICKER)) as server:
        env = {"EXCH_DGT_URL": server.url}
        assert exch("dgt", "ticker", "btcpln", "--json", "-o", "csv", **env).out[0] == "s"
        assert exch("-o", "csv", "dgt", "ticker", "btcpln", "--json", **env).out[0] == "{"


def test_without_a_command_a_person_sees_the_help_and_a_script_an_error(exch: Exch) -> None:
    for words in ([], ["dgt"], ["dfx", "market"]):
        path = " ".join(["exch", *words])
        shown = exch(*words, terminal=True)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith(f"Usage: {path} [OPTIONS] COMMAND\n")
        told = exch(*words)
        assert (told.code, told.out) == (2, "")
        assert f"A command is missing behind `{path}`." in told.err


def test_a_book_is_best_first_in_every_format(exch: Exch) -> None:
    with loopback(reply(BOOK)) as server:
        env = {"EXCH_DFX_URL": server.url}
        book = json.loads(exch("dfx", "book", "btc_usdt", **env).out)
        lines = exch("dfx", "book", "btc_usdt", "-o", "ndjson", **env).out.splitlines()
        cells = exch("dfx", "book", "btc_usdt", "-o", "csv", **env).out
    assert book == {
        "symbol": "BTC_USDT",
        "bids": [
            {"price": "9559.45", "amount": "1.3766"},
            {"price": "9559.04", "amount": "0.0127"},
        ],
        "asks": [
            {"price": "9563.34", "amount": "0.0087"},
            {"price": "9563.45", "amount": "0.6312"},
        ],
        "time": "2020-05-19T07:55:53Z",
    }
    assert json.loads(lines[2]) == {"side": "ask", "price": "9563.34", "amount": "0.0087"}
    assert cells.splitlines()[:2] == ["side,price,amount", "bid,9559.45,1.3766"]


def test_raw_is_the_reply_byte_for_byte_and_nothing_else(exch: Exch) -> None:
    odd = '{ "code":0,\n "msg" : "pong" , "new": "field\\u00e9"}  \n'
    with loopback(reply(odd)) as server:
        assert exch("dfx", "ping", "--raw", EXCH_DFX_URL=server.url) == (0, odd, "")
        assert exch("--raw", "dfx", "ping", EXCH_DFX_URL=server.url) == (0, odd, "")


def test_raw_of_several_replies_keeps_the_order_that_was_asked_in(exch: Exch) -> None:
    import socket
    import threading

    last_answered = threading.Event()

    def answer(connection: socket.socket, head: bytes) -> None:
        pair = head.split()[1].decode().split("/")[-2]
        if pair != "LTCBTC":
            last_answered.wait(10)
        reply(f'{{"pair": "{pair}"}}')(connection, head)
        if pair == "LTCBTC":
            last_answered.set()

    with loopback(answer) as server:
        ran = exch("dgt", "ticker", "--raw", EXCH_DGT_URL=server.url)
    assert ran.out == '{"pair": "BTCPLN"}{"pair": "LTCPLN"}{"pair": "LTCBTC"}'


def test_raw_leaves_out_the_list_of_symbols_that_was_fetched_on_the_way(exch: Exch) -> None:
    symbols = '{"code": 0, "symbol_list": []}'
    listed = json.dumps(
        {
            "code": 0,
            "symbol_list": [
                {
                    "symbol": "BTC_USDT", "base_asset": "BTC", "quote_asset": "USDT",
                    "amount_precision": 4, "price_precision": 2, "minimum_amount": 0.1,
                    "minimum_value": 2, "status": "TRADING", "zone": "MAIN", "order_types": [],
                }
            ],
        }
    )  # fmt: skip
    with loopback(reply(listed), reply(BOOK)) as server:
        assert exch("dfx", "book", "btcusdt", "--raw", EXCH_DFX_URL=server.url).out == BOOK
    with loopback(reply(symbols)) as server:
        assert exch("dfx", "symbols", "--raw", EXCH_DFX_URL=server.url).out == symbols


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"code": 10004}', "200 OK", 4),
        ("<html>busy</html>", "200 OK", 6),
        ('{"code": 0}', "404 Not Found", 6),
        ('{"detail": "no code"}', "404 Not Found", 6),
        ("busy", "500 Internal Server Error", 6),
    ],
)
def test_raw_shows_what_was_answered_instead_and_the_exit_code_tells_that_it_is_no_data(
    exch: Exch, body: str, status: str, code: int
) -> None:
    with loopback(reply(body, status)) as server:
        ran = exch("dfx", "ping", "--raw", EXCH_DFX_URL=server.url, terminal=True)
    assert (ran.code, ran.out) == (code, body)
    assert ran.err.startswith("exch: DigiFinex ")
    assert status == "200 OK" or f"HTTP {status[:3]}" in ran.err


def test_verbose_tells_what_was_sent_on_stderr(exch: Exch) -> None:
    with loopback(reply('{"code": 0, "msg": "pong"}')) as server:
        ran = exch("dfx", "ping", "-v", "--json", EXCH_DFX_URL=server.url)
    assert json.loads(ran.out)["message"] == "pong"
    told = rf"GET {server.url}/ping\n200 after [0-9]+ ms, 26 bytes: {server.url}/ping\n"
    assert re.fullmatch(told, ran.err)


def test_the_servers_time_is_compared_with_the_local_clock(exch: Exch) -> None:
    with loopback(reply('{"epoch": 1469386936}')) as server:
        ran = exch("dgt", "time", EXCH_DGT_URL=server.url)
    told = json.loads(ran.out)
    assert (told["exchange"], told["time"]) == ("dgt", "2016-07-24T19:02:16Z")
    assert float(told["offset_seconds"]) < -300_000_000


def test_the_timeout_of_the_command_line_is_total(exch: Exch) -> None:
    from loopback import trickling

    start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with loopback(trickling(start)) as server:
        ran = exch("dgt", "time", "--timeout", "0.5", EXCH_DGT_URL=server.url, terminal=True)
    assert ran == (
        6,
        "",
        "exch: Dgtmarket did not answer: no complete answer within 0.5 s. "
        "Nothing was changed; run it again, or give it longer with --timeout.\n",
    )


def test_a_rate_limit_is_exit_5_and_a_script_is_told_to_come_back_after(exch: Exch) -> None:
    limited = reply("", "429 Too Many Requests", "Retry-After: 30\r\n")
    with loopback(limited) as server:
        ran = exch("dgt", "time", "--json", EXCH_DGT_URL=server.url)
    error = json.loads(ran.err)["error"]
    assert (ran.code, ran.out) == (5, "")
    assert (error["kind"], error["retry"], error["exit"]) == ("rate_limited", "after", 5)
    assert re.fullmatch(
        r"Run it again after \S+Z; `exch dgt account limits` shows it\.", error["hint"]
    )


def test_an_empty_list_is_an_empty_array_and_a_csv_header(exch: Exch) -> None:
    with loopback(reply('{"code": 0, "data": [], "date": 1}')) as server:
        env = {"EXCH_DFX_URL": server.url}
        assert exch("dfx", "trades", "btc_usdt", **env) == (0, "[]\n", "")
        assert exch("dfx", "trades", "btc_usdt", "-o", "csv", **env).out == (
            "id,symbol,side,price,amount,time\n"
        )


def test_config_beats_the_default_the_environment_beats_config_an_option_beats_both(
    exch: Exch,
) -> None:
    assert exch("config", "set", "output", "csv").code == 0
    with loopback(reply(TICKER)) as server:
        assert exch("config", "set", "dgt.url", server.url).code == 0
        assert exch("dgt", "ticker", "btcpln").out.startswith("symbol,last,")
        assert exch("dgt", "ticker", "btcpln", "--json").out.startswith("{")
        elsewhere = exch("dgt", "ticker", "btcpln", EXCH_DGT_URL="http://127.0.0.1:1")
    assert elsewhere.code == 6


def test_a_broken_configuration_is_told_with_its_file_and_nothing_is_sent(exch: Exch) -> None:
    exch.home.mkdir()
    (exch.home / "config.toml").write_text("[dgt]\nurll = 'http://127.0.0.1'\n")
    ran = exch("dgt", "ticker", "btcpln", terminal=True)
    assert (ran.code, ran.out) == (2, "")
    assert "urll" in ran.err
    assert "config.toml" in ran.err
