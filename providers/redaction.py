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
_MESSAGE_ID = re.compile(r"wamid\.[A-Za-z0-9+/=_%-]+")
# What most keys and words of an answer are: neither _TELLING nor _DIGITS can find anything in it.
_WORD = re.compile(r"[a-z_]+")
# What an id in a header is: _TELLING finds nothing in it but a token.
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DIGITS = re.compile(r"\d(?:[\s().-]{0,2}\d){6,16}")
_NO_DIGITS = re.compile(r"\D")
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
        #: The last digits of the phones, which are what a phone is recognized by.
        self._phones: set[str] = set()
        #: Whether no secret and nothing learnt but phones is in any text that is still looked at.
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

    def narrow(self, texts: str) -> None:
        """Look from now on only for what is in `texts`, where that can be told from them: all that is still looked at (what is
        JSON as it came, other texts on lines of their own). In an answer that is hardly anything."""
        if "\\" in texts or "\x00" in texts:
            return
        self._secrets = [spelling for spelling in self._secrets if spelling in texts]
        self._plainly = self._encoded = self._learnt_in(texts)
        self._is_clean = not self._secrets and not self._plainly

    def request(self, body: Any, *, kept_paths: frozenset[str]) -> Any:
        """`body` with every text and number masked, except at `kept_paths` (keys joined by dots, lists left out)."""
        return self._request(body, _places(kept_paths))

    def learn_phones(self, values: Iterable[str]) -> None:
        """Recognize these phones too: a query names people who stand in no body."""
        for value in values:
            if _PHONE.fullmatch(value):
                self._phones.add(_tail(value))

    def answer(self, value: Any, name: str = "") -> Any:
        """A provider's answer: keys, numbers and texts stay, people and secrets go."""
        if isinstance(value, str):
            return _mark(name) or self.text(value)
        if isinstance(value, dict):
            result = {}
            for key, item in value.items():
                named = key if isinstance(key, str) else str(key)
                mark, is_word = _mark(named), _is_word(named)
                shown = named if is_word and self._is_clean else self.text(named)
                if isinstance(item, str):
                    result[shown] = mark or self.text(item)
                else:
                    result[shown] = self.answer(item, named)
            return result
        if isinstance(value, list):
            return [self.answer(item, name) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if mark := _mark(name):
            return mark
        return MASK if self._is_known_phone(str(value)) else value

    def text(self, text: str) -> str:
        """`text` without people and secrets, cut to what is worth keeping."""
        if self._is_clean:
            return self._clean_text(text)
        is_word = _is_word(text)
        if not is_word:
            text = text[:TEXT_KEPT].replace("\x00", "")
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        if not is_word:
            text = _telling_masked(text)
        for value in self._learnt_in(text):
            text = text.replace(value, MASK)
        return text if is_word else self._phones_masked(text, _digits_in(text))

    def url(self, url: str) -> str:
        """`url` without secrets in its query and without people."""
        return self.text(_URL_SECRET.sub(rf"\1{SECRET}", url) if "?" in url else url)

    def _clean_text(self, text: str) -> str:
        """A text in which no secret is and nothing learnt but phones: what else there is to mask is known without this call."""
        if text.startswith("wamid.") and _MESSAGE_ID.fullmatch(text):
            return MASK  # each is another one
        masked, phones = _short_looked_through(text) if len(text) <= _SHORT else _looked_through(text)
        return masked if phones.isdisjoint(self._phones) else self._phones_masked(masked, _digits_in(masked))

    def _phones_masked(self, text: str, digits: Iterable[str]) -> str:
        """`text` without known phones; `digits` are what in it may be one."""
        if self._phones and any(map(self._is_known_phone, digits)):
            return _DIGITS.sub(lambda found: MASK if self._is_known_phone(found.group()) else found.group(), text)
        return text

    def _request(self, value: Any, place: _Place) -> Any:
        if isinstance(value, dict):
            result = {}
            for key, item in value.items():
                named = key if isinstance(key, str) else str(key)
                below = place[named]
                if isinstance(item, str):
                    result[named] = item if below.is_kept else self._masked(item, below)
                else:
                    result[named] = self._request(item, below)
            return result
        if isinstance(value, str):
            return value if place.is_kept else self._masked(value, place)
        if isinstance(value, list | tuple):
            return [self._request(item, place) for item in value]
        if place.is_kept or value is None or isinstance(value, bool):
            return value
        return self._masked(str(value), place)

    def _masked(self, text: str, place: _Place) -> str:
        if place.is_secret:
            return SECRET
        self._learn(text)
        if text.startswith(("{", "[")):
            for inner in _texts_within(text):
                self._learn(inner)
        return MASK

    def _learn(self, value: str) -> None:
        if (value.startswith("+") or value[:1].isdecimal()) and _PHONE.fullmatch(value):
            self._phones.add(_tail(value))
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
            self._encoded = {
                spelling for value in self._learnt for spelling in (*_spellings(value), value.replace(" ", "+"))
            }
        return self._encoded

    def _is_known_phone(self, text: str) -> bool:
        return _tail(text) in self._phones


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


def _tail(phone: str) -> str:
    """By what a phone is recognized; the whole of one that is shorter."""
    return (phone if phone.isdecimal() else _NO_DIGITS.sub("", phone))[-_PHONE_TAIL:]


@lru_cache(maxsize=2048)
def _is_word(text: str) -> bool:
    return len(text) <= TEXT_KEPT and _WORD.fullmatch(text) is not None


def _telling_masked(text: str) -> str:
    """Short texts are kept: addresses and headers come again with each call."""
    return _short_telling_masked(text) if len(text) <= _SHORT else _TELLING.sub(MASK, text)


def _digits_in(text: str) -> Sequence[str]:
    """What may be phones in it, as they are written."""
    return _short_digits_in(text) if len(text) <= _SHORT else _DIGITS.findall(text)


def _looked_through(text: str) -> tuple[str, frozenset[str]]:
    """The text without what tells by itself that it is a person's or a secret, and the tails of all that may be phones."""
    masked = text[:TEXT_KEPT].replace("\x00", "")
    if not _BARE.fullmatch(masked) or "EAA" in masked:
        masked = _TELLING.sub(MASK, masked)
    return masked, frozenset(map(_tail, _DIGITS.findall(masked)))


#: Short texts are kept: addresses, names and headers come again with each call.
_short_looked_through = lru_cache(maxsize=2048)(_looked_through)


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
