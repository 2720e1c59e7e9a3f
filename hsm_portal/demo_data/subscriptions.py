"""A sample system that is told of events. It is paused: its address is nobody's, and nothing leaves the demo."""

from __future__ import annotations

from hsm_portal.models import User
from recontact.models import OutgoingEvent, Subscription
from recontact.outgoing.keeping import secret_renew, subscription_pause

NAME = "Agenda de turnos (de muestra)"
URL = "https://agenda.clinicasur.example/avisos"
EVENTS = (
    OutgoingEvent.Kind.QUERY_ANSWERED,
    OutgoingEvent.Kind.QUERY_RECONTACTED,
    OutgoingEvent.Kind.QUERY_RESOLVED,
)


def subscription_make() -> bool:
    """Make it once, paused, after the sample's past: what happens from now on is noted for it. False: it is there."""
    if Subscription.objects.filter(name=NAME).exists():
        return False
    row = Subscription(
        name=NAME,
        url=URL,
        events=[kind.value for kind in EVENTS],
        created_by=User.objects.get(username="admin"),
    )
    secret_renew(row)
    row.save()
    return subscription_pause(row.pk)
