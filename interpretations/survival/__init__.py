"""The main job: accelerated failure time models, fitted and interpreted."""
