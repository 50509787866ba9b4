"""Runs one command isolated."""
