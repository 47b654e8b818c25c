"""Deliberate mistakes in the engine, planted one at a time into a copy, to see which tests catch each."""
