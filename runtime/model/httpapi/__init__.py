"""What HTTP APIs (API Gateway v2) are and decide: values, checks, routes, mappings, authorizers. Pure."""
