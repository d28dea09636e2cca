"""Spending as JSON: dollars are exact decimal strings."""

from decimal import Decimal
from typing import Any

from storage.spending.rules import Allowance, KeptLimit, Limit, Used, plain
from storage.spending.statement import Statement
from storage.spending.switch import KillSwitch


def switch_json(switch: KillSwitch | None) -> dict[str, Any]:
    """The kill switch; everything but `on` is null while it is off."""
    if switch is None:
        return {"on": False, "reason": None, "turned_on_at": None, "turned_on_by": None}
    at = switch.turned_on_at.isoformat()
    return {"on": True, "reason": switch.reason, "turned_on_at": at, "turned_on_by": switch.turned_on_by}


def limit_json(limit: Limit) -> dict[str, Any]:
    """A limit."""
    return {
        "scope": limit.scope.value,
        "subject": limit.subject or None,
        "period": limit.period.value,
        "usd": f"{limit.usd:f}",
    }


def kept_json(kept: KeptLimit) -> dict[str, Any]:
    """A limit, who set it and when."""
    return {**limit_json(kept.limit), "set_at": kept.set_at.isoformat(), "set_by": kept.set_by}


def _used_json(used: Used) -> dict[str, Any]:
    spent, reserved = f"{used.spent_usd:f}", f"{used.reserved_usd:f}"
    return {"spent_usd": spent, "reserved_usd": reserved, "unpriced_calls": used.unpriced_calls}


def _allowance_json(allowance: Allowance) -> dict[str, Any]:
    return {
        **limit_json(allowance.limit),
        "counted_for": allowance.subject or None,
        **_used_json(allowance.used),
        "left_usd": f"{plain(max(allowance.left_usd, Decimal(0))):f}",
    }


def statement_json(statement: Statement) -> dict[str, Any]:
    """What a user, a study or everybody has spent."""
    return {
        "scope": statement.scope.value,
        "subject": statement.subject or None,
        "today": _used_json(statement.today),
        "total": _used_json(statement.total),
        "limits": [_allowance_json(one) for one in statement.allowances],
    }
