"""People, organisations and places."""

from .grants import RoleGrant
from .organisations import (
    Identifier,
    Organisation,
    OrganisationAlias,
    OrganisationKind,
    OrganisationMerge,
)
from .places import Area, Postcode, PostcodeSector

__all__ = [
    "Area",
    "Identifier",
    "Organisation",
    "OrganisationAlias",
    "OrganisationKind",
    "OrganisationMerge",
    "Postcode",
    "PostcodeSector",
    "RoleGrant",
]
