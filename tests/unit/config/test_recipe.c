/* Recipes and experiments as files: what is read, what is refused, and that all that we ship can be read. */
#include "config/experiment.h"
#include "config/recipe.h"
#include "core/base/file.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/medtl-recipe-XXXXXX.xml";

static void make_file(void)
{
    const int file = mkstemps(path, 4);

    cr_assert(file >= 0);
    close(file);
}

static void drop_file(void) { unlink(path); }

TestSuite(recipe, .init = make_file, .fini = drop_file);
TestSuite(experiment, .init = make_file, .fini = drop_file);

#define HEAD                                                                                       \
    "<recipe xmlns='urn:medtl:recipe:1' name='r'><title>T</title><source>S</source><published>P</published>"
#define STAGE                                                                                      \
    "<stage name='s' command='finetune' data='labelled'><option name='epochs' value='{n}'/><option name='f16'/></stage>"
#define TAIL "</recipe>"

static medtl_status load(const char *text, medtl_recipe **out, medtl_error *err)
{
    cr_assert(medtl_file_replace(path, text, strlen(text), NULL) == MEDTL_OK);
    return medtl_recipe_load(path, out, err);
}

Test(recipe, has_parameters_and_stages_with_options_and_flags)
{
    medtl_recipe *r = NULL;
    medtl_error err = {0};

    cr_assert(
        load(
            HEAD
            "<deviation>one</deviation><deviation>two</deviation>"
            "<parameter name='n' default='5'>how\n many</parameter><parameter name='init'>weights</parameter>" STAGE
                TAIL,
            &r, &err) == MEDTL_OK,
        "%s", err.message);
    cr_assert(r->deviation_count == 2 && strcmp(r->deviations[1], "two") == 0);
    cr_assert(r->parameter_count == 2 && strcmp(r->parameters[0].value, "5") == 0);
    cr_assert(strcmp(r->parameters[0].help, "how many") == 0, "white space is layout");
    cr_assert_null(r->parameters[1].value, "without a default it must be given");
    cr_assert(r->stage_count == 1 && r->stages[0].data == MEDTL_STAGE_LABELLED);
    cr_assert(r->stages[0].option_count == 2 && strcmp(r->stages[0].options[0].value, "{n}") == 0);
    cr_assert_null(r->stages[0].options[1].value, "a flag");
    cr_assert(strlen(r->sha256) == 64);
    medtl_recipe_destroy(r);
}

Test(recipe, is_refused_with_the_line_where_it_does_not_fit)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {HEAD TAIL, "stage"}, /* no stage */
        {HEAD "<stage name='s' command='rm' data='none'/>" TAIL, "rm"},
        {HEAD "<stage name='S T' command='finetune' data='none'/>" TAIL, "name"},
        {HEAD "<parameter name='s' default='1'>x</parameter>" STAGE TAIL,
         "s"}, /* one name, two things */
        {"<!DOCTYPE recipe [<!ENTITY x 'y'>]>" HEAD STAGE TAIL, "DOCTYPE"},
        {"<task xmlns='urn:medtl:task:1' name='x'/>", "task"},
        {"no xml", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        medtl_recipe *r = NULL;
        medtl_error err = {0};

        cr_assert(load(cases[i].text, &r, &err) == MEDTL_E_CONFIG, "case %zu", i);
        cr_assert_null(r);
        cr_assert(strncmp(err.message, path, strlen(path)) == 0, "%s", err.message);
        cr_assert_not_null(strstr(err.message, cases[i].says), "%s", err.message);
    }
}

Test(recipe, of_an_unknown_name_lists_those_there_are)
{
    medtl_recipe *r = NULL;
    medtl_error err = {0};

    cr_assert(medtl_recipe_load("alzubaidi", &r, &err) == MEDTL_E_CONFIG);
    cr_assert_not_null(strstr(err.message, "kim2022-scratch"), "%s", err.message);
}

