"""Random graphs: drawn, run in several ways that must agree, and cut down to the part that does not."""
