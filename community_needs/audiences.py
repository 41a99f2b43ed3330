"""Who a need is for, as the form offers it. The keys are stored, the words are translated."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

AUDIENCES = (
    ("everyone", _("Everyone")),
    ("older", _("Older people")),
    ("disabled", _("Disabled people")),
    ("families", _("Families with children")),
    ("young", _("Young people")),
    ("carers", _("Carers")),
    ("newcomers", _("People who are new here")),
    ("work", _("People looking for work")),
    ("low-income", _("People with little money")),
)
AUDIENCE_KEYS = frozenset(key for key, _words in AUDIENCES)
