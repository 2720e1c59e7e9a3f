"""One sample account at each provider besides the main ones: a row says all that differs, the rest is the same for all.

Their keys and ids are the simulator's and open nothing else. Agents have no queries there; the Manager can send from each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hsm_portal.demo_data.accounts import PORTFOLIO_ID, TIME_ZONE
from hsm_portal.demo_data.provider_templates import sample_templates
from providers.contracts import JsonObject
from providers.rates.defaults import report_covers_of
from providers.rates.models import RateCard
from providers.rates.sample_cards import META_2026_10, sample_contents
from providers.webhook_protection import BASIC_USER, SECRET_HEADER

GROUP = "Grupo Sur"
NO_FEE = "Sin el cargo propio de %(label)s, que es por contrato."
#: To whom the first HSMs go: phones whose last two digits are the outcome, named by it.
PROBES: dict[str, tuple[str, str]] = {
    "00": ("+5491155550100", "Prueba · lo lee"),
    "02": ("+5491155550102", "Prueba · no está en WhatsApp"),
    "12": ("+5491155550112", "Prueba · le llega"),
    "33": ("+5491155550133", "Prueba · no se puede entregar"),
    "38": ("+5491155550138", "Prueba · lo rechaza el proveedor"),
    "41": ("+5491155550141", "Prueba · sin respuesta"),
}


#: What the simulator charges by.
CATEGORIES = ("marketing", "utility", "authentication")


@dataclass(frozen=True, slots=True)
class ProviderSample:
    """An account with its one number, in the portal and in the simulator, which know both by the same ids.

    `key`, `guard`: under which names the adapter's credentials have the main key and the webhooks' secret. `shared`: what both
    sides have beside these, `ours` and `theirs` what only one has. `header`, `basic`: the webhook carries the secret in a
    header, in its address. `fee`: US dollars for each message beside Meta's price, `fee_source` says whence.
    `named`, `replies`, `media`, `fixed_host`: what its templates hold (see `sample_templates`). `listed`: they come as a list.
    `fates`: last digits of those to whom an HSM is sent at the first start.
    """

    slug: str
    label: str
    external_id: str
    phone: str
    key: str
    guard: str = "webhook_secret"
    number_id: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)
    ours: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] = field(default_factory=dict)
    header: bool = False
    basic: bool = False
    fee: Decimal = Decimal(0)
    fee_source: str = ""
    named: bool = False
    replies: bool = True
    media: str = "IMAGE"
    fixed_host: bool = False
    listed: bool = True
    fates: tuple[str, ...] = ("00", "12", "02")

    @property
    def name(self) -> str:
        """The account's name: nobody should take it for one of the main accounts."""
        return f"{GROUP} · {self.label}"

    @property
    def token(self) -> str:
        """The account's main credential."""
        return f"demo-key-{self.slug}"

    @property
    def secret(self) -> str:
        """What guards or signs its webhooks."""
        return f"demo-secret-{self.slug}"

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials as the adapter declares them."""
        guard = {self.guard: self.secret} if self.guard else {}
        return {self.key: self.token, **guard, **self.shared, **self.ours}

    @property
    def number_external_id(self) -> str:
        """The number's id at the provider: its digits where there is no other."""
        return self.number_id or self.phone.removeprefix("+")

    @property
    def prices(self) -> dict[str, dict[str, Decimal]]:
        """What the provider reports for a message by market and category: Meta's sample price and its own fee, or this alone."""
        charged: dict[str, dict[str, Decimal]] = {}
        fee_only = report_covers_of(self.slug) == RateCard.Covers.FEE
        for row in sample_contents(META_2026_10).rates:
            if row.category in CATEGORIES:
                charged.setdefault(row.market, {})[row.category] = self.fee if fee_only else row.price + self.fee
        return charged

    @property
    def source(self) -> str:
        """Where the prices come from: they are samples."""
        fee = self.fee_source or NO_FEE % {"label": self.label}
        return f"Precios de muestra: los de lista de Meta (noviembre de 2026). {fee} Reemplazar por los del contrato."

    @property
    def templates(self) -> list[JsonObject]:
        """Its templates, as the simulator's seed has them."""
        found = sample_templates(
            label=self.label, named=self.named, replies=self.replies, media=self.media, fixed_host=self.fixed_host
        )
        return [{"waba_id": self.external_id, **template} for template in found]

    def webhook_url(self, url: str) -> str:
        """The portal's address as it is entered at this provider."""
        return url.replace("://", f"://{BASIC_USER}:{self.secret}@", 1) if self.basic else url

    def account_seed(self) -> JsonObject:
        """The account for the simulator's seed."""
        return {
            "waba_id": self.external_id,
            "provider": self.slug,
            "name": self.name,
            "token": self.token,
            "app_secret": self.secret,
            "settings": self._settings(),
            "portfolio_id": PORTFOLIO_ID,
            "timezone": TIME_ZONE,
            "rates": {
                market.upper(): {category: str(price) for category, price in prices.items()}
                for market, prices in self.prices.items()
            },
        }

    def _settings(self) -> dict[str, str]:
        header = {"webhook_headers": json.dumps({SECRET_HEADER: self.secret})} if self.header else {}
        return {**self.shared, **self.theirs, **header}

    def number_seed(self) -> JsonObject:
        """The number for the simulator's seed."""
        return {
            "phone_number_id": self.number_external_id,
            "waba_id": self.external_id,
            "display_phone_number": self.phone,
            "verified_name": self.name,
            "messaging_limit": "TIER_10K",
        }


