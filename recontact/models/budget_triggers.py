"""How the database itself notes what a message's fate changes for budgets: no way to move a message can forget it.

A message's price is *pending* while it may still be charged, *charged* once it is, and *free* when it certainly costs
nothing. What each class is worth follows from the message's row and the provider's report alone, so the changes of a
message always sum up to what it is now, in whatever order they are added.
"""

from __future__ import annotations

import pgtrigger

PENDING, CHARGED, FREE = "pending", "charged", "free"


def cost_class(row: str) -> str:
    """SQL: the class of the message whose row is called `row`. Free: never sent, failed and not billed, or told to be free."""
    return f"""(CASE
        WHEN {row}.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'
        WHEN {row}.state IN ('delivered', 'read') AND {row}.billed IS NOT FALSE THEN 'charged'
        WHEN {row}.state = 'failed' AND {row}.billed IS TRUE THEN 'charged'
        ELSE 'free' END)"""


def report_of(row: str) -> str:
    """SQL: the provider's own price of the message `row`, in the currency of its estimate; NULL without one."""
    return f"""(SELECT c.amount FROM recontact_costentry c WHERE c.message_id = {row}.id AND c.kind = 'report'
               AND c.currency = {row}.currency)"""  # noqa: S608 -- only our own names go in


def _worth(name: str) -> str:
    """SQL: +1 when the message came into the class, -1 when it left it."""
    return f"((now_is = '{name}')::int - (was = '{name}')::int)"


_WHOSE = """
    own := EXISTS (SELECT 1 FROM recontact_budgetreservation r WHERE r.message_id = {row}.id);
    IF NOT own AND NOT EXISTS (SELECT 1 FROM recontact_budgetreservation r WHERE r.campaign_id = {row}.campaign_id) THEN
        RETURN NULL;
    END IF;
"""
_NOTE = "INSERT INTO recontact_budgetchange (campaign_id, message_id, currency, ahead, pending, spent)"

#: Messages of a campaign draw from what it reserved ahead; one note for all of a statement.
queued_from_campaign = pgtrigger.Trigger(
    name="budget_message_queued",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    func=f"""
        {_NOTE}
        SELECT m.campaign_id, NULL, m.currency, -sum(m.estimate), sum(m.estimate), 0 FROM made m
        WHERE m.campaign_id IS NOT NULL AND m.estimate IS NOT NULL
          AND {cost_class("m")} = 'pending'
          AND EXISTS (SELECT 1 FROM recontact_budgetreservation r WHERE r.campaign_id = m.campaign_id)
        GROUP BY m.campaign_id, m.currency;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: Given back when it costs nothing (to its campaign, while that lasts), charged when it was delivered, and whatever comes late.
moved_between_classes = pgtrigger.Trigger(
    name="budget_message_moved",
    operation=pgtrigger.UpdateOf("state", "billed"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    condition=pgtrigger.Condition(f"NEW.estimate IS NOT NULL AND {cost_class('OLD')} <> {cost_class('NEW')}"),
    declare=[("own", "boolean"), ("was", "text"), ("now_is", "text"), ("charge", "numeric")],
    func=f"""
        {_WHOSE.format(row="NEW")}
        was := {cost_class("OLD")};
        now_is := {cost_class("NEW")};
        charge := coalesce({report_of("NEW")}, NEW.estimate);
        {_NOTE} VALUES (
            CASE WHEN own THEN NULL ELSE NEW.campaign_id END, CASE WHEN own THEN NEW.id END, NEW.currency,
            NEW.estimate * {_worth(FREE)}, NEW.estimate * {_worth(PENDING)}, charge * {_worth(CHARGED)});
        RETURN NULL;
    """,
)

#: The provider's report takes the place of the estimate. One in another currency is left beside: nothing converts silently.
reported = pgtrigger.Trigger(
    name="budget_price_reported",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    condition=pgtrigger.Condition("NEW.kind = 'report'"),
    declare=[("own", "boolean"), ("m", "recontact_message%ROWTYPE")],
    func=f"""
        SELECT * INTO m FROM recontact_message WHERE id = NEW.message_id;
        IF m.estimate IS NULL OR m.currency <> NEW.currency OR m.estimate = NEW.amount OR {cost_class("m")} <> 'charged' THEN
            RETURN NULL;
        END IF;
        {_WHOSE.format(row="m")}
        {_NOTE} VALUES (
            CASE WHEN own THEN NULL ELSE m.campaign_id END, CASE WHEN own THEN m.id END, m.currency,
            0, 0, NEW.amount - m.estimate);
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)
