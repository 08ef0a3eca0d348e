"""Errors: one line for a person, one JSON object for a script."""

from __future__ import annotations

import json

import pytest

from exchcli.errors import (
    BadReply,
    ExchError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    UsageError,
)
from exchcli.output import show_error


def _said(stream, error: ExchError, *, as_json: bool = False, encoding: str = "utf-8") -> str:
    stderr = stream(encoding=encoding)
    show_error(error, as_json=as_json, stderr=stderr)
    return stderr.getvalue()


def test_a_person_reads_what_happened_and_what_to_do_on_one_line(stream):
    error = UsageError("There is no pair btcplm.", "Did you mean btcpln?")
    assert _said(stream, error) == "exch: There is no pair btcplm. Did you mean btcpln?\n"


def test_without_a_hint_the_message_stands_alone(stream):
    assert _said(stream, BadReply("The reply was empty.")) == "exch: The reply was empty.\n"


def test_a_script_reads_all_keys_in_the_order_of_the_contract(stream):
    error = Rejected("No such pair.", "Try another.", exchange="dfx", code="20019")
    assert _said(stream, error, as_json=True) == (
        '{"error": {"kind": "rejected", "message": "No such pair.", "hint": "Try another.", '
        '"exchange": "dfx", "code": "20019", "retry": "fix", "exit": 4}}\n'
    )


@pytest.mark.parametrize(
    ("error", "retry", "exit_code"),
    [
        (UsageError("x"), "fix", 2),
        (RateLimited("x"), "after", 5),
        (BadReply("x"), "safe", 6),
        (OutcomeUnknown("x"), "never", 7),
    ],
)
def test_a_script_learns_whether_to_run_it_again(stream, error, retry, exit_code):
    told = json.loads(_said(stream, error, as_json=True))["error"]
    assert (told["retry"], told["exit"]) == (retry, exit_code)
    assert told["hint"] is None


def test_what_an_exchange_says_cannot_add_a_line_or_steer_the_terminal(stream):
    error = Rejected("It said: no\r\nexch: done\x1b[2J \u202e", "Look\nagain.")
    line = _said(stream, error)
    assert line == "exch: It said: no exch: done\\x1b[2J \\u202e Look again.\n"
    assert _said(stream, error, as_json=True).count("\n") == 1


def test_markup_stays_literal(stream):
    assert _said(stream, Rejected("[red]no[/red]")) == "exch: [red]no[/red]\n"


def test_a_narrow_encoding_or_a_lone_surrogate_is_no_second_error(stream):
    assert _said(stream, Rejected("Ł"), encoding="ascii") == "exch: \\u0141\n"
    assert _said(stream, Rejected("\ud800")) == "exch: \\ud800\n"
    assert json.loads(_said(stream, Rejected("Ł"), as_json=True, encoding="ascii"))


def test_a_stderr_that_takes_nothing_does_not_hide_the_exit_code(full):
    show_error(Rejected("no"), as_json=False, stderr=full)
    show_error(Rejected("no"), as_json=True, stderr=None)
