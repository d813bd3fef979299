"""Tests of Toloka's handlers, a module for each tag."""
