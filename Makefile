PYTHON ?= python3
VENV := .venv/bin
TESTS ?= tests
PARALLEL ?= --numprocesses auto --maxprocesses 4

.PHONY: run test lint bench screenshots clean

run:  ## a shop with a trained model at http://127.0.0.1:5000; DATA=<name> starts from a public data set
	@$(PYTHON) deploy/environment.py && exec $(VENV)/python deploy/run.py $(if $(DATA),--data $(DATA))

test:  ## everything the suite needs, then the suite; EXTRAS=all adds the real services
	@$(PYTHON) deploy/environment.py --tests $(if $(EXTRAS),--extras $(EXTRAS)) && exec $(VENV)/python -m pytest $(PARALLEL) $(TESTS)

lint:  ## style, format and types
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy

bench:  ## the tables of the README; some take minutes
	@$(VENV)/python -m bench

screenshots:  ## every page of the running demo in two widths and two themes, into screenshots/; ONLY="home cart"
	@$(PYTHON) deploy/environment.py --tests && exec $(VENV)/python -m tests.browser.screenshots $(if $(ONLY),--only $(ONLY))

clean:  ## everything but the code: environment, database, models, pictures
	@rm -rf .venv instance build .pytest_cache .mypy_cache .ruff_cache .hypothesis screenshots
