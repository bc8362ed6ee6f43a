#include "core/train/csv.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static medtl_table *parse(const char *text)
{
    medtl_table *table = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_table_parse(text, strlen(text), "t.csv", &table, &err), MEDTL_OK, "%s",
                 err.message);
    return table;
}

/* Each text has the header a,b and one row; expected fields by RFC 4180. */
struct field_case {
    char label[40], text[64], a[24], b[24];
};

ParameterizedTestParameters(csv, reads_fields_as_rfc_4180_says)
{
    static struct field_case cases[] = {
        {"plain", "a,b\n1,2\n", "1", "2"},
        {"CRLF", "a,b\r\n1,2\r\n", "1", "2"},
        {"no line end at the end", "a,b\n1,2", "1", "2"},
        {"byte order mark",
         "\xef\xbb\xbf"
         "a,b\n1,2\n",
         "1", "2"},
        {"empty fields", "a,b\n,\n", "", ""},
        {"comma in quotes", "a,b\n\"x,y\",2\n", "x,y", "2"},
        {"doubled quotes", "a,b\n\"say \"\"no\"\"\",2\n", "say \"no\"", "2"},
        {"line break in quotes", "a,b\n\"x\ny\",2\n", "x\ny", "2"},
        {"empty quotes", "a,b\n\"\",\"\"\n", "", ""},
        {"quoted last field", "a,b\n1,\"2\"", "1", "2"},
        {"quoted header", "\"a\",\"b\"\n1,2\n", "1", "2"},
        {"empty lines around", "\n\na,b\n\r\n1,2\n\n", "1", "2"},
        {"spaces belong to the field", "a,b\n 1 , 2\n", " 1 ", " 2"},
        {"a lone CR belongs to the field", "a,b\n1\r2,3\n", "1\r2", "3"},
        {"UTF-8", "a,b\n\xc3\xa4,2\n", "\xc3\xa4", "2"},
    };
    return cr_make_param_array(struct field_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct field_case *c, csv, reads_fields_as_rfc_4180_says)
{
    medtl_table *table = parse(c->text);

    cr_assert_eq(medtl_table_rows(table), 1, "%s", c->label);
    cr_assert_eq(medtl_table_columns(table), 2, "%s", c->label);
    cr_assert_str_eq(medtl_table_cell(table, 0, medtl_table_column(table, "a")), c->a, "%s",
                     c->label);
    cr_assert_str_eq(medtl_table_cell(table, 0, medtl_table_column(table, "b")), c->b, "%s",
                     c->label);
    medtl_table_destroy(table);
}

struct fault_case {
    char text[48], expected[64];
};

ParameterizedTestParameters(csv, refuses_with_the_line_and_the_reason)
{
    static struct fault_case cases[] = {
        {"", "t.csv: no header line"},
        {"\n\n", "t.csv: no header line"},
        {"a,b\n1\n", "t.csv:2: 1 fields where the header has 2"},
        {"a,b\n1,2\n1,2,3\n", "t.csv:3: 3 fields where the header has 2"},
        {"a,b\n\"x\ny\",1\n1\n", "t.csv:4: 1 fields where the header has 2"},
        {"a,b\n\"1,2\n", "t.csv:2: column 1: a quote is not closed"},
        {"a,b\n12,3\"\n", "t.csv:2: column 2: a quote inside a field"},
        {"a,b\n1\"2,3\n", "t.csv:2: column 1: a quote inside a field"},
        {"a,b\n\"1\"2,3\n", "t.csv:2: column 1: text after a closing quote"},
        {"a,b,a\n", "t.csv:1: columns 1 and 3 have one name"},
    };
    return cr_make_param_array(struct fault_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(struct fault_case *c, csv, refuses_with_the_line_and_the_reason)
{
    medtl_table *table = NULL;
    medtl_error err = {0};

    cr_assert_eq(medtl_table_parse(c->text, strlen(c->text), "t.csv", &table, &err),
                 MEDTL_E_FORMAT);
    cr_assert_str_eq(err.message, c->expected);
    cr_assert_null(table);
}

Test(csv, a_zero_byte_is_no_text)
{
    medtl_table *table = NULL;

    cr_assert_eq(medtl_table_parse("a,b\n1\0,2\n", 9, "t.csv", &table, NULL), MEDTL_E_FORMAT);
}

Test(csv, keeps_many_rows_with_their_line_numbers)
{
    enum { ROWS = 5000 };
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    medtl_table *table;

    fputs("n,twice\n", stream);
    for (int i = 0; i < ROWS; i++)
        fprintf(stream, "%d,\"%d\"\n", i, 2 * i);
    fclose(stream);
    table = parse(text);
    cr_assert_eq(medtl_table_rows(table), ROWS);
    cr_assert_str_eq(medtl_table_cell(table, 4321, 1), "8642");
    cr_assert_eq(medtl_table_line(table, 4321), 4323);
    cr_assert_str_eq(medtl_table_header(table, 1), "twice");
    cr_assert_eq(medtl_table_column(table, "thrice"), MEDTL_NO_COLUMN);
    medtl_table_destroy(table);
    free(text);
}

Test(csv, a_missing_file_is_an_io_error)
{
    medtl_table *table = NULL;

    cr_assert_eq(medtl_table_read("/nonexistent/labels.csv", &table, NULL), MEDTL_E_IO);
    cr_assert_null(table);
}
