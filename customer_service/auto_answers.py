"""What the portal answers by itself: that nobody is there now, and that it will send no more marketing.

Each goes once, by its send key, whatever is replayed; only inside an open window, as free text through the outbox. The query
goes on waiting for a person.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from customer_service.models import TeamSettings
from customer_service.opening import team_is_open
from recontact.models import Query, QueryEvent
from recontact.outbox import text_send
from recontact.refusals import SendRefused

log = structlog.get_logger(__name__)

#: A customer reads the language that he wrote in, whether the portal's screens speak it or not.
OPT_OUT_TEXTS = {
    "es": "Listo: no recibirá más promociones nuestras por WhatsApp. Puede seguir escribiéndonos cuando quiera.",
    "en": "Done: you will get no more promotions from us on WhatsApp. You can still write to us at any time.",
    "pt": "Pronto: você não receberá mais promoções nossas pelo WhatsApp. Pode continuar nos escrevendo quando quiser.",
}


def away_answer_on_commit(query: Query, *, at: datetime) -> None:
    """When the query's team is not there: its answer, once in this query, after the customer's message is stored."""
    if query.team_id is None or not query.is_open:
        return
    settings = TeamSettings.objects.filter(team=query.team_id).exclude(away_answer="").first()
    if settings is None or team_is_open(settings, at):
        return
    text = settings.away_answer
    transaction.on_commit(lambda: _answer(query.pk, text, send_key=f"away:{query.pk}", detail=_("outside the hours")))


def opt_out_answer_on_commit(query: Query, *, language: str, message_id: int) -> None:
    """The customer asked for no more marketing in `language` (es, en, pt): that it is so, in his words."""
    if not query.is_open:
        return
    text = OPT_OUT_TEXTS[language]
    detail = _("the customer wants no more marketing")
    transaction.on_commit(lambda: _answer(query.pk, text, send_key=f"stop:{message_id}", detail=detail))


def _answer(query_id: int, text: str, *, send_key: str, detail: str) -> None:
    """A refusal (sent already, the window closed, no price) only leaves the answer out: the customer's message is safe."""
    try:
        with transaction.atomic():
            text_send(query_id=query_id, text=text, user=None, send_key=send_key)
            QueryEvent.objects.create(query_id=query_id, kind=QueryEvent.Kind.TOLD, detail=detail[:300])
    except SendRefused as refused:
        log.info("automatic_answer_refused", query_id=query_id, codes=[refusal.code for refusal in refused.refusals])
