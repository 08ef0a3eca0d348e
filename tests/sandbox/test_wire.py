"""Requests that mean harm and numbers that must not lose a digit."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchcli.sandbox.wire import (
    Malformed,
    Number,
    WireReply,
    WireRequest,
    decoded,
    encode,
    fixed,
    number,
    parameters,
    parsed,
    quantity,
)

SCALED = st.integers(-(10**30), 10**30)
PRECISION = st.integers(0, 12)


@given(scaled=SCALED, precision=PRECISION)
def test_a_number_is_written_exactly_and_plainly(scaled, precision):
    text = number(scaled, precision)
    assert Fraction(text) == Fraction(scaled, 10**precision)
    assert "E" not in text
    assert "." not in text or text[-1] not in "0."
    assert json.loads(encode([text]), parse_float=Decimal) == [Decimal(text)]


@given(scaled=SCALED, precision=st.integers(0, 8))
def test_eight_decimals_are_always_eight(scaled, precision):
    text = fixed(scaled, precision)
    assert Fraction(text) == Fraction(scaled, 10**precision)
    assert len(text.partition(".")[2]) == 8


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=VALUES)
def test_what_is_encoded_is_json(value):
    assert json.loads(encode(value)) == value


def test_a_number_stands_bare_among_strings():
    assert (
        encode({"a": Number("1.50"), "b": ["1.50", (Number("2"),)]})
        == '{"a":1.50,"b":["1.50",[2]]}'
    )


def test_a_query_is_read_as_forms_are():
    assert parameters("a=1&b=x+y%2B&c&=d&&e=f=g") == {
        "a": "1",
        "b": "x y+",
        "c": "",
        "": "d",
        "e": "f=g",
    }


@pytest.mark.parametrize(
    "query", ["a=1&a=1", "a=1&%61=2", "a=%", "a=%g0", "a=%f", "a=%80", "\u00e9=1"]
)
def test_what_is_no_query_is_refused(query):
    with pytest.raises(Malformed):
        parameters(query)


def test_an_encoded_percent_is_decoded_once():
    assert decoded("%2541") == "%41"


# What a proxy, a fuzzer or an attacker may send, glued from awkward pieces.
WORDS = (
    "/ api v3 public ticker ticker24 kline order_book BTCPLN .. . % %2f %00 %ff ? & = symbol"
    " btc_usdt period 1 limit start_time -1 \u0130 \x00 \\ ; # ' \" \ud800"
)
PIECES = st.lists(
    st.sampled_from([*WORDS.split(" "), " ", "9" * 30]) | st.text(max_size=4), max_size=12
).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "", "\ud800"]),
    prefix=st.sampled_from(["/api/", "/v3/", "/v3/kline?symbol=btc_usdt&period=", ""]),
    target=PIECES,
    body=st.binary(max_size=20),
)
def test_nothing_that_arrives_raises(always, method, prefix, target, body):
    path, _, query = (prefix + target).partition("?")
    reply = always.sandbox.handle(WireRequest(method, path, query, {}, body))
    assert isinstance(reply, WireReply)
    assert reply.status in (200, 404, 405)
    answer = json.loads(reply.body)
    if path.startswith("/v3/"):
        assert reply.status == 200
        assert isinstance(answer["code"], int)
    elif reply.status != 200:
        assert list(answer) == ["detail"]


# --- JSON bodies ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 0.001, "b": 2570, "c": 1e-8}', {"a": "0.001", "b": "2570", "c": "1e-8"}),
        (b" [true, null, []] ", [True, None, []]),
        (b'"\\u00e9"', "é"),
    ],
)
def test_numbers_of_a_body_stay_as_they_were_written(body, value):
    assert parsed(body) == value


def test_a_number_is_told_from_its_text():
    number, text = parsed(b'[1.50, "1.50"]')
    assert isinstance(number, Number)
    assert not isinstance(text, Number)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"\xff",
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b"[" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"pair=btcpln&amount=1",
        b"{}\x00",
    ],
)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(Malformed):
        parsed(body)


def test_a_number_of_any_length_is_read_and_is_no_quantity():
    (number,) = parsed(b"[" + b"9" * 50_000 + b"]")
    with pytest.raises(Malformed):
        quantity(number)


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("0.00000001", "0.00000001"),
        (Number("1e-8"), "0.00000001"),
        (Number("2.5E+3"), "2500"),
        ("0010", "10"),
        ("5.", "5"),
        ("0", "0"),
        ("0e99", "0"),
        ("9" * 19, "9" * 19),
        ("0." + "0" * 39 + "1", "0." + "0" * 39 + "1"),
    ],
)
def test_a_quantity_is_exact(value, exact):
    assert quantity(value) == Decimal(exact)


@pytest.mark.parametrize(
    "value",
    [
        "", "-1", "+1", " 1", "1 ", "1_000", "1,5", ".5", "NaN", "inf", "0x10", "１２", "1e",
        "1e999999", "1e19", "9" * 20, "9" * 5000, "1e-41", "0." + "0" * 40 + "1", "1\n", "1\x00",
        None, True, 1, 1.5, [], {}, ["1"],
    ],
)  # fmt: skip
def test_what_no_market_has_is_no_quantity(value):
    with pytest.raises(Malformed):
        quantity(value)
