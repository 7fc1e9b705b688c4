# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin front for meson: what is built, and how, stands in the meson.build files.
BUILD = build
PREFIX = /usr/local
MESON_FLAGS =
# Seconds that each fuzz target runs in `make check`.
FUZZ_SECONDS ?= 6
export FUZZ_SECONDS

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	tools/install-deps.sh build
	meson setup --prefix=$(PREFIX) $(MESON_FLAGS) $(BUILD)

# Everything that has to hold; `tools/check.sh SECTION` runs a part of it, MODULO_SKIP_KERNEL=1 leaves the test kernels out.
check: deps
	tools/check.sh

# Kernels that are built and booted; see doc/kernel.md.
check-kernel:
	tools/install-deps.sh kernel
	tools/check.sh kernel

demo: all
	demo/run.sh $(BUILD)

bench: all
	bench/run.sh $(BUILD)

install: all
	meson install -C $(BUILD) --no-rebuild

uninstall:
	ninja -C $(BUILD) uninstall

deps:
	tools/install-deps.sh

clean:
	rm -rf $(BUILD) build-check

.PHONY: all check check-kernel demo bench install uninstall deps clean
