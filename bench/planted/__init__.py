"""Planted truth: does the fit find the weights that simulated annotators were given, and do its intervals hold?"""
