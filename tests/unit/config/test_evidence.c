/* What a task may say of evidence. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void set_up(void) { make_folder(); }

TestSuite(evidence_of_a_task, .init = set_up, .fini = drop_folder);

static medtl_evidence_rule read(const char *element)
{
    char end[256];
    medtl_config *config;
    medtl_evidence_rule rule;

    (void)snprintf(end, sizeof end, "%s</task>", element);
    config = load(write_file("task.xml", task_with("</task>", end)));
    rule = medtl_config_task(config, 0)->evidence;
    medtl_config_destroy(config);
    return rule;
}

Test(evidence_of_a_task, is_none_where_it_says_nothing) { cr_expect_eq(read("").objects, 0); }

Test(evidence_of_a_task, is_for_findings_from_half_of_the_largest_value_unless_it_says_otherwise)
{
    const medtl_evidence_rule usual = read("<evidence objects=\"secondary-capture\"/>");
    const medtl_evidence_rule other =
        read("<evidence objects=\"outline segmentation\" when=\"always\" level=\"0.3\"/>");

    cr_expect_eq(usual.objects, MEDTL_SHOW_PICTURE);
    cr_expect(!usual.always && usual.level == 0.5);
    cr_expect_eq(other.objects, MEDTL_SHOW_OUTLINE | MEDTL_SHOW_SEGMENTATION);
    cr_expect(other.always && other.level == 0.3);
}

Test(evidence_of_a_task, with_a_word_or_a_level_that_is_none_is_refused)
{
    static const char *const wrong[] = {
        "<evidence/></task>",
        "<evidence objects=\"\"/></task>",
        "<evidence objects=\"picture\"/></task>",
        "<evidence objects=\"outline\" when=\"sometimes\"/></task>",
        "<evidence objects=\"outline\" level=\"0\"/></task>",
        "<evidence objects=\"outline\" level=\"1\"/></task>",
        "<evidence objects=\"outline\"/><evidence objects=\"outline\"/></task>",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *path = write_file("task.xml", task_with("</task>", wrong[i]));
        medtl_config *config = NULL;
        medtl_error err = {MEDTL_OK, ""};

        cr_expect_eq(medtl_config_load(&path, 1, &config, &err), MEDTL_E_CONFIG, "%s", wrong[i]);
        cr_expect_not_null(strstr(err.message, "task.xml:"), "%s", err.message);
    }
}
