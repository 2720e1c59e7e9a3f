"""What may be kept of an exchange with a provider: its structure, codes and error texts, no person and no secret. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SECRET = "[secret]"  # noqa: S105 - what stands in a secret's place
TEXT_KEPT = 4000

SECRET_NAMES = frozenset(
    {
        "authorization",
        "proxy_authorization",
        "cookie",
        "set_cookie",
        "access_token",
        "refresh_token",
        "token",
        "verify_token",
        "app_secret",
        "client_secret",
        "secret",
        "password",
        "api_key",
        "apikey",
        "x_api_key",
        "d360_api_key",
    }
)
PERSON_NAMES = frozenset(
    {
        "to",
        "from",
        "recipient",
        "recipient_id",
        "destination",
        "input",
        "wa_id",
        "user_id",
        "from_user_id",
        "recipient_user_id",
        "parent_user_id",
        "phone",
        "phone_number",
        "msisdn",
        "username",
        "profile",
        "body",
    }
)

STRUCTURE_NAMES = frozenset({"type", "id", "index"})

# A wamid holds the phone in base64; EAA... is a Graph token; CC.xxxx is a business-scoped user id. The address of a webhook
# is all that protects some of them.
_TELLING = re.compile(
    r"wamid\.[A-Za-z0-9+/=_%-]+"
    r"|\bEAA[A-Za-z0-9]{12,}"
    r"|(?<=/webhooks/)[a-z0-9_-]+/[0-9a-f-]{36}"
    r"|(?i:\bbearer\s+)[^\s\"']+"
    r"|(?<![A-Za-z0-9.])[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{8,128}\b"
    r"|(?:\+|%2[bB])\d(?:[\s().-]{0,2}\d){6,16}"
)
# What most keys and words of an answer are: neither _TELLING nor _DIGITS can find anything in it.
_WORD = re.compile(r"[a-z_]+")
_DIGITS = re.compile(r"\d(?:[\s().-]{0,2}\d){6,16}")
# Without a plus: as long as a phone with its country is, and no part of a word, a date or a longer id.
_LIKE_A_PHONE = re.compile(r"(?<![\w.-])\d{10,14}(?![\w-])")
_URL_SECRET = re.compile(r"(?i)([?&][^=&]*(?:token|secret|password|key|signature)[^=&]*=)[^&#]*")
_PHONE = re.compile(r"\+?\d{7,15}")
# National spellings differ at the front (549... and 54..., a trunk 0, a 15), never in the last eight digits.
_PHONE_TAIL = 8
_SHORTEST_LEARNT = 3
_SHORT = 120
_PLACES_REMEMBERED = 256


class _Place(dict[str, "_Place"]):
    """A place in the bodies of requests, with those below it by key: what becomes of a value is found out once."""

    __slots__ = ("is_kept", "is_secret", "kept_paths", "path")

    def __init__(self, path: str, kept_paths: frozenset[str]) -> None:
        super().__init__()
        self.path = path
        self.kept_paths = kept_paths
        self.is_kept = path in kept_paths
        self.is_secret = _plain(path.rpartition(".")[2]) in SECRET_NAMES

    def __missing__(self, key: str) -> _Place:
        below = _Place(f"{self.path}.{key}" if self.path else key, self.kept_paths)
        # Keys may be anything: names of variables, ids.
        if len(self) < _PLACES_REMEMBERED:
            self[key] = below
        return below


@lru_cache(maxsize=64)
def _places(kept_paths: frozenset[str]) -> _Place:
    """The place of a whole body, of which these paths are kept."""
    return _Place("", kept_paths)


class Redactor:
    """Redacts one exchange. What it masks in the request it recognizes again, in every spelling, in the answer."""

    def __init__(self, *, secrets: Iterable[str] = ()) -> None:
        self._secrets = [spelling for secret in secrets if secret for spelling in _secret_spellings(secret)]
        self._learnt: set[str] = set()
        #: Spellings of what was learnt, as they are looked for: of a text without any sign of an encoding, and of any other.
        self._plainly: Collection[str] | None = None
        self._encoded: Collection[str] | None = None
        self._phones: set[str] = set()
        #: Whether a word can be neither a secret nor anything learnt: nothing of that is in the text that is looked at.
        self._is_clean = False

    def headers(self, headers: Mapping[str, str], *, kept: frozenset[str]) -> dict[str, str]:
        """The headers named in `kept` (lower case), and a mark for each secret one. All others are left out."""
        result: dict[str, str] = {}
        for name, value in headers.items():
            lowered, is_secret = _header(name)
            if is_secret:
                result[lowered] = SECRET
            elif lowered in kept:
                result[lowered] = self.text(value)
        return result

    def narrow(self, body: str) -> None:
        """Look from now on only for what this JSON text holds, where that can be told from it: in an answer, hardly anything."""
        if "\\" in body:
            return
        self._secrets = [spelling for spelling in self._secrets if spelling in body]
        self._plainly = self._encoded = self._learnt_in(body)
        self._is_clean = not self._secrets and not self._plainly

    def request(self, body: Any, *, kept_paths: frozenset[str]) -> Any:
        """`body` with every text and number masked, except at `kept_paths` (keys joined by dots, lists left out)."""
        return self._request(body, _places(kept_paths))

    def learn_phones(self, values: Iterable[str]) -> None:
        """Recognize these phones too: a query names people who stand in no body."""
        self._phones.update(value.lstrip("+") for value in values if _PHONE.fullmatch(value))

    def answer(self, value: Any, name: str = "") -> Any:
        """A provider's answer: keys, numbers and texts stay, people and secrets go."""
        if isinstance(value, str):
            return _mark(name) or self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.answer(item, str(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.answer(item, name) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if mark := _mark(name):
            return mark
        return MASK if self._is_known_phone(str(value)) else value

    def text(self, text: str) -> str:
        """`text` without people and secrets, cut to what is worth keeping."""
        is_word = _is_word(text)
        if is_word and self._is_clean:
            return text
        if not is_word:
            text = text[:TEXT_KEPT].replace("\x00", "")
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        if not is_word:
            text = _telling_masked(text)
        for value in self._learnt_in(text):
            text = text.replace(value, MASK)
        if self._phones and not is_word and any(map(self._is_known_phone, _digits_in(text))):
            text = _DIGITS.sub(lambda found: MASK if self._is_known_phone(found.group()) else found.group(), text)
        return text

    def url(self, url: str) -> str:
        """`url` without secrets in its query and without people."""
        return self.text(_URL_SECRET.sub(rf"\1{SECRET}", url) if "?" in url else url)

    def _request(self, value: Any, place: _Place) -> Any:
        if isinstance(value, str):
            return value if place.is_kept else self._masked(value, place)
        if isinstance(value, dict):
            return {str(key): self._request(item, place[str(key)]) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._request(item, place) for item in value]
        if place.is_kept or value is None or isinstance(value, bool):
            return value
        return self._masked(str(value), place)

    def _masked(self, text: str, place: _Place) -> str:
        if place.is_secret:
            return SECRET
        self._learn(text)
        if text[:1] in ("{", "["):
            for inner in _texts_within(text):
                self._learn(inner)
        return MASK

    def _learn(self, value: str) -> None:
        if _PHONE.fullmatch(value):
            self._phones.add(value.lstrip("+"))
        elif len(value) >= _SHORTEST_LEARNT:
            self._learnt.add(value.replace("\x00", ""))
            self._plainly = self._encoded = None
            self._is_clean = False

    def _learnt_in(self, text: str) -> list[str]:
        """The spellings that `text` holds of what was learnt, longest first."""
        found = [spelling for spelling in self._spellings_for(text) if spelling in text]
        if len(found) > 1:
            found.sort(key=len, reverse=True)
        return found

    def _spellings_for(self, text: str) -> Collection[str]:
        """The spellings that `text` may hold. Most texts hold no sign of an encoding, which is quick."""
        if "%" not in text and "\\" not in text:
            if self._plainly is None:
                # Without a % a form's encoding shows in its spaces alone.
                self._plainly = self._learnt | {value.replace(" ", "+") for value in self._learnt if " " in value}
            return self._plainly
        if self._encoded is None:
            self._encoded = {spelling for value in self._learnt for spelling in _spellings(value)}
        return self._encoded

    def _is_known_phone(self, text: str) -> bool:
        digits = text if text.isdecimal() else re.sub(r"\D", "", text)
        return any(digits == phone or _same_tail(digits, phone) for phone in self._phones)


def words_redacted(words: str, *, phone: str = "", bsuid: str = "") -> str:
    """A provider's words about a message without people: not this one, in any spelling, and nobody else who looks like a
    phone; and without what is secret. Codes, and the longer ids of templates and accounts, stay."""
    redactor = Redactor()
    redactor.learn_phones([phone])
    if bsuid:
        redactor.request(bsuid, kept_paths=frozenset())
    return _LIKE_A_PHONE.sub(MASK, redactor.text(words))


def _texts_within(value: str) -> Iterator[str]:
    """The texts and numbers in JSON that a form's field carries as text, without its words of structure."""
    try:
        waiting = [json.loads(value)]
    except (ValueError, RecursionError):
        return
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting.extend(item for name, item in found.items() if name not in STRUCTURE_NAMES)
        elif isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, str | int | float) and not isinstance(found, bool):
            yield str(found)


def _same_tail(left: str, right: str) -> bool:
    return min(len(left), len(right)) >= _PHONE_TAIL and left[-_PHONE_TAIL:] == right[-_PHONE_TAIL:]


@lru_cache(maxsize=2048)
def _is_word(text: str) -> bool:
    return len(text) <= TEXT_KEPT and _WORD.fullmatch(text) is not None


def _telling_masked(text: str) -> str:
    """Short texts are kept: addresses and headers come again with each call."""
    return _short_telling_masked(text) if len(text) <= _SHORT else _TELLING.sub(MASK, text)


def _digits_in(text: str) -> Sequence[str]:
    """What may be phones in it, as they are written."""
    return _short_digits_in(text) if len(text) <= _SHORT else _DIGITS.findall(text)


@lru_cache(maxsize=2048)
def _short_digits_in(text: str) -> Sequence[str]:
    return _DIGITS.findall(text)


@lru_cache(maxsize=2048)
def _short_telling_masked(text: str) -> str:
    return _TELLING.sub(MASK, text)


@lru_cache(maxsize=2048)
def _mark(name: str) -> str:
    """What stands for any value of this name; empty when only the value itself can tell."""
    if _plain(name) in SECRET_NAMES:
        return SECRET
    return MASK if name.lower() in PERSON_NAMES else ""


@lru_cache(maxsize=512)
def _header(name: str) -> tuple[str, bool]:
    """A header's name in lower case, and whether its value is a secret."""
    lowered = name.lower()
    return lowered, _plain(lowered) in SECRET_NAMES


@lru_cache(maxsize=512)
def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


@lru_cache(maxsize=256)
def _secret_spellings(secret: str) -> frozenset[str]:
    """Kept, because an account's secrets are the same in each of its calls."""
    return frozenset(_spellings(secret))


def _spellings(value: str) -> set[str]:
    """`value` as it stands, URL-encoded (both ways, both cases) and as JSON escapes it."""
    try:
        encoded = {quote(value, safe=""), quote(value), quote_plus(value)}
    except UnicodeEncodeError:
        encoded = set()
    lowered = {re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), text) for text in encoded}
    return {value, json.dumps(value)[1:-1], *encoded, *lowered}
