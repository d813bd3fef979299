"""The making of values from JSON Schemas: the shape follows the schema, the contents the names."""

from mockserver.engine.invention.invention import Acceptors, Invention, Uninventable

__all__ = ["Acceptors", "Invention", "Uninventable"]
