"""Recipes: data builders and fitting."""
