"""Commands behind the Makefile: the environment, the build, the review server."""
