"""Dashboards and reports: reads everything, is read by nobody."""
