"""From what a body names to rows: sender number, template, values. What cannot be found is a 400 that names the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from providers.models import SenderNumber
from recontact.models import Team
from recontact.phones import InvalidPhone, phone_parse
from templates_app.api.errors import ApiProblem
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import template_parsed


def sender_number_resolve(named: int | str | None, *, field: str = "sender_number") -> SenderNumber:
    """The number by id or phone; without either the only active one. Raises ApiProblem naming the choices."""
    numbers = SenderNumber.objects.select_related("account").order_by("pk")
    if isinstance(named, int):
        return _only(numbers.filter(pk=named), field)
    if named:
        return _only(numbers.filter(phone="+" + _digits(named)), field)
    active = numbers.filter(is_active=True, account__is_active=True)
    return _only(active, field)


def sender_number_of_account(account: str, *, field: str) -> SenderNumber:
    """The only active number that `account` means: the provider's id of the account or of the number, or the phone."""
    meant = Q(account__external_id=account) | Q(external_id=account)
    if _digits(account):
        meant |= Q(phone="+" + _digits(account))
    numbers = SenderNumber.objects.select_related("account").order_by("pk")
    return _only(numbers.filter(meant, is_active=True, account__is_active=True), field)


def _only(numbers: Iterable[SenderNumber], field: str) -> SenderNumber:
    found = list(numbers)
    if len(found) == 1:
        return found[0]
    choices = found or SenderNumber.objects.filter(is_active=True, account__is_active=True).order_by("pk")
    named = [{"id": number.pk, "phone": number.phone, "display_name": number.display_name} for number in choices]
    code = "sender_number_required" if found else "sender_number_unknown"
    detail = _("Say which sender number is meant: %(choices)s.") % {
        "choices": ", ".join(f"{choice['id']} ({choice['phone']})" for choice in named) or "-"
    }
    raise ApiProblem(400, code, detail, field=field, params={"choices": named})


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def template_resolve(named: int | Mapping[str, str], *, account_id: int, field: str = "template") -> Template:
    """The template by id, or by name (and language) among those of the account. Raises ApiProblem."""
    if isinstance(named, int):
        template = Template.objects.filter(pk=named).first()
        if template is None:
            raise _unknown_template(field)
        return template
    versions = Template.objects.filter(account_id=account_id, name=named["name"]).order_by("language")
    return template_version(versions, language=named.get("language", ""), field=field)


def template_version(versions: Iterable[Template], *, language: str, field: str) -> Template:
    """The version in `language`; without one the only version, or the one in the portal's own language."""
    found = list(versions)
    wanted = language.replace("-", "_").lower()
    if wanted:
        found = [template for template in found if template.language.lower() == wanted]
    else:
        found = [t for t in found if t.status != TemplateStatus.DELETED and t.missing_since is None]
    if not found:
        raise _unknown_template(field)
    choices = found if len(found) == 1 else _of_own_language(found)
    if len(choices) != 1:
        languages = [template.language for template in found]
        detail = _("The template has several languages: say which one (%(languages)s).")
        raise ApiProblem(
            400,
            "template_language_required",
            detail % {"languages": ", ".join(languages)},
            field=field,
            params={"languages": languages},
        )
    return choices[0]


def _of_own_language(versions: Sequence[Template]) -> list[Template]:
    own = settings.LANGUAGE_CODE.replace("-", "_").lower()
    exact = [template for template in versions if template.language.lower() == own]
    return exact or [template for template in versions if template.language.lower().split("_")[0] == own.split("_")[0]]


def _unknown_template(field: str) -> ApiProblem:
    return ApiProblem(400, "template_unknown", _("This account has no such template in this language."), field=field)


def values_resolve(
    template: Template, *, values: Mapping[str, str] | None, parameters: Sequence[str] | None
) -> dict[str, str]:
    """Values by variable key: those given by key, and the body's by position. One too many keeps a key that render names."""
    merged = dict(values or {})
    names = [variable.key for variable in template_parsed(template).variables if variable.key.startswith("body.")]
    for position, value in enumerate(parameters or ()):
        key = names[position] if position < len(names) else f"parameters.{position + 1}"
        if key in merged:
            detail = _("%(key)s is given twice: in values and by position in parameters.") % {"key": key}
            raise ApiProblem(400, "value_given_twice", detail, field="parameters", params={"key": key})
        merged[key] = value
    return merged


def team_resolve(team_id: int | None, *, user: Any) -> Team | None:
    """The team, if the user may put a query there: his own teams, or any with `view_all_queries`. Raises ApiProblem."""
    if team_id is None:
        return None
    teams = Team.objects.all() if user.has_perm("recontact.view_all_queries") else user.teams.all()
    team: Team | None = teams.filter(pk=team_id).first()
    if team is None:
        raise ApiProblem(400, "team_unknown", _("There is no such team, or it is not yours."), field="team")
    return team


def phone_filter(text: str) -> str:
    """The phone of a filter as it is kept. Raises ApiProblem."""
    try:
        return phone_parse(text, default_country=settings.DEFAULT_COUNTRY).e164
    except InvalidPhone as error:
        raise ApiProblem(400, "invalid_phone", str(error), field="phone") from error
