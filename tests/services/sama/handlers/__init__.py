"""Tests of Sama's operations, as a caller sees them."""
