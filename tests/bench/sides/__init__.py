"""What each side does with the same workload: one module a library, each imported in that library's environment."""
