# Everything a contributor runs. `make help` lists it. On a fresh machine only
# Go, make and git need to be there; what else is needed is fetched, pinned, into
# folders that git ignores (bin/, build/).

export GOTOOLCHAIN := local
export CGO_ENABLED ?= 0
export MILLRACE_TEST_BINARY := $(CURDIR)/bin/millrace
export MILLRACE_TEST_FAULTS_BINARY := $(CURDIR)/bin/millrace-faults
export MILLRACE_TEST_CLIENTS := $(CURDIR)/build/clients

GO ?= go
FUZZTIME ?= 30s
# What needs no binary, and of that what is written by hand: generated shapes have
# no goroutines.
UNIT = $(shell $(GO) list ./... | grep -v -e /test/conformance -e /test/crash -e /test/upgrade)
RACE = $(shell $(GO) list ./... | grep -v -e /test/conformance -e /test/crash -e /test/upgrade -e '/internal/awsapi/.*')

.PHONY: help build faults demo test unit race fuzz lint generate generate-check clients conformance crash upgrade bench soak clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):[^=]*## \(.*\)/\1\t\2/p' Makefile | expand -t 18

build: ## bin/millrace: one static binary
	$(GO) build -trimpath -o bin/ ./cmd/millrace

faults: ## bin/millrace-faults: the binary that tests can make fail (tag "faults")
	$(GO) build -trimpath -tags faults -o bin/millrace-faults ./cmd/millrace

demo: build ## stream lines through a server of its own, and account for each
	bin/millrace demo $(ARGS)

test: unit conformance crash upgrade ## all tests: packages, official clients, kill -9, old data

unit: ## tests of the packages and of the house's rules
	$(GO) test $(UNIT)
	$(GO) test -tags faults ./internal/base/fault/... ./internal/cli/...

race: ## tests of the hand-written packages, but the long ones, under the race detector
	CGO_ENABLED=1 $(GO) test -race -short $(RACE)

fuzz: ## every fuzz target for FUZZTIME (default 30s)
	tools/fuzz $(FUZZTIME)

lint: build/tools/staticcheck ## gofmt, go vet, staticcheck; that macOS builds
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	  test -z "$$unformatted" || { echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags faults ./internal/... ./cmd/...
	build/tools/staticcheck ./...
	GOOS=darwin GOARCH=arm64 $(GO) build ./...
	GOOS=darwin GOARCH=arm64 $(GO) vet ./internal/store/pebblestore ./internal/child

generate: ## models/ to internal/awsapi and docs/coverage.md
	$(GO) run ./cmd/mrgen

generate-check: generate ## fails where generated code is not fresh
	@stale=$$(git status --porcelain -- internal/awsapi internal/wire/wiretest/shapes docs/coverage.md docs/divergences); \
	  test -z "$$stale" || { echo "generated files differ from what is committed:"; echo "$$stale"; exit 1; }

clients: ## official clients of other languages, pinned, in build/clients
	@if [ -x test/conformance/setup ]; then test/conformance/setup; fi

conformance: build faults clients ## official clients, unmodified, against the binary
	$(call gotest,test/conformance)

crash: faults ## kill -9 at random and at fault points, then the history checker
	$(call gotest,test/crash)

upgrade: build ## the data of every format that there was, opened by today's binary
	$(call gotest,test/upgrade)

bench: build faults ## the table of speeds, as ratios to what this machine allows
	bin/millrace bench suite $(ARGS)

soak: build faults ## an hour under load: memory must not grow
	bin/millrace bench soak $(ARGS)

clean: ## remove what was built (never data)
	rm -rf bin build

# gotest runs the Go tests of a folder; they drive processes, so their results
# are never taken from the cache.
gotest = @if [ -d $(1) ]; then $(GO) test -count=1 -timeout 20m ./$(1)/...; else echo "no $(1) in this tree"; exit 1; fi

build/tools/staticcheck: tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../build/tools/ honnef.co/go/tools/cmd/staticcheck
