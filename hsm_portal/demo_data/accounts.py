"""The company's two accounts of one portfolio, three sender numbers, and rate cards with sample prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hsm_portal.demo_data.addresses import PROVIDER
from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.models import Portfolio, ProviderAccount, SenderNumber
from providers.rates.importing import NewCard, card_make
from providers.rates.publishing import card_publish
from providers.rates.sample_cards import META_2026_01, META_2026_10, Sample, sample_contents

PORTFOLIO_ID = "617040211509328"
MESSAGING_LIMIT = 10_000
TIME_ZONE = "America/Argentina/Buenos_Aires"

SOURCE = (
    "Meta, precios de lista en USD por mensaje entregado; copias secundarias leídas en noviembre de 2026. "
    "Son de muestra: reemplazar por el CSV oficial de Meta."
)
CURRENT_CARD = "Tarifas de muestra desde octubre de 2026"
CURRENT_SINCE = datetime(2026, 10, 1, tzinfo=ZoneInfo(TIME_ZONE))


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
            time_zone=TIME_ZONE,
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
    rate_card_make(account=account, name="Tarifas de muestra 2026", valid_from=january, sample=META_2026_01)
    rate_card_make(account=account, name=CURRENT_CARD, valid_from=CURRENT_SINCE)


def rate_card_make(
    *, account: ProviderAccount, name: str, valid_from: datetime, source: str = SOURCE, sample: Sample = META_2026_10
) -> None:
    """A published card of sample prices in US dollars: Meta's, and the provider's own fees where they are known."""
    new = NewCard(account=account, name=name, valid_from=valid_from, source=source, is_sample=True)
    card_publish(card_make(new, sample_contents(sample, account.provider)).pk)


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
