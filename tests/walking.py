"""Every address that a URL configuration serves, with its methods: what a table of permissions has to name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver

#: A method and a route whose places are named as in `places`, like ("GET", "queries/{query}/").
Call = tuple[str, str]
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
#: The same in an address that is a regular expression.
_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def calls_of(patterns: Iterable[URLPattern | URLResolver], places: Mapping[str, str]) -> set[Call]:
    """All calls under these patterns. `places`: what stands for each argument of an address. A regular expression
    without arguments is left out: it is whatever nothing else is."""
    return set(_calls(patterns, places, ""))


def _calls(patterns: Iterable[URLPattern | URLResolver], places: Mapping[str, str], prefix: str) -> Iterator[Call]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _calls(pattern.url_patterns, places, route)
        elif hasattr(pattern.pattern, "_route") or _GROUP.search(route):
            plain = _GROUP.sub(lambda found: places[found[1]], route).replace("^", "").removesuffix("$")
            named = _PLACE.sub(lambda found: places[found[1]], plain)
            yield from ((method, named) for method in _methods(pattern.callback))


def _methods(view: Any) -> Iterator[str]:
    served = getattr(view, "view_class", None) or view.cls
    for name in ("get", "post", "put", "patch", "delete"):
        if name in served.http_method_names and hasattr(served, name):
            yield name.upper()
