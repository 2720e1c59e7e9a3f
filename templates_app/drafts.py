"""A template as somebody writes it, before it is submitted: its values, and the component JSON made of them. Pure.

The rules it has to keep are in draft_rules.py. Source of the JSON: Meta's components pages, Graph v25.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext_lazy as _

from providers.contracts import JsonObject
from templates_app.components import POSITION, Blocker, Button, ParsedTemplate, parse_components
from templates_app.definitions import MEDIA_KINDS, PLACE
from templates_app.sentences import sentence

POSITIONAL, NAMED = "POSITIONAL", "NAMED"
QUICK_REPLY, URL, PHONE, COPY_CODE = "quick_reply", "url", "phone_number", "copy_code"
#: What the form can make. A template with anything else is changed at the provider.
DRAFT_HEADERS = ("none", "text", *MEDIA_KINDS, "location")
DRAFT_BUTTONS = (QUICK_REPLY, URL, PHONE, COPY_CODE)


@dataclass(frozen=True)
class DraftButton:
    """One button. `sample`: of a variable address its end (or the whole), of a code to copy the code."""

    kind: str = QUICK_REPLY
    text: str = ""
    url: str = ""
    phone: str = ""
    sample: str = ""

    @property
    def has_variable(self) -> bool:
        return self.kind == URL and PLACE.search(self.url) is not None

    @property
    def base_url(self) -> str:
        """What stands before the variable."""
        return PLACE.split(self.url, maxsplit=1)[0]


@dataclass(frozen=True)
class Draft:
    """A template being written. `samples` by variable key ("header.1", "body.name"); `header_media` is a sample's address."""

    name: str = ""
    language: str = ""
    category: str = ""
    header_kind: str = "none"
    header_text: str = ""
    header_media: str = ""
    body: str = ""
    footer: str = ""
    buttons: tuple[DraftButton, ...] = ()
    samples: Mapping[str, str] = field(default_factory=dict)

    @property
    def header_names(self) -> tuple[str, ...]:
        """The variables of a text header, each once."""
        return places(self.header_text) if self.header_kind == "text" else ()

    @property
    def body_names(self) -> tuple[str, ...]:
        """The variables of the body, each once, numbers in their order."""
        return places(self.body)

    @property
    def sample_keys(self) -> tuple[str, ...]:
        """The keys of the samples that the texts ask for."""
        return (*(f"header.{name}" for name in self.header_names), *(f"body.{name}" for name in self.body_names))

    def with_identity(self, *, name: str, language: str, category: str = "") -> Draft:
        """The same content under another name and language; with `category`, in that category."""
        return replace(self, name=name, language=language, category=category or self.category)

    @property
    def parameter_format(self) -> str:
        """NAMED as soon as one variable is no number."""
        names = self.header_names + self.body_names
        return POSITIONAL if all(is_position(name) for name in names) else NAMED


def is_position(name: str) -> bool:
    """Whether a variable goes by number."""
    return POSITION.fullmatch(name) is not None


def places(text: str) -> tuple[str, ...]:
    """The distinct variables of `text`; numbers in their order."""
    names = list(dict.fromkeys(PLACE.findall(text)))
    return tuple(sorted(names, key=int)) if all(is_position(name) for name in names) else tuple(names)


def draft_components(draft: Draft) -> list[JsonObject]:
    """The component JSON of `draft`, with the samples given as examples. Whether it may be submitted is not asked here."""
    components = _header(draft)
    components.append(_with_examples(draft, "body", {"type": "BODY", "text": draft.body}))
    if draft.footer:
        components.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        components.append({"type": "BUTTONS", "buttons": [_button(button) for button in draft.buttons]})
    return components


def draft_parsed(draft: Draft) -> ParsedTemplate:
    """The draft as the template it would become: for the bubble."""
    return parse_components(draft_components(draft), draft.parameter_format)


