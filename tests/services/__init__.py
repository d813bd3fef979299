"""Scenarios of the services."""
