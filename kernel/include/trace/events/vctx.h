/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vctx

#if !defined(_TRACE_VCTX_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_VCTX_H

#include <linux/tracepoint.h>

TRACE_EVENT(vctx_create,
	    TP_PROTO(u32 id, u32 parent),
	    TP_ARGS(id, parent),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u32, parent)),
	    TP_fast_assign(__entry->id = id;
			   __entry->parent = parent;),
	    TP_printk("id=%u parent=%u", __entry->id, __entry->parent)
);

TRACE_EVENT(vctx_enter,
	    TP_PROTO(u32 id, u32 from),
	    TP_ARGS(id, from),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u32, from)),
	    TP_fast_assign(__entry->id = id;
			   __entry->from = from;),
	    TP_printk("id=%u from=%u", __entry->id, __entry->from)
);

TRACE_EVENT(vctx_exit,
	    TP_PROTO(u32 id),
	    TP_ARGS(id),
	    TP_STRUCT__entry(__field(u32, id)),
	    TP_fast_assign(__entry->id = id;),
	    TP_printk("id=%u", __entry->id)
);

/* @id refused, where @member_of is what the task is in: the same, or below. */
TRACE_EVENT(vctx_charge_fail,
	    TP_PROTO(u32 id, u32 member_of, const char *resource, long n,
		     long hard),
	    TP_ARGS(id, member_of, resource, n, hard),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u32, member_of)
			     __string(resource, resource)
			     __field(long, n)
			     __field(long, hard)),
	    TP_fast_assign(__entry->id = id;
			   __entry->member_of = member_of;
			   __assign_str(resource);
			   __entry->n = n;
			   __entry->hard = hard;),
	    TP_printk("id=%u member_of=%u resource=%s n=%ld hard=%ld",
		      __entry->id, __entry->member_of, __get_str(resource),
		      __entry->n, __entry->hard)
);

/* Usage of @id rose above its soft limit, by a charge of a member of @member_of. */
TRACE_EVENT(vctx_charge_soft,
	    TP_PROTO(u32 id, u32 member_of, const char *resource, long n,
		     long soft),
	    TP_ARGS(id, member_of, resource, n, soft),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(u32, member_of)
			     __string(resource, resource)
			     __field(long, n)
			     __field(long, soft)),
	    TP_fast_assign(__entry->id = id;
			   __entry->member_of = member_of;
			   __assign_str(resource);
			   __entry->n = n;
			   __entry->soft = soft;),
	    TP_printk("id=%u member_of=%u resource=%s n=%ld soft=%ld",
		      __entry->id, __entry->member_of, __get_str(resource),
		      __entry->n, __entry->soft)
);

/* The cap of @id lets nothing of it run on @cpu until more is due to it. */
TRACE_EVENT(vctx_throttle,
	    TP_PROTO(u32 id, int cpu),
	    TP_ARGS(id, cpu),
	    TP_STRUCT__entry(__field(u32, id)
			     __field(int, cpu)),
	    TP_fast_assign(__entry->id = id;
			   __entry->cpu = cpu;),
	    TP_printk("id=%u cpu=%d", __entry->id, __entry->cpu)
);

#endif /* _TRACE_VCTX_H */

#include <trace/define_trace.h>
