"""The sample of a media header on its way to the provider: fetched, uploaded, and only then the template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from providers.accounts import account_credentials_merge
from providers.models import ProviderCall
from templates_app.drafts import Draft
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.submit import may_submit_again, template_edit, template_submit
from tests.providers.sample_server import HOST, sample_server
from tests.providers.simulator.server import WABA_ID, until
from tests.templates_app.writing import draft, losing_front
from tests.world import World

State = TemplateSubmission.State


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[str]:
    """Where the samples are."""
    settings.SAMPLE_PRIVATE_HOSTS = [HOST]
    with sample_server(tmp_path, monkeypatch) as address:
        yield address


def with_image(address: str) -> Draft:
    return draft(header_kind="image", header_text="", header_media=address)


def at_provider(world: World) -> list[dict[str, object]]:
    """The oracle."""
    found: list[dict[str, object]] = world.simulator.graph.get(
        f"{WABA_ID}/message_templates?name=aviso_turno&fields=status,components"
    ).json()["data"]
    return found


def submit(world: World, address: str) -> TemplateSubmission:
    return template_submit(account_id=world.account.pk, draft=with_image(address), user=None)


def test_meta_gets_the_handle_of_the_uploaded_sample(world: World, files: str) -> None:
    submission = submit(world, f"{files}/foto.png")

    assert (submission.state, submission.detail) == (State.DONE, "")
    header = at_provider(world)[0]["components"][0]  # type: ignore[index]
    assert header["example"]["header_handle"][0].startswith("4::")


def test_the_portal_keeps_the_address_so_that_the_next_change_can_use_it(world: World, files: str) -> None:
    submit(world, f"{files}/foto.png")

    header = Template.objects.get(name="aviso_turno").components[0]
    assert header["example"]["header_handle"] == [f"{files}/foto.png"]


def test_a_change_uploads_its_sample_too(world: World, files: str) -> None:
    submit(world, f"{files}/foto.png")
    until(lambda: at_provider(world)[0]["status"] == "APPROVED")
    Template.objects.filter(name="aviso_turno").update(status=TemplateStatus.APPROVED)
    template = Template.objects.get(name="aviso_turno")

    submission = template_edit(template_id=template.pk, draft=with_image(f"{files}/foto.jpg"), user=None)

    assert (submission.state, submission.detail) == (State.DONE, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [("clip.mp4", "another kind"), ("pagina.png", "no JPEG or PNG"), ("mudada.png", "HTTP 302")],
)
def test_a_sample_that_does_not_do_asks_nothing_of_the_provider(
    world: World, files: str, name: str, words: str
) -> None:
    submission = submit(world, f"{files}/{name}")

    assert (submission.state, submission.reason) == (State.REFUSED, "media")
    assert words in submission.detail
    assert at_provider(world) == []
    assert may_submit_again(Template.objects.get(name="aviso_turno"))


def test_a_sample_in_our_own_network_is_not_fetched(world: World, files: str, settings: Settings) -> None:
    settings.SAMPLE_PRIVATE_HOSTS = []

    assert "private network" in submit(world, f"{files}/foto.png").detail


@pytest.mark.parametrize("answer", [None, 502], ids=["no answer", "a gateway's page"])
def test_an_upload_that_fails_is_no_uncertain_template(
    world: World, files: str, settings: Settings, answer: int | None
) -> None:
    with losing_front(world.simulator.url, answer=answer) as front:
        settings.PROVIDER_BASE_URLS = {"meta": front}
        submission = submit(world, f"{files}/foto.png")

    assert submission.state == State.REFUSED
    assert at_provider(world) == []
    assert ProviderCall.objects.get(purpose="template submit").url.endswith("file_type=image%2Fpng")


def test_an_app_that_the_token_may_not_use_is_said_in_metas_words(world: World, files: str) -> None:
    account_credentials_merge(account=world.account, values={"app_id": "42"})
    world.account.save()

    submission = submit(world, f"{files}/foto.png")

    assert (submission.state, submission.provider_code) == (State.REFUSED, "100")
    assert "app id" in submission.detail