SAMPLES: tuple[ProviderSample, ...] = (
    ProviderSample(
        slug="dialog360",
        label="360dialog",
        external_id="201945226341880",
        number_id="498117653388220",
        phone="+541152638820",
        key="api_key",
        header=True,
        media="DOCUMENT",
        fates=("00", "12", "33"),
    ),
    ProviderSample(
        slug="infobip",
        label="Infobip",
        external_id="grupo-sur",
        phone="+541152638821",
        key="api_key",
        ours={"template_sender": "541152638821"},
        theirs={"webhook_password": "demo-secret-infobip"},
        media="DOCUMENT",
        fates=("00", "12", "38"),
    ),
    ProviderSample(
        slug="twilio",
        label="Twilio",
        external_id="AC0000000000000000000000000000d3a0",
        phone="+541152638822",
        key="auth_token",
        # It signs with the same token.
        guard="",
        fixed_host=True,
        fee=Decimal("0.005"),
        fee_source="Más US$ 0,005 de Twilio por mensaje (su página de precios, leída en noviembre de 2026).",
        fates=("00", "12", "41"),
    ),
    ProviderSample(
        slug="gupshup",
        label="Gupshup",
        external_id="9a1d0000-0000-4000-8000-0000000000d0",
        phone="+541152638823",
        key="api_key",
        shared={"app_name": "GrupoSur"},
        ours={"app_number": "541152638823"},
        theirs={"app_id": "9a1d0000-0000-4000-8000-0000000000d0"},
        header=True,
        fee=Decimal("0.001"),
        fee_source="Más US$ 0,001 de Gupshup por mensaje (su página de ayuda 360012075779).",
    ),
    ProviderSample(
        slug="zenvia",
        label="Zenvia",
        external_id="541152638824",
        phone="+541152638824",
        key="api_token",
        ours={"notification_email": "plantillas@clinicasur.example"},
        header=True,
        named=True,
        fates=("00", "12", "41"),
    ),
    ProviderSample(
        slug="sinch",
        label="Sinch",
        external_id="01JDEMOAPP0000000000000SUR",
        phone="+541152638825",
        key="key_secret",
        shared={
            "project_id": "5f1d0000-0000-4000-8000-00000000005a",
            "key_id": "5f1d0000-0000-4000-8000-00000000005b",
        },
        ours={"authentication": "oauth2"},
        theirs={"app_id": "01JDEMOAPP0000000000000SUR"},
    ),
    ProviderSample(
        slug="vonage",
        label="Vonage",
        external_id="201945226341886",
        phone="+541152638826",
        key="api_secret",
        guard="signature_secret",
        shared={"api_key": "d3a05e26"},
        media="DOCUMENT",
    ),
    ProviderSample(
        slug="clickatell",
        label="Clickatell",
        external_id="ff80808100000000000000000000d3a0",
        phone="+541152638827",
        key="api_key",
        basic=True,
        replies=False,
        media="",
        listed=False,
        fates=("00", "12", "38"),
    ),
    ProviderSample(
        slug="messagebird",
        label="Bird",
        external_id="5b1d0000-0000-4000-8000-0000000000d0",
        number_id="5b1d0000-0000-4000-8000-0000000000d1",
        phone="+541152638828",
        key="access_key",
        guard="signing_key",
        theirs={"workspace_id": "5b1d0000-0000-4000-8000-0000000000d0"},
        named=True,
        media="",
    ),
)


def providers_seed(samples: tuple[ProviderSample, ...]) -> JsonObject:
    """Accounts, numbers, templates and the people of the first HSMs for the simulator's seed."""
    return {
        "accounts": [sample.account_seed() for sample in samples],
        "numbers": [sample.number_seed() for sample in samples],
        "templates": [template for sample in samples for template in sample.templates],
        "customers": [
            {"portfolio_id": PORTFOLIO_ID, "wa_id": phone.removeprefix("+"), "name": name}
            for phone, name in PROBES.values()
        ],
    }
