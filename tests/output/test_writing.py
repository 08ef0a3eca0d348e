"""The stream at the end: full disks, readers that leave, raw bytes, odd encodings."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from exchcli.errors import StateError
from exchcli.output import FORMATS, flush, show, write_raw
from exchcli.records import Ticker


class Gone(io.StringIO):
    """A pipe whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_is_told_in_words(full, ticker, format):
    with pytest.raises(StateError, match="cannot be written: No space left on device") as caught:
        show([ticker], Ticker, format=format, fields=None, stdout=full)
    assert caught.value.exit == 12
    assert caught.value.hint


def test_a_full_disk_is_told_for_raw_bytes_too(full):
    with pytest.raises(StateError, match="No space left"):
        write_raw([b"{}"], full)


def test_a_stdout_that_was_closed_is_told_in_words(ticker, stream):
    with pytest.raises(StateError, match="it is closed"):
        show(ticker, Ticker, format="json", fields=None, stdout=None)
    closed = stream()
    closed.close()
    with pytest.raises(StateError, match="it is closed"):
        write_raw([b"{}"], closed)


@pytest.mark.parametrize("format", FORMATS)
def test_a_reader_that_left_is_the_callers_matter(ticker, format):
    with pytest.raises(BrokenPipeError):
        show(ticker, Ticker, format=format, fields=None, stdout=Gone())


def test_flushing_is_quiet_without_a_stream():
    flush(None)
    with pytest.raises(BrokenPipeError):
        flush(Gone())


def test_raw_is_the_replys_own_bytes_and_nothing_else():
    bytes_out = io.BytesIO()
    stdout = io.TextIOWrapper(bytes_out, encoding="ascii")
    stdout.write("first ")
    write_raw([b'{"a": 1.10,', b"\xff\r\n}"], stdout)
    assert bytes_out.getvalue() == b'first {"a": 1.10,\xff\r\n}'


def test_raw_into_a_stream_without_bytes_is_decoded(stream):
    stdout = stream()
    write_raw([b"\xc5", b"\x81 \xff"], stdout)
    assert stdout.getvalue() == "Ł \\xff"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("format", FORMATS)
def test_no_text_is_too_odd_for_any_encoding(ticker, format, encoding):
    bytes_out = io.BytesIO()
    stdout = io.TextIOWrapper(bytes_out, encoding=encoding)
    odd = ticker._replace(symbol="Ł\ud800漢\u202e")
    show([odd, odd, odd], Ticker, format=format, fields=None, stdout=stdout)
    assert b"9750.110" in bytes_out.getvalue()


@pytest.mark.parametrize(
    ("format", "only_for_others"),
    [
        ("json", {"rich", "csv", "dataclasses", "difflib", "exchcli.output.draw"}),
        ("ndjson", {"rich", "csv", "dataclasses", "difflib", "exchcli.output.draw"}),
        ("csv", {"rich", "dataclasses", "difflib", "exchcli.output.draw"}),
    ],
)
def test_a_script_waits_for_nothing_that_only_others_need(format, only_for_others):
    code = (
        "import sys, exchcli.state, exchcli.config.show;"
        "from exchcli.output import show; from exchcli.records import Ping;"
        f"show([Ping('dgt', 'ok', 7)], Ping, format={format!r}, fields=None, stdout=sys.stdout);"
        f"print(sorted({only_for_others!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
