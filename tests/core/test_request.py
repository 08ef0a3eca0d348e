"""Parameters are encoded once, in the order they were given, where the endpoint takes them."""

from __future__ import annotations

import pytest

from exchcli.core.request import Endpoint, Request
from exchcli.errors import UsageError


def test_parameters_of_the_path_go_there_and_all_others_into_the_query() -> None:
    request = Request(Endpoint("GET", "/private/offers/{id}/"), {"id": "a/b?", "limit": 3})
    assert request.path == "/private/offers/a%2Fb%3F/"
    assert request.query == "limit=3"
    assert request.body == b""
    assert request.content_type is None


def test_a_form_has_them_in_its_body() -> None:
    request = Request(Endpoint("POST", "/x", form=True), {"b": "1 2", "a": "&"})
    assert (request.query, request.body) == ("", b"b=1+2&a=%26")
    assert request.content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("endpoint", [Endpoint("GET", "/{pair}/"), Endpoint("GET", "/x")])
def test_what_is_no_text_is_a_usage_error(endpoint: Endpoint) -> None:
    request = Request(endpoint, {"pair": "a\udcff"})
    with pytest.raises(UsageError, match="is not text that can be sent"):
        _ = request.path + request.query
