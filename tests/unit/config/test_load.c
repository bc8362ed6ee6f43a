/* What a right file becomes. */
#include "comma_locale.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void setup(void) { make_folder(); }

TestSuite(load, .init = setup, .fini = drop_folder);

Test(load, gives_every_field_of_a_task)
{
    medtl_config *config = load(write_file("a.xml", task_text(NULL, NULL)));
    const medtl_task *task = medtl_config_task(config, 0);
    const medtl_normaliser *n = &task->normaliser;

    cr_assert_eq(medtl_config_task_count(config), 1);
    cr_assert_null(medtl_config_task(config, 1));
    cr_assert_str_eq(task->name, "tiny");
    cr_assert_str_eq(task->title, "A task for tests", "white space is collapsed: '%s'",
                     task->title);
    cr_assert_eq(n->channels, 1);
    cr_assert_eq(n->height, 16);
    cr_assert_eq(n->width, 24);
    cr_assert_eq(n->voi, MEDTL_VOI_PERCENTILE);
    cr_assert_eq(n->crop, MEDTL_CROP_BREAST);
    cr_assert_eq(n->side, MEDTL_SIDE_LEFT);
    cr_assert_eq(n->fit, MEDTL_FIT_LETTERBOX);
    cr_assert_eq(n->color_constancy, MEDTL_COLOR_CONSTANCY_NONE);
    cr_assert_eq(n->mean[0], 0.5f);
    cr_assert_eq(n->sd[0], 0.25f);
    cr_assert_eq(task->class_count, 2);
    cr_assert_str_eq(task->classes[0].label, "no");
    cr_assert_str_eq(task->classes[0].code.meaning, "Benign");
    cr_assert_str_eq(task->classes[0].private_code.value, "");
    cr_assert_str_eq(task->classes[1].code.value, "21594007");
    cr_assert_str_eq(task->classes[1].private_code.scheme, "99TEST");
    cr_assert_eq(task->positive_class, 1);
    cr_assert_eq(task->threshold, 0.3);
    cr_assert_str_eq(task->report_profile, "tid1500");
    cr_assert_eq(task->report_profiles, MEDTL_PROFILE_TID1500);
    cr_assert_eq(task->top_k, 0);
    cr_assert_eq(task->min_probability, 0.0);
    cr_assert_eq(task->exam, MEDTL_EXAM_NONE);
    cr_assert_eq(task->series_number, 77);
    cr_assert_str_eq(task->series_description, "Test");
    cr_assert_str_eq(task->finding_site.value, "76752008");
    cr_assert_str_eq(task->probability_concept.scheme, "DCM");
    cr_assert_str_eq(task->procedure.meaning, "Imaging procedure");
    cr_assert_str_eq(task->library_modality.value, "MG");
    cr_assert_str_eq(task->disclaimer, "Not a diagnosis.");
    medtl_config_destroy(config);
}

Test(load, reads_which_reports_are_asked_for)
{
    medtl_config *config = load(write_file(
        "a.xml", task_with("profile=\"tid1500\"", "profile=' text  cad tid1500 ' top-k='3' "
                                                  "min-probability='0.05' exam='maximum'")));
    const medtl_task *task = medtl_config_task(config, 0);

    cr_assert_eq(task->report_profiles,
                 MEDTL_PROFILE_TID1500 | MEDTL_PROFILE_CAD | MEDTL_PROFILE_TEXT);
    cr_assert_str_eq(task->report_profile, "text cad tid1500");
    cr_assert_eq(task->top_k, 3);
    cr_assert_eq(task->min_probability, 0.05);
    cr_assert_eq(task->exam, MEDTL_EXAM_MAXIMUM);
    medtl_config_destroy(config);
}

Test(load, takes_three_channels_and_no_positive_class)
{
    const char *text = task_with("    <channel mean=\"0.5\" sd=\"0.25\"/>\n",
                                 "<channel mean=\"0.1\" sd=\"1\"/><channel mean=\"0.2\" sd=\"2\"/>"
                                 "<channel mean=\"0.3\" sd=\"3\"/>");
    medtl_config *config;
    char other[16384];
    const char *positive = " positive=\"yes\" threshold=\"0.3\"", *at = strstr(text, positive);

    snprintf(other, sizeof other, "%.*s%s", (int)(at - text), text, at + strlen(positive));
    config = load(write_file("a.xml", other));
    cr_assert_eq(medtl_config_task(config, 0)->normaliser.channels, 3);
    cr_assert_eq(medtl_config_task(config, 0)->normaliser.mean[2], 0.3f);
    cr_assert_eq(medtl_config_task(config, 0)->positive_class, -1);
    medtl_config_destroy(config);
}

