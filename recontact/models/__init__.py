"""The models of recontact, one module per subject."""

from recontact.models.attempt import Attempt
from recontact.models.budget import Budget, BudgetAlert, BudgetPeriod, ExchangeRate
from recontact.models.campaign import Campaign, CampaignRefusal
from recontact.models.closing import ClosedRow, ClosedSum, MonthClosing, MonthOutlook
from recontact.models.comparison import Comparison, ComparisonNote, ComparisonRow
from recontact.models.cost import CostEntry, MonthlyVolume, PriceStatement
from recontact.models.customer import Customer, OptOut, ServiceWindow
from recontact.models.dispatch import (
    CircuitTally,
    DispatchSwitch,
    Heartbeat,
    NumberCircuit,
    NumberLease,
    PortfolioSlot,
    PortfolioUse,
)
from recontact.models.doubt import Incident, LookUpRecord, Settlement
from recontact.models.idempotency import IdempotencyKey
from recontact.models.ledger import Recontact
from recontact.models.media import MediaFile
from recontact.models.message import Message
from recontact.models.message_event import MessageEvent
from recontact.models.outgoing import OutgoingAttempt, OutgoingEvent, Subscription
from recontact.models.plan_figures import CampaignPlanFigures
from recontact.models.query import Query, QueryEvent, Team
from recontact.models.recipient import CampaignFile, CampaignRecipient
from recontact.models.reconciliation_job import ReconciliationJob
from recontact.models.reservation import BudgetChange, BudgetReservation
from recontact.models.retry import CampaignRetry
from recontact.models.rollup import CostCell, CostChange, CostMonth, CostOutline, CostSlot
from recontact.models.statement import Statement, StatementLine
from recontact.models.statement_intake import StatementMapping, StatementUpload, UsagePull
from recontact.models.work import WorkChange, WorkDay

__all__ = [
    "Attempt",
    "Budget",
    "BudgetAlert",
    "BudgetChange",
    "BudgetPeriod",
    "BudgetReservation",
    "Campaign",
    "CampaignFile",
    "CampaignPlanFigures",
    "CampaignRecipient",
    "CampaignRefusal",
    "CampaignRetry",
    "CircuitTally",
    "ClosedRow",
    "ClosedSum",
    "Comparison",
    "ComparisonNote",
    "ComparisonRow",
    "CostCell",
    "CostChange",
    "CostEntry",
    "CostMonth",
    "CostOutline",
    "CostSlot",
    "Customer",
    "DispatchSwitch",
    "ExchangeRate",
    "Heartbeat",
    "IdempotencyKey",
    "Incident",
    "LookUpRecord",
    "MediaFile",
    "Message",
    "MessageEvent",
    "MonthClosing",
    "MonthOutlook",
    "MonthlyVolume",
    "NumberCircuit",
    "NumberLease",
    "OptOut",
    "OutgoingAttempt",
    "OutgoingEvent",
    "PortfolioSlot",
    "PortfolioUse",
    "PriceStatement",
    "Query",
    "QueryEvent",
    "ReconciliationJob",
    "Recontact",
    "ServiceWindow",
    "Settlement",
    "Statement",
    "StatementLine",
    "StatementMapping",
    "StatementUpload",
    "Subscription",
    "Team",
    "UsagePull",
    "WorkChange",
    "WorkDay",
]
