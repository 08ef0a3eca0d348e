"""exch doctor: one row a check, and the exit code of the first failure."""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path

import pytest
from loopback import Answer, loopback, reply, with_time
from running import Exch, Ran

from exchcli.core import window
from exchcli.core.machine import SECOND

KEY = {"EXCH_DGT_KEY": "fakekey", "EXCH_DGT_SECRET": "fake-canary"}


def rows(ran: Ran) -> dict[str, tuple[str, str, str | None]]:
    return {row["name"]: (row["status"], row["what"], row["hint"]) for row in json.loads(ran.out)}


def test_the_sandbox_is_all_right(exch: Exch) -> None:
    ran = exch("--sandbox", "doctor")
    found = rows(ran)
    assert (ran.code, ran.err) == (0, "")
    assert list(found) == [
        "python", "folders", "configuration", "journal", "dgt credentials", "dgt clock",
        "dgt limits", "dfx credentials", "dfx clock", "dfx limits",
    ]  # fmt: skip
    assert {status for status, _, _ in found.values()} == {"ok"}
    assert re.fullmatch(
        r"Dgtmarket's clock is 0(\.[0-9])? s (behind|ahead of) this one \(to 0\.5 s\)",
        found["dgt clock"][1],
    )


def test_one_exchange_can_be_looked_at_alone(exch: Exch) -> None:
    assert not any(
        name.startswith("dgt") for name in rows(exch("--sandbox", "doctor", "--exchange", "dfx"))
    )


def test_no_key_is_a_warning_and_an_exchange_that_is_not_reached_a_failure(exch: Exch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=url)
    found = rows(ran)
    assert ran.code == 6
    assert found["dgt credentials"][0] == "warning"
    assert "auth login" in (found["dgt credentials"][2] or "")
    assert "dgt cron" not in found
    assert found["dgt clock"][:2] == ("failed", "Dgtmarket was not reached: connection refused.")


def test_warnings_alone_are_no_failure(exch: Exch) -> None:
    with loopback(with_time(reply("{}"))) as server:
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url)
    assert ran.code == 0
    assert rows(ran)["dgt credentials"][0] == "warning"


def test_a_key_of_the_environment_is_not_there_for_cron(exch: Exch) -> None:
    with loopback(with_time(reply("{}"))) as server:
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url, **KEY)
    found = rows(ran)
    assert ran.code == 0
    assert found["dgt credentials"] == (
        "ok",
        "the key fake... comes from EXCH_DGT_KEY and EXCH_DGT_SECRET; not tried "
        "(`exch dgt auth test` does)",
        None,
    )  # fmt: skip
    status, what, hint = found["dgt cron"]
    assert status == "warning"
    assert what.startswith("A cron job would find no key: There is no API key for dgt")
    assert hint
    assert "fake-canary" not in ran.out + ran.err


def test_a_key_in_a_file_is_there_for_cron(exch: Exch) -> None:
    with loopback(with_time(reply("[]"))) as server:
        login = ["dgt", "auth", "login", "--store", "file", "--key", "fakekey", "--secret-stdin"]
        assert exch(*login, "--no-test", typed="fake-canary\n").code == 0
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url)
    assert rows(ran)["dgt cron"][0] == "ok"
    assert "finds the key in file" in rows(ran)["dgt cron"][1]


def test_half_a_key_fails_with_exit_3(exch: Exch) -> None:
    with loopback(with_time(reply("{}"))) as server:
        env = {"EXCH_DGT_URL": server.url, "EXCH_DGT_KEY": "fakekey"}
        ran = exch("doctor", "--exchange", "dgt", **env)
    assert ran.code == 3
    assert rows(ran)["dgt credentials"][0] == "failed"


@pytest.mark.parametrize("broken", ["[dgt]\nurll = 'x'\n", "no toml", 'output = "nothing"\n'])
def test_with_a_broken_configuration_all_else_is_checked_with_the_defaults(
    exch: Exch, broken: str
) -> None:
    exch.home.mkdir()
    (exch.home / "config.toml").write_text(broken)
    command = ["doctor", "--exchange", "dgt", "--measure-window"]
    with loopback(with_time(reply("{}"))) as server:
        ran = exch(*command, EXCH_DGT_URL=server.url, **KEY)
        shown = exch("--sandbox", "doctor", terminal=True)
    found = rows(ran)
    assert (ran.code, ran.err) == (2, "")
    status, what, hint = found["configuration"]
    assert status == "failed"
    assert what.endswith("What follows is of the defaults.")
    assert hint
    assert found["dgt clock"][0] == "ok"
    assert found["dgt limits"][1] == "public 1 of 60 in 60 s, private 0 of 100 in 60 s"
    assert found["dgt window"][:2] == (
        "warning", "Nothing is signed while the configuration is broken.",
    )  # fmt: skip
    assert shown.code == 2
    assert "configuration" in shown.out
    assert "dfx limits" in shown.out


