"""The emulated services; a new one adds its line here."""

from mockserver.engine.service import Service
from mockserver.services.extend import service as extend
from mockserver.services.pipelines import service as pipelines
from mockserver.services.sama import service as sama
from mockserver.services.toloka import service as toloka

SERVICES: tuple[Service, ...] = (sama, toloka, pipelines, extend)
