"""The Action Plan for programs."""