/* Any colour task; what the shipped tasks ask for is theirs. */
Test(load, reads_what_is_outlined)
{
    const char *channel = "    <channel mean=\"0.5\" sd=\"0.25\"/>\n";
    char text[16384], *three = strdup(task_with("\"tid1500\"", "\"tid1500\" outline=\"lesion\""));
    const char *at = strstr(three, channel);
    medtl_config *config;

    cr_assert_not_null(at);
    snprintf(text, sizeof text, "%.*s%s%s%s", (int)(at - three), three, channel, channel, at);
    free(three);
    config = load(write_file("a.xml", text));
    cr_assert(medtl_config_task(config, 0)->outlines_lesion);
    medtl_config_destroy(config);
    config = load(write_file("a.xml", task_with("\"tid1500\"", "\"tid1500\" outline=\"breast\"")));
    cr_assert_not(medtl_config_task(config, 0)->outlines_lesion);
    medtl_config_destroy(config);
}

Test(load, reads_numbers_alike_in_a_locale_with_a_decimal_comma)
{
    medtl_config *config;

    cr_assert(comma_locale_set());
    config = load(write_file("a.xml", task_text(NULL, NULL)));
    cr_assert_eq(medtl_config_task(config, 0)->threshold, 0.3);
    medtl_config_destroy(config);
}

Test(load, takes_a_folder_sorted_by_name_and_only_xml)
{
    const char *path = make_folder();
    medtl_config *config;

    write_file("20-b.xml", task_text("second", NULL));
    write_file("10-a.xml", task_text("first", NULL));
    write_file(".hidden.xml", "not xml");
    write_file("notes.txt", "not xml");
    config = load(path);
    cr_assert_eq(medtl_config_task_count(config), 2);
    cr_assert_str_eq(medtl_config_task(config, 0)->name, "first");
    cr_assert_str_eq(medtl_config_task(config, 1)->name, "second");
    cr_assert_eq(medtl_config_find_task(config, "second"), medtl_config_task(config, 1));
    cr_assert_null(medtl_config_find_task(config, "third"));
    medtl_config_destroy(config);
}

Test(load, names_each_dicom_keyword_once_and_no_derived_fact)
{
    medtl_config *config =
        load(write_file("a.xml", task_text(NULL, "<present attribute=\"Rows\"/>"
                                                 "<any><present attribute=\"view\"/>"
                                                 "<absent attribute=\"Rows\"/>"
                                                 "<absent attribute=\"ImageType\"/></any>")));
    size_t count = 0;
    const char *const *keywords = medtl_config_keywords(config, &count);

    cr_assert_eq(count, 2);
    cr_assert_str_eq(keywords[0], "Rows");
    cr_assert_str_eq(keywords[1], "ImageType");
    medtl_config_destroy(config);
}

Test(load, says_where_a_keyword_stands_first)
{
    const char *path =
        write_file("a.xml", task_text(NULL, "<any><absent attribute=\"Rows\"/>\n"
                                            "<absent attribute=\"view\"/>\n"
                                            "<absent attribute=\"Rows\"/>\n"
                                            "<present attribute=\"ImageType\"/></any>"));
    medtl_config *config = load(path);
    long line = 0;

    cr_assert_str_eq(medtl_config_keyword_place(config, 0, &line), path);
    cr_assert_eq(line, 5, "%ld", line); /* <take> stands in 5: see fixture.c */
    cr_assert_str_eq(medtl_config_keyword_place(config, 1, &line), path);
    cr_assert_eq(line, 8, "%ld", line);
    medtl_config_destroy(config);
}

Test(load, finds_a_model_beside_its_task)
{
    const char *model = write_file("tiny.safetensors", "x");
    medtl_config *config = load(write_file("a.xml", task_text(NULL, NULL)));

    cr_assert_str_eq(medtl_config_task(config, 0)->model_path, model);
    medtl_config_destroy(config);
}

Test(load, keeps_an_absolute_model_path)
{
    medtl_config *config =
        load(write_file("a.xml", task_with("tiny.safetensors", "/nowhere/m.safetensors")));

    cr_assert_str_eq(medtl_config_task(config, 0)->model_path, "/nowhere/m.safetensors");
    medtl_config_destroy(config);
}

/* ---- images ---------------------------------------------------------------------------- */

