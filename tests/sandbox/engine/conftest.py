"""Books of both exchanges, in which every test finds only what they are born with."""

from __future__ import annotations

import pytest
from bookkeeping import Bookkeeping


@pytest.fixture(scope="session")
def dfx_books(tmp_path_factory):
    books = Bookkeeping(tmp_path_factory.mktemp("dfx"), "dfx")
    yield books
    books.close()


@pytest.fixture(scope="session")
def dgt_books(tmp_path_factory):
    books = Bookkeeping(tmp_path_factory.mktemp("dgt"), "dgt")
    yield books
    books.close()


@pytest.fixture
def dfx(dfx_books):
    with dfx_books.trial():
        yield dfx_books
        dfx_books.check()


@pytest.fixture
def dgt(dgt_books):
    with dgt_books.trial():
        yield dgt_books
        dgt_books.check()
