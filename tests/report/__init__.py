"""Tests of the contract report."""
