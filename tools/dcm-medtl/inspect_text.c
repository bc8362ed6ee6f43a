#include "inspect.h"

#include <string.h>

static const char *or_none(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "-";
}

/* What mammograms and photographs of skin say of how they were taken; nothing for others. */
static void print_kind(FILE *stream, const look *l)
{
    const medtl_facts *f = medtl_instance_facts(l->instance);
    const char *kind = medtl_instance_value(l->instance, "kind");
    const char *modifiers = medtl_instance_value(l->instance, "view-modifier");

    if (kind != NULL)
        fprintf(stream, "mammogram   %s%s%s\n", kind, modifiers != NULL ? ", " : "",
                modifiers != NULL ? modifiers : "");
    if (f->polarization[0] != '\0' || f->contact[0] != '\0' || f->optical_magnification > 0.0)
        fprintf(stream, "dermoscope  %s, %s, immersion %s, %g times\n", or_none(f->polarization),
                or_none(f->contact), or_none(f->immersion), f->optical_magnification);
    if (f->site.value[0] != '\0')
        fprintf(stream, "site        %s (%s, %s)\n", or_none(f->site.meaning), f->site.value,
                or_none(f->site.scheme));
    if (f->has_icc_profile)
        fputs("colours     by an ICC profile\n", stream);
}

static void print_object(FILE *stream, const look *l)
{
    static const char *const origins[] = {"", "in the patient's plane", "at the detector",
                                          "at the detector, less the magnification",
                                          "of the scanned film"};
    const medtl_facts *f = medtl_instance_facts(l->instance);

    fprintf(stream, "file        %s\n", medtl_instance_path(l->instance));
    fprintf(stream, "object      %s (%s)\n",
            or_none(medtl_instance_value(l->instance, "sop-class")), f->sop_class_uid);
    fprintf(stream, "syntax      %s\n", f->transfer_syntax_uid);
    fprintf(stream, "modality    %s, view %s, laterality %s, intent %s\n", or_none(f->modality),
            or_none(medtl_instance_value(l->instance, "view")),
            or_none(medtl_instance_value(l->instance, "laterality")),
            or_none(medtl_instance_value(l->instance, "intent")));
    if (f->has_pixel_data)
        fprintf(stream, "pixels      %u x %u, %u frame%s, %u sample%s, %u of %u bits, %s\n",
                (unsigned)f->columns, (unsigned)f->rows, (unsigned)f->frames,
                f->frames == 1 ? "" : "s", (unsigned)f->samples_per_pixel,
                f->samples_per_pixel == 1 ? "" : "s", (unsigned)f->bits_stored,
                (unsigned)f->bits_allocated, or_none(f->photometric_interpretation));
    else
        fputs("pixels      none\n", stream);
    print_kind(stream, l);
    if (f->has_pixel_spacing)
        fprintf(stream, "spacing     %g x %g mm (between rows, between columns), %s\n",
                f->pixel_spacing_mm[0], f->pixel_spacing_mm[1], origins[f->spacing_origin]);
    if (l->ours)
        fputs("            a report that medtl wrote; never analysed\n", stream);
}

static void print_tasks(FILE *stream, const look *l)
{
    fputs("\ntasks\n", stream);
    for (size_t i = 0; i < l->verdict_count; i++) {
        const verdict *v = &l->verdicts[i];
        const char *word = !v->accepts          ? "leaves it"
                           : v->task == l->task ? "takes it"
                                                : "would too";

        fprintf(stream, "  %-14s %-9s  %s\n", v->task->name, word, v->reason);
    }
}

static void print_path(FILE *stream, const look *l)
{
    fprintf(stream, "\npixel path of %s\n", l->task->name);
    for (size_t i = 0; i < l->step_count; i++)
        fprintf(stream, "  %2zu %-10s %s\n", i + 1, l->steps[i].name, l->steps[i].what);
    if (l->image_error.status != MEDTL_OK)
        fprintf(stream, "     failed     %s\n", l->image_error.message);
}

static void print_result(FILE *stream, const look *l)
{
    const medtl_task *task = l->task;
    size_t finding;

    if (l->model_error.status != MEDTL_OK) {
        fprintf(stream, "\nno probabilities: %s\n", l->model_error.message);
        return;
    }
    if (l->probabilities == NULL)
        return;
    finding = medtl_report_decision(task, l->probabilities);
    fprintf(stream, "\nprobabilities (model %s %s)\n", medtl_model_get_info(l->model)->name,
            medtl_model_get_info(l->model)->version);
    for (size_t i = 0; i < task->class_count; i++)
        fprintf(stream, "  %5.1f %%  %-12s %s%s\n", 100.0 * (double)l->probabilities[i],
                task->classes[i].label, task->classes[i].code.meaning,
                i == finding ? "   <- finding" : "");
    if (task->positive_class >= 0)
        fprintf(stream, "  \"%s\" is the finding from %.1f %% on\n",
                task->classes[task->positive_class].label, 100.0 * task->threshold);
    fputs("\nThis supports a clinician; it does not diagnose.\n", stream);
}

void inspect_text(FILE *stream, const look *l)
{
    print_object(stream, l);
    print_tasks(stream, l);
    if (l->task == NULL)
        return;
    print_path(stream, l);
    print_result(stream, l);
}
