"""Tests of the emulated Extend."""
