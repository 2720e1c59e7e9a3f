"""The models of Customer Service, one module per subject."""

from customer_service.models.agent_template import AgentTemplate
from customer_service.models.desk import Desk, Presence
from customer_service.models.inbound import InboundFile, InboundMessage
from customer_service.models.kept_list import CannedAnswer, Resolution, Tag, Topic
from customer_service.models.note import Note
from customer_service.models.team import OpeningHours, RoutingRule, SpecialDay, TeamSettings

__all__ = [
    "AgentTemplate",
    "CannedAnswer",
    "Desk",
    "InboundFile",
    "InboundMessage",
    "Note",
    "OpeningHours",
    "Presence",
    "Resolution",
    "RoutingRule",
    "SpecialDay",
    "Tag",
    "TeamSettings",
    "Topic",
]
