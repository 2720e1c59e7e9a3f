"""Setting up the world from JSON: idempotent, so that a demo can seed at every start."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.identity import user_id_for
from providers.simulator.simulator import Simulator
from providers.simulator.world import Account, Customer, Number, Template, invented_name, merged, thing_from_json

SECTIONS = ("accounts", "numbers", "templates", "customers", "replace")


def seed(simulator: Simulator, data: Json) -> Json:
    """Put accounts, numbers, templates and customers into the world; returns how many of each were written.

    Accounts (of any ``provider``) and numbers get the given fields. Templates (known by id, or account, name and
    language) and customers that exist already keep what has happened to them, unless ``replace`` is true. A customer
    without ``portfolio_id`` is known to every portfolio. Raises ValueError and changes nothing.
    """
    unknown = sorted(set(data) - set(SECTIONS))
    if unknown:
        raise ValueError(f"unknown sections {', '.join(unknown)}")
    replace = bool(data.get("replace", False))
    world = simulator.world
    accounts = [
        merged(Account, world.accounts.get(str(item.get("waba_id"))), item) for item in data.get("accounts", [])
    ]
    numbers = [
        merged(Number, world.numbers.get(str(item.get("phone_number_id"))), item) for item in data.get("numbers", [])
    ]
    known_accounts = {**world.accounts, **{account.waba_id: account for account in accounts}}
    for account in accounts:
        if account.provider not in simulator.wires:
            raise ValueError(f"there is no provider {account.provider}")
    for item in [*data.get("numbers", []), *data.get("templates", [])]:
        if str(item.get("waba_id")) not in known_accounts:
            raise ValueError(f"there is no account {item.get('waba_id')}")
    templates = [_template(simulator, known_accounts[str(item["waba_id"])], item) for item in data.get("templates", [])]
    portfolios = {account.portfolio for account in known_accounts.values()}
    customers = [person for item in data.get("customers", []) for person in _customers(item, portfolios)]
    fresh_templates = [item for item in templates if replace or item.id not in world.templates]
    known_people = {(person.portfolio_id, person.user_id) for person in world.customers()}
    fresh_customers = [
        person for person in customers if replace or (person.portfolio_id, person.user_id) not in known_people
    ]
    things: list[Account | Number | Template | Customer] = [
        *accounts,
        *numbers,
        *fresh_templates,
        *fresh_customers,
    ]
    for thing in things:
        simulator.save(thing)
    return {
        "accounts": len(accounts),
        "numbers": len(numbers),
        "templates": len(fresh_templates),
        "customers": len(fresh_customers),
    }


def _template(simulator: Simulator, account: Account, item: Json) -> Template:
    data = dict(item)
    wire = simulator.wire_of(account)
    same = simulator.world.template_named(account.waba_id, str(data.get("name")), str(data.get("language")))
    data.setdefault("id", same.id if same is not None else wire.new_template_id())
    for name in ("category", "status", "parameter_format"):
        if name in data:
            data[name] = str(data[name]).upper()
    score = data.pop("quality_score", None)
    if isinstance(score, dict):
        data["quality"], data["quality_date"] = score.get("score", "UNKNOWN"), score.get("date", 0)
    if wire.numeric_template_ids and not str(data["id"]).isdigit():
        raise ValueError(f"Template: the id {data['id']} is not a number")
    return thing_from_json(Template, {**data, "id": str(data["id"])})


def _customers(item: Json, portfolios: set[str]) -> list[Customer]:
    """The person as the named portfolio sees her, or as each one does when none is named."""
    data = {"wa_id": None, **item}
    if data["wa_id"] is None and "user_id" not in data:
        raise ValueError("Customer: wa_id or user_id is required")
    key = str(data["wa_id"] or data["user_id"])
    data.setdefault("name", invented_name(key))
    named = data.pop("portfolio_id", None)
    return [
        thing_from_json(Customer, {"user_id": user_id_for(portfolio, key), **data, "portfolio_id": portfolio})
        for portfolio in ([str(named)] if named is not None else sorted(portfolios))
    ]
