/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with several hard links, each of which a walk comes to */
#ifndef VQUOTA_LINKS_H
#define VQUOTA_LINKS_H

#include <stddef.h>

/**
 * struct link - a file with several links
 * @ino: its number
 * @links: how many it has
 * @found: how many the walk has found
 * @path: of the first of these; NULL once all are found
 */
struct link {
	unsigned long long ino;
	unsigned int links;
	unsigned int found;
	char *path;
};

/**
 * struct links - all of them, by number
 * @link: a table, of which entries without @found are free
 * @nr: how many
 * @space: size of the table, a power of two, or 0
 */
struct links {
	struct link *link;
	size_t nr;
	size_t space;
};

int links_add(struct links *links, unsigned long long ino, unsigned int nr,
	      const char *path);
void links_free(struct links *links);

#endif /* VQUOTA_LINKS_H */
