"""The steps that make a plain scene one of a category."""
