"""The official rules of the benchmarks, as pure functions on arrays."""
