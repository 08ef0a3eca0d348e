"""Transfers of Dgtmarket: arguments in; exact stdout and exit code out."""

from __future__ import annotations

import json

import pytest
from running import Exch


@pytest.fixture
def sandboxed(exch: Exch) -> Exch:
    """`exch` whose sandbox stands still."""
    exch.env |= {"EXCH_SANDBOX": "1", "EXCH_SANDBOX_CLOCK": "2020-05-19T07:44:54Z"}
    return exch


def test_transfers_are_filtered_by_currency_type_and_status(sandboxed: Exch) -> None:
    every = json.loads(sandboxed("dgt", "transfer", "list").out)
    assert {row["kind"] for row in every} == {"deposit", "withdrawal"}
    for words, key, value in (
        (["btc"], "currency", "BTC"),
        (["--type", "deposit"], "kind", "deposit"),
        (["--status", "pending"], "status", "pending"),
    ):
        some = json.loads(sandboxed("dgt", "transfer", "list", *words).out)
        assert some == [row for row in every if row[key] == value]
    assert json.loads(sandboxed("dgt", "transfer", "list", "--limit", "1").out) == every[:1]
    offset = sandboxed("dgt", "transfer", "list", "--offset", "1", "--limit", "1")
    assert json.loads(offset.out) == every[1:2]


def test_one_transfer_is_one_object_and_one_that_is_not_there_an_error(sandboxed: Exch) -> None:
    first = json.loads(sandboxed("dgt", "transfer", "list", "--limit", "1").out)[0]
    assert json.loads(sandboxed("dgt", "transfer", "show", first["id"]).out) == first
    ran = sandboxed("dgt", "transfer", "show", "99999")
    assert (ran.code, ran.out) == (4, "")
    assert json.loads(ran.err)["error"]["message"] == "Dgtmarket has no transfer 99999."
