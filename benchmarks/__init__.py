"""Measurements that anyone can repeat: `python -m benchmarks.pipeline`, `python -m benchmarks.memory`."""
