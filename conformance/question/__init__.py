"""What is asked: cases, formulas, problems and the library; nothing here knows of fits."""
