# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tools.  Adds to:
#   TOOLS        programs to install, $(O)/tools/bin/NAME
#   MAN          man pages
#   COMPLETIONS  completions of bash, $(O)/completions/NAME
#   UNIT_TESTS, PACKAGES   see lib/module.mk
#   CHECKS       check-tools, the tools in a guest
# and defines TOOL_RULES, which tools elsewhere in the tree use, too.

O ?= build

PACKAGES += libcap-dev libsmartcols-dev procps psmisc

# $(call TOOL_RULES,NAME,SOURCES,LIBRARIES): a tool that uses common.c, its
# completion, and the same with sanitizers and a stand-in for vctx's system
# calls, for tools-cli.
define TOOL_RULES
TOOLS += $(O)/tools/bin/$(1)
COMPLETIONS += $(O)/completions/$(1)
MAN += Documentation/man/$(1).8

$(O)/tools/bin/$(1): $(2:%.c=$(O)/user/%.o) $(O)/user/tools/common.o $(LIBVCTX)
	@mkdir -p $$(@D)
	$$(CC) $$(USER_LDFLAGS) -o $$@ $$^ $(3)

$(O)/completions/$(1): $(O)/tools/bin/$(1)
	@mkdir -p $$(@D)
	$$< --complete > $$@.tmp
	@mv $$@.tmp $$@

$(O)/san/bin/$(1): $(2:%.c=$(O)/san/%.o) $(O)/san/tools/common.o \
		   $(O)/san/tools/tests/fake_kernel.o \
		   $(O)/san/tools/tests/fake_quota.o $(LIBVCTX_SAN)
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CFLAGS) -Wl,--wrap=syscall,--wrap=poll,--wrap=ioctl -o $$@ $$^ $(3)

$(O)/unit/tools-cli: $(O)/san/bin/$(1)

-include $(wildcard $(2:%.c=$(O)/user/%.d) $(2:%.c=$(O)/san/%.d))
endef

$(eval $(call TOOL_RULES,chbind,tools/chbind.c tools/address.c))
$(eval $(call TOOL_RULES,chcontext,tools/chcontext.c tools/address.c tools/caps.c,-lcap))
$(eval $(call TOOL_RULES,reducecap,tools/reducecap.c tools/caps.c,-lcap))
$(eval $(call TOOL_RULES,vctl,tools/vctl.c tools/conf.c tools/disk.c))
$(eval $(call TOOL_RULES,vkill,tools/vkill.c))
$(eval $(call TOOL_RULES,vps,tools/vps.c))
$(eval $(call TOOL_RULES,vpstree,tools/vpstree.c))
$(eval $(call TOOL_RULES,vserver-stat,tools/vserver-stat.c tools/table.c,-lsmartcols))
$(eval $(call TOOL_RULES,vtop,tools/vtop.c))

UNIT_TESTS += $(O)/unit/tools-cli $(O)/unit/tools-conf

# The parser of vctl's files, by itself
$(O)/unit/tools-conf: $(O)/san/tools/tests/test_conf.o $(O)/san/tools/conf.o \
		      $(LIBVCTX_SAN)
	@mkdir -p $(@D)
	$(CC) $(SAN_CFLAGS) -o $@ $^ -lcmocka

$(O)/unit/tools-cli: tools/tests/cli.sh
	@mkdir -p $(@D)
	install -m 755 $< $@

CHECKS += check-tools

.PHONY: check-tools
check-tools: kernel tools
	@scripts/vm --timeout 300 -- tools/tests/guest.sh

-include $(wildcard $(O)/user/tools/common.d $(O)/san/tools/common.d \
		    $(O)/san/tools/tests/*.d)
