"""What a customer's message answers: the words he quoted, and the reaction that stands under each message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from customer_service.models import InboundMessage
from recontact.models import Message, Query

#: So much of a message is quoted.
LENGTH = 120
REACTION = "reaction"


@dataclass(frozen=True, slots=True)
class Quote:
    """A message that another one answers. `key` is its entry's; empty when the timeline does not show it."""

    ours: bool
    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes by the id at the provider, and the reactions that stand now by the id of the message they are under."""

    known: Mapping[str, Quote]
    reactions: Mapping[str, str]

    @classmethod
    def of(cls, query: Query, inbound: Sequence[InboundMessage], sent: Sequence[Message]) -> Quotes:
        """Of the messages shown; what they answer further up in the same query takes two database queries at most.

        A message of another query is not quoted: who sees this one need not reach that one.
        """
        known = {**_quotes(inbound, shown=True), **_quotes(sent, shown=True)}
        missing = {row.context_message_id for row in inbound if row.context_message_id} - known.keys()
        if missing:
            ours = Message.objects.filter(query=query, provider_message_id__in=missing)
            known |= _quotes(ours.only("pk", "body", "kind", "template_name", "provider_message_id"), shown=False)
            missing -= known.keys()
        if missing:
            theirs = InboundMessage.objects.filter(query=query, provider_message_id__in=missing)
            known |= _quotes(theirs.only("pk", "text", "kind", "provider_message_id"), shown=False)
        return cls(known, _standing(inbound))

    def answered_by(self, message: InboundMessage) -> Quote | None:
        """The message that this one answers, where it is known."""
        return self.known.get(message.context_message_id) if message.context_message_id else None


def is_reaction(message: InboundMessage) -> bool:
    """Whether it is an emoji under another message (without one: that it was taken back)."""
    return message.kind == REACTION


def _standing(inbound: Iterable[InboundMessage]) -> dict[str, str]:
    """A customer has one reaction under each message: his last one, unless he took it back."""
    reactions = sorted((row for row in inbound if is_reaction(row)), key=lambda row: (row.occurred_at, row.pk))
    last = {row.context_message_id: row.text for row in reactions if row.context_message_id}
    return {answered: emoji for answered, emoji in last.items() if emoji}


def _quotes(rows: Iterable[InboundMessage] | Iterable[Message], *, shown: bool) -> dict[str, Quote]:
    found = {}
    for row in rows:
        ours = isinstance(row, Message)
        text = row.body if isinstance(row, Message) else row.text
        if row.provider_message_id:
            words = Truncator(" ".join(text.split())).chars(LENGTH) or _("A message without words")
            key = f"{'m' if ours else 'i'}{row.pk}" if shown else ""
            found[row.provider_message_id] = Quote(ours, words, key)
    return found
