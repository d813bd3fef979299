"""Tests of the Sama service, in process."""