Test(load, without_images_the_first_frame_and_both_forms_are_analysed)
{
    medtl_config *config = load(write_file("plain.xml", task_text(NULL, NULL)));
    const medtl_task *task = medtl_config_task(config, 0);

    cr_expect_eq(task->frames, MEDTL_FRAMES_FIRST);
    cr_expect_eq(task->preferred_intent, MEDTL_INTENT_UNKNOWN);
    cr_expect_not(task->apply_icc_profile);
    cr_expect_eq(task->expected_view_count, 0);
    medtl_config_destroy(config);
}

Test(load, images_are_read)
{
    medtl_config *config = load(write_file(
        "images.xml",
        task_with("</take>", "</take><images frames=\"middle\" prefer=\"processing\" icc=\"apply\">"
                             "<expect laterality=\"L\" view=\"CC\"/>"
                             "<expect laterality=\"R\" view=\"MLO\"/></images>")));
    const medtl_task *task = medtl_config_task(config, 0);

    cr_expect_eq(task->frames, MEDTL_FRAMES_MIDDLE);
    cr_expect_eq(task->preferred_intent, MEDTL_INTENT_PROCESSING);
    cr_expect(task->apply_icc_profile);
    cr_assert_eq(task->expected_view_count, 2);
    cr_expect_eq(task->expected_views[0].laterality, MEDTL_LATERALITY_LEFT);
    cr_expect_str_eq(task->expected_views[0].view, "CC");
    cr_expect_eq(task->expected_views[1].laterality, MEDTL_LATERALITY_RIGHT);
    cr_expect_str_eq(task->expected_views[1].view, "MLO");
    medtl_config_destroy(config);
}

/* ---- digest --------------------------------------------------------------------------- */

static void digest_of(const char *text, char digest[65])
{
    medtl_config *config = load(write_file("digest.xml", text));

    strcpy(digest, medtl_config_task(config, 0)->digest);
    medtl_config_destroy(config);
}

Test(load, digest_ignores_layout_comments_and_attribute_order)
{
    char a[65], b[65];

    digest_of(task_text(NULL, NULL), a);
    digest_of(task_with("  <take>", "\n\n\t<!-- a word --><take>"), b);
    cr_assert_str_eq(a, b);
    digest_of(task_with("positive=\"yes\" threshold=\"0.3\"", "threshold='0.3'  positive='yes'"),
              b);
    cr_assert_str_eq(a, b);
}

Test(load, digest_follows_every_change_of_content)
{
    char a[65], b[65];

    digest_of(task_text(NULL, NULL), a);
    digest_of(task_with("threshold=\"0.3\"", "threshold=\"0.31\""), b);
    cr_assert_str_neq(a, b);
    digest_of(task_with("Not a diagnosis.", "Not a diagnosis!"), b);
    cr_assert_str_neq(a, b);
}

/* A document written by hand as Canonical XML 1.0 asks: no declaration, no layout, attributes in order
 * (the namespace first), empty elements with end tags. The sum comes from coreutils. */
Test(load, digest_is_the_sha256_of_the_canonical_form)
{
    static const char canonical[] =
        "<task xmlns=\"urn:medtl:task:1\" name=\"c\"><title>T</title><take>"
        "<present attribute=\"Rows\"></present></take>"
        "<normalise color-constancy=\"none\" crop=\"none\" fit=\"stretch\" height=\"8\" "
        "side=\"keep\" "
        "voi=\"image\" width=\"8\"><channel mean=\"0\" sd=\"1\"></channel></normalise>"
        "<model file=\"m\"></model><classes>"
        "<class label=\"a\"><code meaning=\"A\" scheme=\"S\" value=\"1\"></code></class>"
        "<class label=\"b\"><code meaning=\"B\" scheme=\"S\" value=\"2\"></code></class></classes>"
        "<report profile=\"tid1500\" series-description=\"d\" series-number=\"1\">"
        "<procedure meaning=\"P\" scheme=\"S\" value=\"3\"></procedure>"
        "<modality meaning=\"M\" scheme=\"S\" value=\"4\"></modality>"
        "<finding-site meaning=\"F\" scheme=\"S\" value=\"5\"></finding-site>"
        "<probability meaning=\"Q\" scheme=\"S\" value=\"6\"></probability>"
        "<disclaimer>D</disclaimer></report></task>";
    char digest[65], expected[65] = "", command[320];
    FILE *sum;

    digest_of(canonical, digest);
    snprintf(command, sizeof command, "sha256sum %s", write_file("canonical.xml", canonical));
    sum = popen(command, "r");
    cr_assert_not_null(sum);
    cr_assert_eq(fscanf(sum, "%64s", expected), 1);
    pclose(sum);
    cr_assert_str_eq(digest, expected);
}
