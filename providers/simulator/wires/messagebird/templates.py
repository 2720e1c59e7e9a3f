"""Bird's studio: a project for each name, with one version that has a locale for each language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from providers.simulator.definition import Definition, definition_of, variables
from providers.simulator.documents import Json
from providers.simulator.wires.messagebird.send import MEDIA
from providers.simulator.world import Template

STATUSES = {"APPROVED": "active", "PENDING": "pending"}
LATEST = "latest"
MADE_AT, CHANGED_AT = "2026-10-01T12:00:00.000Z", "2026-10-02T09:30:00.000Z"


def project_id(template: Template) -> str:
    """The project of a template."""
    return str(template.settings.get("project_id") or _id("project", template))


def version_id(template: Template) -> str:
    """The version of a template's project."""
    return str(template.settings.get("version_id") or _id("version", template))


def _id(kind: str, template: Template) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{template.waba_id}:{template.name}"))


def project_json(template: Template) -> Json:
    """A project in the list of projects."""
    return {
        "id": project_id(template),
        "type": "channelTemplate",
        "name": template.name,
        "createdAt": MADE_AT,
        "updatedAt": CHANGED_AT,
    }


def version_json(languages: list[Template]) -> Json:
    """The channel template of a project: its languages together."""
    first = languages[0]
    names: dict[str, None] = {}
    for template in languages:
        names.update(dict.fromkeys(_variables(definition_of(template.components))))
    shown: Json = {
        "id": version_id(first),
        "projectId": project_id(first),
        "status": STATUSES.get(first.status, "inactive"),
        "defaultLocale": _locale(first),
        "supportedPlatforms": ["whatsapp"],
        "deployments": [
            {"key": "whatsappTemplateName", "platform": "whatsapp", "value": first.name},
            {"key": "whatsappCategory", "platform": "whatsapp", "value": first.category},
        ],
        "variables": [{"key": name, "type": "string"} for name in names],
        "genericContent": [_content(template) for template in languages],
        "createdAt": MADE_AT,
        "updatedAt": CHANGED_AT,
    }
    if len(languages) > 1:
        shown["localeStatuses"] = {_locale(item): STATUSES.get(item.status, "inactive") for item in languages}
    return shown


def by_project(templates: Iterable[Template]) -> dict[str, list[Template]]:
    """The templates of an account, by their projects."""
    projects: dict[str, list[Template]] = {}
    for template in templates:
        projects.setdefault(project_id(template), []).append(template)
    return projects


def _locale(template: Template) -> str:
    return template.language.replace("_", "-")


def _variables(definition: Definition) -> list[str]:
    media = [MEDIA[definition.header_format]] if definition.header_format in MEDIA else []
    urls = [name for button in definition.buttons for name in variables(button.url)]
    return [*media, *definition.header_variables, *definition.body_variables, *urls]


def _content(template: Template) -> Json:
    definition = definition_of(template.components)
    kind = MEDIA.get(definition.header_format, "text")
    content: Json = {"text": definition.body_text}
    if kind == "image":
        content["images"] = [{"mediaUrl": "{{image}}"}]
    elif kind in ("video", "document"):
        content = {kind: {"mediaUrl": "{{" + kind + "}}"}, **content}
    return {"type": kind, "locale": _locale(template), kind: content}
