"""Read responses: where the thinking ends, what the final answer is, which number or option it names."""
