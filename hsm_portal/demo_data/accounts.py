"""The company's two accounts of one portfolio, three sender numbers, and rate cards with sample prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hsm_portal.demo_data.addresses import PROVIDER
from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.models import Category, Portfolio, ProviderAccount, Rate, RateCard, SenderNumber

PORTFOLIO_ID = "617040211509328"
MESSAGING_LIMIT = 10_000
TIME_ZONE = "America/Argentina/Buenos_Aires"

SOURCE = (
    "Meta, precios de lista en USD por mensaje entregado; copias secundarias leídas en noviembre de 2026. "
    "Son de muestra: reemplazar por el CSV oficial de Meta."
)
CURRENT_CARD = "Tarifas de muestra desde octubre de 2026"
CURRENT_SINCE = datetime(2026, 10, 1, tzinfo=ZoneInfo(TIME_ZONE))
#: US dollars per delivered message by market: marketing, utility, authentication (where SOURCE says).
PRICES: dict[str, tuple[str, str, str]] = {
    "AR": ("0.0618", "0.0260", "0.0260"),
    "BR": ("0.0625", "0.0068", "0.0068"),
    "CL": ("0.0889", "0.0200", "0.0200"),
    "CO": ("0.0125", "0.0008", "0.0008"),
    "MX": ("0.0305", "0.0085", "0.0085"),
    "PE": ("0.0703", "0.0200", "0.0200"),
    "ES": ("0.0615", "0.0200", "0.0200"),
    "IN": ("0.0118", "0.0014", "0.0014"),
    "north_america": ("0.0250", "0.0034", "0.0034"),
    "rest_of_latin_america": ("0.0740", "0.0113", "0.0113"),
    "other": ("0.0604", "0.0077", "0.0077"),
}


@dataclass(frozen=True, slots=True)
class AccountSample:
    """One account: its WABA id and the simulator's credentials for it, which open nothing else."""

    name: str
    waba_id: str

    @property
    def credentials(self) -> dict[str, str]:
        """The credentials as the adapter declares them."""
        return {
            "access_token": f"demo-token-{self.waba_id}",
            "app_secret": f"demo-secret-{self.waba_id}",
            "verify_token": f"demo-verify-{self.waba_id}",
        }


@dataclass(frozen=True, slots=True)
class NumberSample:
    """One sender number, as the provider writes and names it."""

    account: AccountSample
    external_id: str
    phone: str
    display_phone: str
    name: str


CLINIC = AccountSample("Clínica Sur", "201945226341870")
OPTICIAN = AccountSample("Óptica Sur", "201945226341871")
ACCOUNTS = (CLINIC, OPTICIAN)

APPOINTMENTS = NumberSample(CLINIC, "498117653388201", "+541152638800", "+54 11 5263-8800", "Clínica Sur · Turnos")
RESULTS = NumberSample(CLINIC, "498117653388202", "+541152638801", "+54 11 5263-8801", "Clínica Sur · Estudios")
SHOP = NumberSample(OPTICIAN, "498117653388203", "+541152638810", "+54 11 5263-8810", "Óptica Sur")
NUMBERS = (APPOINTMENTS, RESULTS, SHOP)


def accounts_make() -> dict[str, SenderNumber]:
    """The portfolio, both accounts with their rate cards, and the sender numbers, by their id at the provider."""
    portfolio = Portfolio.objects.create(name="Grupo Sur", external_id=PORTFOLIO_ID, messaging_limit=MESSAGING_LIMIT)
    accounts = {}
    for sample in ACCOUNTS:
        accounts[sample.waba_id] = ProviderAccount.objects.create(
            name=sample.name,
            provider=PROVIDER,
            external_id=sample.waba_id,
            credentials=credentials_encrypt(sample.credentials),
        )
        rate_cards_make(account=accounts[sample.waba_id])
    return {
        sample.external_id: SenderNumber.objects.create(
            account=accounts[sample.account.waba_id],
            portfolio=portfolio,
            phone=sample.phone,
            display_name=sample.name,
            external_id=sample.external_id,
            quality=SenderNumber.Quality.YELLOW if sample is SHOP else SenderNumber.Quality.GREEN,
        )
        for sample in NUMBERS
    }


def rate_cards_make(*, account: ProviderAccount) -> None:
    """The card of 2026, and the one that since October 1st charges service messages as utility."""
    january = datetime(2026, 1, 1, tzinfo=ZoneInfo(TIME_ZONE))
    rate_card_make(account=account, name="Tarifas de muestra 2026", valid_from=january, service_is_charged=False)
    rate_card_make(account=account, name=CURRENT_CARD, valid_from=CURRENT_SINCE)


def rate_card_make(
    *,
    account: ProviderAccount,
    name: str,
    valid_from: datetime,
    source: str = SOURCE,
    fee: Decimal = Decimal(0),
    service_is_charged: bool = True,
) -> None:
    """A card of sample prices in US dollars: Meta's, and the provider's `fee` for each message on top."""
    card = RateCard.objects.create(
        account=account, name=name, currency="USD", valid_from=valid_from, source=source, is_sample=True
    )
    Rate.objects.bulk_create(
        Rate(card=card, market=market, category=category, price=price + fee)
        for market, (marketing, utility, authentication) in PRICES.items()
        for category, price in (
            (Category.MARKETING, Decimal(marketing)),
            (Category.UTILITY, Decimal(utility)),
            (Category.AUTHENTICATION, Decimal(authentication)),
            (Category.SERVICE, Decimal(utility) if service_is_charged else Decimal(0)),
        )
    )


def accounts_seed() -> JsonObject:
    """The same accounts and numbers for the simulator's seed. The webhook is set later, by its handshake."""
    return {
        "accounts": [
            {
                "waba_id": sample.waba_id,
                "name": sample.name,
                "token": sample.credentials["access_token"],
                "app_secret": sample.credentials["app_secret"],
                "portfolio_id": PORTFOLIO_ID,
                "timezone": TIME_ZONE,
            }
            for sample in ACCOUNTS
        ],
        "numbers": [
            {
                "phone_number_id": sample.external_id,
                "waba_id": sample.account.waba_id,
                "display_phone_number": sample.display_phone,
                "verified_name": sample.name,
                "quality_rating": "YELLOW" if sample is SHOP else "GREEN",
                "messaging_limit": "TIER_10K",
            }
            for sample in NUMBERS
        ],
    }
