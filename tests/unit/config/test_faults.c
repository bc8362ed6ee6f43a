/* A wrong file gives one line: FILE:LINE: reason. */
#include "fixture.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void setup(void) { make_folder(); }

TestSuite(faults, .init = setup, .fini = drop_folder);

static void expect(const char *path, medtl_status status, const char *expected)
{
    medtl_error err = {MEDTL_OK, ""};
    medtl_config *config = (medtl_config *)&err;

    cr_assert_eq(medtl_config_load(&path, 1, &config, &err), status, "status of: %s", err.message);
    cr_assert_null(config);
    cr_assert_eq(strncmp(err.message, path, strlen(path)), 0, "no file name: %s", err.message);
    cr_assert_not_null(strstr(err.message, expected), "expected '%s' in: %s", expected,
                       err.message);
    cr_assert_null(strchr(err.message, '\n'));
}

/* Lines as in fixture.c: title 3, take 5, normalise 6, channel 8, model 10, classes 11, report 16. */
struct fault_case {
    char label[48];
    char from[64], to[192];
    char expected[96]; /* what the message must hold, after the file's name */
};

ParameterizedTestParameters(faults, are_named_with_file_line_and_reason)
{
    static struct fault_case cases[] = {
        {"not closed", "</task>", "", ":24: Premature end of data in tag task line 2"},
        {"another root", "<task xmlns=\"urn:medtl:task:1\" name=\"tiny\">", "<task name=\"tiny\">",
         ":2: Element 'task': No matching global declaration"},
        {"unknown element", "<title>", "<titel/><title>",
         ":3: Element 'titel': This element is not expected. Expected is ( title )"},
        {"missing element", "<model file=\"tiny.safetensors\"/>", "", ":11: Element 'classes'"},
        {"bad name", "name=\"tiny\"", "name=\"Tiny Task\"", ":2: Element 'task', attribute 'name'"},
        {"unknown word", "crop=\"breast\"", "crop=\"brest\"",
         ":7: Element 'normalise', attribute 'crop'"},
        {"no number", "mean=\"0.5\"", "mean=\"half\"", ":8: Element 'channel', attribute 'mean'"},
        {"sd of zero", "sd=\"0.25\"", "sd=\"0\"", ":8: sd must be larger than 0"},
        {"two channels", "<channel mean=\"0.5\" sd=\"0.25\"/>",
         "<channel mean=\"0\" sd=\"1\"/><channel mean=\"0\" sd=\"1\"/>",
         "there are 2 channels; 1 (gray) or 3 (colour) are possible"},
        {"too high", "height=\"16\"", "height=\"100000\"", "attribute 'height'"},
        {"positive unknown", "positive=\"yes\"", "positive=\"maybe\"",
         ":11: the positive class \"maybe\" is none of the classes"},
        {"threshold alone", "positive=\"yes\"", "", ":11: a threshold needs the class"},
        {"threshold above 1", "threshold=\"0.3\"", "threshold=\"1.5\"", "attribute 'threshold'"},
        {"class without code", "<class label=\"no\"><code", "<class label=\"no\"><kode",
         ":12: Element 'kode': This element is not expected. Expected is ( code )"},
        {"label twice", "label=\"no\"", "label=\"yes\"", "Duplicate key-sequence ['yes']"},
        {"code value too long", "value=\"21594007\"", "value=\"12345678901234567\"",
         ":13: Element 'code', attribute 'value'"},
        {"code meaning in bytes", "meaning=\"Malignant\"",
         "meaning="
         "\"\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2"
         "\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2"
         "\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2"
         "\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2"
         "\x82\xAC"
         "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\"",
         ":13: meaning takes more than 128 bytes"},
        {"unknown profile", "tid1500", "tid4000", "attribute 'profile'"},
        {"no profile", "\"tid1500\"", "\"\"", "attribute 'profile'"},
        {"profile twice", "\"tid1500\"", "\"cad tid1500 cad\"", ": cad stands twice in its list"},
        {"no class listed", "tid1500\"", "tid1500\" top-k=\"0\"", "attribute 'top-k'"},
        {"exam of another kind", "tid1500\"", "tid1500\" exam=\"best\"", "attribute 'exam'"},
        {"outline of another kind", "tid1500\"", "tid1500\" outline=\"nose\"",
         "attribute 'outline'"},
        {"lesion in gray", "tid1500\"", "tid1500\" outline=\"lesion\"",
         "the task needs three channels"},
        {"bad encoding", "A  task", "A \xFF task", ":3: "},
        {"entity", "A  task", "A &who; task", ":3: Entity 'who' not defined"},
    };
    return cr_make_param_array(struct fault_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct fault_case *c, faults, are_named_with_file_line_and_reason)
{
    expect(write_file("task.xml", task_with(c->from, c->to)), MEDTL_E_CONFIG, c->expected);
}

/* A Mammography CAD SR says "probability of cancer in this breast", and a result for the exam is about the positive
 * class. */
static const char *without_positive(const char *text)
{
    static char changed[16384];
    const char *positive = " positive=\"yes\" threshold=\"0.3\"", *at = strstr(text, positive);

    cr_assert_not_null(at);
    snprintf(changed, sizeof changed, "%.*s%s", (int)(at - text), text, at + strlen(positive));
    return changed;
}

Test(faults, cad_and_exam_need_a_positive_class_and_cad_mammography)
{
    char *skin;

    expect(write_file("a.xml", without_positive(task_with("\"tid1500\"", "\"tid1500 cad\""))),
           MEDTL_E_CONFIG, "the profile cad is for mammography");
    expect(
        write_file("b.xml", without_positive(task_with("\"tid1500\"", "\"text\" exam=\"mean\""))),
        MEDTL_E_CONFIG, "a result for the exam needs a positive class");
    skin = strdup(task_with("\"tid1500\"", "\"cad\""));
    cr_assert_not_null(strstr(skin, "\"MG\""));
    memcpy(strstr(skin, "\"MG\""), "\"XC\"", 4);
    expect(write_file("c.xml", skin), MEDTL_E_CONFIG, "the profile cad is for mammography");
    free(skin);
}

struct rule_fault_case {
    char label[48];
    char take[160];
    char expected[96];
};

ParameterizedTestParameters(faults, of_rules_are_named_too)
{
    static struct rule_fault_case cases[] = {
        {"nothing", "", ":5: Element 'take': Missing child element(s)"},
        {"empty group", "<any/>", ":5: Element 'any': Missing child element(s)"},
        {"no attribute", "<present/>", "The attribute 'attribute' is required but missing"},
        {"no values", "<one-of attribute=\"Modality\"/>", "Missing child element(s)"},
        {"unknown derived fact", "<present attribute=\"mood\"/>", "attribute 'attribute'"},
        {"item 0", "<present attribute=\"ImageType\" item=\"0\"/>", "attribute 'item'"},
        {"no bounds", "\n<range attribute=\"Rows\"/>", ":6: a range needs min, max or both"},
        {"bounds crossed", "<range attribute=\"Rows\" min=\"2\" max=\"1\"/>",
         ":5: min 2 is larger than max 1"},
        {"pattern does not compile", "\n\n<matches attribute=\"Rows\" pattern=\"a(b\"/>",
         ":7: pattern \"a(b\": "},
    };
    return cr_make_param_array(struct rule_fault_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct rule_fault_case *c, faults, of_rules_are_named_too)
{
    expect(write_file("task.xml", task_text(NULL, c->take)), MEDTL_E_CONFIG, c->expected);
}

Test(faults, refuse_a_document_type_and_with_it_every_entity)
{
    expect(write_file("task.xml", task_with("<task ", "<!DOCTYPE task [<!ENTITY a \"aaaa\">\n"
                                                      "<!ENTITY b \"&a;&a;\">]>\n<task ")),
           MEDTL_E_CONFIG, ":2: a document type (<!DOCTYPE ...>) is not allowed");
}

Test(faults, never_read_an_external_entity)
{
    const char *secret = write_file("secret.txt", "<title>leaked</title>");
    char doctype[512];

    snprintf(doctype, sizeof doctype, "<!DOCTYPE task [<!ENTITY s SYSTEM \"file://%s\">]>\n<task ",
             secret);
    expect(write_file("task.xml", task_with("<task ", doctype)), MEDTL_E_CONFIG, "document type");
}

Test(faults, refuse_groups_without_end)
{
    char take[4096] = "";

    for (int i = 0; i < 40; i++)
        strcat(take, "<all>");
    strcat(take, "<present attribute=\"Rows\"/>");
    for (int i = 0; i < 40; i++)
        strcat(take, "</all>");
    expect(write_file("task.xml", task_text(NULL, take)), MEDTL_E_CONFIG,
           ":5: groups are nested more than 16 deep");
}

Test(faults, refuse_elements_nested_without_end)
{
    const size_t depth = 100000;
    char *text = malloc(depth * 3 + 1);

    for (size_t i = 0; i < depth; i++)
        memcpy(text + i * 3, "<a>", 3);
    text[depth * 3] = '\0';
    expect(write_file("task.xml", text), MEDTL_E_CONFIG, ":1: ");
    free(text);
}

Test(faults, refuse_a_file_that_is_too_large)
{
    const size_t size = (1 << 20) + 1;
    char *text = malloc(size + 1);

    memset(text, ' ', size);
    text[size] = '\0';
    expect(write_file("task.xml", text), MEDTL_E_CONFIG, ":1: more than 1048576 bytes");
    free(text);
}

Test(faults, refuse_what_is_no_xml)
{
    expect(write_file("task.xml", ""), MEDTL_E_CONFIG, ":1: ");
    expect(write_file("task.xml", "\x7F"
                                  "ELF\x02\x01"),
           MEDTL_E_CONFIG, ":1: ");
    expect(write_file("task.xml", "{\"json\": true}"), MEDTL_E_CONFIG, ":1: ");
}

Test(faults, name_paths_that_are_not_there)
{
    expect("/nowhere/task.xml", MEDTL_E_IO, "cannot open");
}

Test(faults, name_a_folder_without_tasks)
{
    expect(make_folder(), MEDTL_E_CONFIG, "no task (*.xml) in this folder");
}

Test(faults, name_both_files_of_a_name_used_twice)
{
    const char *paths[2] = {write_file("a.xml", task_text("same", NULL)),
                            write_file("b.xml", task_text("same", NULL))};
    medtl_error err = {MEDTL_OK, ""};
    medtl_config *config = NULL;

    cr_assert_eq(medtl_config_load(paths, 2, &config, &err), MEDTL_E_CONFIG);
    cr_assert_not_null(strstr(err.message, paths[0]), "%s", err.message);
    cr_assert_not_null(strstr(err.message, paths[1]), "%s", err.message);
}

static int host_errors;

static void host_handler(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
    host_errors++;
}

/* A host's handlers are process-wide in libxml2. Ours must neither replace nor call them. */
Test(faults, leave_the_hosts_error_handler_alone)
{
    const char *path = write_file("task.xml", task_with("crop=\"breast\"", "crop=\"brest\""));
    medtl_config *config = NULL;
    medtl_error err;

    xmlSetStructuredErrorFunc(NULL, host_handler);
    cr_assert_neq(medtl_config_load(&path, 1, &config, &err), MEDTL_OK);
    path = write_file("task.xml", "<task");
    cr_assert_neq(medtl_config_load(&path, 1, &config, &err), MEDTL_OK);
    cr_assert_eq(host_errors, 0);
    cr_assert_eq((void *)xmlStructuredError, (void *)host_handler);
}

Test(faults, are_no_reason_to_crash_wherever_a_file_is_cut)
{
    const char *whole = task_text(NULL, NULL);
    char text[4096];

    for (size_t length = 0; length + 2 < strlen(whole); length += 7) {
        const char *path;
        medtl_config *config = NULL;
        medtl_error err = {MEDTL_OK, ""};

        snprintf(text, sizeof text, "%.*s", (int)length, whole);
        path = write_file("cut.xml", text);
        cr_assert_eq(medtl_config_load(&path, 1, &config, &err), MEDTL_E_CONFIG, "cut at %zu",
                     length);
    }
}
