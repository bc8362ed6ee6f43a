/* Functions of each value. */
#include "export_kinds.h"

#include <math.h>

void medtl_export_relu(const medtl_step *s) /* medtl_step_finish() has the ReLU */
{
    const medtl_exported v = medtl_step_input(s, 0);

    medtl_step_finish(s, v.name, v.flat);
}

void medtl_export_relu6(const medtl_step *s)
{
    const medtl_exported v = medtl_step_input(s, 0);
    const char *inputs[3] = {v.name, medtl_step_number(s, "zero", 0.0f),
                             medtl_step_number(s, "six", 6.0f)};

    medtl_step_finish(s, medtl_step_operate(s, "Clip", inputs, 3), v.flat);
}

void medtl_export_sigmoid(const medtl_step *s)
{
    const medtl_exported v = medtl_step_input(s, 0);

    medtl_step_finish(s, medtl_step_operate_on(s, "Sigmoid", v.name), v.flat);
}

void medtl_export_silu(const medtl_step *s)
{
    const medtl_exported v = medtl_step_input(s, 0);
    const char *gate = medtl_step_operate_on(s, "Sigmoid", v.name);

    medtl_step_finish(s, medtl_step_operate_on_two(s, "Mul", v.name, gate), v.flat);
}

/* x (1 + erf(x / sqrt 2)) / 2; opset 17 has no operator for it, and runtimes know these five. */
void medtl_export_gelu(const medtl_step *s)
{
    const medtl_exported v = medtl_step_input(s, 0);
    const char *name =
        medtl_step_operate_on_two(s, "Div", v.name, medtl_step_number(s, "root", sqrtf(2.0f)));

    name = medtl_step_operate_on(s, "Erf", name);
    name = medtl_step_operate_on_two(s, "Add", name, medtl_step_number(s, "one", 1.0f));
    name = medtl_step_operate_on_two(s, "Mul", v.name, name);
    name = medtl_step_operate_on_two(s, "Mul", name, medtl_step_number(s, "half", 0.5f));
    medtl_step_finish(s, name, v.flat);
}

void medtl_export_softmax(const medtl_step *s) /* over channels */
{
    const medtl_exported v = medtl_step_input(s, 0);
    const char *name = medtl_step_operate_on(s, "Softmax", v.name);

    medtl_onnx_set_whole(s->all->writer, "axis", 1);
    medtl_step_finish(s, name, v.flat);
}
