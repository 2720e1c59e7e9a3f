"""What a reader of Spanish sees where the words come from data, from other packages, or depend on the noun."""

from __future__ import annotations

from collections.abc import Iterator

import polib
import pytest
from django.conf import settings
from django.utils import translation

from hsm_portal.borrowed_texts import AUDITLOG, AXES, UNFOLD
from hsm_portal.roles import Role, role_name
from providers.registry import adapter_class, providers_available
from recontact.models import Campaign, Message
from recontact.refusals import Code, refusal_sentence
from recontact.wishes import CUSTOMERS_WORD, PREFERENCE
from templates_app.models import TemplateStatus
from templates_app.templatetags.bubble import category_words


@pytest.fixture(autouse=True)
def spanish() -> Iterator[None]:
    """The reader's language."""
    with translation.override("es"):
        yield


def known() -> set[str]:
    """Every text of the Spanish catalogue."""
    path = settings.BASE_DIR / "hsm_portal" / "locale" / "es" / "LC_MESSAGES" / "django.po"
    return {entry.msgid for entry in polib.pofile(str(path))}


def test_a_state_agrees_with_its_noun() -> None:
    assert (str(Message.State.REJECTED.label), str(TemplateStatus.REJECTED.label)) == ("Rechazado", "Rechazada")
    assert (str(Message.State.CANCELLED.label), str(Campaign.State.CANCELLED.label)) == ("Cancelado", "Cancelada")


def test_roles_and_categories_are_said_in_words() -> None:
    assert [role_name(role) for role in Role] == ["Manager", "Coordinador", "Agente", "Ops", "Admin"]
    assert [category_words(name) for name in ("utility", "service", "brand_new")] == [
        "Utilidad",
        "Servicio",
        "brand_new",
    ]


@pytest.mark.parametrize("source", [CUSTOMERS_WORD, PREFERENCE])
def test_a_refusal_translates_the_source_that_the_portal_wrote(source: str) -> None:
    sentence = refusal_sentence(Code.OPTED_OUT_MARKETING, {"source": source})

    assert source not in sentence


def test_a_refusal_keeps_the_source_that_a_person_wrote() -> None:
    assert refusal_sentence(Code.OPTED_OUT, {"source": "Phone call"}).endswith("(Phone call).")


def test_each_credential_that_a_provider_asks_for_is_translated() -> None:
    texts = {
        text
        for provider in providers_available()
        for field in adapter_class(provider.slug).credential_fields
        for text in (field.label, field.help_text)
        if text
    }

    assert texts
    assert texts <= known()


@pytest.mark.parametrize("text", sorted({*UNFOLD, *AXES, *AUDITLOG} - {"No", "General"}))
def test_the_borrowed_texts_are_not_left_in_english(text: str) -> None:
    assert translation.gettext(text) != text
