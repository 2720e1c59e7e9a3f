"""What only Bird has: templates that are versions of a project. The rest is in test_every_provider.py."""

from __future__ import annotations

from tests.providers.e2e.setups.messagebird import PROJECT, PROVIDER, VERSION
from tests.providers.e2e.stage import Stage

__all__ = ["PROVIDER"]


def test_the_template_is_the_projects_active_version(stage: Stage) -> None:
    assert (stage.template.external_id, stage.template.language) == (PROJECT, "es_AR")
    assert stage.template.components[0]["version"] == VERSION
