"""Contracts, awards, thresholds, spending; later measures, commitments and delivery."""
