"""The rules of API Gateway: values, routes, templates, checks, rates. Pure: no IO, and time comes in as an argument."""
