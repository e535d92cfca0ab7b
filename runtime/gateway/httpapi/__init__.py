"""HTTP APIs (API Gateway v2) at work: kept, deployed, served."""