Test(recipe, that_is_shipped_is_valid_and_bears_its_files_name)
{
    glob_t found;

    cr_assert_eq(glob(MEDTL_SOURCE_DIR "/config/recipes/*.xml", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;
        medtl_recipe *r = NULL;
        medtl_error err = {0};

        cr_assert(medtl_recipe_load(found.gl_pathv[i], &r, &err) == MEDTL_OK, "%s", err.message);
        cr_assert(strncmp(file, r->name, strlen(r->name)) == 0 &&
                      strcmp(file + strlen(r->name), ".xml") == 0,
                  "%s", file);
        medtl_recipe_destroy(r);
    }
    globfree(&found);
}

#define EXPERIMENT(baseline, data, tail)                                                           \
    "<experiment xmlns='urn:medtl:recipe:1' name='e' baseline='" baseline                          \
    "'><title>T</title><question>Q</question>"                                                     \
    "<data name='d' table='t.csv' " data                                                           \
    "/><arm name='a' recipe='r' data='d'><set name='x' value='{root}/y'/></arm>"                   \
    "<arm name='b' recipe='r' data='d'/>" tail                                                     \
    "<measures>macro_auc accuracy</measures></experiment>"

static medtl_status load_experiment(const char *text, medtl_experiment **out, medtl_error *err)
{
    cr_assert(medtl_file_replace(path, text, strlen(text), NULL) == MEDTL_OK);
    return medtl_experiment_load(path, out, err);
}

Test(experiment, has_data_arms_sizes_and_seeds)
{
    medtl_experiment *e = NULL;
    medtl_error err = {0};

    cr_assert(
        load_experiment(EXPERIMENT("b", "test='0'",
                                   "<sizes validation='0.25'>50\n 100</sizes><seeds>1 2 7</seeds>"),
                        &e, &err) == MEDTL_OK,
        "%s", err.message);
    cr_assert(e->arm_count == 2 && e->baseline == 1 && e->arms[0].data == 0);
    cr_assert(e->size_count == 2 && e->sizes[1] == 100 && e->validation_share == 0.25);
    cr_assert(e->seed_count == 3 && e->seeds[2] == 7);
    cr_assert(e->measure_count == 2 && strcmp(e->measures[1], "accuracy") == 0);
    medtl_experiment_destroy(e);
}

Test(experiment, is_refused_where_it_contradicts_itself)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {EXPERIMENT("c", "test='0'", "<seeds>1</seeds>"), "baseline"},
        {EXPERIMENT("a", "", "<seeds>1</seeds>"), "cross-validation"},
        {EXPERIMENT("a", "test='0' cross-validation='5'", "<seeds>1</seeds>"), "cross-validation"},
        {EXPERIMENT("a", "test='0'", "<seeds>1 2 1</seeds>"), "twice"},
        {EXPERIMENT("a", "test='0'", "<seeds>0</seeds>"), "0"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        medtl_experiment *e = NULL;
        medtl_error err = {0};

        cr_assert(load_experiment(cases[i].text, &e, &err) == MEDTL_E_CONFIG, "case %zu", i);
        cr_assert_not_null(strstr(err.message, cases[i].says), "%s", err.message);
    }
}

Test(experiment, that_is_shipped_is_valid_and_names_recipes_that_exist)
{
    glob_t found;

    cr_assert_eq(glob(MEDTL_SOURCE_DIR "/config/experiments/*.xml", GLOB_NOCHECK, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc && strchr(found.gl_pathv[i], '*') == NULL; i++) {
        medtl_experiment *e = NULL;
        medtl_error err = {0};

        cr_assert(medtl_experiment_load(found.gl_pathv[i], &e, &err) == MEDTL_OK, "%s",
                  err.message);
        for (size_t k = 0; k < e->arm_count + e->prepared_count; k++) {
            const medtl_experiment_run *run =
                k < e->arm_count ? &e->arms[k] : &e->prepared[k - e->arm_count];
            medtl_recipe *r = NULL;

            cr_assert(medtl_recipe_load(run->recipe, &r, &err) == MEDTL_OK, "%s", err.message);
            medtl_recipe_destroy(r);
        }
        medtl_experiment_destroy(e);
    }
    globfree(&found);
}
