"""What an edition holds: every word, table and figure of a report, with the rows behind each figure. Pure.

A report is a frozen `Dataset` and a template. `gather` functions build one (see `reporting.editions`),
publishing stores its canonical JSON and the hash of that, and whoever draws it (page, PDF, DOCX,
XLSX, e-mail, API) sees the dataset and nothing else.

How to write a `gather`, in short:

* each number is a `Figure` with a `Formula` over a `RowSet` that the dataset carries, so that anybody
  can work it out again offline. `figure_of(...)` fills in the value from the rows;
* words name figures and never hold numbers: `Words("Suppliers reported [[social-reported]].")`. A
  `[[id:exact]]` is printed in full. A table's `Cell(figure="id")` and a `Chart` name them alike;
* what a person wrote (commentary, a story) is `Words(..., by="who")`, a name with digits in it is
  `Cell(text, is_name=True)` or stands in “quotation marks”; any other number in words is refused by `problems(dataset)`.

Dates in words are written "3 May 2026", quarters "Q1 2026/27", paragraphs "(2.7)".
"""

from .canonical import SCHEMA, DatasetUnreadable, canonical_json, read_dataset, sha256_of
from .checks import problems
from .formulas import Recomputed, figure_of, recompute, recompute_all
from .parts import (
    Basis,
    Block,
    Bullets,
    Cell,
    Chart,
    Dataset,
    Drawing,
    Evidence,
    Figure,
    FigureCards,
    Formula,
    Pairs,
    Picture,
    Row,
    RowColumn,
    RowSet,
    RowsTable,
    Section,
    Series,
    Table,
    Unit,
    Words,
)
from .words import figure_words, filled, mentioned, with_period

__all__ = [
    "SCHEMA",
    "Basis",
    "Block",
    "Bullets",
    "Cell",
    "Chart",
    "Dataset",
    "DatasetUnreadable",
    "Drawing",
    "Evidence",
    "Figure",
    "FigureCards",
    "Formula",
    "Pairs",
    "Picture",
    "Recomputed",
    "Row",
    "RowColumn",
    "RowSet",
    "RowsTable",
    "Section",
    "Series",
    "Table",
    "Unit",
    "Words",
    "canonical_json",
    "figure_of",
    "figure_words",
    "filled",
    "mentioned",
    "problems",
    "read_dataset",
    "recompute",
    "recompute_all",
    "sha256_of",
    "with_period",
]
