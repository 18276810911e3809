# Everyday commands; each is a thin call of the ectopy console script. `make help` lists them.

BOARD   ?= virt
MODEL   ?= beat-3-eff-sm
ENGINE  ?= aot
# What the plan of ENGINE=aot is made for
OPTIMIZE ?= speed
LIMIT   ?= 1000
DATASET ?= auto
SPLIT   ?=
SEED    ?= 0
LINK    ?= auto
# Optional: DATA_DIR= (folder with mitdb/), PORT= (serial port), JSON= (copy of record.json),
# RUN= (a run, to judge or to set beside), GATES= (limits for it), RECORD= SPEED= (of a replay),
# ARGS= (anything else for the command), PYTHON= (interpreter for a new .venv)

VENV    := .venv/bin
ECTOPY  := $(VENV)/ectopy
TRAINER := TF_CPP_MIN_LOG_LEVEL=2 .venv-train/bin/ectopy
C_FILES  = $(shell git ls-files 'firmware/*.c' 'firmware/*.cc' 'firmware/*.h' \
           'tests/firmware/*.c' 'tests/firmware/*.cc' 'tests/firmware/*.h')
# What the board's compiler and emulator need
TOOLS    = $(if $(filter host,$(BOARD)),host,toolchain)
# BOARD=apollo4p: PROBE= is the serial number of its J-Link, if there are several
cable    = $(if $(PORT),--port '$(PORT)') $(if $(PROBE),--probe '$(PROBE)')
engine   = --engine $(ENGINE) --optimize $(OPTIMIZE)
data_dir = $(if $(DATA_DIR),--data-dir '$(DATA_DIR)')
# ENGINE=tflm: the library to link, see tools/ectopy/toolchain/runtime.py
export TFLM TFLM_LIB NEURALSPOT RUNTIME RUNTIME_VARIANT ARENA_BYTES

.DEFAULT_GOAL := help
.PHONY: help bench gate test test-train autodeploy profile quantize render firmware sdk train evaluate lint format clean distclean
.PHONY: toolchain host

help:  ## List the targets and variables
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: BOARD=virt|apollo4p|host MODEL=beat-3-eff-sm|beat-2-eff-sm|DIR ENGINE=aot|tflm LIMIT=N|all"
	@echo "           DATASET=auto|mitdb|synthetic|icentia11k SPLIT=ds2|ds1|test|train DATA_DIR= LINK=auto|uart|fast PORT= JSON= SEED="
	@echo "           ENGINE=aot: OPTIMIZE=speed|size|debug (\`ectopy plan --help\` has all)"
	@echo "           ENGINE=tflm: TFLM= [TFLM_LIB=] or NEURALSPOT= [RUNTIME=], RUNTIME_VARIANT= ARENA_BYTES="
	@echo "           of apollo4p: NEURALSPOT=DIR CLOCK=hp|lp BAUD=921600 MODEL_IN=mram|tcm PROBE= JLINK="

bench: .venv/.ready $(TOOLS)  ## Build the firmware, boot it, stream ECG windows, print and save the report
	@$(ECTOPY) bench --board $(BOARD) --model $(MODEL) $(engine) --dataset $(DATASET) \
		$(if $(SPLIT),--split $(SPLIT)) --limit $(LIMIT) --seed $(SEED) --link $(LINK) $(data_dir) \
		$(if $(PORT),--port '$(PORT)') $(if $(JSON),--json '$(JSON)') $(ARGS)

gate: .venv/.ready  ## Judge the run RUN= by the limits in GATES= (default: those beside its model)
	@$(ECTOPY) gate $(if $(RUN),'$(RUN)') $(if $(GATES),--gates '$(GATES)') $(ARGS)

test: .venv/.ready-dev toolchain host  ## Run all tests: unit, contracts, C on the host, end to end
	@$(VENV)/pytest $(ARGS)

test-train: .venv-train/.ready  ## Run the tests that need TensorFlow
	@.venv-train/bin/python -m pytest -m train $(ARGS)

render: .venv/.ready  ## Write the C of the engine and model into build/
	@$(ECTOPY) render --model $(MODEL) $(engine) $(ARGS)

firmware: .venv/.ready $(TOOLS)  ## Build the firmware image
	@$(ECTOPY) build --board $(BOARD) --model $(MODEL) $(engine) $(ARGS)

sdk: .venv/.ready  ## Explain and check the vendor's SDK that BOARD=apollo4p needs
	@$(ECTOPY) sdk $(if $(NEURALSPOT),--neuralspot '$(NEURALSPOT)')

profile: .venv/.ready $(TOOLS)  ## Where the instructions and modelled cycles of an inference go
	@$(ECTOPY) profile --board $(BOARD) --model $(MODEL) $(engine) --seed $(SEED) $(data_dir) \
		$(if $(JSON),--json '$(JSON)') $(ARGS)

.PHONY: plan bench-engines
plan: .venv/.ready  ## What the compiler decided: steps, kernels, memory (ARGS=--cycles: and costs)
	@$(ECTOPY) plan --model $(MODEL) --optimize $(OPTIMIZE) $(data_dir) $(if $(JSON),--json '$(JSON)') $(ARGS)

