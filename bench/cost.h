/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench cost: what a row is
 *
 * A row is one operation. Its cost is measured in the stock kernel and in ours,
 * outside of contexts and inside. To add one, write a function that does the
 * operation once and describe it:
 *
 *	static void pipe_round_trip(void)
 *	{
 *		...
 *	}
 *
 *	COST_ROW(pipe,
 *		.title = "pipe round trip",
 *		.ops = 100000,
 *		.op = pipe_round_trip,
 *	);
 *
 * in a file of rows/, which the build then finds. Nothing else names it.
 */
#ifndef BENCH_COST_H
#define BENCH_COST_H

/* A scratch directory of one measurement, on tmpfs: always the same path. */
#define COST_DIR	"/tmp"

/* A disk of the guest, with ext4 that has the features quota and project */
#define COST_DISK	"/dev/vda"

/* How many resources a row may want to have near their limits */
#define COST_NEAR_MAX	4

/**
 * struct cost_near - a resource that the operation uses
 * @resource: as in the context's file "limits"
 * @room: how far above the usage before the first operation the hard limit is
 */
struct cost_near {
	const char *resource;
	unsigned long room;
};

/**
 * struct cost_row - one operation
 * @name: a word, for the command line and the TSV; set by COST_ROW()
 * @title: for the table
 * @ops: how often it is done in one measurement: such that a measurement takes
 *	100 million instructions or more, then the spread is below 0.3 %
 * @repeats: how many measurements the median is of, 3 if 0: more for one whose
 *	spread is above 0.3 % whatever @ops is
 * @id: of the context, the outermost one, 0 for a fresh one: only one that is
 *	chosen has disk quota
 * @prepare: called before each measurement, by the host's root outside of
 *	contexts, in the mount namespace of all; may be NULL
 * @setup: called once, in the process that is then measured, inside of its
 *	context and before limits are set; may be NULL
 * @op: does the operation once, and has no effect left when it returns. The
 *	processor may not idle meanwhile: that is time, but not instructions
 * @near: for the case "near a limit"; a row without is not measured in it
 * @outside_max: how many % the operation may cost more than in the stock
 *	kernel outside of contexts, and
 * @inside_max: inside of one, with all limits set and far; 0: nothing promised
 *
 * A function that fails calls cost_die().
 */
struct cost_row {
	const char *name;
	const char *title;
	unsigned long ops;
	unsigned int repeats;
	unsigned int id;
	void (*prepare)(void);
	void (*setup)(void);
	void (*op)(void);
	struct cost_near near[COST_NEAR_MAX];
	double outside_max;
	double inside_max;
};

/* The linker collects the pointers: rows are in the order of their files. */
#define COST_ROW(_name, ...)						\
	static const struct cost_row cost_row_##_name = {		\
		.name = #_name,						\
		__VA_ARGS__						\
	};								\
	__attribute__((section("cost_rows"), used))			\
	static const struct cost_row *const cost_row_pointer_##_name =	\
		&cost_row_##_name

/* Prints the message and what errno says, and ends the process with 1. */
void cost_die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif /* BENCH_COST_H */
