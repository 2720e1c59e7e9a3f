"""A query's story as its ticket tells it: what the customer wrote, what we sent, notes and events, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby, pairwise
from typing import Any

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from customer_service.files_shown import FileShown, file_shown, inbound_file_shown
from customer_service.inbound_content import Contact, Place, contacts_of, place_of
from customer_service.models import InboundFile, InboundMessage, Note
from customer_service.quotes import Quote, Quotes, is_reaction
from customer_service.wording import Mark, mark_of
from recontact.media.attachments import attachment_id, attachments_of
from recontact.models import MediaFile, Message, Query, QueryEvent
from recontact.prepared import Prepared
from recontact.windows import WINDOW

#: Of each kind the newest so many are shown at first; the screen says so and offers the rest.
LIMIT = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the timeline. `kind` is in, out, note or event; `mark` belongs to out."""

    kind: str
    at: datetime
    text: str
    author: str = ""
    label: str = ""
    footer: str = ""
    buttons: Sequence[str] = ()
    mark: Mark | None = None
    key: str = ""
    files: Sequence[FileShown] = ()
    place: Place | None = None
    contacts: Sequence[Contact] = ()
    quote: Quote | None = None
    reaction: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day in the reader's time zone, with what the day is called."""

    title: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The story; `cut` when there are earlier entries than the ones here."""

    days: Sequence[Day] = field(default_factory=tuple)
    cut: bool = False


def timeline_of(query: Query, *, now: datetime, everything: bool = False) -> Timeline:
    """The query's timeline in the reader's language and time zone: eight database queries at most, whatever its length."""
    inbound, cut_in = _newest(_received, query, everything)
    files: dict[int, list[InboundFile]] = defaultdict(list)
    for file in _FILES(ids=[message.pk for message in inbound]):
        files[file.message_id].append(file)
    sent, cut_out = _newest(_sent_in, query, everything)
    notes, cut_notes = _newest(_noted, query, everything)
    events, cut_events = _newest(_happened, query, everything)
    attached, quotes = attachments_of(sent), Quotes.of(query, inbound, sent)
    entries = [
        *(_reacted(each, quotes) if is_reaction(each) else _inbound(each, quotes, files[each.pk]) for each in inbound),
        *(_sent(message, attached, quotes) for message in sent),
        *(Entry("note", note.created_at, note.text, str(note.author), key=f"n{note.pk}") for note in notes),
        *(_event(event, query) for event in events),
        *window_closings([message.occurred_at for message in inbound], now),
    ]
    cut = cut_in or cut_out or cut_notes or cut_events
    return Timeline(_days(sorted(entries, key=lambda entry: (entry.at, entry.kind)), now), cut)


def window_closings(inbound: Iterable[datetime], now: datetime) -> list[Entry]:
    """One event for each time that 24 h passed without a word from the customer. Pure but for translation."""
    times = sorted(inbound)
    text = _("24 h passed since the customer's last message: the window closed")
    ends = [before + WINDOW for before, after in pairwise([*times, now]) if after - before >= WINDOW]
    return [Entry("event", at, text, key=f"w{int(at.timestamp())}") for at in ends]


def _received(query: int) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(query=query)


def _sent_in(query: int) -> QuerySet[Message]:
    return Message.objects.filter(query=query).select_related("created_by", "recontact")


def _noted(query: int) -> QuerySet[Note]:
    return Note.objects.filter(query=query).select_related("author")


def _happened(query: int) -> QuerySet[QueryEvent]:
    # The recontact is on the timeline as the message that it is.
    told = QueryEvent.objects.filter(query=query).exclude(kind=QueryEvent.Kind.RECONTACTED)
    return told.select_related("actor")


_FILES = Prepared(lambda ids: InboundFile.objects.filter(message__among=[ids]).select_related("file").order_by("id"))


@cache
def _prepared(rows: Callable[[int], QuerySet[Any]], limit: int) -> Prepared[Any]:
    return Prepared(lambda query: rows(query).order_by("-id")[:limit])


def _newest(rows: Callable[[int], QuerySet[Any]], query: Query, everything: bool) -> tuple[list[Any], bool]:
    if everything:
        return list(rows(query.pk).order_by("id")), False
    found = _prepared(rows, LIMIT + 1)(query=query.pk)
    return found[:LIMIT][::-1], len(found) > LIMIT


def _inbound(message: InboundMessage, quotes: Quotes, kept: Sequence[InboundFile]) -> Entry:
    label = "" if message.kind == "text" else _inbound_label(message.kind)
    files = [inbound_file_shown(file, query_id=message.query_id) for file in kept]
    # Some providers give a file's name where others give the words under it.
    text = "" if any(file.name == message.text for file in files) else message.text
    return Entry(
        "in",
        message.occurred_at,
        text,
        label=label,
        key=f"i{message.pk}",
        files=files,
        place=place_of(message.payload) if message.kind == "location" else None,
        contacts=contacts_of(message.payload) if message.kind == "contacts" else (),
        quote=quotes.answered_by(message),
        reaction=quotes.reactions.get(message.provider_message_id, ""),
    )


def _reacted(message: InboundMessage, quotes: Quotes) -> Entry:
    """A reaction as an event that leads to its message; that one shows the emoji which stands now."""
    words = _("The customer reacted with %(emoji)s") % {"emoji": message.text}
    if not message.text:
        words = _("The customer took a reaction back")
    return Entry("event", message.occurred_at, words, key=f"i{message.pk}", quote=quotes.answered_by(message))


def _inbound_label(kind: str) -> str:
    labels = {
        "button": _("Tapped a button"),
        "interactive": _("Chose an answer"),
        "image": _("Picture"),
        "audio": _("Voice message"),
        "video": _("Video"),
        "document": _("Document"),
        "sticker": _("Sticker"),
        "location": _("Place"),
        "contacts": _("Contact"),
        "order": _("Order"),
        "unsupported": _("A kind of message that WhatsApp does not pass on"),
    }
    return labels.get(kind, kind)


def _sent(message: Message, attached: Mapping[int, MediaFile], quotes: Quotes) -> Entry:
    bubble = message.bubble or {}
    return Entry(
        "out",
        message.created_at,
        message.body.removesuffix(f"\n{bubble.get('footer', '')}") if bubble.get("footer") else message.body,
        author=str(message.created_by) if message.created_by is not None else _("the system"),
        label=_sent_label(message),
        footer=bubble.get("footer", ""),
        buttons=[button.get("text", "") for button in bubble.get("buttons", ())],
        mark=mark_of(message),
        key=f"m{message.pk}",
        files=[file_shown(attached.get(attachment_id(message)), query_id=message.query_id or 0)]
        if message.kind == Message.Kind.MEDIA
        else (),
        reaction=quotes.reactions.get(message.provider_message_id or "", ""),
    )


def _sent_label(message: Message) -> str:
    if message.kind != Message.Kind.TEMPLATE:
        return ""
    parts = [_("Recontact")] if hasattr(message, "recontact") else []
    return " · ".join([*parts, "HSM", message.template_name])


def _event(event: QueryEvent, query: Query) -> Entry:
    words = _event_words(event, query)
    if event.detail:
        words = f"{words}: {event.detail}"
    return Entry("event", event.at, words, key=f"e{event.pk}")


def _event_words(event: QueryEvent, query: Query) -> str:
    kinds = QueryEvent.Kind
    who = {"agent": str(event.actor) if event.actor is not None else _("the system")}
    if event.kind == kinds.OPENED and event.actor is None:
        return _("The query was opened (%(origin)s)") % {"origin": query.get_origin_display()}
    if event.kind == kinds.REOPENED and event.actor is None:
        return _("The customer's answer reopened the query")
    sentences: dict[str, str] = {
        kinds.OPENED: _("%(agent)s opened the query") % who,
        kinds.TAKEN: _("%(agent)s took the query") % who,
        kinds.ASSIGNED: _("The query was assigned"),
        kinds.RETURNED: _("The query went back to Pending"),
        kinds.SNOOZED: _("%(agent)s put the query off") % who,
        kinds.WOKEN: _("The query is back from being put off"),
        kinds.TOLD: _("The portal answered by itself"),
        kinds.REFERRED: _("%(agent)s referred the query") % who,
        kinds.RELEASED: _("%(agent)s gave the recontact back") % who,
        kinds.RESOLVED: _("%(agent)s resolved the query") % who,
        kinds.REOPENED: _("%(agent)s reopened the query") % who,
        kinds.CONSENTED: _("%(agent)s noted that the customer agrees to get messages") % who,
        kinds.NO_MARKETING: _("%(agent)s noted that the customer wants no marketing") % who,
        kinds.NO_MESSAGES: _("%(agent)s noted that the customer wants no messages at all") % who,
        kinds.MERGED: _("The customer turned out to be another one: merged into"),
    }
    return sentences.get(event.kind) or str(event.get_kind_display())


def _days(entries: Sequence[Entry], now: datetime) -> list[Day]:
    today = timezone.localdate(now)
    return [
        Day(_day_title(day, today), list(group))
        for day, group in groupby(entries, key=lambda entry: timezone.localdate(entry.at))
    ]


def _day_title(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    written = formats.date_format(day, "MONTH_DAY_FORMAT" if day.year == today.year else "DATE_FORMAT")
    return f"{formats.date_format(day, 'l').capitalize()}, {written}"