def undraftable(parsed: ParsedTemplate, category: str) -> list[Blocker]:
    """Why the form cannot hold this template; empty when it can."""
    blockers = [*parsed.not_sendable]
    kinds = [button.kind for button in parsed.buttons]
    if category == "authentication" or "otp" in kinds:
        blockers.append(Blocker("authentication", AUTHENTICATION_ELSEWHERE))
    elif parsed.has_carousel or parsed.limited_time_offer is not None:
        blockers.append(
            Blocker("special", _("A carousel or a limited-time offer can only be changed at the provider."))
        )
    elif parsed.header.kind not in DRAFT_HEADERS or any(kind not in DRAFT_BUTTONS for kind in kinds):
        other = [kind for kind in [parsed.header.kind, *kinds] if kind not in (*DRAFT_HEADERS, *DRAFT_BUTTONS)]
        text = sentence(_("The template has a part that can only be changed at the provider: %(part)s."), part=other[0])
        blockers.append(Blocker("special", text))
    return blockers


AUTHENTICATION_ELSEWHERE = _(
    "WhatsApp writes the text of authentication templates itself. Make them at the provider and sync: then they can be "
    "sent from here."
)


def draft_of(parsed: ParsedTemplate, *, name: str, language: str, category: str) -> Draft:
    """The draft that would make `parsed`, for changing it. Ask `undraftable` first: what the form cannot hold is lost."""
    samples = {
        f"{start}.{place}": example
        for start, text in (("header", parsed.header.text), ("body", parsed.body))
        for place, example in zip(text.names, text.examples, strict=True)
        if example
    }
    return Draft(
        name=name,
        language=language,
        category=category,
        header_kind=parsed.header.kind,
        header_text=parsed.header.text.raw,
        header_media=parsed.header.media_example,
        body=parsed.body.raw,
        footer=parsed.footer,
        buttons=tuple(_draft_button(button) for button in parsed.buttons),
        samples=samples,
    )


def _header(draft: Draft) -> list[JsonObject]:
    kind = draft.header_kind
    if kind == "text":
        header: JsonObject = {"type": "HEADER", "format": "TEXT", "text": draft.header_text}
        return [_with_examples(draft, "header", header)]
    if kind in MEDIA_KINDS:
        # A link stands where the provider's own list has one; the adapter uploads it where a handle is wanted.
        example = {"example": {"header_handle": [draft.header_media]}} if draft.header_media else {}
        return [{"type": "HEADER", "format": kind.upper(), **example}]
    return [{"type": "HEADER", "format": "LOCATION"}] if kind == "location" else []


def _with_examples(draft: Draft, part: str, component: JsonObject) -> JsonObject:
    names = draft.header_names if part == "header" else draft.body_names
    samples = [draft.samples.get(f"{part}.{name}", "") for name in names]
    if not names:
        return component
    if draft.parameter_format == NAMED:
        pairs = zip(names, samples, strict=True)
        named = [{"param_name": name, "example": sample} for name, sample in pairs]
        return {**component, "example": {f"{part}_text_named_params": named}}
    return {**component, "example": {f"{part}_text": samples if part == "header" else [samples]}}


def _button(button: DraftButton) -> JsonObject:
    if button.kind == COPY_CODE:
        return {"type": "COPY_CODE", "example": button.sample}
    found: JsonObject = {"type": button.kind.upper(), "text": button.text}
    if button.kind == PHONE:
        found["phone_number"] = button.phone
    if button.kind == URL:
        found["url"] = button.url
        if button.has_variable:
            base, sample = button.base_url, button.sample
            found["example"] = [sample if sample.startswith(base) else base + sample]
    return found


def _draft_button(button: Button) -> DraftButton:
    return DraftButton(button.kind, button.text, button.url if button.kind == URL else "", button.phone, button.example)


def components_face(components: Sequence[JsonObject], parameter_format: str) -> tuple[object, ...]:
    """What of a template people see and a send depends on, for telling whether two component lists are the same template."""
    parsed = parse_components(components, parameter_format)
    buttons = tuple((button.kind, button.text, button.url, button.phone) for button in parsed.buttons)
    return (parsed.header.kind, parsed.header.text.raw, parsed.body.raw, parsed.footer, buttons)
