"""Handlers that the end-to-end tests deploy, by the setting that a user's handlers come in by."""
