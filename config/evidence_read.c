#include "evidence_read.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    unsigned bit;
} objects[] = {
    {"outline", MEDTL_SHOW_OUTLINE},
    {"secondary-capture", MEDTL_SHOW_PICTURE},
    {"segmentation", MEDTL_SHOW_SEGMENTATION},
};

static unsigned read_objects(medtl_xml *xml, const xmlNode *element)
{
    char *list = medtl_xml_attribute(xml, element, "objects"), *rest = NULL;
    unsigned set = 0;

    for (char *word = list != NULL ? strtok_r(list, " ", &rest) : NULL; word != NULL;
         word = strtok_r(NULL, " ", &rest))
        for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
            if (strcmp(objects[i].word, word) == 0)
                set |= objects[i].bit;
    free(list);
    return set;
}

void medtl_evidence_read(medtl_xml *xml, const xmlNode *element, medtl_evidence_rule *out)
{
    char *when;

    *out = (medtl_evidence_rule){0, false, 0.5};
    if (element == NULL)
        return;
    when = medtl_xml_attribute(xml, element, "when");
    out->objects = read_objects(xml, element);
    out->always = when != NULL && strcmp(when, "always") == 0;
    (void)medtl_xml_number(xml, element, "level", &out->level);
    free(when);
}
