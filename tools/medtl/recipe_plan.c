#include "recipe_plan.h"

#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the making of one plan needs at hand. */
typedef struct maker {
    const medtl_recipe *recipe;
    const recipe_inputs *inputs;
    recipe_plan *plan;
    medtl_error *err;
    char seed[24], threads[24]; /* as text */
} maker;

static medtl_status no_memory(const maker *m)
{
    return medtl_fail(m->err, MEDTL_E_MEMORY, "out of memory for a recipe");
}

/* ---- values --------------------------------------------------------------------------- */

static size_t find_parameter(const medtl_recipe *recipe, const char *name, size_t length)
{
    size_t i = 0;

    while (i < recipe->parameter_count && (strlen(recipe->parameters[i].name) != length ||
                                           memcmp(recipe->parameters[i].name, name, length) != 0))
        i++;
    return i;
}

static const medtl_stage *find_stage(const medtl_recipe *recipe, const char *name, size_t length)
{
    for (size_t i = 0; i < recipe->stage_count; i++)
        if (strlen(recipe->stages[i].name) == length &&
            memcmp(recipe->stages[i].name, name, length) == 0)
            return &recipe->stages[i];
    return NULL;
}

/* The stage that "stage.option=value" is for; NULL where it is "parameter=value". */
static const medtl_stage *stage_of(const medtl_recipe *recipe, const char *set)
{
    const char *equals = strchr(set, '='), *dot = strchr(set, '.');

    return dot != NULL && dot < equals ? find_stage(recipe, set, (size_t)(dot - set)) : NULL;
}

static medtl_status refuse_set(const maker *m, const char *set)
{
    char known[160] = "";

    for (size_t i = 0; i < m->recipe->parameter_count; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i > 0 ? ", " : "",
                 m->recipe->parameters[i].name);
    return medtl_fail(m->err, MEDTL_E_ARGUMENT,
                      "'%.60s': recipe %.40s has neither a parameter nor a stage of this name "
                      "(parameters: %s)",
                      set, m->recipe->name, known[0] != '\0' ? known : "none");
}

static medtl_status take_values(const maker *m)
{
    const medtl_recipe *recipe = m->recipe;

    m->plan->values = calloc(recipe->parameter_count + 1, sizeof *m->plan->values);
    if (m->plan->values == NULL)
        return no_memory(m);
    m->plan->value_count = recipe->parameter_count;
    for (size_t i = 0; i < m->inputs->set_count; i++) {
        const char *set = m->inputs->sets[i], *equals = strchr(set, '=');
        size_t parameter;

        if (equals == NULL || equals == set)
            return medtl_fail(m->err, MEDTL_E_ARGUMENT, "--set takes name=value, not '%.60s'", set);
        if (stage_of(recipe, set) != NULL)
            continue;
        parameter = find_parameter(recipe, set, (size_t)(equals - set));
        if (parameter == recipe->parameter_count)
            return refuse_set(m, set);
        free(m->plan->values[parameter]); /* the last one counts */
        if ((m->plan->values[parameter] = strdup(equals + 1)) == NULL)
            return no_memory(m);
    }
    for (size_t i = 0; i < recipe->parameter_count; i++) {
        const medtl_setting *p = &recipe->parameters[i];

        if (m->plan->values[i] != NULL)
            continue;
        if (p->value == NULL)
            return medtl_fail(m->err, MEDTL_E_ARGUMENT, "recipe %.40s needs --set %s=...: %.120s",
                              recipe->name, p->name, p->help != NULL ? p->help : "");
        if ((m->plan->values[i] = strdup(p->value)) == NULL)
            return no_memory(m);
    }
    return MEDTL_OK;
}

