/* The table of all operators, and what they share. */
#include "nd_families.h"

#include <string.h>

static const medtl_nd_op *const families[] = {
    medtl_nd_unary_ops,  medtl_nd_binary_ops,  medtl_nd_select_ops,         medtl_nd_reduce_ops,
    medtl_nd_pool_ops,   medtl_nd_conv_ops,    medtl_nd_conv_transpose_ops, medtl_nd_matmul_ops,
    medtl_nd_view_ops,   medtl_nd_strided_ops, medtl_nd_move_ops,           medtl_nd_constant_ops,
    medtl_nd_resize_ops, medtl_nd_norm_ops,    medtl_nd_softmax_ops,
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

const medtl_nd_op *medtl_nd_op_at(size_t index)
{
    for (size_t f = 0; f < FAMILY_COUNT; f++)
        for (const medtl_nd_op *op = families[f]; op->name != NULL; op++)
            if (index-- == 0)
                return op;
    return NULL;
}

const medtl_nd_op *medtl_nd_op_find(const char *name)
{
    for (size_t f = 0; f < FAMILY_COUNT; f++)
        for (const medtl_nd_op *op = families[f]; op->name != NULL; op++)
            if (strcmp(op->name, name) == 0)
                return op;
    return NULL;
}

bool medtl_nd_has_op(const char *name) { return medtl_nd_op_find(name) != NULL; }

const char *medtl_nd_op_name(size_t index)
{
    const medtl_nd_op *op = medtl_nd_op_at(index);

    return op != NULL ? op->name : NULL;
}

const medtl_nd_type *medtl_nd_in(const medtl_nd_infer *c, size_t k)
{
    if (k >= c->node->input_count || c->node->inputs[k] == MEDTL_ND_NONE)
        return NULL;
    return &c->graph->values[c->node->inputs[k]].type;
}

bool medtl_nd_wants(const medtl_nd_infer *c, size_t k)
{
    return k < c->node->output_count && c->node->outputs[k] != MEDTL_ND_NONE;
}

const void *medtl_nd_constant(const medtl_nd_infer *c, size_t k)
{
    return medtl_nd_in(c, k) != NULL ? c->graph->values[c->node->inputs[k]].data : NULL;
}

medtl_status medtl_nd_out(const medtl_nd_infer *c, size_t k, const medtl_nd_type *type)
{
    if (type->rank > MEDTL_ND_RANK)
        return MEDTL_ND_LACK(c, "a result of more than %d dimensions", MEDTL_ND_RANK);
    if (!medtl_nd_fits(type, MEDTL_ND_MOST_ELEMENTS))
        return MEDTL_ND_LACK(c, "a result of more than %zu elements", MEDTL_ND_MOST_ELEMENTS);
    if (medtl_nd_wants(c, k))
        c->graph->values[c->node->outputs[k]].type = *type;
    return MEDTL_OK;
}

medtl_status medtl_nd_expect(const medtl_nd_infer *c, size_t k, medtl_nd_element element)
{
    const medtl_nd_type *type = medtl_nd_in(c, k);

    if (type != NULL && type->element != element)
        return MEDTL_ND_LACK(c, "input %zu is %s; only %s is supported", k,
                             medtl_nd_element_name(type->element), medtl_nd_element_name(element));
    return MEDTL_OK;
}

const medtl_nd_attribute *medtl_nd_attribute_find(const medtl_nd_node *node, const char *name)
{
    for (size_t i = 0; i < node->attribute_count; i++)
        if (strcmp(node->attributes[i].name, name) == 0)
            return &node->attributes[i];
    return NULL;
}

int64_t medtl_nd_attribute_int(const medtl_nd_node *node, const char *name, int64_t otherwise)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(node, name);

    return a != NULL && a->kind == MEDTL_ND_INTS && a->count > 0 ? a->ints[0] : otherwise;
}

float medtl_nd_attribute_float(const medtl_nd_node *node, const char *name, float otherwise)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(node, name);

    return a != NULL && a->kind == MEDTL_ND_FLOATS && a->count > 0 ? a->floats[0] : otherwise;
}

const char *medtl_nd_attribute_text(const medtl_nd_node *node, const char *name,
                                    const char *otherwise)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(node, name);

    return a != NULL && a->kind == MEDTL_ND_TEXT ? a->text : otherwise;
}

medtl_status medtl_nd_axis(const medtl_nd_infer *c, int64_t axis, size_t rank, size_t *out)
{
    const int64_t r = (int64_t)rank;

    if (axis < -r || axis >= r)
        return MEDTL_ND_REFUSE(c, "axis %lld of a tensor of %zu dimensions", (long long)axis, rank);
    *out = (size_t)(axis < 0 ? axis + r : axis);
    return MEDTL_OK;
}

medtl_status medtl_nd_list(const medtl_nd_infer *c, const char *name, size_t k,
                           const int64_t **list, size_t *count)
{
    const medtl_nd_attribute *a = medtl_nd_attribute_find(c->node, name);
    const medtl_nd_type *type = medtl_nd_in(c, k);

    *list = NULL;
    *count = 0;
    if (a != NULL) {
        if (a->kind != MEDTL_ND_INTS)
            return MEDTL_ND_REFUSE(c, "the attribute \"%s\" is not a list of whole numbers", name);
        *list = a->ints;
        *count = a->count;
    } else if (type != NULL) {
        if (type->element != MEDTL_ND_INT || type->rank > 1)
            return MEDTL_ND_REFUSE(c, "input %zu (%s) is not a list of whole numbers", k, name);
        *list = medtl_nd_constant(c, k);
        if (*list == NULL)
            return MEDTL_ND_LACK(c, "input %zu (%s) decides the shape, and is not constant", k,
                                 name);
        *count = medtl_nd_count(type);
    }
    return MEDTL_OK;
}
