# Front door. `make help` lists every target.

GO      ?= go
BIN     := bin/rapport
PKGS    := ./...
LONGEST := ./workers ./store/storetest ./cmd/rapport # whose tests take minutes: they begin first
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The program is built as the image builds it, and everything else with the same
# flags, so that no package is compiled twice.
export CGO_ENABLED = $(if $(RACE),1,0)
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List every target
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/rapport (static, no cgo)
	@$(GO) build -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/rapport

.PHONY: demo
demo: build ## Play thirty days of the sample shop and sum them up: no accounts, no servers
	@$(BIN) demo

.PHONY: run
run: build ## Serve the sample shop in real time on http://127.0.0.1:8080
	@$(BIN) up campaigns/examples/shop --people 2000

.PHONY: test
test: ## Run every test; what needs Redis or PostgreSQL runs where they are installed
	@$(GO) run ./cmd/testbed -quick $(GO) test $(TESTFLAGS) $(LONGEST) $(PKGS)

.PHONY: race
race: ## Run every test under the race detector (but for what SQLite does inside), and three rows of the fault suite
	@CGO_ENABLED=1 $(GO) run ./cmd/testbed -quick $(GO) test -race -gcflags='modernc.org/...=-race=false' -timeout 1h $(TESTFLAGS) $(PKGS)
	@$(MAKE) trust RACE=1 ROWS=R1,R5,R12

.PHONY: trust
trust: ## Break what it stands on and count the messages; FULL=1 in whole size, ROWS=R1,R5, BROKEN=1 with a safeguard out, RACE=1 with the race detector
	@cd trust && $(GO) run ../cmd/testbed $(GO) test -count=1 -timeout 12h \
	  $(if $(FULL)$(filter full,$(TRUST)),,-parallel 3) -form $(if $(FULL)$(filter full,$(TRUST)),full,quick) $(if $(ROWS),-rows $(ROWS)) $(if $(RACE),-detect) $(if $(BROKEN),-broken -run Broken) $(TESTFLAGS)

.PHONY: bench
bench: build ## Measure this machine, each kind of work beside the same done bare; BENCHFLAGS="--only smtp --n 20000", "--full"
	@$(GO) run ./cmd/testbed $(BIN) bench $(BENCHFLAGS)

.PHONY: lint
lint: ## Format, vet and lint
	@$(GO) tool -modfile=.ci/tools/go.mod gofumpt -l . | (! grep .) || (echo "run: make fmt"; exit 1)
	@$(GO) vet $(PKGS)
	@$(GO) tool -modfile=.ci/tools/go.mod golangci-lint run $(PKGS)
	@$(GO) tool -modfile=.ci/tools/go.mod deadcode -test $(PKGS) | (! grep .)

.PHONY: deploy-check
deploy-check: ## Lint and render the chart, hold it to Kubernetes' types, and run what image, compose file and chart would
	@$(GO) run ./cmd/testbed $(GO) test -modfile=deploy/check/check.mod -tags deploy -vet=off $(TESTFLAGS) ./deploy/check

.PHONY: fmt
fmt: ## Format the Go code
	@$(GO) tool -modfile=.ci/tools/go.mod gofumpt -w .

.PHONY: generate
generate: ## Write the references of the language and of the commands and the sample shop's schemas anew
	@$(GO) run ./cmd/reference
	@$(GO) test ./cmd/rapport -run PageOfCommands -update

.PHONY: generate-check
generate-check: ## Fail where what is generated is out of date
	@$(GO) run ./cmd/reference -check
	@$(GO) test ./cmd/rapport -run PageOfCommands

.PHONY: alerts
alerts: ## Read the alert rules and the dashboard as Prometheus does, and play when they fire
	@$(GO) test -modfile=.ci/alerts/alerts.mod -tags prometheus ./.ci/alerts

.PHONY: fuzz
fuzz: ## Fuzz every parser for a while each (FUZZTIME=30s)
	@$(GO) list -f '{{.Dir}} {{.ImportPath}}' $(PKGS) | while read dir pkg; do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z]*' $$dir/*_test.go 2>/dev/null | cut -c6-); do \
	    $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(or $(FUZZTIME),30s) $$pkg || exit 1; \
	  done; \
	done

.PHONY: clean
clean: ## Remove what builds and runs leave behind
	@rm -rf bin rapport-data
