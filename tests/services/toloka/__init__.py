"""Tests of Toloka."""
