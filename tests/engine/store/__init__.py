"""Tests of the store, room by room."""
