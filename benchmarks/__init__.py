"""What Linewise costs: `make bench` prints every figure as a median with its spread. docs/performance.md keeps them."""
