"""Tests of the control API, one file per noun."""
