"""What the connection doctor's findings say to people: one table of what was found and what to fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.abilities import Check, Finding, Health
from providers.errors import reason_sentence

LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """A finding as it is stored. `note` names the sentence in `WORDS`; "" = the one of the health.

    `params` fill the sentence: `at` an ISO moment, `reason` a Reason, `fields` names to be translated, others as they are.
    """

    check: Check
    health: Health
    note: str = ""
    subject: str = ""
    detail: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "check": self.check.value,
            "health": self.health.value,
            "note": self.note or self.health.value,
            "subject": self.subject[:100],
            "detail": self.detail.replace("\x00", "")[:LONGEST_DETAIL],
            "params": dict(self.params),
        }


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding in the reader's language. `since`: when this check came out like this first, None for the first time."""

    title: str
    health: Health
    health_word: str
    subject: str
    found: str
    fix: str
    detail: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Words:
    """What was found, and what to do about it."""

    found: StrPromise
    fix: StrPromise | str = ""


TITLES: dict[Check, StrPromise] = {
    Check.CREDENTIALS: _("Credentials"),
    Check.PERMISSIONS: _("Permissions"),
    Check.NUMBER: _("Sender number"),
    Check.WEBHOOK_SUBSCRIBED: _("Webhook subscription"),
    Check.WEBHOOK_REACHABLE: _("Webhook address"),
    Check.HANDSHAKE: _("Handshake"),
    Check.LAST_WEBHOOK: _("Last webhook"),
    Check.WEBHOOK_PROTECTION: _("Webhook protection"),
    Check.CLOCK: _("Clock"),
    Check.TEMPLATES: _("Templates"),
}

HEALTH_WORDS: dict[Health, StrPromise] = {
    Health.GOOD: _("fine"),
    Health.WARNING: _("look at it"),
    Health.BAD: _("wrong"),
    Health.UNKNOWN: _("not known"),
}

_ENTER_ADDRESS = _("Enter the account's webhook address at the provider and subscribe it to messages and templates.")

#: "check.note" -> words. Every check has a sentence for each health, because adapters give theirs by health alone.
WORDS: dict[str, Words] = {
    "credentials.good": Words(_("The provider accepts the account's credentials.")),
    "credentials.warning": Words(
        _("The provider accepts the credentials, but not for long or not for everything."),
        _("Renew them at the provider and enter the new ones on the account's page."),
    ),
    "credentials.bad": Words(
        _("The provider does not accept the account's credentials."),
        _("Make new ones at the provider and enter them on the account's page."),
    ),
    "credentials.unknown": Words(_("The provider could not be asked about the credentials.")),
    "credentials.untested": Words(
        _("The credentials are complete. This provider offers no way to try them out before the first message.")
    ),
    "credentials.missing": Words(_("Missing: %(fields)s."), _("Enter what is missing on the account's page.")),
    "credentials.unreadable": Words(
        _("The stored credentials fit none of the portal's keys."),
        _("Put the old key back into CREDENTIALS_KEYS, or enter the credentials again."),
    ),
    "credentials.no_adapter": Words(
        _("The part of the portal that speaks with this provider is missing."),
        _("Install the package that brings it."),
    ),
    "permissions.good": Words(_("The credentials have the permissions that the portal needs.")),
    "permissions.warning": Words(
        _("A permission is missing that some functions need."), _("Grant it at the provider, then make the token anew.")
    ),
    "permissions.bad": Words(
        _("A permission is missing without which nothing works."),
        _("Grant it at the provider, then make the token anew."),
    ),
    "permissions.unknown": Words(_("The provider could not be asked which permissions there are.")),
    "number.good": Words(_("The number is registered and connected at the provider.")),
    "number.listed": Words(_("The provider lists the number under this account.")),
    "number.warning": Words(_("The number works, but not as it should."), _("Look at the number at the provider.")),
    "number.bad": Words(
        _("The number cannot send."), _("Register and connect the number at the provider, or switch it off here.")
    ),
    "number.unknown": Words(_("This provider offers no way to ask about its numbers.")),
    "number.unlisted": Words(
        _("The provider does not list this number under the account."),
        _("Compare the number and its id with those at the provider; a number that moved away is switched off here."),
    ),
    "number.new": Words(
        _("The provider lists this number, and the portal does not know it."), _("Press “Sync numbers” to add it.")
    ),
    "number.none": Words(
        _("The account has no active number here, so nothing can be sent."),
        _("Add its number, or press “Sync numbers” where the provider lists them."),
    ),
    "number.unread": Words(_("The numbers could not be read. %(reason)s"), _("Try again; then see the reason.")),
    "webhook_subscribed.good": Words(_("The provider sends the account's webhooks to this portal.")),
    "webhook_subscribed.warning": Words(_("The provider sends some of its webhooks here."), _ENTER_ADDRESS),
    "webhook_subscribed.bad": Words(_("The provider does not send the account's webhooks here."), _ENTER_ADDRESS),
    "webhook_subscribed.unknown": Words(_("This provider offers no way to ask where it sends its webhooks.")),
    "webhook_reachable.good": Words(
        _("The webhook address answers, and turns away what does not prove where it comes from.")
    ),
    "webhook_reachable.open": Words(_("The webhook address answers.")),
    "webhook_reachable.warning": Words(_("The webhook address answers, but not always."), _ENTER_ADDRESS),
    "webhook_reachable.bad": Words(_("The provider cannot reach the webhook address."), _ENTER_ADDRESS),
    "webhook_reachable.unknown": Words(_("Nobody could say whether the webhook address is reached.")),
    "webhook_reachable.local": Words(
        _("The webhook address answers, but only on this machine: no provider can reach it."),
        _("Set PUBLIC_URL to the https address under which the internet reaches the portal."),
    ),
    "webhook_reachable.insecure": Words(
        _("The webhook address does not begin with https, so providers refuse it."),
        _("Set PUBLIC_URL to the https address under which the internet reaches the portal."),
    ),
    "webhook_reachable.silent": Words(
        _("Nothing answers at the webhook address when it is called from the portal's own server."),
        _("Look at PUBLIC_URL, at the name's DNS entry and certificate, and at the proxy before the portal."),
    ),
    "webhook_reachable.other": Words(
        _("Something else than the portal answers at the webhook address (HTTP %(status)s)."),
        _(
            "Let the proxy pass everything under /webhooks/ to the portal, POST too, and no login or firewall before it."
        ),
    ),
    "webhook_reachable.refusing": Words(
        _("The portal itself turns webhooks away (HTTP %(status)s)."),
        _("Put the account's credentials right: without them no webhook can be checked."),
    ),
    "handshake.good": Words(_("The provider's handshake came (%(at)s).")),
    "handshake.webhooks": Words(_("Webhooks come, so the address is set up.")),
    "handshake.warning": Words(
        _("Neither a handshake nor a webhook has come yet."),
        _("Enter the account's webhook address at the provider and save it there."),
    ),
    "handshake.bad": Words(_("The provider's handshake fails."), _ENTER_ADDRESS),
    "handshake.unknown": Words(_("Nobody could say whether the handshake is done.")),
    "last_webhook.good": Words(_("The last webhook has come (%(at)s).")),
    "last_webhook.warning": Words(
        _("The last webhook came more than a week ago (%(at)s)."),
        _("If messages were sent since, look at the webhook's settings at the provider."),
    ),
    "last_webhook.bad": Words(_("Webhooks no longer come."), _ENTER_ADDRESS),
    "last_webhook.unknown": Words(_("No webhook has come yet.")),
    "webhook_protection.good": Words(_("Webhooks prove where they come from.")),
    "webhook_protection.signature": Words(_("The provider signs its webhooks, and every signature is checked.")),
    "webhook_protection.secret": Words(_("Every webhook must carry the account's webhook secret.")),
    "webhook_protection.warning": Words(
        _("Only the address, which nobody can guess, protects the webhook."),
        _("Enter a webhook secret among the credentials, and the same at the provider (see the webhook's set-up)."),
    ),
    "webhook_protection.bad": Words(_("Webhooks are accepted from anybody."), _("Enter a webhook secret.")),
    "webhook_protection.unknown": Words(_("Nobody could say what protects the webhook.")),
    "clock.good": Words(_("The portal's clock and the provider's agree (%(seconds)s s apart).")),
    "clock.warning": Words(
        _("The portal's clock and the provider's are %(seconds)s s apart."),
        _("Let the portal's server set its clock by NTP."),
    ),
    "clock.bad": Words(
        _("The portal's clock and the provider's are %(seconds)s s apart: signed calls and webhooks will be refused."),
        _("Let the portal's server set its clock by NTP."),
    ),
    "clock.unknown": Words(_("No answer of the provider told the time.")),
    "templates.good": Words(_("The templates can be read: %(count)s found.")),
    "templates.many": Words(_("The templates can be read: more than %(count)s found.")),
    "templates.warning": Words(_("Not all templates can be read."), _("See the provider's words.")),
    "templates.bad": Words(_("The templates cannot be read. %(reason)s"), _("Try again; then see the reason.")),
    "templates.unknown": Words(_("This provider offers no list of templates: they are entered by hand.")),
}

