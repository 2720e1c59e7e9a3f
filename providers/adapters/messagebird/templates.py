"""Bird's templates: a project groups the versions of a template, a version has content in one or more languages.

A version's id is what a send names beside the project's; it is kept in the body component, with Bird's locale and the keys of the
variables. The inner parts of the content are only partly documented: what is not understood makes a template not sendable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from providers.adapters.messagebird.errors import call_problem
from providers.adapters.messagebird.vocabulary import TEMPLATE_ORDER, TEMPLATE_STATUSES
from providers.contracts import JsonObject, RemoteTemplate
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import language, part, parts, text

PAGE_SIZE = 100
MAX_PAGES = 200
PLATFORM = "whatsapp"
#: A component of this type is not known to the portal, so a template that has one is never sent with a hole in it.
UNREAD_VARIABLES = "VARIABLES"
_PLACE = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_ROLES = {"header": "HEADER", "footer": "FOOTER"}

#: GET of a path below the workspace with this query.
Get = Callable[[str, Mapping[str, str]], Answer]


def templates_read(get: Get) -> list[RemoteTemplate]:
    """All templates in all languages. Raises ProviderCallError, also for a list that is not whole."""
    found: list[RemoteTemplate] = []
    for project, answer in _rows(get, "projects", {"type": "channelTemplate"}):
        project_id = text(project.get("id"))
        if not project_id:
            raise unreadable_answer(answer, "A project has no id.")
        versions = list(_rows(get, f"projects/{quote(project_id, safe='')}/channel-templates", {}))
        found += _templates(project, [version for version, _answer in versions])
    return found


def _rows(get: Get, path: str, query: Mapping[str, str]) -> Iterator[tuple[JsonObject, Answer]]:
    token = ""
    seen: set[str] = set()
    for _page in range(MAX_PAGES):
        answer = get(path, {**query, "limit": str(PAGE_SIZE), **({"pageToken": token} if token else {})})
        body = answer.json_object()
        items = (body or {}).get("results")
        if answer.status != 200 or body is None or not isinstance(items, list):
            raise call_problem(answer)
        for item in items:
            if not isinstance(item, dict):
                raise unreadable_answer(answer, "An item of the list is no object.")
            yield item, answer
        token = text(body.get("nextPageToken"))
        if not token:
            return
        if token in seen:
            raise unreadable_answer(answer, "The list comes back to a page that was read before.")
        seen.add(token)
    raise unreadable_answer(answer, f"The list has more than {MAX_PAGES} pages.")


def _templates(project: JsonObject, versions: list[JsonObject]) -> Iterator[RemoteTemplate]:
    """The version that stands for the project, once in each of its languages."""
    usable = [version for version in versions if PLATFORM in _platforms(version)]
    if not usable:
        return
    version = min(usable, key=_rank)
    told = {text(item.get("key")): text(item.get("value")) for item in parts(version, "deployments")}
    project_id = text(project.get("id"))
    name = told.get("whatsappTemplateName") or text(project.get("name")) or project_id
    for locale, items in _content(version).items():
        components = _components(items, version, locale)
        keys = [key for item in components for key in item.get("variables", [])]
        yield RemoteTemplate(
            external_id=project_id,
            name=name,
            language=language(locale),
            category=told.get("whatsappCategory", "").lower(),
            status=TEMPLATE_STATUSES.get(text(version.get("status")), "UNKNOWN"),
            components=components,
            parameter_format="NAMED" if keys else "POSITIONAL",
        )


def _rank(version: JsonObject) -> tuple[int, str]:
    """Active ones first, of the others the one that comes before in the order of states; then by id, to be stable."""
    status = text(version.get("status"))
    place = TEMPLATE_ORDER.index(status) if status in TEMPLATE_ORDER else len(TEMPLATE_ORDER)
    return place, text(version.get("id"))


def _platforms(version: JsonObject) -> list[Any]:
    given = version.get("supportedPlatforms")
    # A version that names none is taken for what this channel is.
    return given if isinstance(given, list) and given else [PLATFORM]


def _content(version: JsonObject) -> dict[str, list[JsonObject]]:
    """The content by locale: what is made for WhatsApp where there is such, else what is for every platform."""
    own = [item for item in parts(version, "platformContent") if text(item.get("platform")) in ("", PLATFORM)]
    by_locale: dict[str, list[JsonObject]] = {}
    for item in own or parts(version, "genericContent"):
        locale = text(item.get("locale")) or text(version.get("defaultLocale"))
        if locale:
            by_locale.setdefault(locale, []).append(item)
    return by_locale


def _components(items: list[JsonObject], version: JsonObject, locale: str) -> list[JsonObject]:
    """Meta's components of the texts that are understood, and a mark where a variable stands in no text of them."""
    texts: dict[str, str] = {}
    for block in [block for item in items for block in (parts(item, "blocks") or [item])]:
        words = text(part(block, "text").get("text"))
        if text(block.get("type")) == "text" and words:
            texts.setdefault(_ROLES.get(text(block.get("role")), "BODY"), words)
    components = [_text_component(kind, texts[kind], version) for kind in ("HEADER", "BODY", "FOOTER") if kind in texts]
    for component in components:
        if component["type"] == "BODY":
            component |= {"version": text(version.get("id")), "locale": locale}
    read = {key for component in components for key in component.get("variables", [])}
    declared = {text(item.get("key")) for item in parts(version, "variables")}
    if declared - read:
        components.append({"type": UNREAD_VARIABLES, "keys": sorted(declared - read)})
    return components


def _text_component(kind: str, words: str, version: JsonObject) -> JsonObject:
    """A text with its variables: their names are made such as the portal reads, Bird's own keys stay in `variables`."""
    keys = list(dict.fromkeys(_PLACE.findall(words)))
    names = {key: re.sub(r"\W", "_", key) for key in keys}
    if len(set(names.values())) < len(keys):
        names = {key: f"v{place}" for place, key in enumerate(keys, start=1)}
    component: JsonObject = {"type": kind, "text": _PLACE.sub(lambda found: f"{{{{{names[found[1]]}}}}}", words)}
    if kind == "HEADER":
        component["format"] = "TEXT"
    if keys:
        component["variables"] = keys
        examples = [{"param_name": names[key], "example": _example(version, key)} for key in keys]
        component["example"] = {f"{kind.lower()}_text_named_params": examples}
    return component


def _example(version: JsonObject, key: str) -> str:
    """The first example of a variable, whatever it is kept under."""
    declared = next((item for item in parts(version, "variables") if text(item.get("key")) == key), {})
    return next((text(value) for value in part(declared, "examples").values() if text(value)), "")
