"""Tests of the invention of values."""
