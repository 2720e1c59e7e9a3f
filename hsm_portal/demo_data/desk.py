"""What the coordinator of Clínica Sur keeps for her agents: answers, topics, tags, resolutions; and how the lists stand."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Exists, F, OuterRef

from customer_service.models import CannedAnswer, Resolution, RoutingRule, Tag, TeamSettings, Topic
from hsm_portal.demo_data.conversations import CLINIC_TOPICS, SHOP_TOPICS
from hsm_portal.demo_data.users import APPOINTMENTS_TEAM, SHOP_TEAM
from recontact.models import Message, Query, Team

ANSWERS = {
    "hola": "¡Hola, {name}! Soy {agent}, de Clínica Sur. ¿En qué te ayudo?",
    "horario": "Atendemos de lunes a viernes de 8 a 20 y los sábados de 9 a 13.",
    "orden": "¿Me mandás una foto de la orden médica, por favor?",
    "gracias": "¡Gracias, {name}! Cualquier cosa, acá estamos.",
}
TOPICS = ("Turnos", "Estudios", "Pagos", "Óptica", "Reclamos")
#: More than any agent of the sample has: the board shows a day that can be managed.
QUOTA = 50
TAGS = ("urgente", "obra social", "primera vez")


def desk_make(teams: Mapping[str, Team]) -> None:
    """The lists that coordinators keep. Queries are taken by hand, but at the optician's, where the portal gives them."""
    CannedAnswer.objects.bulk_create(CannedAnswer(shortcut=name, text=text) for name, text in ANSWERS.items())
    Topic.objects.bulk_create(Topic(name=name) for name in TOPICS)
    Tag.objects.bulk_create(Tag(name=name) for name in TAGS)
    resolutions = sorted({topic.resolution for topic in (*CLINIC_TOPICS, *SHOP_TOPICS)})
    Resolution.objects.bulk_create(Resolution(name=name) for name in [*resolutions, "No respondió"])
    for name, team in teams.items():
        TeamSettings.objects.create(team=team, automatic=name == SHOP_TEAM, quota=QUOTA)
    RoutingRule.objects.create(keyword="turno", team=teams[APPOINTMENTS_TEAM], topic=Topic.objects.get(name="Turnos"))


def lists_settle() -> None:
    """Who waits, what its agent has seen, and the windows, as the rows of the conversations say."""
    Query.objects.update(seen_at=F("last_inbound_at"))
    answered = Message.objects.filter(query=OuterRef("pk"), created_at__gt=OuterRef("last_inbound_at"))
    waiting = Query.objects.exclude(state=Query.State.RESOLVED).filter(~Exists(answered))
    waiting.update(waiting_since=F("last_inbound_at"))
