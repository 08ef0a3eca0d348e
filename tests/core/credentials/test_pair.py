"""A key and its secret as text: two forms, and each fault in words of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchcli.core.credentials import Credentials, Secret
from exchcli.core.credentials.pair import parse, written
from exchcli.errors import CredentialsError

texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=100)


@given(texts, texts)
def test_what_is_written_is_read_again(key: str, secret: str) -> None:
    pair = Credentials(key, Secret(secret), "the keyring")
    assert parse(written(pair), "the keyring") == pair


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_two_lines_are_the_key_and_the_secret(ending: str) -> None:
    pair = parse(f"fakekey\nfake-secret{ending}".encode(), "a helper")
    assert pair == Credentials("fakekey", Secret("fake-secret"), "a helper")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Nothing came from it."),
        (b" \n ", "Nothing came from it."),
        (b"\xff\xfe", "What came from it is not UTF-8 text."),
        (b"canary", "What came from it is neither JSON nor two lines."),
        (b"a\ncanary\nc", "What came from it is neither JSON nor two lines."),
        (b'{"key": "a", "secret": "canary"', "What came from it is not valid JSON."),
        (b"{" * 100_000, "What came from it is not valid JSON."),
        (b'{"key": "a"}', "What came from it has no secret."),
        (b'{"secret": "canary"}', "What came from it has no key."),
        (b'{"key": "a", "secret": ["canary"]}', "The secret from it is not a text."),
        (b'{"key": 1, "secret": "canary"}', "The key from it is not a text."),
    ],
)
def test_what_is_no_pair_is_refused_and_never_repeated(content: bytes, message: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        parse(content, "it")
    assert caught.value.message == message
    assert "canary" not in f"{caught.value.hint}"


FAULTS = [
    ("", "is empty."),
    ("canary\nx", "contains a line break."),
    ("canary\r", "contains a line break."),
    ("can ary", "contains a space or a tab."),
    ("canary\t", "contains a space or a tab."),
    ("canary\x07", "contains a control character."),
    ("canary\x7f", "contains a control character."),
    ("canary\u200b", "contains a character that is not ASCII."),
    ("canary" * 200, "is longer than 1000 characters."),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
@pytest.mark.parametrize("part", ["key", "secret"])
def test_a_text_that_no_exchange_gives_out_is_refused(part: str, text: str, fault: str) -> None:
    content = {"key": "fakekey", "secret": "fake-secret", part: text}
    with pytest.raises(CredentialsError) as caught:
        parse(json.dumps(content).encode(), "it")
    assert caught.value.message == f"The {part} from it {fault}"
    assert "canary" not in f"{caught.value.hint}"
