// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: objects of IPC of other contexts
 *
 * They are not there: keys and names are looked up in the context of the
 * caller, and ids of others are like ids of nobody.  What an object is charged
 * to (limits/ipc.c, limits/sock.c) is the context that it belongs to.
 */

#include "vctx.h"

/* The watcher sees what there is.  Context: any. */
bool __vctx_ipc_unlisted(void)
{
	return !vctx_is_watcher(current_vctx());
}

bool __vctx_ipc_may_clean(void)
{
	return vctx_host_admin();
}
