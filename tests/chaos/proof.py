"""What must be true after a run: the books held against the simulator's record. Pure, so that it can be shown to fail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from recontact.retries import ARRIVED_AFTER_ALL
from recontact.states import NEVER_SENT, WENT_OUT, MessageState

#: What the books may say once the provider told this much.
AT_LEAST: Mapping[str, frozenset[str]] = {
    "accepted": frozenset({"accepted", "sent", "delivered", "read", "failed"}),
    "sent": frozenset({"sent", "delivered", "read", "failed"}),
    "failed": frozenset({"failed", "delivered", "read"}),
    "delivered": frozenset({"delivered", "read"}),
    "read": frozenset({"read"}),
}
#: What the books may say only once the provider's message got there.
REPORTED = frozenset({"sent", "delivered", "read", "failed"})
#: How many of one kind are named.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the simulator accepted: for whom, which statuses it reached, and which of them it told us (webhook
    answered with success). In the order in which they were accepted."""

    reference: str
    phone: str
    reached: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def failed_for_good(self) -> bool:
        """Proven not delivered: only then may the person be written to again."""
        return "failed" in self.reached and not {"delivered", "read"} & set(self.reached)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the simulator, whatever became of it. In the order in which they came.

    `did_nothing`: it was refused in words that prove that nothing was done. `for_good`: and that asking again is pointless.
    """

    reference: str
    did_nothing: bool = False
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """One message of the campaign as the books have it."""

    reference: str
    phone: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One planned recipient: has he a message, or a reason why not?"""

    phone: str
    has_message: bool
    dropped: str = ""


@dataclass
class Verdict:
    """What was found. `doubled` and `lost` count people; `uncertain` counts messages by reason."""

    doubled: int = 0
    lost: int = 0
    uncertain: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def found(self, what: str, whom: Iterable[object]) -> int:
        """Note a problem, if it is anybody's; returns whose it is."""
        names = [str(each) for each in whom]
        if names:
            self.problems.append(f"{what}: {len(names)} ({', '.join(names[:NAMED])})")
        return len(names)


def judge(
    *,
    phones: Iterable[str],
    recipients: Sequence[Recipient],
    booked: Sequence[Booked],
    taken: Sequence[Taken],
    asked: Sequence[Asked],
) -> Verdict:
    """Hold the books of a campaign to `phones` (who must get it, each once) against what the simulator was asked and accepted."""
    verdict = Verdict()
    by_reference = {message.reference: message for message in booked}
    verdict.doubled = _doubled(verdict, taken)
    verdict.lost = _lost(verdict, frozenset(phones), recipients, by_reference, taken)
    verdict.lost += _dropped(verdict, booked, asked)
    _asked_again(verdict, asked)
    _ended(verdict, booked)
    behind = [
        f"{each.reference} is {by_reference[each.reference].state}, told {status}"
        for each in taken
        if each.reference in by_reference
        for status in each.told
        if by_reference[each.reference].state not in AT_LEAST[status]
    ]
    verdict.found("the books do not say what a webhook told", behind)
    reached: dict[str, set[str]] = defaultdict(set)
    for each in taken:
        reached[each.reference].update(each.reached)
    ahead = [
        f"{name} is {by_reference[name].state}, reached {sorted(got)}"
        for name, got in reached.items()
        if name in by_reference and by_reference[name].state in REPORTED - got
    ]
    verdict.found("the books say what the provider never did", ahead)
    verdict.uncertain = Counter(each.reason for each in booked if each.state == MessageState.UNCERTAIN)
    return verdict


def _doubled(verdict: Verdict, taken: Sequence[Taken]) -> int:
    references = Counter(each.reference for each in taken)
    verdict.found("accepted twice under one reference", [name for name, count in references.items() if count > 1])
    people: dict[str, list[Taken]] = defaultdict(list)
    for each in taken:
        people[each.phone].append(each)
    twice = [phone for phone, sent in people.items() if not all(each.failed_for_good for each in sent[:-1])]
    return verdict.found("written to again without proof that the first failed", twice)


def _asked_again(verdict: Verdict, asked: Sequence[Asked]) -> None:
    """One call for each message, and another only where the one before proved that it did nothing: whether or not the provider
    accepted both, for that is its luck."""
    before: dict[str, Asked] = {}
    again = []
    for each in asked:
        if each.reference in before and not before[each.reference].did_nothing:
            again.append(each.reference)
        before[each.reference] = each
    verdict.found("asked again without proof that the call before did nothing", again)


def _dropped(verdict: Verdict, booked: Sequence[Booked], asked: Sequence[Asked]) -> int:
    """Who got nothing was refused by the provider, for good. A retry is taken back when the try before it arrived after all."""
    refused = {each.reference for each in asked if each.for_good}
    dropped = [
        f"{each.phone} {each.state} {each.reason}".strip()
        for each in booked
        if each.state in NEVER_SENT and each.reference not in refused and each.reason != ARRIVED_AFTER_ALL
    ]
    return verdict.found("never sent, and the provider did not refuse it", dropped)


def _lost(
    verdict: Verdict,
    phones: frozenset[str],
    recipients: Sequence[Recipient],
    booked: Mapping[str, Booked],
    taken: Sequence[Taken],
) -> int:
    accepted = {each.reference for each in taken}
    planned = Counter(each.phone for each in recipients)
    missing = [phone for phone in phones if planned[phone] != 1] + sorted(set(planned) - phones)
    without = [each.phone for each in recipients if each.has_message == bool(each.dropped)]
    unbooked = [each.phone for each in taken if each.reference not in booked]
    denied = [each.phone for each in taken if each.reference in booked and booked[each.reference].state in NEVER_SENT]
    invented = [each.phone for each in booked.values() if each.state in WENT_OUT and each.reference not in accepted]
    return sum(
        (
            verdict.found("not planned exactly once", missing),
            verdict.found("neither a message nor a reason", without),
            verdict.found("accepted, and not in the books", unbooked),
            verdict.found("accepted, and the books say never sent", denied),
            verdict.found("the books say sent, and the provider never saw it", invented),
        )
    )


def _ended(verdict: Verdict, booked: Sequence[Booked]) -> None:
    alive = [f"{each.phone} {each.state}" for each in booked if each.state not in {*NEVER_SENT, *WENT_OUT, "uncertain"}]
    verdict.found("not ended", alive)
    unexplained = [each.phone for each in booked if each.state == MessageState.UNCERTAIN and not each.reason]
    verdict.found("uncertain without a reason", unexplained)
