"""Tests of what leads programs to the intercepting port."""
