// SPDX-License-Identifier: GPL-2.0-or-later
/* Files with several hard links, see links.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "links.h"

static struct link *slot(const struct links *links, unsigned long long ino)
{
	size_t at = (size_t)(ino * 0x9e3779b97f4a7c15ULL >> 20) &
		    (links->space - 1);

	while (links->link[at].found && links->link[at].ino != ino)
		at = (at + 1) & (links->space - 1);
	return &links->link[at];
}

static int grow(struct links *links)
{
	struct links more = { .space = links->space ? 2 * links->space : 1024 };
	size_t i;

	more.link = calloc(more.space, sizeof(*more.link));
	if (!more.link)
		return -ENOMEM;
	for (i = 0; i < links->space; i++)
		if (links->link[i].found)
			*slot(&more, links->link[i].ino) = links->link[i];
	free(links->link);
	links->link = more.link;
	links->space = more.space;
	return 0;
}

/**
 * links_add() - a walk has come to a file with several links
 * @links: those that it has come to so far
 * @ino: number of the file
 * @nr: how many links it has
 * @path: of this one
 *
 * Return: 1 if it is the first one of the file, 0 for others, -ENOMEM.
 */
int links_add(struct links *links, unsigned long long ino, unsigned int nr,
	      const char *path)
{
	struct link *link;

	if (links->nr >= links->space / 2 && grow(links))
		return -ENOMEM;
	link = slot(links, ino);
	if (!link->found) {
		link->path = strdup(path);
		if (!link->path)
			return -ENOMEM;
		link->ino = ino;
		links->nr++;
	}
	link->links = nr;
	link->found++;
	/* Most are found: their names need no space then. */
	if (link->found >= link->links) {
		free(link->path);
		link->path = NULL;
	}
	return link->found == 1;
}

/**
 * links_free() - give back what was added
 * @links: all zeros afterwards
 */
void links_free(struct links *links)
{
	size_t i;

	for (i = 0; i < links->space; i++)
		free(links->link[i].path);
	free(links->link);
	memset(links, 0, sizeof(*links));
}
