"""Are the values of a send fit for the template? Every problem is named, all at once. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import quote, urlsplit

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from templates_app.components import ParsedTemplate, Variable
from templates_app.sentences import sentence

# Meta refuses newlines, tabs and more than four spaces in a row; NUL and lone surrogates cannot even be stored.
FORBIDDEN = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]| {5,}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MEDIA_ID = re.compile(r"[0-9]{5,40}")
TYPED = re.compile(r"(?P<kind>date_time|currency) ?(?P<code>[A-Z]{3})? ?(?P<amount>-?[0-9]{1,15}(\.[0-9]{1,3})?)?")
SECTION_LIMIT = 10
PRODUCT_LIMIT = 30
SECTION_TITLE_LIMIT = 24


@dataclass(frozen=True)
class RenderProblem:
    """One thing wrong with the values: the variable's key (empty = the message as a whole), a code, a sentence."""

    key: str
    code: str
    message: StrOrPromise


@dataclass(frozen=True)
class Section:
    """One section of a multi-product message."""

    title: str
    products: tuple[str, ...]


def values_check(parsed: ParsedTemplate, values: Mapping[str, str]) -> tuple[dict[str, str], list[RenderProblem]]:
    """The values trimmed, without empty ones, and all problems: missing, surplus, and unfit ones."""
    trimmed = {key: str(value).strip() for key, value in values.items()}
    problems: list[RenderProblem] = []
    for variable in parsed.variables:
        value = trimmed.get(variable.key, "")
        if value:
            problems.extend(_unfit(variable, value, parsed))
        elif variable.required:
            problems.append(_missing(variable))
    if not trimmed.keys() <= parsed.keys:
        problems.extend(_surplus(parsed, trimmed))
    return {key: value for key, value in trimmed.items() if value}, problems


def value_fits(variable: Variable, value: str, parsed: ParsedTemplate) -> bool:
    """Whether a value (trimmed, not empty) is fit for its variable."""
    return not _unfit(variable, value, parsed)


def typed_key(key: str) -> str:
    """The key that makes a text a date or an amount: `body.2.as` = "currency ARS 25990.50" or "date_time"."""
    return f"{key}.as"


def typed_read(value: str) -> tuple[str, str, Decimal] | None:
    """Read a `.as` value: (kind, currency code, amount); None when it cannot be read."""
    match = TYPED.fullmatch(value)
    if match is None or (match["kind"] == "currency") != bool(match["code"] and match["amount"]):
        return None
    return match["kind"], match["code"] or "", Decimal(match["amount"] or 0)


def url_suffix_encode(value: str) -> str:
    """The end of an address, percent-encoded as the provider wants it; what is encoded already stays as it is."""
    lone_percent = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", value)
    # A bubble also shows what is refused: half a character cannot be encoded, and must not raise.
    return quote(lone_percent, safe="/:?#[]@!$&'()*+,;=-._~%", errors="replace")


def datetime_read(value: str) -> datetime | None:
    """An ISO date and time, in the active time zone when it names none; or milliseconds since 1970."""
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value) / 1000, tz=timezone.get_default_timezone())
        moment = datetime.fromisoformat(value)
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    except (ValueError, OverflowError, OSError):
        return None


def sections_read(value: str) -> tuple[Section, ...] | None:
    """One section per line, "Title: SKU-1, SKU-2". None when a line is none, or there are too many."""
    sections = []
    for line in filter(None, map(str.strip, value.splitlines())):
        title, _colon, products = line.partition(":")
        ids = tuple(filter(None, map(str.strip, products.split(","))))
        if not title.strip() or len(title.strip()) > SECTION_TITLE_LIMIT or not ids:
            return None
        sections.append(Section(title.strip(), ids))
    count = sum(len(section.products) for section in sections)
    return tuple(sections) if 0 < len(sections) <= SECTION_LIMIT and count <= PRODUCT_LIMIT else None


def _missing(variable: Variable) -> RenderProblem:
    return RenderProblem(
        variable.key, "missing_variable", sentence(_("%(variable)s is empty: fill it in."), variable=variable.label)
    )


