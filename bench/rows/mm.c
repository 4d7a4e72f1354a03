// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <sys/mman.h>

#include "../cost.h"

#define PAGE	4096
#define PAGES	16

static volatile char *area;

/* The area's page table is there before, and its pages are not. */
static void make_area(void)
{
	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		cost_die("mmap");
}

/* One system call to give back what many faults have taken. */
static void fault_pages(void)
{
	int i;

	for (i = 0; i < PAGES; i++)
		area[i * PAGE] = 1;
	if (madvise((void *)area, PAGES * PAGE, MADV_DONTNEED))
		cost_die("madvise");
}

COST_ROW(fault,
	.title = "16 page faults+madvise",
	.ops = 4000,
	.setup = make_area,
	.op = fault_pages,
	.near = { { "rss", 64 * PAGE }, { "anon", 64 * PAGE } },
	.outside_max = 0.5,
	.inside_max = 2.0,
);

static void mmap_munmap(void)
{
	void *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p, PAGES * PAGE))
		cost_die("mmap");
}

COST_ROW(mmap,
	.title = "mmap+munmap",
	.ops = 30000,
	.op = mmap_munmap,
	.near = { { "as", 64 * PAGE } },
	.outside_max = 1.0,
);
