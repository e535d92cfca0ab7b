"""A month of real flights as events: data, loader, and a handler that keeps delay statistics."""
