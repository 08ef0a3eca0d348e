"""Files on this machine: where they live, how they are written, and the list of symbols.

Nothing here makes a folder by looking. Reads of the cache never fail: what cannot be trusted
is absent, and is fetched again. Writes that fail are a StateError that says what to do.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from exchcli import names
from exchcli.errors import StateError
from exchcli.money import wire_decimal
from exchcli.records import Symbol


class Places(NamedTuple):
    """Where exch keeps its things: absolute paths, which need not exist."""

    config_file: Path
    state: Path
    sandbox: Path


def places(env: Mapping[str, str]) -> Places:
    """All under `EXCH_HOME` if it is set and not empty, else in the platform's own folders."""
    config, state, sandbox = names.folders(env)
    return Places(Path(config) / "config.toml", Path(state), Path(sandbox))


def write_atomically(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` at `path` so that a reader sees the old content or all of the new.

    Missing folders are made, for their owner only. When this returns, the data outlives a
    power cut. A link at `path` is replaced, not followed. Raises StateError.
    """
    make_folder(path.parent)
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            _write_new(beside, data, mode)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot("write", path, error) from error


def write_once(path: Path, data: bytes) -> None:
    """Put `data` at `path` itself, where nothing may stand, open to its owner only.

    For what must not be lost, and must not lie in a second file: from the first byte on it is
    in its place, so who reads it must notice half of it. When this returns, the data outlives
    a power cut; when it fails, nothing of it is left. Raises StateError.
    """
    make_folder(path.parent)
    try:
        try:
            _write_new(path, data, 0o600)
        except FileExistsError:
            raise
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot("write", path, error) from error


def sweep(path: Path) -> None:
    """Removes what `write_atomically` left beside `path` when it was killed. Raises StateError.

    Nobody may be writing there meanwhile.
    """
    import re

    left = re.compile(rf"\.{re.escape(path.name[:100])}\.\d+\.[0-9a-f]{{8}}\.tmp")
    try:
        for beside in path.parent.iterdir() if path.parent.is_dir() else ():
            if left.fullmatch(beside.name):
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise cannot("clear up beside", path, error) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, each readable by its owner only.

    Raises StateError, also for a machine without a home: its administrator could make one.
    """
    _check_home(folder)
    try:
        _make(folder)
    except OSError as error:
        raise cannot("make the folder", folder, error) from error


def check_folder(folder: Path) -> None:
    """Tries whether files can be made in `folder`, or where it would be made; leaves nothing.

    Asking for permissions would not do: root has them all, and still makes nothing in /proc.
    Raises StateError.
    """
    import tempfile

    _check_home(folder)
    there = folder
    while not os.path.lexists(there):
        there = there.parent
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise cannot("write in", folder, error) from error


def _check_home(folder: Path) -> None:
    if names.NOWHERE in map(str, folder.parents):
        raise StateError(
            f"There is no home folder to keep {folder.name} in.",
            "Set EXCH_HOME to a folder of your own.",
        )


def cannot(verb: str, path: Path, error: OSError) -> StateError:
    """The StateError of a failed file operation: the path, the reason and the next step."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        step = "Free some space on that disk"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        step = "Make that folder writable for yourself"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        step = "Move away the file that stands where a folder is needed"
    elif error.errno == errno.EISDIR:
        step = "Move away the folder that stands where the file belongs"
    else:
        step = "Check that folder"
    return StateError(
        f"Cannot {verb} {path}: {reason}.", f"{step}, or set EXCH_HOME to a folder of your own."
    )


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder != folder.parent:
        _make(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        # Another process may have been faster; a file in the folder's place is an error.
        if not folder.is_dir():
            raise


def _write_new(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot sync a folder; the file itself is safe.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


# --- the list of symbols ----------------------------------------------------------------------

_VERSION = 1
_FIELDS = list(Symbol._fields)


class SymbolCache:
    """The markets of one exchange at one URL, as they were last fetched.

    Two files: the JSON that `read` takes, and the bare names for `names.symbol_names`.
    """

    def __init__(self, state: Path, exchange: str, url: str) -> None:
        self.url = url
        self.file = Path(names.cache_path(state, exchange, url, ".json"))
        self.names_file = Path(names.cache_path(state, exchange, url, ".names"))

    def read(self) -> list[Symbol] | None:
        """The symbols, or None if there is no list that can be trusted. Never raises."""
        import json

        data = names.read_plain_file(os.fspath(self.file))
        if data is None:
            return None
        try:
            content = json.loads(data)
            head = content["version"], content["url"], content["fields"]
            if head != (_VERSION, self.url, _FIELDS):
                return None
            return [_symbol(row) for row in content["symbols"]]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, symbols: Sequence[Symbol]) -> None:
        """Replace the list. Raises StateError. Two processes may do this at once."""
        import json

        content = {
            "version": _VERSION,
            "url": self.url,
            "fields": _FIELDS,
            "symbols": list(symbols),
        }
        data = json.dumps(content, default=str, separators=(",", ":")).encode()
        write_atomically(self.file, data)
        listed = names.names_file(self.url, (symbol.symbol for symbol in symbols))
        write_atomically(self.names_file, listed)


def _symbol(row: list[object]) -> Symbol:
    if not isinstance(row, list):
        raise TypeError("not a row")
    given = dict(zip(_FIELDS, row, strict=True))
    types = given["order_types"]
    if types is not None and not isinstance(types, list):
        raise TypeError("not a list")
    return Symbol(
        symbol=_text(given["symbol"]),
        base=_text(given["base"]),
        quote=_text(given["quote"]),
        price_precision=_places(given["price_precision"]),
        amount_precision=_places(given["amount_precision"]),
        min_amount=_number(given["min_amount"]),
        min_value=_number(given["min_value"]),
        status=_text_or_none(given["status"]),
        order_types=None if types is None else tuple(_text(word) for word in types),
        api_trading=_flag(given["api_trading"]),
        margin=_flag(given["margin"]),
        liquidation_rate=_number(given["liquidation_rate"]),
        zone=_text_or_none(given["zone"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError("not printable text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> Decimal | None:
    return None if value is None else wire_decimal(_text(value))


def _places(value: object) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= 100):
        return value
    raise TypeError("not a number of places")


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise TypeError("not true or false")
