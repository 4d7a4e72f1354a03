# SPDX-License-Identifier: GPL-2.0-or-later
#
# vctx: the one entry point. "make help" lists what there is.
#
# Everything that is built is below build/. A feature adds its part with a
# module.mk in its folder; the variables that it may add to:
#
#   PACKAGES      Debian packages that are needed
#   TOOLS, COMPLETIONS, LIBS, HEADERS, MAN    user space (see lib/module.mk)
#   UNIT_TESTS    programs for "make check" to run here, each prints TAP
#   SELFTESTS     files of build/selftests, which is on PATH in a guest
#   BENCH_PROGS   programs that bench/NAME.sh needs
#   CHECKS        steps of "make check": targets, each prints TAP or is one
#                 test by its exit status (scripts/check)
#   CHECKS_LAST   more of them, that a second guest may run beside the others
#   CHECKS_BESIDE those that compile, and are run while a guest of the others
#                 leaves a processor idle
#   SOAKS         steps of "make soak", likewise

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

O := build

# One list, for everything but what the features add.
PACKAGES := bc binutils bison cpio e2fsprogs flex gcc git iproute2 \
	    libc6-dev libelf-dev libssl-dev linux-source-6.12 make perl procps \
	    qemu-system-x86 rsync sparse xfsprogs xz-utils

TOOLS :=
COMPLETIONS :=
LIBS :=
HEADERS :=
MAN :=
UNIT_TESTS :=
SELFTESTS :=
BENCH_PROGS :=
CHECKS :=
CHECKS_LAST :=
CHECKS_BESIDE := kernel-debug check-kernel unit-tests
SOAKS :=

# lib/ and tools/ define what the others use.
MODULES := $(wildcard lib/module.mk) $(wildcard tools/module.mk)
MODULES += $(filter-out $(MODULES) $(O)/%,$(wildcard */module.mk */*/module.mk))
include $(MODULES)

PACKAGES := $(sort $(PACKAGES))
SUBMAKE = +@$(MAKE) --no-print-directory -s

##@ What there is:
.PHONY: help
help:	## this list
	@sed -n 's/^##@ *//p; s/^\([a-z-]*\):.*	## /  make \1	/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 24

ifneq ($(wildcard scripts/demo),)
.PHONY: run
run: kernel tools	## watch contexts run real work, in vstop, in a guest
	@scripts/demo
endif

.PHONY: check
check: kernel tools	## run all tests; the last line counts them
	$(SUBMAKE) $(UNIT_TESTS) $(SELFTESTS)
	@scripts/check $(CHECKS) $(CHECKS_LAST) --beside $(CHECKS_BESIDE)

.PHONY: soak
soak: kernel tools	## run the tests that take long
	$(SUBMAKE) $(SELFTESTS)
	@scripts/check $(SOAKS)

.PHONY: bench
bench: kernel kernel-stock tools	## measure; BENCH=NAME for one of bench/NAME.sh
	$(SUBMAKE) $(BENCH_PROGS)
	@for bench in $(or $(BENCH),$(basename $(notdir $(wildcard bench/*.sh)))); do \
		bench/$$bench.sh || exit; \
	done

.PHONY: kernel kernel-stock kernel-debug kernel-wide
kernel: patches	## build the kernel:   build/kernel/vctx
	@scripts/kernel vctx

kernel-stock: linux	## the same, unpatched: build/kernel/stock
	@scripts/kernel stock

kernel-debug: patches	## with all checks:     build/kernel/debug
	@scripts/kernel debug

kernel-wide: patches	## with the options of distributions: build/kernel/wide
	@scripts/packages dwarves
	@scripts/kernel wide

.PHONY: tools
tools: packages	## build libvctx and the tools: build/tools/bin
	$(SUBMAKE) $(LIBS) $(TOOLS) $(COMPLETIONS)

.PHONY: patches
patches: linux	## assemble the patch series: build/patches
	@scripts/series

PREFIX ?= /usr
DESTDIR ?=
.PHONY: install
install: tools	## put the tools into DESTDIR=, PREFIX=/usr
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib/systemd/system \
		include/linux share/man/man5 share/man/man8 \
		share/bash-completion/completions) $(DESTDIR)/etc/vctx
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIBS) $(DESTDIR)$(PREFIX)/lib
	install -m 644 $(filter-out kernel/%,$(HEADERS)) $(DESTDIR)$(PREFIX)/include
	install -m 644 $(filter kernel/%,$(HEADERS)) $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 $(wildcard Documentation/man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 $(wildcard Documentation/man/*.8) $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 $(COMPLETIONS) $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	sed 's,@bindir@,$(PREFIX)/bin,' tools/systemd/vctx.service.in \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/vctx.service

.PHONY: deb
deb: tools patches	## Debian packages of the tools and of the series: build/deb
	@scripts/deb

.PHONY: clean
clean:	## remove build/
	rm -rf $(O)

# ------------------------------------------------------------------ below it

.PHONY: linux
linux: packages
	@scripts/linux

# Asks dpkg each time: that is quick, and build/ may outlive a package.
.PHONY: packages
packages:
	@scripts/packages $(PACKAGES)

.PHONY: check-kernel
check-kernel: kernel
	@scripts/check-kernel

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)
	@scripts/check --tap $(UNIT_TESTS)
