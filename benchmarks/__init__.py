"""Benchmarks: each line a ratio of two programs timed in turns in the same run."""
