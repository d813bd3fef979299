"""Pipelines' part of the control API: making what its API cannot make, and playing its people."""

from mockserver.engine.service import ControlTable
from mockserver.services.pipelines.controls import making, playing

controls = ControlTable(making.controls | playing.controls)
