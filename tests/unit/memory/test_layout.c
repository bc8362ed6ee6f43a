/* Where activations lie: sizes worked out by hand, and no two that are alive together in one place. */
#include "core/nn/architecture.h"
#include "core/nn/layout.h"
#include "core/nn/plan.h"
#include "nn_tiny.h"

#include <criterion/parameterized.h>

static medtl_layout lay(const medtl_graph *graph, medtl_layout_kind kind,
                        const medtl_segments *segments)
{
    medtl_layout layout = {0};

    cr_assert_eq(medtl_layout_create(graph, kind, segments, &layout, NULL), MEDTL_OK);
    return layout;
}

static medtl_graph graph_of(size_t height, size_t width)
{
    medtl_graph graph;

    medtl_graph_init(&graph);
    (void)medtl_graph_input(&graph, (medtl_shape){1, height, width});
    return graph;
}

static size_t add_conv(medtl_graph *g, size_t x, size_t channels, const char *name)
{
    const medtl_conv_options options = {.channels = channels, .kernel = 3, .stride = 1, .pad = 1};

    return medtl_graph_conv(g, x, options, "%s", name);
}

/* 8x8 pixels: a has 4 * 64 = 256 floats, b 512, c 128, d 64. A convolution needs its input and its output:
 * a+b = 768, b+c = 640, c+d = 192. */
Test(layout, a_chain_needs_its_two_largest_neighbours)
{
    medtl_graph g = graph_of(8, 8);
    medtl_layout layout;
    size_t x = add_conv(&g, 0, 4, "a");

    x = add_conv(&g, x, 8, "b");
    x = add_conv(&g, x, 2, "c");
    (void)add_conv(&g, x, 1, "d");
    layout = lay(&g, MEDTL_LAYOUT_INFER, NULL);
    cr_expect_eq(layout.total, 768, "%zu", layout.total);
    medtl_layout_clear(&layout);
    medtl_graph_clear(&g);
}

/* a (256) is read again by the sum at the end, so that b and c, 256 each, lie beside it; the sum is made in place. */
Test(layout, an_addition_costs_nothing_and_keeps_its_first_input)
{
    medtl_graph g = graph_of(8, 8);
    medtl_layout layout;
    const size_t a = add_conv(&g, 0, 4, "a"), b = add_conv(&g, a, 4, "b");
    const size_t c = add_conv(&g, b, 4, "c");

    (void)medtl_graph_add(&g, c, a);
    layout = lay(&g, MEDTL_LAYOUT_INFER, NULL);
    cr_expect_eq(layout.total, 3 * 256, "%zu", layout.total);
    medtl_layout_clear(&layout);
    medtl_graph_clear(&g);
}

/* Both branches are written into their part of the concatenation: 256 + 128, and nothing is copied. */
Test(layout, branches_are_computed_inside_their_concatenation)
{
    medtl_graph g = graph_of(8, 8);
    medtl_layout layout;
    const size_t a = add_conv(&g, 0, 4, "a"), b = add_conv(&g, 0, 2, "b");
    const size_t joined = medtl_graph_concat(&g, (const size_t[]){a, b}, 2);

    layout = lay(&g, MEDTL_LAYOUT_INFER, NULL);
    cr_expect_eq(layout.total, 384, "%zu", layout.total);
    cr_expect_eq(layout.places[a].offset + layout.places[a].inner, layout.places[joined].offset);
    cr_expect_eq(layout.places[b].inner, 256);
    medtl_layout_clear(&layout);
    medtl_graph_clear(&g);
}

/* Four convolutions of 256 floats, cut in the middle. Kept whole: 4 * 256. In two segments only b and the second
 * segment (c, d) stay; a is made again when c and d are done with: 3 * 256. */
Test(layout, what_is_made_again_takes_the_place_of_what_is_done_with)
{
    medtl_graph g = graph_of(8, 8);
    size_t starts[] = {0, 3};
    const medtl_segments whole = {starts, 1, 0}, halves = {starts, 2, 0};
    medtl_layout kept, again;
    size_t x = 0;

    x = add_conv(&g, x, 4, "a");
    x = add_conv(&g, x, 4, "b");
    x = add_conv(&g, x, 4, "c");
    (void)add_conv(&g, x, 4, "d");
    kept = lay(&g, MEDTL_LAYOUT_TRAIN, &whole);
    again = lay(&g, MEDTL_LAYOUT_TRAIN, &halves);
    cr_expect_eq(kept.total, 4 * 256, "%zu", kept.total);
    cr_expect_eq(again.total, 3 * 256, "%zu", again.total);
    for (size_t i = 1; i <= 4; i++) {
        cr_expect(!kept.again[i]);
        cr_expect_eq(again.again[i], i == 1, "node %zu", i);
    }
    medtl_layout_clear(&kept);
    medtl_layout_clear(&again);
    medtl_graph_clear(&g);
}