/* What {name} means; NULL: nothing. */
static const char *meaning(const maker *m, const char *name, size_t length)
{
    const recipe_inputs *in = m->inputs;
    const struct {
        const char *name, *value;
    } inputs[] = {
        {"data", in->labels.data},
        {"root", in->labels.root},
        {"columns", in->labels.columns},
        {"label-map", in->labels.label_map},
        {"validation-folds", in->validation_folds},
        {"test-folds", in->test_folds},
        {"seed", m->seed},
    };
    const size_t parameter = find_parameter(m->recipe, name, length);

    if (parameter < m->recipe->parameter_count)
        return m->plan->values[parameter];
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        if (strlen(inputs[i].name) == length && memcmp(inputs[i].name, name, length) == 0)
            return inputs[i].value != NULL ? inputs[i].value : "";
    for (size_t i = 0; i < m->plan->count; i++) /* stages before this one */
        if (strlen(m->plan->steps[i].name) == length &&
            memcmp(m->plan->steps[i].name, name, length) == 0)
            return m->plan->steps[i].folder;
    return NULL;
}

/* Values with their {names} filled in. @param[out] out  Owned; NULL where the value is one name alone that is empty. */
static medtl_status expand(const maker *m, const char *stage, const char *value, char **out)
{
    size_t size = 0;
    char *text = NULL;
    FILE *stream = open_memstream(&text, &size);
    medtl_status status = MEDTL_OK;
    const bool reference = value[0] == '{';

    *out = NULL;
    if (stream == NULL)
        return no_memory(m);
    while (*value != '\0' && status == MEDTL_OK) {
        const size_t plain = strcspn(value, "{"), name = strcspn(value + plain, "}");
        const char *filled;

        fwrite(value, 1, plain, stream);
        value += plain;
        if (*value == '\0')
            break;
        filled = value[name] == '}' ? meaning(m, value + 1, name - 1) : NULL;
        if (filled == NULL)
            status =
                medtl_fail(m->err, MEDTL_E_CONFIG,
                           "recipe %.40s, stage %.40s: '%.60s' names nothing that is known there",
                           m->recipe->name, stage, value);
        else
            fputs(filled, stream);
        value += name + (value[name] == '}');
    }
    if (fclose(stream) != 0 && status == MEDTL_OK)
        status = no_memory(m);
    if (status != MEDTL_OK || (reference && text[0] == '\0'))
        free(text);
    else
        *out = text;
    return status;
}

/* ---- arguments ------------------------------------------------------------------------ */

/* "--name value", or a flag where value is NULL. */
static medtl_status add(const maker *m, recipe_step *step, const char *name, const char *value)
{
    char **grown = realloc(step->arguments, (step->argument_count + 3) * sizeof *grown);

    if (grown == NULL)
        return no_memory(m);
    step->arguments = grown;
    if (asprintf(&grown[step->argument_count], "--%s", name) < 0) {
        grown[step->argument_count] = NULL;
        return no_memory(m);
    }
    grown[++step->argument_count] = NULL;
    if (value == NULL)
        return MEDTL_OK;
    if ((grown[step->argument_count] = strdup(value)) == NULL)
        return no_memory(m);
    grown[++step->argument_count] = NULL;
    return MEDTL_OK;
}

/* The value that --set gives "stage.option"; NULL: none. */
static const char *set_value(const maker *m, const char *stage, const char *option)
{
    const size_t stage_length = strlen(stage), option_length = strlen(option);
    const char *found = NULL;

    for (size_t i = 0; i < m->inputs->set_count; i++) {
        const char *set = m->inputs->sets[i];

        if (strncmp(set, stage, stage_length) == 0 && set[stage_length] == '.' &&
            strncmp(set + stage_length + 1, option, option_length) == 0 &&
            set[stage_length + 1 + option_length] == '=')
            found = set + stage_length + option_length + 2;
    }
    return found;
}

/* What follows the sign; nothing: an option that takes no value. */
static const char *set_text(const char *set)
{
    const char *text = strchr(set, '=') + 1;

    return *text != '\0' ? text : NULL;
}

static bool has_option(const medtl_stage *stage, const char *name)
{
    for (size_t i = 0; i < stage->option_count; i++)
        if (strcmp(stage->options[i].name, name) == 0)
            return true;
    return false;
}

