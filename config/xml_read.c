#include "xml_read.h"

#include "core/base/c_locale.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void medtl_xml_fail(medtl_xml *xml, const xmlNode *node, const char *format, ...)
{
    char reason[MEDTL_MESSAGE_SIZE];
    va_list arguments;

    if (xml->status != MEDTL_OK)
        return;
    va_start(arguments, format);
    (void)medtl_vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    xml->status =
        medtl_fail(xml->err, MEDTL_E_CONFIG, "%s:%ld: %s", xml->path, xmlGetLineNo(node), reason);
}

void medtl_xml_fail_memory(medtl_xml *xml)
{
    if (xml->status == MEDTL_OK)
        xml->status = medtl_fail(xml->err, MEDTL_E_MEMORY, "%s: out of memory", xml->path);
}

xmlNode *medtl_xml_child(medtl_xml *xml, const xmlNode *node, const char *name)
{
    if (node == NULL)
        return NULL;
    for (xmlNode *child = xmlFirstElementChild((xmlNode *)node); child != NULL;
         child = xmlNextElementSibling(child))
        if (strcmp((const char *)child->name, name) == 0)
            return child;
    medtl_xml_fail(xml, node, "<%s> has no <%s>", (const char *)node->name, name);
    return NULL;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Takes libxml2's string, gives ours. */
static char *collapse(medtl_xml *xml, xmlChar *raw)
{
    char *text;
    size_t used = 0;

    if (raw == NULL)
        return NULL;
    text = malloc(strlen((const char *)raw) + 1);
    if (text == NULL) {
        medtl_xml_fail_memory(xml);
    } else {
        for (const char *p = (const char *)raw; *p != '\0'; p++)
            if (!is_space(*p))
                text[used++] = *p;
            else if (used > 0 && text[used - 1] != ' ')
                text[used++] = ' ';
        if (used > 0 && text[used - 1] == ' ')
            used--;
        text[used] = '\0';
    }
    xmlFree(raw);
    return text;
}

char *medtl_xml_text(medtl_xml *xml, const xmlNode *element)
{
    return element == NULL ? NULL : collapse(xml, xmlNodeGetContent(element));
}

char *medtl_xml_attribute(medtl_xml *xml, const xmlNode *element, const char *name)
{
    return element == NULL ? NULL : collapse(xml, xmlGetNoNsProp(element, (const xmlChar *)name));
}

bool medtl_xml_number(medtl_xml *xml, const xmlNode *element, const char *name, double *value)
{
    char *text = medtl_xml_attribute(xml, element, name);
    char *end = NULL;
    double number;

    if (text == NULL)
        return false;
    number = medtl_strtod(text, &end);
    if (end == text || *end != '\0')
        medtl_xml_fail(xml, element, "%s=\"%.40s\" is not a number", name, text);
    else
        *value = number;
    free(text);
    return true;
}

int medtl_xml_word(medtl_xml *xml, const xmlNode *element, const char *name,
                   const char *const *words, int count)
{
    char *text = medtl_xml_attribute(xml, element, name);
    int index = 0;

    while (text != NULL && index < count && strcmp(words[index], text) != 0)
        index++;
    if (text == NULL || index == count) {
        if (element != NULL)
            medtl_xml_fail(xml, element, "%s is not a word that is known here", name);
        index = 0;
    }
    free(text);
    return index;
}

void medtl_xml_copy(medtl_xml *xml, const xmlNode *element, const char *name, char *out,
                    size_t size)
{
    char *text = medtl_xml_attribute(xml, element, name);

    out[0] = '\0';
    if (text != NULL && strlen(text) >= size)
        medtl_xml_fail(xml, element, "%s takes more than %zu bytes", name, size - 1);
    else if (text != NULL)
        memcpy(out, text, strlen(text) + 1);
    free(text);
}

void medtl_xml_code(medtl_xml *xml, const xmlNode *element, medtl_code *code)
{
    memset(code, 0, sizeof *code);
    medtl_xml_copy(xml, element, "value", code->value, sizeof code->value);
    medtl_xml_copy(xml, element, "scheme", code->scheme, sizeof code->scheme);
    medtl_xml_copy(xml, element, "meaning", code->meaning, sizeof code->meaning);
}
