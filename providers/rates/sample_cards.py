"""Sample prices that come with the code: to look at and to try, never to rely on. Each says where it comes from and when.

Meta's prices are those of secondary copies of its list in US dollars, read in November 2026; its official files take their
place. The providers' own fees are those of their public pages, read in the same month.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from providers.rates.contents import Contents
from providers.rates.importing import contents_of


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample's file, and its source in words."""

    file: str
    source: str


META_2026_01 = Sample("meta_usd_2026_01.csv", "Meta's list in USD as of 2026-01, from secondary copies read in 2026-11")
META_2026_10 = Sample("meta_usd_2026_10.csv", "Meta's list in USD as of 2026-10, from secondary copies read in 2026-11")

#: The providers' own fees, where their public pages tell them.
FEES: dict[str, Sample] = {
    "twilio": Sample(
        "twilio.csv", "twilio.com/docs/whatsapp/pricing and support article 27502337507483, read in 2026-11"
    ),
    "gupshup": Sample("gupshup.csv", "support.gupshup.io, article 360012075779, read in 2026-11"),
}


def sample_contents(sample: Sample, provider: str = "") -> Contents:
    """The prices of a sample, with the fees of the provider where they are known."""
    files = [sample, *([FEES[provider]] if provider in FEES else [])]
    return contents_of(*(_body(each) for each in files))


def _body(sample: Sample) -> bytes:
    return resources.files("providers.rates").joinpath("samples", sample.file).read_bytes()
