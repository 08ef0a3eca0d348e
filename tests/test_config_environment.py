"""What the environment sets, and the URLs that are taken from it and from the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from configuring import refusal

from exchcli.config import load

# --- URLs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://dgtmarket.com/api/", "https://dgtmarket.com/api"),
        ("HTTPS://DgtMarket.com/API", "https://dgtmarket.com/API"),
        ("https://10.0.0.1:8443", "https://10.0.0.1:8443"),
        ("https://[2001:db8::1]/v3", "https://[2001:db8::1]/v3"),
        ("http://localhost:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1/api", "http://127.0.0.1/api"),
        ("http://127.255.0.9:1", "http://127.255.0.9:1"),
        ("http://[::1]:8080/v3", "http://[::1]:8080/v3"),
    ],
)
def test_https_goes_anywhere_and_http_to_this_machine(
    file: Path, given_url: str, kept: str
) -> None:
    assert load(file, {"EXCH_DGT_URL": given_url}).dgt.url == kept


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://dgtmarket.com:443/api", "https://dgtmarket.com/api"),
        ("https://dgtmarket.com:0443/api//", "https://dgtmarket.com/api"),
        ("https://dgtmarket.com:80/api", "https://dgtmarket.com:80/api"),
        ("http://127.0.0.1:80/api", "http://127.0.0.1/api"),
        ("http://127.0.0.1:08080", "http://127.0.0.1:8080"),
        ("https://[2001:DB8:0::1]:443/v3", "https://[2001:db8::1]/v3"),
    ],
)
def test_one_url_has_one_name(file: Path, given_url: str, kept: str) -> None:
    """Locks and keys go by it: what has two names would be two accounts."""
    assert load(file, {"EXCH_DGT_URL": given_url}).dgt.url == kept
    assert load(file, {"EXCH_DGT_URL": kept}).dgt.url == kept


@pytest.mark.parametrize(
    "path",
    ["//api", "/a//b", "/.", "/api/.", "/./api", "/api/..", "/a/../api/v3", "/%61pi", "/%2e/api"],
)
def test_a_path_that_another_says_shorter_is_refused(file: Path, path: str) -> None:
    assert refusal(file, {"EXCH_DFX_URL": f"https://a.com{path}"}).message == (
        "EXCH_DFX_URL must have a plain path, like /api or /v3: no empty part, none that is "
        "a dot or two, and no %."
    )
    refusal(file, {"EXCH_DFX_STREAM_URL": f"wss://a.com{path}"})


@pytest.mark.parametrize(
    "url",
    [
        *["http://dgtmarket.com/api", "http://127.0.0.1.evil.com", "http://localhost.evil.com"],
        *["http://127.0.0.256", "http://0177.0.0.1", "http://127.1", "http://2130706433"],
        *["http://0.0.0.0", "http://[::2]", "http://[::ffff:127.0.0.1]", "http://128.0.0.1"],
        *["http://localhost@evil.com", "http://evil.com#@localhost", "http://evil.com\\@localhost"],
        *["https://u:hunter2@a.com", "https://a.com/?hunter2", "https://a.com/#hunter2"],
        *["https://a.com?", "ftp://a.com", "wss://a.com", "//a.com", "a.com", "https://", "https:"],
        *["https:///api", "https://a..com", "https://-a.com", "https://a.com:", "https://a.com:0"],
        *["https://a.com:65536", "https://a.com:x", "https://[::1", "https://[1:2]", "https://a b"],
        *[
            "https://a.com/\n",
            "https://a.com/é",
            "https://é.com",
            " https://a.com",
            "https://a.com/ ",
        ],
    ],
)
def test_other_urls_are_refused_without_repeating_what_may_be_a_password(
    file: Path, url: str
) -> None:
    refused = refusal(file, {"EXCH_DFX_URL": url})
    assert refused.message.startswith("EXCH_DFX_URL must ")
    assert "hunter2" not in refused.message


def test_the_stream_takes_websocket_urls_by_the_same_rules(file: Path) -> None:
    def stream(url: str) -> str | None:
        return load(file, {"EXCH_DFX_STREAM_URL": url}).dfx.stream_url

    assert stream("ws://127.0.0.1:9/ws/v1/") == "ws://127.0.0.1:9/ws/v1/"
    assert stream("wss://a.com/ws/v1/") == "wss://a.com/ws/v1/"
    assert stream("WSS://A.com:443/ws/v1/") == "wss://a.com/ws/v1/"
    assert stream("ws://[::1]:80/") == "ws://[::1]/"
    for url in ("ws://a.com/", "https://a.com/", "wss://u@a.com/"):
        refusal(file, {"EXCH_DFX_STREAM_URL": url})


# --- the environment --------------------------------------------------------------------------


def test_the_environment_beats_the_file(file: Path) -> None:
    file.write_text('[dgt]\nurl = "https://file.com"\nprofile = "file"\n')
    config = load(file, {"EXCH_DGT_URL": "https://env.com", "EXCH_PROFILE": "env"})
    assert config.dgt.url == "https://env.com"
    assert (config.dgt.profile, config.dfx.profile) == ("env", "env")


def test_an_empty_variable_is_an_unset_one(file: Path) -> None:
    variables = ["EXCH_PROFILE", "EXCH_SANDBOX", "EXCH_DGT_URL", "EXCH_DFX_URL"]
    env = dict.fromkeys([*variables, "EXCH_DFX_STREAM_URL"], "")
    assert load(file, env) == load(file, {})


def test_a_wrong_profile_names_its_variable(file: Path) -> None:
    assert refusal(file, {"EXCH_PROFILE": "../x"}).message.startswith("EXCH_PROFILE must ")


def test_a_broken_file_is_an_error_even_where_the_environment_overrides_it(file: Path) -> None:
    file.write_text('[dgt]\nurl = "nonsense"\n')
    assert str(file) in refusal(file, {"EXCH_DGT_URL": "https://env.com"}).message


@pytest.mark.parametrize("text", ["1", "true", "yes", "on", "TRUE", "On"])
def test_the_sandbox_is_switched_on(file: Path, text: str) -> None:
    assert load(file, {"EXCH_SANDBOX": text}).sandbox is True


@pytest.mark.parametrize("text", ["0", "false", "no", "off", "", "OFF"])
def test_the_sandbox_is_switched_off(file: Path, text: str) -> None:
    assert load(file, {"EXCH_SANDBOX": text}).sandbox is False


@pytest.mark.parametrize("text", ["2", "ture", "y", " ", "１"])
def test_an_unclear_sandbox_is_refused_and_never_guessed(file: Path, text: str) -> None:
    assert "EXCH_SANDBOX" in refusal(file, {"EXCH_SANDBOX": text}).message