static medtl_status add_options(const maker *m, const medtl_stage *stage, recipe_step *step)
{
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < stage->option_count && status == MEDTL_OK; i++) {
        const medtl_setting *option = &stage->options[i];
        char *value = NULL;

        if (set_value(m, stage->name, option->name) != NULL)
            continue; /* added below */
        if (option->value == NULL) {
            status = add(m, step, option->name, NULL);
            continue;
        }
        if ((status = expand(m, stage->name, option->value, &value)) == MEDTL_OK && value != NULL)
            status = add(m, step, option->name, value);
        free(value);
    }
    for (size_t i = 0; i < m->inputs->set_count && status == MEDTL_OK; i++) {
        const char *set = m->inputs->sets[i], *dot = strchr(set, '.');
        char name[80];

        if (stage_of(m->recipe, set) != stage)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(dot + 1, "="), dot + 1);
        if (set_value(m, stage->name, name) == strchr(set, '=') + 1) /* the last of its name */
            status = add(m, step, name, set_text(set));
    }
    return status;
}

/* Options that every stage of a kind gets, unless the recipe itself gives them. */
static medtl_status add_inputs(const maker *m, const medtl_stage *stage, recipe_step *step)
{
    const recipe_inputs *in = m->inputs;
    const bool labelled = stage->data == MEDTL_STAGE_LABELLED;
    const bool table = labelled || stage->data == MEDTL_STAGE_TEST;
    const bool held_out = strcmp(stage->command, "pretrain") == 0 && in->labels.data != NULL &&
                          in->test_folds != NULL;
    const bool normalised = labelled || stage->data == MEDTL_STAGE_UNLABELLED;
    const bool trains =
        strcmp(stage->command, "finetune") == 0 || strcmp(stage->command, "pretrain") == 0;
    const bool computes = strcmp(stage->command, "ensemble") != 0;
    const struct {
        const char *name, *value;
        bool given;
    } options[] = {
        {"data", in->labels.data, table},
        {"root", in->labels.root, table},
        {"columns", in->labels.columns, table},
        {"label-map", in->labels.label_map, table},
        {"task", in->task, table || normalised},
        {"normaliser", in->normaliser, normalised},
        {"classes", in->classes, labelled},
        {"test-folds", in->test_folds, labelled},
        {"validation-folds", in->validation_folds, labelled},
        {"folds", in->test_folds, stage->data == MEDTL_STAGE_TEST},
        {"held-out", in->labels.data, held_out},
        {"held-out-root", in->labels.root, held_out},
        {"held-out-columns", in->labels.columns, held_out},
        {"held-out-folds", in->test_folds, held_out},
        {"seed", m->seed, trains},
        {"threads", m->threads, computes},
    };
    medtl_status status = MEDTL_OK;

    for (size_t i = 0; i < sizeof options / sizeof options[0] && status == MEDTL_OK; i++)
        if (options[i].given && options[i].value != NULL && !has_option(stage, options[i].name) &&
            set_value(m, stage->name, options[i].name) == NULL)
            status = add(m, step, options[i].name, options[i].value);
    return status;
}

/* Where a stage writes. Training commands take up a stopped run by themselves. */
static medtl_status add_outputs(const maker *m, recipe_step *step)
{
    char *second = NULL;
    medtl_status status;

    if (strcmp(step->command, "ensemble") == 0) {
        if (asprintf(&step->product, "%s/model.safetensors", step->folder) < 0)
            return no_memory(m);
        status = add(m, step, "output", step->product);
    } else if (strcmp(step->command, "evaluate") == 0) {
        if (asprintf(&step->product, "%s/metrics.json", step->folder) < 0 ||
            asprintf(&second, "%s/predictions.csv", step->folder) < 0)
            return no_memory(m);
        if ((status = add(m, step, "json", step->product)) == MEDTL_OK)
            status = add(m, step, "predictions", second);
    } else {
        const bool explains = strcmp(step->command, "explain") == 0;
        const char *product = explains                                 ? "explain.json"
                              : strcmp(step->command, "pretrain") == 0 ? "backbone.safetensors"
                                                                       : "model.safetensors";

        if (asprintf(&step->product, "%s/%s", step->folder, product) < 0)
            return no_memory(m);
        if ((status = add(m, step, "output", step->folder)) == MEDTL_OK && !explains)
            status = add(m, step, "resume", NULL);
    }
    free(second);
    return status;
}

