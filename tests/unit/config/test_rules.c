/* Which images a rule takes, and what it says of them. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static void setup(void) { make_folder(); }

TestSuite(rules, .init = setup, .fini = drop_folder);

struct rule_case {
    char label[48];
    char take[320];
    char image[160];
    bool taken;
    char reason[200]; /* "": any */
};

#define MG_OR_CR "<one-of attribute=\"Modality\"><value>MG</value><value>CR</value></one-of>"
#define NOT_DERIVED                                                                                \
    "<none-of attribute=\"ImageType\"><value>DERIVED</value><value>X</value></none-of>"
#define ROWS_10_20 "<range attribute=\"Rows\" min=\"10\" max=\"20\"/>"
#define BREAST     "<matches attribute=\"BodyPartExamined\" pattern=\"BREAST|L.*\"/>"

ParameterizedTestParameters(rules, decide_and_say_why)
{
    static struct rule_case cases[] = {
        {"one of", MG_OR_CR, "Modality=CR", true, "Modality is one of MG, CR (it is CR)"},
        {"not one of", MG_OR_CR, "Modality=CT", false, "Modality is not one of MG, CR (it is CT)"},
        {"no prefix", MG_OR_CR, "Modality=M", false, ""},
        {"absent is none", MG_OR_CR, "Rows=1", false, "Modality is not one of MG, CR"},
        {"padding is no value", MG_OR_CR, "Modality= MG ", true, ""},
        {"any of several", MG_OR_CR, "Modality=CT\\MG", true, ""},
        {"white space in the rule", "<one-of attribute=\"Modality\"><value> MG\n</value></one-of>",
         "Modality=MG", true, "Modality is MG (it is MG)"},
        {"the item asked for",
         "<one-of attribute=\"ImageType\" item=\"3\"><value>A</value></one-of>",
         "ImageType=X\\Y\\A", true, "ImageType value 3 is A"},
        {"another item", "<one-of attribute=\"ImageType\" item=\"2\"><value>A</value></one-of>",
         "ImageType=X\\Y\\A", false, "ImageType value 2 is not A"},
        {"item beyond the end",
         "<one-of attribute=\"ImageType\" item=\"4\"><value>A</value></one-of>",
         "ImageType=X\\Y\\A", false, ""},
        {"none of", NOT_DERIVED, "ImageType=ORIGINAL\\PRIMARY", true,
         "ImageType is not one of DERIVED, X"},
        {"one of several is", NOT_DERIVED, "ImageType=ORIGINAL\\DERIVED", false,
         "ImageType is one of DERIVED, X"},
        {"absent is none of them", NOT_DERIVED, "", true, ""},
        {"inside", ROWS_10_20, "Rows=15", true, "Rows is 10 to 20"},
        {"lower bound", ROWS_10_20, "Rows=10", true, ""},
        {"upper bound", ROWS_10_20, "Rows=20.0", true, ""},
        {"above", ROWS_10_20, "Rows=20.001", false, "Rows is not 10 to 20"},
        {"no number", ROWS_10_20, "Rows=15x", false, ""},
        {"not a number", ROWS_10_20, "Rows=nan", false, ""},
        {"nan is in no open range", "<range attribute=\"Rows\" min=\"1\"/>", "Rows=nan", false, ""},
        {"exponent", ROWS_10_20, "Rows=1.5e1", true, ""},
        {"empty", ROWS_10_20, "Rows=", false, ""},
        {"only min", "<range attribute=\"Rows\" min=\"-1\"/>", "Rows=0", true,
         "Rows is at least -1"},
        {"only max", "<range attribute=\"Rows\" max=\"1\"/>", "Rows=2", false,
         "Rows is not at most 1"},
        {"one number", "<range attribute=\"Rows\" min=\"1\" max=\"1\"/>", "Rows=2", false,
         "Rows is not 1"},
        {"pattern", BREAST, "BodyPartExamined=BREAST", true, "BodyPartExamined is like BREAST|L.*"},
        {"whole value", BREAST, "BodyPartExamined=BREASTS", false,
         "BodyPartExamined is not like BREAST|L.*"},
        {"second branch is anchored too", BREAST, "BodyPartExamined=XLEG", false, ""},
        {"present", "<present attribute=\"Rows\"/>", "Rows=1", true, "Rows is present"},
        {"not present", "<present attribute=\"Rows\"/>", "Columns=1", false, "Rows is not present"},
        {"empty is not present", "<present attribute=\"Rows\"/>", "Rows=", false, ""},
        {"absent", "<absent attribute=\"Rows\"/>", "", true, "Rows is not present"},
        {"not absent", "<absent attribute=\"Rows\"/>", "Rows=1", false, "Rows is present"},
        {"all, second fails", MG_OR_CR ROWS_10_20, "Modality=MG|Rows=9", false,
         "Rows is not 10 to 20"},
        {"all hold", MG_OR_CR ROWS_10_20, "Modality=MG|Rows=11", true,
         "Modality is one of MG, CR (it is MG); Rows is 10 to 20"},
        {"any, second holds", "<any>" MG_OR_CR ROWS_10_20 "</any>", "Modality=CT|Rows=11", true,
         "Rows is 10 to 20"},
        {"any, none holds", "<any>" MG_OR_CR ROWS_10_20 "</any>", "Modality=CT|Rows=9", false,
         "Modality is not one of MG, CR (it is CT), and Rows is not 10 to 20"},
        {"all in any", "<any><all>" MG_OR_CR ROWS_10_20 "</all><absent attribute=\"Rows\"/></any>",
         "Modality=MG|Rows=9", false, "Rows is not 10 to 20, and Rows is present"},
        {"otherwise of a condition", "<absent attribute=\"Rows\" otherwise=\"it has rows\"/>",
         "Rows=1", false, "it has rows"},
        {"otherwise of a group", "<any otherwise=\"not mine\">" MG_OR_CR "</any>", "Modality=CT",
         false, "not mine"},
        {"otherwise is silent where it holds", "<any otherwise=\"not mine\">" MG_OR_CR "</any>",
         "Modality=MG", true, "Modality is one of MG, CR (it is MG)"},
        {"derived facts", "<one-of attribute=\"view\"><value>CC</value></one-of>", "view=MLO",
         false, "view is not CC (it is MLO)"},
        {"the class by its name", "<one-of attribute=\"SOPClassUID\"><value>1.2</value></one-of>",
         "SOPClassUID=1.3|sop-class=CT Image Storage", false,
         "SOPClassUID is not 1.2 (it is CT Image Storage)"},
    };
    return cr_make_param_array(struct rule_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct rule_case *c, rules, decide_and_say_why)
{
    medtl_config *config = load(write_file("a.xml", task_text(NULL, c->take)));
    char reason[400] = "untouched";
    const bool taken = medtl_task_accepts(medtl_config_task(config, 0), image_value, c->image,
                                          reason, sizeof reason);

    cr_assert_eq(taken, c->taken, "%s: %s", c->label, reason);
    if (c->reason[0] != '\0')
        cr_assert_str_eq(reason, c->reason, "%s: %s", c->label, reason);
    medtl_config_destroy(config);
}

/* The values of an image may identify a patient: a reason quotes only what an image is. */
Test(rules, never_quote_a_patients_values)
{
    medtl_config *config = load(write_file(
        "a.xml",
        task_text(NULL, "<one-of attribute=\"PatientName\"><value>Nobody</value></one-of>")));
    char reason[400];

    cr_assert_not(medtl_task_accepts(medtl_config_task(config, 0), image_value,
                                     "PatientName=Doe^Jane", reason, sizeof reason));
    cr_assert_null(strstr(reason, "Doe"), "%s", reason);
    medtl_config_destroy(config);
}

Test(rules, cut_a_long_reason_and_terminate_it)
{
    medtl_config *config = load(write_file("a.xml", task_text(NULL, MG_OR_CR ROWS_10_20)));

    for (size_t size = 1; size < 80; size++) {
        char reason[100];

        memset(reason, '#', sizeof reason);
        cr_assert(medtl_task_accepts(medtl_config_task(config, 0), image_value,
                                     "Modality=MG|Rows=11", reason, size));
        cr_assert_lt(strlen(reason), size);
        cr_assert_eq(reason[size], '#');
    }
    cr_assert(medtl_task_accepts(medtl_config_task(config, 0), image_value, "Modality=MG|Rows=11",
                                 NULL, 0));
    medtl_config_destroy(config);
}

Test(rules, give_an_image_to_the_first_task_that_takes_it)
{
    const char *paths[2] = {
        write_file("a.xml", task_text("a", MG_OR_CR)),
        write_file("b.xml", task_text("b", "<present attribute=\"Modality\"/>"))};
    medtl_config *config = NULL;
    char reason[400];

    cr_assert_eq(medtl_config_load(paths, 2, &config, NULL), MEDTL_OK);
    cr_assert_str_eq(medtl_config_match(config, image_value, "Modality=MG", reason, 400)->name,
                     "a");
    cr_assert_str_eq(medtl_config_match(config, image_value, "Modality=CT", reason, 400)->name,
                     "b");
    cr_assert_null(medtl_config_match(config, image_value, "Rows=1", reason, 400));
    cr_assert_str_eq(reason, "a: Modality is not one of MG, CR; b: Modality is not present");
    medtl_config_destroy(config);
}
