"""By what a webhook delivery is found: keyed hashes of the message ids, our references and the phones it tells about.

Only hashes are kept beside the raw body, so that the index holds nobody's phone, and they go with the delivery.
"""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings

from providers.contracts import (
    BadItem,
    Event,
    IdentityChangeEvent,
    InboundEvent,
    PreferenceEvent,
    PriceEvent,
    StatusEvent,
)

#: A delivery with more than this tells about so many that finding it by one of them helps little.
MOST_KEYS = 1000
_LENGTH = 16
# National spellings differ at the front, never in the last eight digits.
_PHONE_TAIL = 8
_SHORTEST_PHONE = 7
_OUR_SPELLING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PHONE_LIKE = re.compile(r"\+?[\d\s().-]{7,24}")

Resolver = Callable[[str], Iterable[str]]
_RESOLVERS: list[Resolver] = []


def resolves_terms(resolver: Resolver) -> Resolver:
    """Register a function of an app above that turns what people type (#123) into ids that deliveries hold."""
    if resolver not in _RESOLVERS:
        _RESOLVERS.append(resolver)
    return resolver


def id_key(value: str) -> str:
    """The key of a message's id at the provider, of our reference, or of a person's WhatsApp user id."""
    return _key("id", value.strip())


def phone_key(value: str) -> str:
    """The key of a phone, the same for all its spellings."""
    return _key("phone", re.sub(r"\D", "", value)[-_PHONE_TAIL:])


def looks_like_phone(term: str) -> bool:
    """Whether a person who types this may mean a phone."""
    return bool(_PHONE_LIKE.fullmatch(term)) and len(re.sub(r"\D", "", term)) >= _SHORTEST_PHONE


def term_keys(term: str, *, by_phone: bool) -> list[str]:
    """The keys under which what a person typed may be found. Phones count only for who may see them."""
    term = term.replace("\x00", "").strip()
    if not term:
        return []
    found = [id_key(_reference(term)), *(id_key(value) for resolver in _RESOLVERS for value in resolver(term))]
    if by_phone and looks_like_phone(term):
        found.append(phone_key(term))
    return list(dict.fromkeys(found))


def item_keys(items: Iterable[Event | BadItem]) -> list[str]:
    """The keys of everything that the items of a delivery tell about, each once."""
    found: dict[str, None] = {}
    for item in items:
        for key in _keys(item):
            found.setdefault(key)
            if len(found) >= MOST_KEYS:
                return list(found)
    return list(found)


def _keys(item: Event | BadItem) -> Iterator[str]:
    ids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    if isinstance(item, StatusEvent):
        ids = (item.provider_message_id, _reference(item.reference), item.recipient_bsuid)
        phones = (item.recipient_phone,)
    elif isinstance(item, PriceEvent):
        ids = (item.provider_message_id, _reference(item.reference))
    elif isinstance(item, InboundEvent):
        ids, phones = (item.provider_message_id, item.context_message_id, item.bsuid), (item.phone,)
    elif isinstance(item, PreferenceEvent):
        ids, phones = (item.bsuid,), (item.phone,)
    elif isinstance(item, IdentityChangeEvent):
        ids, phones = (item.old_bsuid, item.new_bsuid), (item.old_phone, item.new_phone)
    yield from (id_key(value) for value in ids if value)
    yield from (phone_key(value) for value in phones if value)


def _reference(value: str) -> str:
    """A reference of ours in its one spelling; anything else as it stands."""
    if not value or _OUR_SPELLING.fullmatch(value):
        return value
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return value


def _key(kind: str, value: str) -> str:
    message = f"delivery:{kind}:{value}".encode("utf-8", "replace")
    return hmac.digest(settings.PERSONAL_DATA_KEY.encode(), message, "sha256").hex()[:_LENGTH]
