/* Transformers. A token is a pixel of [N][channels][1][tokens], where ONNX would have channels last. */
#include "export_kinds.h"

#include <math.h>

static const char *transpose(const medtl_step *s, const char *x, const int64_t *order, size_t rank)
{
    const char *name = medtl_step_operate_on(s, "Transpose", x);

    medtl_onnx_set_wholes(s->all->writer, "perm", order, rank);
    return name;
}

void medtl_export_layer_norm(const medtl_step *s)
{
    static const int64_t last[] = {0, 2, 3, 1}, back[] = {0, 3, 1, 2};
    const medtl_exported v = medtl_step_input(s, 0);
    const char *inputs[3] = {v.flat ? v.name : transpose(s, v.name, last, 4),
                             medtl_step_parameter(s, 0), medtl_step_parameter(s, 1)};
    const char *name = medtl_step_operate(s, "LayerNormalization", inputs, 3);

    medtl_onnx_set_whole(s->all->writer, "axis", -1);
    medtl_onnx_set_real(s->all->writer, "epsilon", s->node->u.norm.epsilon);
    medtl_step_finish(s, v.flat ? name : transpose(s, name, back, 4), v.flat);
}

/* Part `index` (queries, keys, values) of [N][3 * heads][depth][tokens]. */
static const char *part(const medtl_step *s, const char *x, int64_t index)
{
    const int64_t heads = (int64_t)s->node->u.attention.heads, axis = 1;
    const int64_t first = index * heads, end = (index + 1) * heads;
    const char *inputs[4] = {x, medtl_step_wholes(s, "starts", &first, 1),
                             medtl_step_wholes(s, "ends", &end, 1),
                             medtl_step_wholes(s, "axes", &axis, 1)};

    return medtl_step_operate(s, "Slice", inputs, 4);
}

/* Weights are made as [token j][token i], so that values [depth][j] times them are [depth][i]. */
void medtl_export_attention(const medtl_step *s)
{
    static const int64_t turned[] = {0, 1, 3, 2};
    const int64_t heads = (int64_t)s->node->u.attention.heads;
    const medtl_shape out = s->node->shape;
    const int64_t depth = (int64_t)out.channels / heads;
    const int64_t split[] = {0, 3 * heads, depth, (int64_t)medtl_shape_plane(out)};
    const int64_t joined[] = {0, (int64_t)out.channels, (int64_t)out.height, (int64_t)out.width};
    const char *x = medtl_step_reshape(s, medtl_step_image(s, 0), split, 4);
    const char *keys = transpose(s, part(s, x, 1), turned, 4), *name;

    name = medtl_step_operate_on_two(s, "MatMul", keys, part(s, x, 0));
    name = medtl_step_operate_on_two(
        s, "Mul", name, medtl_step_number(s, "scale", (float)(1.0 / sqrt((double)depth))));
    name = medtl_step_operate_on(s, "Softmax", name);
    medtl_onnx_set_whole(s->all->writer, "axis", 2);
    name = medtl_step_operate_on_two(s, "MatMul", part(s, x, 2), name);
    medtl_step_finish(s, medtl_step_reshape(s, name, joined, 4), false);
}

static const char *pad_tokens(const medtl_step *s, const char *x, int64_t before, int64_t behind)
{
    const int64_t pads[8] = {0, 0, 0, before, 0, 0, 0, behind};

    return medtl_step_operate_on_two(s, "Pad", x, medtl_step_wholes(s, "pads", pads, 8));
}

/* A parameter [1][tokens][channels] as [1][channels][1][tokens]. */
static const char *token_parameter(const medtl_step *s, size_t k)
{
    static const int64_t channels_first[] = {0, 2, 1};
    const int64_t row = 2;
    const char *name = transpose(s, medtl_step_parameter(s, k), channels_first, 3);

    return medtl_step_operate_on_two(s, "Unsqueeze", name, medtl_step_wholes(s, "axes", &row, 1));
}

/* (0, x) + ((class, 0) + positions): the batch is open, so that the class token is added and not joined. */
void medtl_export_class_token(const medtl_step *s)
{
    const int64_t channels = (int64_t)s->node->shape.channels;
    const int64_t pixels = (int64_t)s->node->shape.width - 1;
    const int64_t row[] = {0, channels, 1, pixels};
    const char *tokens = medtl_step_reshape(s, medtl_step_image(s, 0), row, 4);
    const char *added = medtl_step_operate_on_two(
        s, "Add", pad_tokens(s, token_parameter(s, 0), 0, pixels), token_parameter(s, 1));

    medtl_step_finish(s, medtl_step_operate_on_two(s, "Add", pad_tokens(s, tokens, 1, 0), added),
                      false);
}

void medtl_export_pick(const medtl_step *s)
{
    const medtl_shape in = medtl_step_input_shape(s, 0);
    const int64_t row[] = {0, (int64_t)in.channels, 1, (int64_t)medtl_shape_plane(in)};
    const int64_t first = (int64_t)s->node->u.pick.pixel, end = first + 1, axis = 3;
    const char *inputs[4] = {medtl_step_reshape(s, medtl_step_image(s, 0), row, 4),
                             medtl_step_wholes(s, "starts", &first, 1),
                             medtl_step_wholes(s, "ends", &end, 1),
                             medtl_step_wholes(s, "axes", &axis, 1)};

    medtl_step_finish(s, medtl_step_operate(s, "Slice", inputs, 4), false);
}
