"""This app's part of the API."""
