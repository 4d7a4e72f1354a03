// SPDX-License-Identifier: GPL-2.0-only
/*
 * vctx: keys and keyrings of other contexts
 *
 * Keys are found through a keyring that one has, by number, or by the name of
 * a keyring.  The first begins with the keyrings of the caller's credentials
 * and of its user: so those are given up at entry, and each context has a
 * register of its own for those of users.  The other two ask vctx_key_hidden().
 *
 * A key is not charged, and so does not pin its context.  What ends a context
 * ends its registers; what is then left is what others still have hold of.
 */

#include <linux/cred.h>
#include <linux/key.h>
#include <linux/user_namespace.h>

#include "../keys/internal.h"
#include "vctx.h"

static struct vctx_key *vctx_key_blob(const struct key *key)
{
	return key->security + vctx_blob_sizes.lbs_key;
}

static u64 current_serial(void)
{
	const struct vctx *vctx = current_vctx();

	return vctx ? vctx->serial : 0;
}

bool __vctx_key_hidden(const struct key *key)
{
	return vctx_key_blob(key)->serial != current_serial();
}

struct key **__vctx_key_register(struct user_namespace *ns, struct key **reg,
				 enum vctx_key_register which)
{
	return ns == &init_user_ns ? &current_vctx()->key_register[which] : reg;
}

bool __vctx_key_user_hidden(kuid_t uid)
{
	return !uid_eq(uid, current_uid());
}

static int vctx_key_alloc(struct key *key, const struct cred *cred,
			  unsigned long flags)
{
	vctx_key_blob(key)->serial = current_serial();
	return 0;
}

/**
 * vctx_keys_enter() - give up the keyrings of where current comes from
 * @cred: what current will have when it has entered a context
 *
 * Context: process.
 */
void vctx_keys_enter(struct cred *cred)
{
	key_put(cred->session_keyring);
	key_put(cred->process_keyring);
	key_put(cred->thread_keyring);
	key_put(cred->request_key_auth);
	cred->session_keyring = NULL;
	cred->process_keyring = NULL;
	cred->thread_keyring = NULL;
	cred->request_key_auth = NULL;
}

/**
 * vctx_keys_offline() - a context ends, and its users' keyrings with it
 * @vctx: the context, which has no members
 *
 * Context: process.
 */
void vctx_keys_offline(struct vctx *vctx)
{
	int i;

	for (i = 0; i < VCTX_NR_KEY_REGISTERS; i++)
		key_put(vctx->key_register[i]);
}

static struct security_hook_list vctx_key_hooks[] __ro_after_init = {
	LSM_HOOK_INIT(key_alloc, vctx_key_alloc),
};

void __init vctx_add_key_hooks(void)
{
	security_add_hooks(vctx_key_hooks, ARRAY_SIZE(vctx_key_hooks),
			   &vctx_lsmid);
}