def test_a_sandbox_asked_for_in_words_that_mean_nothing_is_not_the_real_exchange(
    exch: Exch,
) -> None:
    ran = exch("doctor", EXCH_SANDBOX="perhaps")
    assert ran.code == 2
    assert "EXCH_SANDBOX" in rows(ran)["configuration"][1]
    assert "comes from the sandbox" in rows(ran)["dfx credentials"][1]


@pytest.mark.parametrize("columns", ["80", "120", "300"])
def test_on_a_terminal_every_hint_stands_below_the_table_whole(exch: Exch, columns: str) -> None:
    with loopback(with_time(reply("{}"))) as server:
        command = ["doctor", "--exchange", "dgt"]
        env = {"EXCH_DGT_URL": server.url, "COLUMNS": columns, **KEY}
        hints = [(name, hint) for name, (_, _, hint) in rows(exch(*command, **env)).items() if hint]
        shown = exch(*command, terminal=True, **env).out
        named = exch(*command, "--fields", "name", terminal=True, **env).out
    assert len(hints) == 1
    assert shown.endswith("".join(f"\n{name}: {hint}\n" for name, hint in hints))
    assert "--fields" not in shown
    assert "There is" not in named


@pytest.mark.parametrize(
    ("name", "mode"), [("config.toml", 0o664), ("config.toml", 0o646), ("", 0o777)]
)
def test_a_configuration_that_others_can_write_is_a_warning(
    exch: Exch, name: str, mode: int
) -> None:
    exch.home.mkdir()
    (exch.home / "config.toml").write_text("")
    path = exch.home / name
    path.chmod(mode)
    status, what, hint = rows(exch("--sandbox", "doctor"))["folders"]
    assert status == "warning"
    assert f"{path} has the mode {mode:04o}: others can write it" in what
    assert hint == f"chmod go-w {path}"


@pytest.mark.parametrize("home", ["/proc/nope", "/dev/null/nope"])
def test_a_folder_that_cannot_be_made_fails_with_exit_12(exch: Exch, home: str) -> None:
    with loopback(with_time(reply("{}"))) as server:
        ran = exch("doctor", "--exchange", "dgt", EXCH_HOME=home, EXCH_DGT_URL=server.url)
    found = rows(ran)
    assert ran.code == 12
    for name in ("folders", "dgt limits"):
        assert found[name][0] == "failed"
        assert f"Cannot write in {home}" in found[name][1]
        assert "EXCH_HOME" in (found[name][2] or "")


def test_looking_at_folders_makes_none(exch: Exch) -> None:
    with loopback(reply("", "503 Service Unavailable")) as server:
        exch("doctor", "--exchange", "dgt", "--timeout", "1", EXCH_DGT_URL=server.url)
    assert not (exch.home / "sandbox").exists()
    assert sorted(exch.home.parent.iterdir()) == [exch.home]


@pytest.mark.parametrize("ending", [".rotating.json", ".pending.json"])
@pytest.mark.parametrize("key", [KEY, {}], ids=["with a key", "without"])
def test_a_rotation_that_was_interrupted_is_a_warning(
    exch: Exch, ending: str, key: dict[str, str]
) -> None:
    folder = exch.home / "state" / "credentials"
    folder.mkdir(parents=True, mode=0o700)
    file = folder / f"dgt-default{ending}"
    file.touch(0o600)
    pair = {"key": key.get("EXCH_DGT_KEY", "newkey"), "secret": "fake-canary", "store": "file"}
    file.write_text(json.dumps(pair))
    with loopback(with_time(reply("{}"))) as server:
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url, **key)
    status, what, hint = rows(ran)["dgt credentials"]
    assert (ran.code, status) == (0, "warning")
    assert what.startswith("A rotation of this key was not finished.")
    assert hint == "Run `exch dgt auth recover`."
    assert "fake-canary" not in ran.out + ran.err


