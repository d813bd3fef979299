"""Tests that the contracts themselves write: generated calls, examples, payloads, models."""
