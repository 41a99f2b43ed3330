"""Contracts, payments and retained spend for programs."""