def _surplus(parsed: ParsedTemplate, values: Mapping[str, str]) -> list[RenderProblem]:
    known = {variable.key: variable for variable in parsed.variables}
    problems = []
    for key, value in values.items():
        if key in known:
            continue
        base = known.get(key.removesuffix(".as"))
        if base is None or base.kind != "text" or not key.endswith(".as"):
            message = sentence(_("The template has no variable “%(key)s”: leave it out."), key=key)
            problems.append(RenderProblem(key, "surplus_variable", message))
        elif value and typed_read(value) is None:
            message = sentence(_("“%(value)s” is no currency with its amount, and no date_time."), value=value)
            problems.append(RenderProblem(key, "bad_type", message))
    return problems


def _unfit(variable: Variable, value: str, parsed: ParsedTemplate) -> list[RenderProblem]:
    multiline = variable.kind in ("sections", "json")
    if (UNSTORABLE if multiline else FORBIDDEN).search(value):
        return [_problem(variable, "newline_in_variable", NEWLINE_MESSAGE)]
    problems = []
    if variable.max_length is not None and len(value) > variable.max_length:
        message = sentence(
            _("%(variable)s has %(length)s characters; WhatsApp allows %(limit)s."),
            variable=variable.label,
            length=len(value),
            limit=variable.max_length,
        )
        problems.append(RenderProblem(variable.key, "too_long", message))
    check = CHECKS.get(variable.kind)
    if check is not None and (found := check(value)) is not None:
        problems.append(_problem(variable, *found))
    if variable.kind == "url_suffix" and _repeats_base(variable, value, parsed):
        problems.append(_problem(variable, "bad_url", REPEATED_BASE_MESSAGE))
    return problems


def _problem(variable: Variable, code: str, message: StrOrPromise) -> RenderProblem:
    return RenderProblem(variable.key, code, sentence(message, variable=variable.label))


NEWLINE_MESSAGE = _("%(variable)s has a line break, a tab or more than four spaces in a row: WhatsApp refuses them.")
REPEATED_BASE_MESSAGE = _("%(variable)s repeats the whole address: write only what comes at its end.")

Found = tuple[str, StrOrPromise] | None


def _repeats_base(variable: Variable, value: str, parsed: ParsedTemplate) -> bool:
    button = parsed.button_of(variable.key)
    return button is not None and button.base_url != "" and value.startswith(button.base_url)


def _media(value: str) -> Found:
    if MEDIA_ID.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
        fit = parts.scheme == "https" and bool(parts.hostname) and " " not in value
    except ValueError:
        fit = False
    return (
        None if fit else ("media_url_not_https", _("%(variable)s must be a public address that begins with https://."))
    )


def _number(value: str) -> Found:
    try:
        fit = Decimal(value).is_finite() and re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,15})?", value) is not None
    except InvalidOperation:
        fit = False
    return None if fit else ("bad_number", _("%(variable)s must be a number such as -34.603722."))


def _code(value: str) -> Found:
    if re.search(r"\s", value):
        return ("bad_code", _("%(variable)s must be a code without spaces."))
    return None


def _datetime(value: str) -> Found:
    fit = datetime_read(value) is not None
    return None if fit else ("bad_datetime", _("%(variable)s must be a date and time such as 2026-11-30 18:00."))


def _json(value: str) -> Found:
    try:
        fit = isinstance(json.loads(value), dict)
    except (ValueError, RecursionError):
        fit = False
    return None if fit else ("bad_json", _("%(variable)s must be a JSON object."))


def _sections(value: str) -> Found:
    message = _("%(variable)s must have lines such as “Offers: SKU-1, SKU-2”: up to 10 lines and 30 products.")
    return None if sections_read(value) is not None else ("bad_sections", message)


CHECKS: dict[str, Callable[[str], Found]] = {
    "media_url": _media,
    "number": _number,
    "code": _code,
    "datetime": _datetime,
    "json": _json,
    "sections": _sections,
}
