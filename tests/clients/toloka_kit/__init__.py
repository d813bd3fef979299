"""Programs for toloka-kit 1.2.3, which run in an environment of its own, and that environment."""