#: Words for any check.
_SKIPPED = Words(_("Not looked at, because the credentials do not work."))
_FAILED = Words(
    _("The check itself broke off."), _("Tell the people who maintain the portal what stands in the detail.")
)


def finding_kept(finding: Finding) -> KeptFinding:
    """An adapter's finding as it is stored."""
    return KeptFinding(finding.check, finding.health, subject=finding.subject, detail=finding.detail)


def finding_shown(kept: Mapping[str, Any]) -> ShownFinding:
    """A stored finding in the reader's language. What is not known to this version is shown by its names."""
    check, health = str(kept.get("check", "")), _health(str(kept.get("health", "")))
    words = _words(check, str(kept.get("note", "")), health)
    params = {name: _param(name, value) for name, value in dict(kept.get("params") or {}).items()}
    return ShownFinding(
        title=str(TITLES[Check(check)]) if check in Check.__members__.values() else check,
        health=health,
        health_word=str(HEALTH_WORDS[health]),
        subject=str(kept.get("subject", "")),
        found=_filled(words.found, params),
        fix=_filled(words.fix, params),
        detail=str(kept.get("detail", "")),
        since=parse_datetime(str(kept.get("since") or "")),
    )


def _health(word: str) -> Health:
    return Health(word) if word in Health.__members__.values() else Health.UNKNOWN


def _words(check: str, note: str, health: Health) -> Words:
    general = {"skipped": _SKIPPED, "failed": _FAILED}
    found = WORDS.get(f"{check}.{note}") or general.get(note) or WORDS.get(f"{check}.{health}")
    return found or Words(_("not known"))


def _filled(words: StrPromise | str, params: Mapping[str, Any]) -> str:
    """The sentence with its values; a value that an adapter does not give is a dash."""
    return (str(words) % _Dashes(params)).strip() if "%(" in str(words) else str(words)


class _Dashes(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "–"


def _param(name: str, value: Any) -> Any:
    if name == "at":
        moment = parse_datetime(str(value))
        return formats.date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else "–"
    if name == "fields":
        return ", ".join(translate(str(label)) for label in value)
    if name == "reason":
        return reason_sentence(str(value))
    return value
