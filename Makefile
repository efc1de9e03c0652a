# Everything is called from here. `make` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build run run-ledger test test-machine test-all soak race fuzz fmt check-fmt vet lint arch generate check-generated bench

export CGO_ENABLED := 0

MODULE := github.com/longmen/longmen
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X $(MODULE)/kit/version.tag=$(VERSION)
# Files under the tag soak hold the long tests; the checks read them too.
SOAK := -tags soak
FUZZTIME ?= 30s
# Further words for the program that a target starts, e.g. make run ARGS="--loans all".
ARGS ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the programs into bin/
	@mkdir -p bin
	go build -ldflags '$(LDFLAGS)' -o bin/ $(MODULE)/cmd/... $(MODULE)/examples/...

run: build ## build, start Longmen and play a marketplace through its API (ARGS="--loans all")
	@exec bin/marketplace $(ARGS)

run-ledger: build ## play bids and repayments of real loans on the ledger alone, a million bids in seconds
	@exec bin/lendingclub $(ARGS)

bench: build ## measure this machine (ARGS="--help")
	@exec bin/longmen bench $(ARGS)

test: test-machine check-fmt check-generated vet lint arch test-all ## everything that CI runs

test-machine:
	@bash .ci/machine

# In memory the databases of tests spare the waits for the disk. What is killed loses nothing there that a disk would
# keep; `make soak` works on the disk.
test-all:
	@echo "== tests"
	@scratch=$$(bash .ci/scratch); trap 'rm -rf "$$scratch"' EXIT; \
		GOTMPDIR=$${GOTMPDIR:-$${TMPDIR:-/tmp}} TMPDIR=$$scratch \
		go tool gotestsum --format pkgname --format-hide-empty-pkg -- -exec 'env -u GOTMPDIR' -vet=off -count=1 -timeout 10m ./...

soak: ## the long tests: simulation, crashes, races, fuzzing (hours)
	@bash .ci/machine soak
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory fuzz
	@go tool gotestsum --format pkgname --format-hide-empty-pkg -- -count=1 -timeout 12h $(SOAK) ./...

race: ## all tests under the race detector (needs gcc)
	@CGO_ENABLED=1 go tool gotestsum --format pkgname --format-hide-empty-pkg -- -race -count=1 -timeout 60m ./...

fuzz: ## every fuzz target for FUZZTIME (30s) each
	@bash .ci/fuzz $(FUZZTIME)

fmt: ## format the Go code
	@go tool gofumpt -l -w .

check-fmt:
	@echo "== format"
	@bad=$$(go tool gofumpt -l .); \
	if [ -n "$$bad" ]; then printf '%s\n' "$$bad" "not formatted; run 'make fmt'" >&2; exit 1; fi

vet: ## go vet
	@echo "== vet"
	@go vet $(SOAK) ./...

lint: ## staticcheck
	@echo "== staticcheck"
	@go tool staticcheck $(SOAK) ./...

arch: ## the rules of this house
	@echo "== arch"
	@go test -count=1 ./arch

generate: ## make the generated code again
	@bash .ci/generate

check-generated: ## fail if generated code is not what its source makes
	@echo "== generated code"
	@bash .ci/generate --check
