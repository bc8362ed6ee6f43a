/* Functions of each value. */
#include "export_kinds.h"

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