bench-engines: .venv/.ready toolchain  ## Engines side by side on the virtual board, with TFLM= and NEURALSPOT=
	@$(ECTOPY) engines $(if $(filter command line,$(origin MODEL)),--model '$(MODEL)') $(data_dir) \
		$(if $(JSON),--json '$(JSON)') $(ARGS)

.PHONY: monitor
monitor: .venv/.ready $(TOOLS)  ## Replay RECORD= in the terminal, each beat classified by the board (SPEED=1|4|max)
	@$(ECTOPY) monitor --board $(BOARD) --model $(MODEL) $(engine) --dataset $(DATASET) --link $(LINK) \
		$(data_dir) $(if $(RECORD),--record '$(RECORD)') $(if $(SPEED),--speed '$(SPEED)') \
		$(if $(PORT),--port '$(PORT)') $(if $(JSON),--json '$(JSON)') $(ARGS)

# Make hands PROBE= BAUD= CLOCK= NEURALSPOT= JLINK= JLINK_DEVICE= on in the environment.
.PHONY: deploy flash reset ports
deploy: .venv/.ready $(TOOLS)  ## Render, build, flash, self-test and measure a model: all steps on one board
	@$(ECTOPY) deploy --board $(BOARD) --model $(MODEL) $(engine) --dataset $(DATASET) \
		$(if $(filter file,$(origin LIMIT)),,--limit $(LIMIT)) $(data_dir) $(cable) \
		$(if $(JSON),--json '$(JSON)') $(ARGS)

flash: .venv/.ready $(TOOLS)  ## Build the image and write it to the board's flash, through its J-Link
	@$(ECTOPY) flash --board $(BOARD) --model $(MODEL) $(engine) $(cable) $(ARGS)

reset: .venv/.ready  ## Reset the board through its J-Link
	@$(ECTOPY) reset --board $(BOARD) $(cable) $(ARGS)

ports: .venv/.ready  ## List serial ports and J-Links
	@$(ECTOPY) ports $(ARGS)

quantize: .venv-train/.ready  ## Keras to int8 TFLite, with its report
	@$(TRAINER) quantize --model $(MODEL) $(data_dir) $(ARGS)

autodeploy: .venv/.ready  ## Second opinion on a real board: ns_autodeploy of NEURALSPOT= beside RUN= of ours
	@$(ECTOPY) autodeploy --model $(MODEL) $(if $(RUN),--run '$(RUN)') $(if $(PORT),--port '$(PORT)') \
		$(data_dir) $(ARGS)

train: .venv-train/.ready  ## Train MODEL on DS1
	@$(TRAINER) train --model $(MODEL) --seed $(SEED) $(data_dir) $(ARGS)

evaluate: .venv/.ready  ## Scores of MODEL with intervals; writes its metrics.json
	@$(ECTOPY) evaluate --model $(MODEL) $(data_dir) $(ARGS)

.PHONY: card model
card: .venv/.ready  ## Write card.md of MODEL from the files in its folder
	@$(ECTOPY) card --model $(MODEL) $(data_dir) $(ARGS)

# OUT= is the folder of the new bundle; TRAIN_ARGS=--resume goes on with it.
OUT   ?= runs/model-$(MODEL)-seed-$(SEED)
score  = evaluate --model '$(OUT)' --split ds2 $(data_dir)
model: .venv/.ready .venv-train/.ready toolchain  ## Train, quantize, score, run on the virtual board and describe MODEL: OUT=
	@$(TRAINER) train --model $(MODEL) --seed $(SEED) --out '$(OUT)' $(data_dir) $(TRAIN_ARGS)
	@$(TRAINER) quantize --model '$(OUT)' $(data_dir)
	@$(TRAINER) $(score) --from float
	@$(ECTOPY) evaluate --model '$(OUT)' --split ds1 $(data_dir)
	@$(ECTOPY) $(score) --from int8
	@for noise in bw ma bw+ma; do $(ECTOPY) $(score) --noise $$noise --snr-db 6 || exit; done
	@$(ECTOPY) bench --board virt --model '$(OUT)' --dataset mitdb --split ds2 --limit all $(data_dir) \
		--runs-dir '$(OUT)/runs'
	@$(ECTOPY) $(score) --from "$$(ls -d '$(OUT)'/runs/*/ | tail -n 1)"
	@$(ECTOPY) card --model '$(OUT)' $(data_dir)

lint: .venv/.ready-dev  ## ruff, mypy --strict, clang-format, cppcheck
	@$(VENV)/ruff check tools tests
	@$(VENV)/ruff format --check tools tests
	@$(VENV)/mypy
	@$(VENV)/clang-format --dry-run -Werror $(C_FILES)
	@$(VENV)/cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability -Ifirmware/include firmware
	@echo "lint: clean"

format:  ## Rewrite the sources the way lint wants them
	@$(VENV)/ruff check --fix tools tests
	@$(VENV)/ruff format tools tests
	@$(VENV)/clang-format -i $(C_FILES)

clean:  ## Remove what was built
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis

distclean: clean  ## Remove the virtual environments too; runs/ stays
	rm -rf .venv .venv-train

toolchain:
	@tools/setup.sh toolchain '$(ENGINE)'

host:
	@tools/setup.sh host

.venv/.ready: pyproject.toml
	@tools/setup.sh python

.venv/.ready-dev: pyproject.toml
	@tools/setup.sh python dev

.venv-train/.ready: pyproject.toml
	@tools/setup.sh python train
