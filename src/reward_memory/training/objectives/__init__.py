"""Objectives of a training step, without verl: rewards, advantages, DAPO's rules, penalties on repeated errors."""
