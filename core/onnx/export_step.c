#include "export_step.h"

const char *medtl_step_name(const medtl_step *s, const char *what)
{
    if (s->node->name[0] != '\0')
        return medtl_onnx_text(s->all->writer, "%s/%s", s->node->name, what);
    return medtl_onnx_text(s->all->writer, "%s.%zu/%s", s->node->ops->kind, s->index, what);
}

const char *medtl_step_operate(const medtl_step *s, const char *type, const char *const *inputs,
                               size_t count)
{
    return medtl_onnx_operator(s->all->writer, type, medtl_step_name(s, type), inputs, count);
}

const char *medtl_step_operate_on(const medtl_step *s, const char *type, const char *input)
{
    return medtl_step_operate(s, type, &input, 1);
}

const char *medtl_step_operate_on_two(const medtl_step *s, const char *type, const char *a,
                                      const char *b)
{
    return medtl_step_operate(s, type, (const char *const[]){a, b}, 2);
}

const char *medtl_step_wholes(const medtl_step *s, const char *what, const int64_t *values,
                              size_t count)
{
    return medtl_onnx_wholes(s->all->writer, medtl_step_name(s, what), values, count);
}

const char *medtl_step_number(const medtl_step *s, const char *what, float value)
{
    float *kept = medtl_onnx_take(s->all->writer, sizeof *kept);

    if (kept == NULL)
        return "";
    *kept = value;
    return medtl_onnx_floats(s->all->writer, medtl_step_name(s, what), NULL, 0, kept);
}

const char *medtl_step_parameter(const medtl_step *s, size_t k)
{
    const size_t index = s->node->parameters[k];
    const medtl_parameter *p = &s->all->network->parameters[index];
    int64_t dims[sizeof p->shape / sizeof p->shape[0]];

    if (s->all->parameters[index] == NULL) {
        for (size_t i = 0; i < p->dimensions; i++)
            dims[i] = (int64_t)p->shape[i];
        s->all->parameters[index] =
            medtl_onnx_floats(s->all->writer, p->name, dims, p->dimensions, p->value);
    }
    return s->all->parameters[index];
}

size_t medtl_step_parameter_dimensions(const medtl_step *s, size_t k)
{
    return s->all->network->parameters[s->node->parameters[k]].dimensions;
}

medtl_shape medtl_step_input_shape(const medtl_step *s, size_t k)
{
    return s->all->network->graph.nodes[s->node->inputs[k]].shape;
}

medtl_exported medtl_step_input(const medtl_step *s, size_t k)
{
    return s->all->values[s->node->inputs[k]];
}

const char *medtl_step_reshape(const medtl_step *s, const char *name, const int64_t *sizes,
                               size_t count)
{
    return medtl_step_operate_on_two(s, "Reshape", name,
                                     medtl_step_wholes(s, "shape", sizes, count));
}

const char *medtl_step_image(const medtl_step *s, size_t k)
{
    const medtl_exported v = s->all->values[s->node->inputs[k]];
    const medtl_shape shape = medtl_step_input_shape(s, k);
    const int64_t dims[] = {0, (int64_t)shape.channels, (int64_t)shape.height,
                            (int64_t)shape.width}; /* 0: as many as there are */

    return v.flat ? medtl_step_reshape(s, v.name, dims, 4) : v.name;
}

const char *medtl_step_flat(const medtl_step *s, size_t k)
{
    const medtl_exported v = s->all->values[s->node->inputs[k]];

    return v.flat ? v.name
                  : medtl_step_operate_on(s, "Flatten", v.name); /* axis 1 is the default */
}

void medtl_step_finish(const medtl_step *s, const char *name, bool flat)
{
    if (s->node->relu)
        name = medtl_step_operate_on(s, "Relu", name);
    s->all->values[s->index] = (medtl_exported){name, flat};
}
