#include "setting_read.h"

#include "document.h"

#include <stdlib.h>
#include <string.h>

medtl_status medtl_settings_document(const char *path, xmlDoc **document, medtl_error *err)
{
    xmlSchema *schema = NULL;
    medtl_status status;

    *document = NULL;
    status = medtl_document_schema(MEDTL_DOCUMENT_RECIPE, &schema, err);
    if (status == MEDTL_OK)
        status = medtl_document_load(path, schema, document, err);
    xmlSchemaFree(schema);
    return status;
}

size_t medtl_xml_count(const xmlNode *element, const char *name)
{
    size_t count = 0;

    for (xmlNode *node = xmlFirstElementChild((xmlNode *)element); node != NULL;
         node = xmlNextElementSibling(node))
        count += strcmp((const char *)node->name, name) == 0;
    return count;
}

void medtl_settings_read(medtl_xml *xml, const xmlNode *element, const char *name,
                         medtl_setting **out, size_t *count)
{
    *count = 0;
    *out = calloc(medtl_xml_count(element, name) + 1, sizeof **out);
    if (*out == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *node = xmlFirstElementChild((xmlNode *)element); node != NULL;
         node = xmlNextElementSibling(node)) {
        medtl_setting *setting = &(*out)[*count];

        if (strcmp((const char *)node->name, name) != 0)
            continue;
        ++*count;
        setting->name = medtl_xml_attribute(xml, node, "name");
        setting->value = medtl_xml_attribute(xml, node, "value");
        if (setting->value == NULL)
            setting->value = medtl_xml_attribute(xml, node, "default");
        setting->help = medtl_xml_text(xml, node);
    }
}

void medtl_settings_free(medtl_setting *settings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(settings[i].name);
        free(settings[i].value);
        free(settings[i].help);
    }
    free(settings);
}

void medtl_lines_read(medtl_xml *xml, const xmlNode *element, const char *name, char ***out,
                      size_t *count)
{
    *count = 0;
    *out = calloc(medtl_xml_count(element, name) + 1, sizeof **out);
    if (*out == NULL) {
        medtl_xml_fail_memory(xml);
        return;
    }
    for (xmlNode *node = xmlFirstElementChild((xmlNode *)element); node != NULL;
         node = xmlNextElementSibling(node))
        if (strcmp((const char *)node->name, name) == 0)
            (*out)[(*count)++] = medtl_xml_text(xml, node);
}

void medtl_lines_free(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}
