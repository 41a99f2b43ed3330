"""The fields of a contract performance notice from a stored rating. No pounds, no value per unit."""

from __future__ import annotations

from typing import Any

from .delivery_rating import WORDS

SCHEMA = 1
# A contract without a buyer recorded is the council's own.
OWN_BUYER = "Trafford Council"
_WORDS = {str(code.value): word for code, word in WORDS.items()}


def notice_of(rating: Any) -> dict[str, Any]:
    """`rating` is a DeliveryRating with its contract, buyer and supplier read."""
    contract = rating.contract
    code = rating.agreed_code or rating.proposed_code
    is_agreed = bool(rating.agreed_code)
    reasons = list(rating.reasons)
    if rating.agreed_reason:
        reasons.append(rating.agreed_reason)
    return {
        "notice": "contract performance",
        "schema": SCHEMA,
        "buyer": {"name": contract.buyer.name if contract.buyer else OWN_BUYER},
        "supplier": {"name": rating.supplier.name},
        "contract": {
            "reference": contract.reference,
            "ocid": contract.ocid,
            "title": contract.title,
        },
        "period": {
            "from": rating.year_starts.isoformat(),
            "to": rating.year_ends.isoformat(),
        },
        "rating": {
            "code": code,
            "word": _WORDS.get(code, ""),
            "state": "Agreed" if is_agreed else "Proposed, not agreed",
            "proposed_word": _WORDS.get(rating.proposed_code, ""),
            "reasons": reasons,
            "agreed_on": rating.agreed_at.date().isoformat() if rating.agreed_at else None,
            "supplier_reply": rating.reply or None,
        },
        "kpis": [
            {
                "number": entry["number"],
                "measure": entry["measure"],
                "description": entry["published_name"],
                "unit": entry["unit"],
                "due": entry["due"],
                "verified": entry["verified"],
                "quarters_not_known": entry["not_known"],
                "rating": entry["word"],
            }
            for entry in rating.basis.get("kpis", ())
        ],
        "method": rating.basis.get("method", ""),
    }