@pytest.mark.parametrize(("name", "mode"), [("symbols", 0o755), ("symbols/list.json", 0o640)])
def test_what_others_can_read_is_a_warning_with_the_command_that_mends_it(
    exch: Exch, name: str, mode: int
) -> None:
    state = exch.home / "state"
    (state / "symbols").mkdir(parents=True, mode=0o700)
    state.chmod(0o700)
    file = state / "symbols" / "list.json"
    file.write_text("{}")
    file.chmod(0o600)
    (state / name).chmod(mode)
    found = rows(exch("--sandbox", "doctor", "--exchange", "dfx"))
    status, what, hint = found["folders"]
    assert status == "warning"
    assert f"{state / name} has the mode {mode:04o}" in what
    assert hint == f"chmod {'700' if name == 'symbols' else '600'} {state / name}"


def test_a_clock_that_is_off_is_told_with_what_exch_does_about_it(exch: Exch) -> None:
    ahead = with_time(reply("{}"), lambda: time.time() + 90)
    with loopback(ahead) as server:
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url)
    status, what, hint = rows(ran)["dgt clock"]
    assert (ran.code, status) == (0, "warning")
    assert re.match(r"Dgtmarket's clock is (89|90)(\.[0-9])? s ahead of this one", what)
    assert "timedatectl" in (hint or "")


def test_a_ban_is_told_with_its_end_and_nothing_is_asked_before(exch: Exch) -> None:
    banned = reply("", "429 Too Many Requests", "Retry-After: 300\r\n")
    with loopback(banned) as server:
        exch("dgt", "time", EXCH_DGT_URL=server.url)
        ran = exch("doctor", "--exchange", "dgt", EXCH_DGT_URL=server.url)
    assert ran.code == 5
    assert rows(ran)["dgt limits"][0] == "warning"
    assert "has banned public until" in rows(ran)["dgt limits"][1]
    assert len(server.requests) == 1


# --- the window ---------------------------------------------------------------------------------


@pytest.mark.parametrize("real", [0, 1, 5, 30, 65, 118])
def test_the_measured_window_is_never_smaller_than_the_real_one(real: int) -> None:
    asked: list[int] = []

    def accepts(late: int) -> tuple[bool, int]:
        asked.append(late)
        return late <= real, SECOND // 100

    measured = window.measured(accepts)
    assert measured == real + 2  # what is refused, and a second for the way there
    assert len(asked) <= 8


def test_an_exchange_that_takes_anything_has_no_window() -> None:
    assert window.measured(lambda _late: (True, 0)) is None


@pytest.mark.parametrize(("exchange", "real"), [("dgt", 30), ("dfx", 5)])
def test_the_window_of_the_sandbox_is_measured_and_kept(
    exch: Exch, exchange: str, real: int
) -> None:
    ran = exch("--sandbox", "doctor", "--exchange", exchange, "--measure-window")
    assert ran.code == 0
    status, what, _ = rows(ran)[f"{exchange} window"]
    assert status == "ok"
    path = {"dgt": "/api", "dfx": "/v3"}[exchange]
    kept = window.kept(exch.home / "state", exchange, f"https://sandbox.invalid{path}")
    assert kept is not None
    assert f"more than {kept} s late" in what
    assert real <= kept <= real + 4


def test_the_window_is_the_same_when_the_reads_had_to_wait_for_the_limit(exch: Exch) -> None:
    exch.home.mkdir()
    (exch.home / "config.toml").write_text('[dgt.limits]\nprivate = "8/3s"\n')
    ran = exch("--sandbox", "doctor", "--exchange", "dgt", "--measure-window")
    kept = window.kept(exch.home / "state", "dgt", "https://sandbox.invalid/api")
    assert ran.code == 0
    assert kept is not None
    assert 30 <= kept <= 34


def test_a_key_that_is_refused_at_any_time_measures_nothing(exch: Exch) -> None:
    refusal: Answer = reply('{"detail": "Invalid key."}', "401 Unauthorized")
    with loopback(with_time(refusal)) as server:
        command = ["doctor", "--exchange", "dgt", "--measure-window"]
        ran = exch(*command, EXCH_DGT_URL=server.url, **KEY)
    assert ran.code == 3
    assert rows(ran)["dgt window"][0] == "failed"
    assert window.kept(exch.home / "state", "dgt", server.url) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": 1, "url": "x"}', b"\xff"])
def test_a_broken_note_of_the_window_is_none(tmp_path: Path, content: bytes) -> None:
    window.keep(tmp_path, "dgt", "https://x.invalid", 31)
    assert window.kept(tmp_path, "dgt", "https://x.invalid") == 31
    assert window.kept(tmp_path, "dgt", "https://x.invalid/other") is None
    (file,) = (tmp_path / "window").iterdir()
    file.write_bytes(content)
    assert window.kept(tmp_path, "dgt", "https://x.invalid") is None