static medtl_status make_step(const maker *m, const medtl_stage *stage, size_t number,
                              recipe_step *step)
{
    medtl_status status;

    step->name = stage->name;
    step->command = stage->command;
    step->arguments = calloc(2, sizeof *step->arguments);
    if (step->arguments == NULL || (step->arguments[0] = strdup(stage->command)) == NULL)
        return no_memory(m);
    step->argument_count = 1;
    if (asprintf(&step->folder, "%s/%zu-%s", m->inputs->run_folder, number, stage->name) < 0) {
        step->folder = NULL;
        return no_memory(m);
    }
    if ((status = add_inputs(m, stage, step)) != MEDTL_OK ||
        (status = add_options(m, stage, step)) != MEDTL_OK)
        return status;
    return add_outputs(m, step);
}

static medtl_status make_steps(const maker *m)
{
    const medtl_stage *stages = m->recipe->stages;
    medtl_status status = MEDTL_OK;

    m->plan->steps = calloc(m->recipe->stage_count + 1, sizeof *m->plan->steps);
    if (m->plan->steps == NULL)
        return no_memory(m);
    for (size_t i = 0; i < m->recipe->stage_count && status == MEDTL_OK; i++) {
        recipe_step step = {0};

        status = make_step(m, &stages[i], i + 1, &step);
        m->plan->steps[m->plan->count++] = step; /* now: a stage does not see its own folder */
    }
    return status;
}

medtl_status recipe_plan_make(const medtl_recipe *recipe, const recipe_inputs *inputs,
                              recipe_plan *out, medtl_error *err)
{
    maker m = {.recipe = recipe, .inputs = inputs, .plan = out, .err = err};
    medtl_status status;

    snprintf(m.seed, sizeof m.seed, "%llu", (unsigned long long)inputs->seed);
    snprintf(m.threads, sizeof m.threads, "%llu", (unsigned long long)inputs->threads);
    memset(out, 0, sizeof *out);
    status = take_values(&m);
    if (status == MEDTL_OK)
        status = make_steps(&m);
    if (status != MEDTL_OK)
        recipe_plan_clear(out);
    return status;
}

void recipe_step_clear(recipe_step *step)
{
    for (size_t k = 0; k < step->argument_count; k++)
        free(step->arguments[k]);
    free(step->arguments);
    free(step->folder);
    free(step->product);
    memset(step, 0, sizeof *step);
}

void recipe_plan_clear(recipe_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        recipe_step_clear(&plan->steps[i]);
    for (size_t i = 0; i < plan->value_count; i++)
        free(plan->values[i]);
    free(plan->values);
    free(plan->steps);
    memset(plan, 0, sizeof *plan);
}

char *recipe_step_text(const recipe_step *step)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL)
        return NULL;
    fputs("medtl", stream);
    for (size_t i = 0; i < step->argument_count; i++) {
        const char *word = step->arguments[i];
        const bool plain = word[0] != '\0' && strpbrk(word, " \t\n\"'\\$`*?[](){}<>|&;#~!") == NULL;

        fputc(' ', stream);
        if (plain) {
            fputs(word, stream);
            continue;
        }
        fputc('\'', stream);
        for (const char *c = word; *c != '\0'; c++)
            if (*c == '\'')
                fputs("'\\''", stream);
            else
                fputc(*c, stream);
        fputc('\'', stream);
    }
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

bool recipe_step_same(const recipe_step *step, const char *const *arguments, size_t count,
                      const char *from)
{
    if (count != step->argument_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!paths_same(NULL, step->arguments[i], from, arguments[i]) &&
            (i == 0 || strcmp(arguments[i - 1], "--threads") != 0))
            return false;
    return true;
}
