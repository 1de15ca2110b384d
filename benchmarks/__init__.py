"""Every claim about speed and memory, as a program: python -m benchmarks.NAME [--json]"""
