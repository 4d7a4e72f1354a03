/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libvctx share, and nobody else sees. */
#ifndef LIBVCTX_INTERNAL_H
#define LIBVCTX_INTERNAL_H

#include <stddef.h>

#include "libvctx.h"

/* A path below vctxfs, or below /proc/PID, always fits. */
#define VCTX_PATH_LEN		4096

/* Longest line that the kernel takes, without its newline and final NUL */
#define VCTX_LINE_LEN		4095

const char *vctx_proc_root(void);
int vctx_path(char *path, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vctx_read_fd(int fd, char **text, size_t *space, size_t *len);
int vctx_read_file(const char *path, char **text, size_t *space, size_t *len);
int vctx_read_context_file(unsigned int id, const char *file, char **text,
			   size_t *len);
int vctx_write_context_file(unsigned int id, const char *file,
			    const char *line);
char *vctx_next_line(char **text);
int vctx_parse_u64(const char *text, size_t len, unsigned long long *value);
int vctx_parse_u32(const char *text, size_t len, unsigned int *value);
int vctx_change_devices(const struct vctx_devices *from,
			const struct vctx_devices *to,
			int (*write_line)(void *arg, const char *line),
			void *arg);
void vctx_flags_from_text(struct vctx_info *info, const char *text, size_t len);

#endif /* LIBVCTX_INTERNAL_H */
