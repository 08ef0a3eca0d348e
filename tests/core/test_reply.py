"""Replies are bounded before they are parsed, and numbers are read exactly."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.core.reply import MAX_BYTES, MAX_DEPTH, Reply, parse
from exchcli.errors import BadReply, Unreadable


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_a_number_keeps_every_digit_as_json_number_and_as_text(number: Decimal) -> None:
    as_number = parse(f'{{"n": {number:f}}}'.encode())["n"].decimal()
    as_text = parse(f'{{"n": "{number:f}"}}'.encode())["n"].decimal()
    assert str(as_number) == str(as_text) == str(Decimal(f"{number:f}"))


def test_eight_zeros_behind_the_point_are_kept() -> None:
    assert format(parse(b'{"n": 2642.59000000}')["n"].decimal(), "f") == "2642.59000000"
    assert format(parse(b'{"n": 1E-8}')["n"].decimal(), "f") == "0.00000001"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "an empty reply"),
        (b" \n", "an empty reply"),
        (b"\xff\xfe", "not UTF-8"),
        (b"<!DOCTYPE html><html>busy</html>", "an HTML page"),
        (b"<?xml version='1.0'?><e/>", "a page of markup"),
        (b'{"last": "264', "truncated or broken"),
        (b"[1, 2", "truncated or broken"),
        (b"service unavailable", "not JSON"),
        (b'{"last": NaN}', "NaN"),
        (b'{"last": -Infinity}', "-Infinity"),
        (b'{"last": 1e101}', "exponent"),
        (b'{"last": 1e-101}', "exponent"),
        (b'{"last": ' + b"9" * 101 + b"}", "more than 100 digits"),
        (b'{"last": 0.' + b"9" * 101 + b"}", "more than 100 digits"),
        (b'{"last": ' + b"9" * 100_000 + b"}", "more than 100 digits"),
        (b"[" * 65 + b"]" * 65, "nested deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "nested deeper than 64"),
        (b"[" * 1_000_000, "more than 200000 values"),
        (b"[" + b"1," * 200_000 + b"1]", "more than 200000 values"),
        (b"[" + b"[]," * 65 + b'"' + b'\\"' * 500_000, "truncated or broken"),
        (b" " * (MAX_BYTES + 1), "more than 16 MiB"),
    ],
)
def test_what_is_no_bounded_json_is_refused_in_words(body: bytes, complaint: str) -> None:
    with pytest.raises(BadReply, match=complaint):
        parse(body)


def test_64_levels_are_fine_and_brackets_in_texts_do_not_count() -> None:
    parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    text = "[{" * 5000 + '\\"'
    assert parse(json.dumps({"memo": text}).encode())["memo"].text() == text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_shallow_json_is_read_as_json_reads_it(value: object) -> None:
    body = json.dumps(value).encode()
    if json.dumps(value).count("[") <= MAX_DEPTH:
        assert parse(body).value == value


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_anything_but_a_value_or_a_bad_reply(body: bytes) -> None:
    try:
        parse(body)
    except BadReply:
        pass


def test_a_wrong_field_is_named_by_its_path() -> None:
    reply = parse(b'{"ticker": [{"last": 1}, {"last": true}]}')
    rows = list(reply["ticker"])
    with pytest.raises(Unreadable, match=r"ticker\[1\]\.last is not a number: True"):
        rows[1]["last"].decimal()
    with pytest.raises(Unreadable, match=r"ticker\[0\]\.bid is missing"):
        rows[0]["bid"]


@pytest.mark.parametrize("value", [True, None, [], {}, "1e5x", "", "１２", "+1", " 1", "1.", ".5"])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(Unreadable, match="is not a number"):
        Reply(value, "n").decimal()


@pytest.mark.parametrize("value", ["1.5", "4.0", Decimal("1.5"), Decimal("1E+90"), True, "9" * 19])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(Unreadable, match="is not a whole number"):
        Reply(value, "n").integer()


def test_a_whole_number_may_be_written_with_a_zero_fraction() -> None:
    assert Reply(Decimal("4.0")).integer() == 4


@pytest.mark.parametrize("value", [-1, "101", 253402300800])
def test_what_is_no_precision_is_refused(value: object) -> None:
    with pytest.raises(Unreadable, match="is no count"):
        Reply(value, "price_precision").count()


def test_a_price_or_an_amount_is_never_negative() -> None:
    assert Reply("0", "price").amount() == 0
    with pytest.raises(Unreadable, match=r"price is negative: '-0\.1'"):
        Reply("-0.1", "price").amount()


def test_a_moment_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(Unreadable, match="is not a time"):
        Reply(10**15, "date").moment()


def test_where_it_matters_an_object_says_nothing_twice() -> None:
    body = b'{"code": 20007, "list": [{"a": 1, "code": 2}], "code": 0}'
    assert parse(body).value["code"] == 0
    with pytest.raises(BadReply, match="a key twice"):
        parse(body, strict=True)
    assert parse(b'{"a": {"a": 1}}', strict=True).value == {"a": {"a": 1}}


def test_an_id_is_one_as_it_is_written() -> None:
    good = "3fb0d98e51c18954f10d439a9cf57de0"
    assert Reply(17167).number() == Reply("17167").number() == "17167"
    assert Reply(good).hexadecimal() == good
    for value in ("", "0", 0, -1, "-1", "017", "1.0", 1.5, True, None, "a", "1" * 19, {}):
        with pytest.raises(BadReply):
            Reply(value).number()
    for value in ("", "0" * 32, good.upper(), good[:9], good * 2, f"{good[:-1]}g", 17167, None):
        with pytest.raises(BadReply):
            Reply(value).hexadecimal()
