/* What recipes and experiments have in common: their schema, lists of name and value, lists of lines. */
#ifndef MEDTL_CONFIG_SETTING_READ_H
#define MEDTL_CONFIG_SETTING_READ_H

#include "recipe.h"
#include "xml_read.h"

/** Load and validate. @param[out] document  For xmlFreeDoc(). */
medtl_status medtl_settings_document(const char *path, xmlDoc **document, medtl_error *err);

/** Number of children of this name. */
size_t medtl_xml_count(const xmlNode *element, const char *name);

/** Every child of this name as a setting: @name, @value or @default, and its text as help. */
void medtl_settings_read(medtl_xml *xml, const xmlNode *element, const char *name,
                         medtl_setting **out, size_t *count);
void medtl_settings_free(medtl_setting *settings, size_t count);

/** The text of every child of this name. */
void medtl_lines_read(medtl_xml *xml, const xmlNode *element, const char *name, char ***out,
                      size_t *count);
void medtl_lines_free(char **lines, size_t count);

#endif
