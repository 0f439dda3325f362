"""Runs the checks where people work: in pytest, in a training loop and in Keras.

Each module is imported by its own name and needs only the library that it is for. `import checks`
imports none of them.
"""
