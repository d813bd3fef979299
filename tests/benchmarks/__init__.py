"""Speed beside the bare floor: the same load, one server after the other, in one run."""
