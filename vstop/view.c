// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vstop: what both views say
 */
#include <errno.h>
#include <string.h>

#include "view.h"

const char *view_error(int err)
{
	static char text[256];
	struct vctx_self self;

	if (err == -ENOENT && !vctx_self(&self) && self.id != VCTX_ID_HOST)
		snprintf(text, sizeof(text),
			 "inside of context %u only its own files can be read: %s/%u",
			 self.id, vctx_root(), self.id);
	else if (err == -ENOENT || err == -ENOTDIR)
		snprintf(text, sizeof(text),
			 "no contexts at %s: the kernel has no vctx, or it is not mounted (mount -t vctx vctx %s)",
			 vctx_root(), vctx_root());
	else
		snprintf(text, sizeof(text), "cannot read %s/summary: %s",
			 vctx_root(), strerror(-err));
	return text;
}
