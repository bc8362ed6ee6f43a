/* The entries of one instruction set. A source file that is compiled for it defines BLOCKED_SET and
 * BLOCKED_SET_NAME and includes this. */
#include "depthwise_walk_small.h"
#include "direct.h"
#include "pack.h"
#include "weight_winograd.h"
#include "winograd.h"

static void run_item(const medtl_blocked_conv *c, const medtl_blocked_call *call, size_t stage,
                     size_t item)
{
    if (c->algorithm == MEDTL_BLOCKED_WINOGRAD)
        run_winograd(c, call, stage, item);
    else if (c->algorithm == MEDTL_BLOCKED_DIRECT)
        run_direct(c, call, stage, item);
    else
        run_depthwise(c, call, item);
}

const medtl_blocked_kernels BLOCKED_SET = {
    .name = BLOCKED_SET_NAME,
    .width = {WIDE_GROUP, NARROW_GROUP},
    .pack = pack_group,
    .run = run_item,
    .weight = run_weight_item,
    .depthwise = run_depthwise_walk,
};
