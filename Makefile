# The verbs of this project. Each prepares what it needs; `make` alone lists them.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
RUN := .venv/Scripts/python
else
RUN := .venv/bin/python
endif
export PYTHONUTF8 := 1

help: ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  %-14s %s\n", $$1, $$2}'

book: environment ## build the web book, the report, the tables and the ledger in _build/
	@$(RUN) -m tools.build

check: environment ## check the data alone
	@cd book && ../$(RUN) -m dcr.data

test: ## run every test
	@$(PYTHON) tools/environment.py --test
	@$(RUN) -m pytest -n 2 --dist loadfile

coverage: clean ## measure which code of the book the tests reach, from nothing (minutes longer than the tests)
	@$(PYTHON) tools/environment.py --test
	@$(RUN) -m coverage run -m pytest -n 2 --dist loadfile
	@$(RUN) -m coverage combine -q
	@$(RUN) -m coverage report

stress: ## kill, cut off and starve builds of a small book (minutes; OPTIONS="-k kill")
	@$(PYTHON) tools/environment.py --test
	@$(RUN) -m pytest tests/stress $(OPTIONS)

lab: environment ## open the chapters in JupyterLab
	@$(RUN) -m jupyter lab book

review: book ## serve the web book with comments on 127.0.0.1:8000 (OPTIONS="--port 9000": see review/README.md)
	@$(RUN) -m tools.review $(OPTIONS)

comments: environment ## export all comments to _build/review/
	@$(RUN) -m tools.comments

changes: book ## compare with an edition, a ledger file or the folder of an earlier build: make changes FROM=2026.1
	@$(RUN) -m tools.changes -- "$(FROM)"

edition: book ## keep the ledger and the text of this edition in book/editions/
	@$(RUN) -m tools.changes --keep

lock: environment ## renew requirements.txt from requirements.in
	@$(RUN) -m uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-package misaka --custom-compile-command "make lock" --upgrade -q -o requirements.txt

clean: ## remove what was built (comments are kept)
	@rm -rf _build

environment:
	@$(PYTHON) tools/environment.py

.PHONY: help book check test coverage stress lab review comments changes edition lock clean environment
.DEFAULT_GOAL := help
