"""The supplier's side of a return: beginning it, filling it in, sharing an activity, sending it.

Every function takes the locks in one order (return, commitments, activity, lines), so that two
people at once wait for each other and nothing is half written.
"""

from .drafting import (
    LineChange,
    LinesChanged,
    add_line,
    open_return,
    remove_line,
    save_draft,
    save_line,
    save_lines,
    save_return,
)
from .locks import lines_of, locked_return
from .shares import claim_share, release_share, start_activity
from .submitting import answers_to_give, submit_return, withdraw_return

__all__ = [
    "LineChange",
    "LinesChanged",
    "add_line",
    "answers_to_give",
    "claim_share",
    "lines_of",
    "locked_return",
    "open_return",
    "release_share",
    "remove_line",
    "save_draft",
    "save_line",
    "save_lines",
    "save_return",
    "start_activity",
    "submit_return",
    "withdraw_return",
]
