"""The recontact ledger: the rows that make "once per query" true. `recontact.ledger` is its only writer."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.message import Message
from recontact.models.query import Query
from recontact.models.work_triggers import recontact_counted, recontact_counted_again
from recontact.states import LEDGER_MOVES, NEVER_SENT, LedgerState

_MOVES = ", ".join(f"('{a.value}', '{b.value}')" for a, targets in LEDGER_MOVES.items() for b in sorted(targets))
_NEVER_SENT = ", ".join(f"'{state.value}'" for state in sorted(NEVER_SENT))


class Recontact(models.Model):
    """The one recontact of a query: reserved when queued, spent when it left, released when it certainly did not."""

    class State(models.TextChoices):
        RESERVED = LedgerState.RESERVED.value, _("Reserved")
        SPENT = LedgerState.SPENT.value, _("Used")
        RELEASED = LedgerState.RELEASED.value, _("Given back")

    query = models.ForeignKey(Query, models.PROTECT, related_name="recontacts", verbose_name=_("query"))
    message = models.OneToOneField(Message, models.PROTECT, related_name="recontact", verbose_name=_("message"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RESERVED)
    reserved_at = models.DateTimeField(_("reserved at"), auto_now_add=True)
    reserved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    spent_at = models.DateTimeField(_("used at"), null=True)
    released_at = models.DateTimeField(_("given back at"), null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("given back by")
    )
    release_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("recontact")
        verbose_name_plural = _("recontact ledger")
        ordering = ["-id"]
        permissions = [("release_recontact", _("Can give a used recontact back"))]
        constraints = [
            models.UniqueConstraint(
                fields=["query"], condition=~models.Q(state="released"), name="one_standing_recontact_per_query"
            )
        ]
        triggers = [
            recontact_counted,
            recontact_counted_again,
            pgtrigger.Protect(name="ledger_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="ledger_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME;",
            ),
            pgtrigger.Trigger(
                name="ledger_birth",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NEW.state <> 'reserved' THEN
                        RAISE EXCEPTION 'a recontact is born reserved, not %', NEW.state;
                    END IF;
                    IF NOT EXISTS (
                        SELECT 1 FROM recontact_message m WHERE m.id = NEW.message_id AND m.query_id = NEW.query_id
                    ) THEN
                        RAISE EXCEPTION 'message % is not of query %', NEW.message_id, NEW.query_id;
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Whoever reserves holds the query's row. What becomes of the recontact later is not copied: that would lock the
            # query after its message.
            pgtrigger.Trigger(
                name="ledger_told_to_query",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func="""
                    UPDATE recontact_query q
                    SET recontact_asked_at = NEW.reserved_at, campaign_id = coalesce(m.campaign_id, q.campaign_id)
                    FROM recontact_message m WHERE q.id = NEW.query_id AND m.id = NEW.message_id;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="ledger_legal_change",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                declare=[("message_state", "text"), ("message_billed", "boolean")],
                func=f"""
                    IF NEW.id <> OLD.id OR NEW.query_id <> OLD.query_id OR NEW.message_id <> OLD.message_id THEN
                        RAISE EXCEPTION 'recontact %: its query and message are for ever', OLD.id;
                    END IF;
                    IF NEW.state = OLD.state THEN
                        RETURN NEW;
                    END IF;
                    IF NOT (OLD.state, NEW.state) IN ({_MOVES}) THEN
                        RAISE EXCEPTION 'recontact %: % may not become %', OLD.id, OLD.state, NEW.state;
                    END IF;
                    IF NEW.state = 'released' THEN
                        SELECT state, billed INTO message_state, message_billed
                        FROM recontact_message WHERE id = OLD.message_id FOR UPDATE;
                        IF OLD.state = 'reserved' AND message_state NOT IN ({_NEVER_SENT}) THEN
                            RAISE EXCEPTION 'recontact %: its message is % and may still go out', OLD.id, message_state;
                        END IF;
                        IF OLD.state = 'spent' AND (message_state <> 'failed' OR message_billed IS TRUE) THEN
                            RAISE EXCEPTION 'recontact %: its message is % and went out', OLD.id, message_state;
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 -- only our own state tables go in
            ),
        ]

    def __str__(self) -> str:
        return f"{self.query_id} {self.state}"
