"""Programs that know only the real hosts, for `mockserver run`: no line in them is about it."""
