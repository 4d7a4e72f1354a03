// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capabilities by name, see caps.h
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "caps.h"

/* What --secure leaves: enough for a virtual server, too little for the host */
static const cap_value_t secure_caps[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
	CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_NET_BIND_SERVICE,
	CAP_SYS_CHROOT, CAP_SYS_PTRACE, CAP_SYS_TTY_CONFIG, CAP_LEASE,
	CAP_SETFCAP,
};

/**
 * caps_parse() - find a capability by its name, with or without "cap_"
 * @name: the name
 * @cap: receives the capability
 *
 * Return: 0, or -1 if there is none.
 */
int caps_parse(const char *name, cap_value_t *cap)
{
	char full[40];

	snprintf(full, sizeof(full), "%s%s",
		 strncasecmp(name, "cap_", 4) ? "cap_" : "", name);
	/* libcap takes numbers too, which are no names */
	return !isalpha((unsigned char)*name) || cap_from_name(full, cap) ||
	       *cap < 0 || *cap > 63 ? -1 : 0;
}

/**
 * caps_parse_option() - take the argument of --cap
 * @tool: the caller, which ends with an error if it is wrong
 * @request: what it is added to
 * @arg: a name, after a ! to remove it
 */
void caps_parse_option(const struct tool *tool, struct caps_request *request,
		       const char *arg)
{
	int remove = *arg == '!';
	cap_value_t cap;

	arg += remove;
	if (caps_parse(arg, &cap))
		tool_usage_error(tool, "unknown capability '%s'", arg);
	if (remove)
		request->remove |= caps_bit(cap);
	else
		request->keep |= caps_bit(cap);
}

/**
 * caps_drop() - what is to be removed
 * @request: what the user says
 *
 * Return: a set of capabilities, 1 << CAP_x each.
 */
unsigned long long caps_drop(const struct caps_request *request)
{
	unsigned long long drop = 0;
	int bits = cap_max_bits();
	size_t i;

	if (request->secure) {
		drop = bits < 64 ? (1ULL << bits) - 1 : ~0ULL;
		for (i = 0; i < sizeof(secure_caps) / sizeof(secure_caps[0]);
		     i++)
			drop &= ~caps_bit(secure_caps[i]);
		drop &= ~request->keep;
	}
	return drop | request->remove;
}

/**
 * caps_has() - has the caller a capability in effect?
 * @cap: which one
 */
int caps_has(cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps)
		return 0;
	if (cap_get_flag(caps, cap, CAP_EFFECTIVE, &value))
		value = CAP_CLEAR;
	cap_free(caps);
	return value == CAP_SET;
}
