"""ccxt's own client of DigiFinex trades on the sandbox: its signing, its parsing, its words.

Nobody here wrote that client, and it knows only the real exchange. Its numbers are floats,
so amounts are compared as near as those are.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from served import Served

PAIR, COINS = "BTC/USDT", "BTC"


@pytest.fixture(scope="module")
def ccxt() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ccxt

        return ccxt


@pytest.fixture(scope="module")
def traders(ccxt: Any, server: Served) -> Iterator[tuple[Any, Any]]:
    """Both funded users, each with a client of its own."""
    clients = [client_of(ccxt, server, number) for number in (0, 1)]
    yield clients[0], clients[1]
    for client in clients:
        client.session.close()


def client_of(ccxt: Any, server: Served, number: int) -> Any:
    account = server.told["dfx"]["accounts"][number]
    client = ccxt.digifinex({"apiKey": account["key"], "secret": account["secret"]})
    client.urls["api"] = {"rest": server.url}
    client.enableRateLimit = False
    client.load_markets()
    return client


def test_it_loads_the_markets_with_their_precisions(traders: tuple[Any, Any]) -> None:
    market = traders[0].market(PAIR)
    assert (market["base"], market["quote"], market["spot"]) == ("BTC", "USDT", True)
    assert market["precision"] == {"amount": 0.0001, "price": 0.01}


def test_it_reads_a_ticker_book_trades_and_candles_that_agree(traders: tuple[Any, Any]) -> None:
    client = traders[0]
    book = client.fetch_order_book(PAIR, 50)
    assert len(book["bids"]) == len(book["asks"]) == 50
    assert book["bids"][0][0] < book["asks"][0][0]
    newest = client.fetch_trades(PAIR, limit=5)[-1]["price"]
    assert newest == client.fetch_ticker(PAIR)["last"]
    assert newest == client.fetch_ohlcv(PAIR, "15m", limit=3)[-1][4]


def test_its_users_trade_with_each_other(traders: tuple[Any, Any]) -> None:
    seller, buyer = traders
    price = between(seller)
    had = free(seller, COINS), free(buyer, "USDT")

    offered = seller.create_order(PAIR, "limit", "sell", 0.02, price)["id"]
    assert offered in [each["id"] for each in seller.fetch_open_orders(PAIR)]
    assert free(seller, COINS) == pytest.approx(had[0] - 0.02, abs=1e-9)
    taken = buyer.create_order(PAIR, "limit", "buy", 0.005, price)["id"]

    assert buyer.fetch_order(taken, PAIR)["status"] == "closed"
    rest = seller.fetch_order(offered, PAIR)
    assert (rest["status"], rest["filled"], rest["remaining"]) == ("open", 0.005, 0.015)
    (bought,), (sold,) = fills(buyer, taken), fills(seller, offered)
    assert (bought["price"], bought["amount"], bought["takerOrMaker"]) == (price, 0.005, "taker")
    assert (sold["side"], sold["amount"], sold["takerOrMaker"]) == ("sell", 0.005, "maker")

    seller.cancel_order(offered, PAIR)
    assert seller.fetch_order(offered, PAIR)["status"] == "canceled"
    assert free(seller, COINS) == pytest.approx(had[0] - 0.005, abs=1e-9)
    assert free(buyer, "USDT") == pytest.approx(had[1] - 0.005 * price, abs=1e-6)


def test_its_market_orders_take_from_the_simulated_market(traders: tuple[Any, Any]) -> None:
    client = traders[1]
    spent = client.create_market_buy_order_with_cost(PAIR, 100)["id"]
    bought = client.fetch_order(spent, PAIR)
    assert bought["status"] == "closed"
    assert 99 < sum(each["cost"] for each in fills(client, spent)) <= 100
    sold = client.create_order(PAIR, "market", "sell", 0.01)["id"]
    assert client.fetch_order(sold, PAIR)["filled"] == 0.01


def test_a_post_only_order_that_would_take_is_canceled(traders: tuple[Any, Any]) -> None:
    client = traders[0]
    high = round(client.fetch_order_book(PAIR)["asks"][0][0] * 1.01, 2)
    placed = client.create_order(PAIR, "limit", "buy", 0.001, high, {"postOnly": True})["id"]
    order = client.fetch_order(placed, PAIR)
    assert (order["status"], order["filled"]) == ("canceled", 0)


def test_it_places_several_at_once_and_cancels_them_together(traders: tuple[Any, Any]) -> None:
    client = traders[0]
    low = round(client.fetch_order_book(PAIR)["bids"][0][0] * 0.9, 2)
    rows = [
        {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 0.001, "price": low - step}
        for step in (0, 1, 2)
    ]
    ids = [each["id"] for each in client.create_orders(rows)]
    assert set(ids) <= {each["id"] for each in client.fetch_open_orders(PAIR)}
    client.cancel_orders(ids, PAIR)
    assert not set(ids) & {each["id"] for each in client.fetch_open_orders(PAIR)}


def test_it_moves_money_between_its_wallets(traders: tuple[Any, Any]) -> None:
    client = traders[1]
    before = free(client, "USDT"), free(client, "USDT", type="margin")
    assert client.transfer("USDT", 250, "spot", "margin")["status"] == "ok"
    after = free(client, "USDT"), free(client, "USDT", type="margin")
    assert after == pytest.approx((before[0] - 250, before[1] + 250), abs=1e-6)
    (row,) = client.fetch_ledger("USDT", limit=1)
    assert (row["amount"], row["direction"]) == (-250, "out")


def test_its_margin_order_opens_a_position(traders: tuple[Any, Any]) -> None:
    client = traders[1]
    high = round(client.fetch_order_book(PAIR)["asks"][0][0] * 1.005, 2)
    client.create_order(PAIR, "limit", "buy", 0.01, high, {"marginMode": "cross"})
    (position,) = client.fetch_positions([PAIR], {"type": "margin", "marginMode": "cross"})
    assert (position["side"], position["info"]["amount"]) == ("long", "0.01")


def test_it_withdraws_to_an_address_of_its_list(traders: tuple[Any, Any]) -> None:
    client = traders[0]
    address = client.fetch_withdrawals("BTC")[-1]["address"]
    had = free(client, COINS)
    made = client.withdraw("BTC", 0.01, address)["id"]
    seen = next(each for each in client.fetch_withdrawals("BTC") if each["id"] == made)
    assert (seen["amount"], seen["status"], seen["address"]) == (0.01, "pending", address)
    assert free(client, COINS) == pytest.approx(had - 0.0105, abs=1e-9)


def test_its_own_errors_name_what_the_exchange_refused(ccxt: Any, traders: tuple[Any, Any]) -> None:
    client = traders[0]
    low = round(client.fetch_order_book(PAIR)["bids"][0][0] * 0.9, 2)
    with pytest.raises(ccxt.InsufficientFunds):
        client.create_order(PAIR, "limit", "buy", 100_000, low)
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order("0" * 32, PAIR)
    with pytest.raises(ccxt.BadSymbol):
        client.create_order("BTC/DOGE", "limit", "buy", 1, 1)


def test_a_wrong_secret_is_its_authentication_error(ccxt: Any, server: Served) -> None:
    client = client_of(ccxt, server, 0)
    client.secret = "no-such-secret"
    with pytest.raises(ccxt.AuthenticationError):
        client.fetch_balance()
    client.session.close()


def between(client: Any) -> float:
    """A price at which nobody stands, between the best two."""
    book = client.fetch_order_book(PAIR)
    return round((book["bids"][0][0] + book["asks"][0][0]) / 2, 2)


def free(client: Any, currency: str, **params: str) -> float:
    return client.fetch_balance(params)[currency]["free"]


def fills(client: Any, order: str) -> list[Any]:
    return [each for each in client.fetch_my_trades(PAIR) if each["order"] == order]
