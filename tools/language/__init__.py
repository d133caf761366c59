"""Generative models, wherever they run: asked, held to a form, written down."""
