"""Forecasts the weather without looking."""
