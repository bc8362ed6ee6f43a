#include "recipe_run.h"

#include "child.h"
#include "cmd.h"
#include "examples.h"
#include "progress.h"
#include "report.h"
#include "run_folder.h"

#include "core/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of all child processes that have ended. */
static double children_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void say_step(const recipe_step *step, size_t number, size_t count, const char *what)
{
    printf("stage %zu of %zu, %s: %s\n", number, count, step->name, what);
    fflush(stdout);
}

static medtl_status failed(const recipe_step *step, int exit_code, medtl_error *err)
{
    if (stop_wanted())
        return medtl_fail(err, MEDTL_E_CANCELLED, "stopped in stage %s", step->name);
    return medtl_fail(err, exit_code == EXIT_USAGE ? MEDTL_E_ARGUMENT : MEDTL_E_IO,
                      "stage %s ended with exit code %d; see %s/log.txt", step->name, exit_code,
                      step->folder);
}

static medtl_status run_step(const recipe_step *step, recipe_outcome *out, medtl_error *err)
{
    char *log = path_join(step->folder, "log.txt");
    const double start = now(), processor_start = children_seconds();
    int exit_code = EXIT_DONE;
    medtl_status status = log != NULL ? medtl_file_make_folders(step->folder, err)
                                      : medtl_fail(err, MEDTL_E_MEMORY, "out of memory");

    if (status == MEDTL_OK) {
        unlink(step->product); /* of a stage that was not done: it must not pass for the new one */
        status = child_run(step->arguments, log, &exit_code, err);
    }
    if (status == MEDTL_OK) {
        stage_time took = run_folder_stage_spent(step);
        /* 1: done, but some files could not be read; or stopped, and then there is no product. */
        const bool done = (exit_code == EXIT_DONE || exit_code == EXIT_INCOMPLETE) &&
                          access(step->product, F_OK) == 0 && !stop_wanted();

        took.seconds += now() - start;
        took.processor_seconds += children_seconds() - processor_start;
        out->seconds += took.seconds;
        out->incomplete = out->incomplete || exit_code == EXIT_INCOMPLETE;
        if (!done)
            run_folder_stage_stopped(step, &took);
        status =
            done ? run_folder_stage_end(step, exit_code, &took, err) : failed(step, exit_code, err);
    }
    free(log);
    return status;
}

/* A run that is gone on with is what all its stages are, whenever they were carried out. */
static bool was_incomplete(const recipe_step *step)
{
    return run_folder_stage_exit_code(step) == EXIT_INCOMPLETE;
}

static medtl_status run_steps(const recipe_plan *plan, bool say, recipe_outcome *out,
                              medtl_error *err)
{
    medtl_status status = MEDTL_OK;

    out->stages = plan->count;
    for (size_t i = 0; i < plan->count && status == MEDTL_OK; i++) {
        char *text;

        if (run_folder_stage_done(&plan->steps[i])) {
            const bool incomplete = was_incomplete(&plan->steps[i]);

            out->already_done++;
            out->incomplete = out->incomplete || incomplete;
            if (say)
                say_step(&plan->steps[i], i + 1, plan->count,
                         incomplete ? "done before, without some files that it could not read"
                                    : "done before");
            continue;
        }
        text = recipe_step_text(&plan->steps[i]);
        if (say && text != NULL)
            say_step(&plan->steps[i], i + 1, plan->count, text);
        free(text);
        status = stop_wanted() ? medtl_fail(err, MEDTL_E_CANCELLED, "stopped")
                               : run_step(&plan->steps[i], out, err);
    }
    return status;
}

/* Heat maps are an extra: where a model has none (a classical classifier, say), its command says why, the run counts as
 * incomplete, and the report is made without. */
static medtl_status run_examples(const recipe_plan *plan, const recipe_inputs *inputs,
                                 recipe_outcome *out, medtl_error *err)
{
    recipe_step step;
    medtl_error why = {0};
    medtl_status status = examples_step(plan, inputs, inputs->examples, &step, err);

    if (status != MEDTL_OK || step.argument_count == 0)
        goto done;
    if (run_folder_stage_done(&step) && run_folder_stage_same(&step)) {
        out->incomplete = out->incomplete || was_incomplete(&step);
        goto done;
    }
    run_folder_empty(step.folder); /* of other pictures */
    if (run_step(&step, out, &why) != MEDTL_OK) {
        out->incomplete = true;
        if (stop_wanted())
            status = medtl_fail(err, MEDTL_E_CANCELLED, "%s", why.message);
    }
done:
    recipe_step_clear(&step);
    return status;
}

medtl_status recipe_run(const medtl_recipe *recipe, const recipe_inputs *inputs, bool force,
                        bool say, recipe_outcome *out, medtl_error *err)
{
    recipe_plan plan = {0};
    int lock = -1;
    medtl_status status = recipe_plan_make(recipe, inputs, &plan, err);

    if (status == MEDTL_OK && !inputs->locked)
        status = run_folder_lock(inputs->run_folder, &lock, NULL, err);
    *out = (recipe_outcome){0};
    if (status == MEDTL_OK &&
        (status = run_folder_open(recipe, inputs, &plan, force, err)) == MEDTL_OK &&
        (status = run_steps(&plan, say, out, err)) == MEDTL_OK &&
        (status = run_examples(&plan, inputs, out, err)) == MEDTL_OK)
        status = report_write(inputs->run_folder, err);
    run_folder_unlock(lock);
    recipe_plan_clear(&plan);
    return status;
}

static medtl_status check_step(recipe_step *step, medtl_error *err)
{
    char **words = calloc(step->argument_count + 2, sizeof *words), check[] = "--check-options";
    int exit_code = EXIT_DONE;
    medtl_status status;

    if (words == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    for (size_t i = 0; i < step->argument_count; i++)
        words[i] = step->arguments[i];
    words[step->argument_count] = check;
    status = child_run(words, NULL, &exit_code, err);
    free(words);
    if (status == MEDTL_OK && exit_code != EXIT_DONE)
        status = medtl_fail(err, MEDTL_E_ARGUMENT, "medtl %s does not take the options of stage %s",
                            step->command, step->name);
    return status;
}

medtl_status recipe_check(const medtl_recipe *recipe, const recipe_inputs *inputs, bool say,
                          medtl_error *err)
{
    recipe_plan plan = {0};
    medtl_status status = recipe_plan_make(recipe, inputs, &plan, err);

    for (size_t i = 0; i < plan.count && status == MEDTL_OK; i++) {
        char *text = recipe_step_text(&plan.steps[i]);

        if (say && text != NULL)
            puts(text);
        fflush(stdout);
        free(text);
        status = check_step(&plan.steps[i], err);
    }
    recipe_plan_clear(&plan);
    return status;
}
