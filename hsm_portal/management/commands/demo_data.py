"""`manage.py demo_data`: the sample data of `make demo`, made once, and the provider simulator set up to go with it."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hsm_portal.demo_data.accounts import accounts_seed
from hsm_portal.demo_data.addresses import PROVIDER
from hsm_portal.demo_data.customers import customers_known, customers_seed
from hsm_portal.demo_data.files import files_arrive
from hsm_portal.demo_data.invoice import invoice_make
from hsm_portal.demo_data.live import live_send, webhooks_connect
from hsm_portal.demo_data.making import NotEmpty, sample_exists, sample_make
from hsm_portal.demo_data.provider_accounts import (
    accounts_complete,
    first_hsms_send,
    samples_here,
    webhooks_point,
)
from hsm_portal.demo_data.providers import providers_seed
from hsm_portal.demo_data.simulator import Simulator, SimulatorError
from hsm_portal.demo_data.subscriptions import subscription_make
from hsm_portal.demo_data.templates import TEMPLATES
from hsm_portal.demo_data.users import logins_text
from providers.errors import ProviderCallError

#: Slow enough to be watched, and with as many reads as usual.
KNOBS = {"latency_ms": 150, "webhook_delay_ms": 800, "read_share": 0.6}


class Command(BaseCommand):
    help = "Make the sample data (once), and connect the provider simulator with the portal."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--offline", action="store_true", help="Only make the data: no web process is running to take webhooks."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        samples = samples_here()
        url = settings.PROVIDER_BASE_URLS.get(PROVIDER, "")
        if not url:
            raise CommandError("PROVIDER_BASE_URLS names no simulator: the sample data never go to a real provider.")
        try:
            exists = sample_exists()
            simulator = Simulator(url)
            simulator.wait()
            simulator.post("seed", **accounts_seed(), templates=list(TEMPLATES))
            simulator.post("seed", **providers_seed(samples))
            if exists:
                # A simulator with a new store has never heard of them.
                simulator.post("seed", customers=customers_seed(customers_known()))
            else:
                sample_make(simulator=simulator)
            accounts_complete(samples=samples)
            invoice_make()
            subscription_make()
            simulator.post("knobs", **KNOBS)
            if not options["offline"]:
                webhooks_point(samples=samples, simulator=simulator)
                webhooks_connect(simulator=simulator)
                # The company's own come last, so that they stand first in every list.
                first_hsms_send(samples=samples)
                live_send(simulator=simulator)
                files_arrive(simulator=simulator)
        except NotEmpty as error:
            raise CommandError("This database holds data that are not the sample's; nothing was changed.") from error
        except (SimulatorError, ProviderCallError) as error:
            raise CommandError(f"The sample data could not be made: {error}") from error
        self.stdout.write(logins_text())
