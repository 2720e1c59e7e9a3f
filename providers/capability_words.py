"""What a provider can do, in words: from its adapter's capabilities, never from its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from providers.contracts import ALL_MEDIA, ALL_PARTS, Capabilities, DeleteScope
from providers.parts import PART_NAMES


@dataclass(frozen=True, slots=True)
class Ability:
    """One thing a provider can or cannot do; `detail` says what follows from it, or how far it goes."""

    name: str
    can: bool
    detail: str = ""


def abilities_shown(capabilities: Capabilities) -> list[Ability]:
    """Everything the screens tell about a provider, in the order in which people ask."""
    return [*_sending(capabilities), *_knowing(capabilities), *_templates(capabilities)]


def _sending(can: Capabilities) -> Iterator[Ability]:
    yield Ability(_("Free text inside the 24-hour window"), can.text)
    kinds = {"image": _("pictures"), "audio": _("sound"), "video": _("video"), "document": _("documents")}
    without = _("It cannot send: %(kinds)s.") % {
        "kinds": ", ".join(kinds[kind] for kind in sorted(ALL_MEDIA - can.media))
    }
    yield Ability(
        _("Files inside the 24-hour window"), can.media >= ALL_MEDIA, "" if can.media >= ALL_MEDIA else without
    )
    missing = [str(PART_NAMES[part]) for part in sorted(ALL_PARTS - can.parts)]
    cannot = _("It cannot carry: %(parts)s.") % {"parts": ", ".join(missing)}
    yield Ability(_("All parts of a template"), not missing, cannot if missing else "")
    bulk = _("up to %(count)s in one request") % {"count": can.bulk_limit}
    yield Ability(_("Several messages in one request"), can.bulk_limit > 1, bulk if can.bulk_limit > 1 else "")
    yield Ability(
        _("Customers known by their WhatsApp user id alone"),
        can.business_scoped_ids,
        "" if can.business_scoped_ids else _("It needs the customer's phone."),
    )


def _knowing(can: Capabilities) -> Iterator[Ability]:
    yield Ability(
        _("Our reference comes back in webhooks"),
        can.callback_reference,
        ""
        if can.callback_reference
        else _("A message whose answer was lost is not recognized by its webhooks; a person settles it."),
    )
    yield Ability(_("Can be asked what became of a message"), can.look_up, _absence(can))
    yield Ability(_("Reports prices"), can.price_reports)
    yield Ability(
        _("Tells what it charged, by day"), can.usage, "" if can.usage else _("Import its invoice to compare.")
    )
    yield Ability(
        _("Lists its sender numbers"), can.list_numbers, "" if can.list_numbers else _("Numbers are entered by hand.")
    )


def _absence(can: Capabilities) -> str:
    if not can.look_up:
        return ""
    if can.absence_proves_after is None:
        return _("That it knows nothing of a message proves nothing.")
    minutes = {"minutes": max(1, round(can.absence_proves_after / 60))}
    return _("That it knows nothing of a message after %(minutes)s min proves that it was not sent.") % minutes


def _templates(can: Capabilities) -> Iterator[Ability]:
    yield Ability(
        _("Lists its templates"),
        can.list_templates,
        "" if can.list_templates else _("Templates are entered by hand."),
    )
    yield Ability(_("Takes new templates for approval"), can.submit_templates)
    yield Ability(_("Lets templates be changed"), can.edit_templates)
    scope = _("in all languages at once") if can.delete_scope is DeleteScope.ALL_LANGUAGES else ""
    yield Ability(_("Lets templates be deleted"), can.delete_templates, scope if can.delete_templates else "")
