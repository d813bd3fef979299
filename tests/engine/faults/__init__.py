"""Tests of failures on purpose."""
