"""Contracts from files: OCDS releases, Contracts Finder's CSV, any table by mapping."""
