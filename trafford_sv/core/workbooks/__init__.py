"""Reading spreadsheets of unknown quality (csv, xlsx, zip of csv) and writing small ones.

`read_tables` gives every table as a stream of rows with the row numbers that the spreadsheet
shows; `open_csv_rows` is the same for one table. Anything unreadable raises FileRefused with
a sentence. Limits hold before memory is spent: see `limits.Limits`.
"""

from .kinds import kind_of
from .limits import DEFAULT_LIMITS, FileRefused, Limits, size_words
from .reading import check_size, file_size, open_csv_rows, opened, read_tables
from .tables import Table, cell_text, clean_text, column_letter, headings_hash, tidy_headings

__all__ = [
    "DEFAULT_LIMITS",
    "FileRefused",
    "Limits",
    "Table",
    "cell_text",
    "check_size",
    "clean_text",
    "column_letter",
    "file_size",
    "headings_hash",
    "kind_of",
    "open_csv_rows",
    "opened",
    "read_tables",
    "size_words",
    "tidy_headings",
]
