"""A small geography for tests: two wards, a few postcodes, a few sectors."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trafford_sv.directory.models import Area, Postcode, PostcodeSector

TRAFFORD, BOLTON, LEEDS = "E08000009", "E08000001", "E08000035"


@pytest.fixture
def places(db: None) -> dict[str, Area]:
    """Greater Manchester > Trafford > Altrincham (2023, and its namesake of 2022)."""
    greater = Area.objects.create(
        code="E47000001", boundary_year=2023, name="Greater Manchester", kind="combined_authority"
    )
    trafford = Area.objects.create(
        code=TRAFFORD, boundary_year=2023, name="Trafford", kind="local_authority", parent=greater
    )
    square = {
        "type": "Polygon",
        "coordinates": [[[-2.36, 53.38], [-2.34, 53.38], [-2.34, 53.40], [-2.36, 53.38]]],
    }
    new = Area.objects.create(
        code="E05015239",
        boundary_year=2023,
        name="Altrincham",
        kind="ward",
        parent=trafford,
        geometry=square,
    )
    old = Area.objects.create(
        code="E05000819",
        boundary_year=2022,
        name="Altrincham",
        kind="ward",
        parent=trafford,
        geometry=square,
    )
    Postcode.objects.bulk_create(
        [
            Postcode(postcode="WA142SZ", la_code=TRAFFORD, ward=new, source="ONSPD 2025"),
            Postcode(postcode="BL40NN", la_code=BOLTON, source="Code-Point Open 2014"),
        ]
    )
    PostcodeSector.objects.bulk_create(
        [
            PostcodeSector(sector="M33 2", la_code=TRAFFORD, share=Decimal("0.9950")),
            PostcodeSector(sector="LS1 1", la_code=LEEDS, share=Decimal("1.0000")),
        ]
    )
    return {"greater": greater, "trafford": trafford, "new": new, "old": old}
