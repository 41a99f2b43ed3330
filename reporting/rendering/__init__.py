"""Draws an edition as page, PDF, DOCX and XLSX. All it sees is a `Sheet`: the stored dataset, its hash
and where the edition is on the web. Nothing here can reach the database (import-linter, and a test).
"""

from .sheet import Sheet, sections_of

__all__ = ["Sheet", "sections_of"]
