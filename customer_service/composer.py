"""What a ticket offers for writing to the customer: free text, the one recontact, or why neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, When
from django.utils.translation import gettext as _

from customer_service.wording import Mark, WindowWords, mark_of
from providers.whatsapp.media import TYPES
from recontact.eligibility import customer_refusals, number_refusals, recontact_refusals, text_refusals
from recontact.media.outgoing import kinds_carried
from recontact.models import Query, Recontact
from recontact.prepared import Prepared
from recontact.refusals import Code, Refusal
from templates_app.models import Template

TEXT, RECONTACT, USED, BLOCKED, RESOLVED = "text", "recontact", "used", "blocked", "resolved"


@dataclass(frozen=True, slots=True)
class RecontactStory:
    """A recontact that happened: by whom, when, and how it went (or is going)."""

    by: str
    at: datetime
    mark: Mark
    released: bool = False


@dataclass(frozen=True, slots=True)
class Composer:
    """`mode` is one of the words above; `reasons` say why nothing can be written; `story` is the recontact's, if any.

    `accept`: the types of files that can be sent with a text, as a file field takes them; empty = the provider sends none.
    """

    mode: str
    reasons: Sequence[str] = ()
    story: RecontactStory | None = None
    accept: str = ""

    @property
    def key(self) -> str:
        """Changes only when the place for writing must be drawn anew; what an agent typed survives everything else."""
        told = (self.story.mark.words, self.story.mark.detail) if self.story and self.mode != TEXT else ()
        return "|".join([self.mode, *self.reasons, *told])


def composer_of(query: Query, *, user: Any, window: WindowWords) -> Composer:
    """What `user` may do in `query` now. The same rules stand behind the sending itself."""
    story = story_of(query)
    if not query.is_open:
        return Composer(RESOLVED, story=story)
    if window.is_open:
        return _text(query, user, story)
    refusals = recontact_refusals(query, user=user)
    if any(refusal.code == Code.ALREADY_RECONTACTED for refusal in refusals):
        return Composer(USED, story=story)
    category = Template.Category.UTILITY
    refusals = [*refusals, *number_refusals(query.sender_number), *customer_refusals(query.customer, category=category)]
    if not user.has_perm("recontact.recontact_query"):
        return _blocked([_("Your role may not recontact queries."), *_sentences(refusals)], story)
    return _blocked(_sentences(refusals), story) if refusals else Composer(RECONTACT, story=story)


def story_of(query: Query) -> RecontactStory | None:
    """The query's recontact that stands, else the last one that was given back because it never left or was released."""
    found = next(iter(_STORIES(query=query.pk)), None)
    if found is None:
        return None
    return RecontactStory(
        by=str(found.reserved_by) if found.reserved_by is not None else _("the system"),
        at=found.reserved_at,
        mark=mark_of(found.message),
        released=found.state == Recontact.State.RELEASED,
    )


#: One that stands comes before all that were given back.
_STORIES = Prepared(
    lambda query: (
        Recontact.objects.filter(query=query)
        .select_related("message", "reserved_by")
        .order_by(Case(When(state=Recontact.State.RELEASED, then=1), default=0), "-id")[:1]
    )
)


def _text(query: Query, user: Any, story: RecontactStory | None) -> Composer:
    refusals = [
        *text_refusals(query, user=user),
        *number_refusals(query.sender_number),
        *customer_refusals(query.customer, category="service"),
    ]
    if not user.has_perm("recontact.send_text"):
        return _blocked([_("Your role may not write to customers."), *_sentences(refusals)], story)
    if refusals:
        return _blocked(_sentences(refusals), story)
    carried = kinds_carried(query.sender_number)
    return Composer(
        TEXT, story=story, accept=",".join(found.content_type for found in TYPES.values() if found.kind in carried)
    )


def _blocked(reasons: Sequence[str], story: RecontactStory | None) -> Composer:
    return Composer(BLOCKED, reasons, story)


def _sentences(refusals: Sequence[Refusal]) -> list[str]:
    return [refusal.sentence for refusal in refusals]