/* Four convolutions of 256 floats, of which the last alone is trained: a and b are done with once c and d are made,
 * which take their places. */
Test(layout, what_has_no_backward_is_not_kept)
{
    medtl_graph g = graph_of(8, 8);
    size_t starts[] = {0};
    const medtl_segments last = {starts, 1, 4};
    medtl_layout layout;
    size_t x = 0;

    x = add_conv(&g, x, 4, "a");
    x = add_conv(&g, x, 4, "b");
    x = add_conv(&g, x, 4, "c");
    (void)add_conv(&g, x, 4, "d");
    layout = lay(&g, MEDTL_LAYOUT_TRAIN, &last);
    cr_expect_eq(layout.total, 2 * 256, "%zu", layout.total);
    medtl_layout_clear(&layout);
    medtl_graph_clear(&g);
}

/* At 224 pixels the end of the first block is where most is alive: the block's input and output, 256 channels of
 * 56x56, and the 64 channels between (the sum is made by the convolution): (256 + 256 + 64) * 56 * 56. */
Test(layout, resnet50_needs_its_first_block)
{
    const medtl_network_spec spec = {.architecture = "resnet50",
                                     .channels = 3,
                                     .height = 224,
                                     .width_px = 224,
                                     .classes = 2,
                                     .dropout = -1.0f};
    medtl_network *network = NULL;
    medtl_plan plan;

    cr_assert_eq(medtl_network_create(&spec, 1, &network, NULL), MEDTL_OK);
    cr_assert_eq(medtl_plan_create(network, &plan, NULL), MEDTL_OK);
    cr_expect_eq(plan.layout.total, (size_t)(256 + 256 + 64) * 56 * 56, "%zu", plan.layout.total);
    medtl_plan_clear(&plan);
    medtl_network_destroy(network);
}

typedef struct range {
    size_t first, end;
} range;

static range range_of(const medtl_graph *graph, const medtl_layout *layout, size_t i)
{
    const size_t first = layout->places[i].offset + layout->places[i].inner;

    return (range){first, first + medtl_shape_size(graph->nodes[i].shape)};
}

static bool overlap(range a, range b) { return a.first < b.end && b.first < a.end; }

static bool reads(const medtl_node *node, size_t input)
{
    for (size_t k = 0; k < node->input_count; k++)
        if (node->inputs[k] == input)
            return true;
    return false;
}

/* May node j write where node i lies, when i has just been read for the last time? In its own place, element by
 * element; or as a concatenation that finds its part in place. */
static bool may_share(const medtl_graph *graph, size_t i, size_t j)
{
    const medtl_node *node = &graph->nodes[j];

    return reads(node, i) && (node->ops->elementwise || node->ops == &medtl_node_concat);
}

/* Is i alive as a part of the concatenation j, or of one that j is a part of? */
static bool is_part(const medtl_graph *graph, size_t i, size_t j)
{
    for (size_t k = i + 1; k < graph->node_count; k++)
        if (graph->nodes[k].ops == &medtl_node_concat && reads(&graph->nodes[k], i))
            return k == j || is_part(graph, k, j) || is_part(graph, j, k);
    return false;
}

ParameterizedTestParameters(layout, nothing_is_overwritten_before_its_last_reader)
{
    static nn_tiny cases[NN_TINY_MOST];

    return cr_make_param_array(nn_tiny, cases, nn_tiny_all(cases));
}

ParameterizedTest(nn_tiny *t, layout, nothing_is_overwritten_before_its_last_reader)
{
    medtl_network *network = nn_tiny_network(t);
    medtl_plan plan;
    const medtl_graph *g = &plan.graph;

    cr_assert_eq(medtl_plan_create(network, &plan, NULL), MEDTL_OK);
    for (size_t i = 1; i < g->node_count; i++) {
        const size_t last = medtl_graph_last_reader(g, i);

        cr_expect_leq(range_of(g, &plan.layout, i).end, plan.layout.total);
        for (size_t j = i + 1; j <= last; j++)
            cr_expect(!overlap(range_of(g, &plan.layout, i), range_of(g, &plan.layout, j)) ||
                          (j == last && may_share(g, i, j)) || is_part(g, i, j),
                      "%s: node %zu writes over node %zu, which node %zu reads", t->architecture, j,
                      i, last);
    }
    medtl_plan_clear(&plan);
    medtl_network_destroy(network);
}
