"""Tests of Pipelines, room by room."""
