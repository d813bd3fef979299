"""The shared machinery; knows no service by name."""
