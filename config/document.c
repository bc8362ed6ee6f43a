/* Parses a file as XML and validates it. Whatever libxml2 has to say goes to handlers of the one context
 * at hand: its process-wide handlers belong to the host. */
#include "document.h"

#include "core/base/file.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/xmlschemastypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern const unsigned char medtl_task_schema[], medtl_recipe_schema[];
extern const size_t medtl_task_schema_size, medtl_recipe_schema_size;

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_pointer;
#else
typedef xmlErrorPtr error_pointer;
#endif

/* Where the first complaint about a file goes. Later ones are mostly consequences. */
typedef struct fault {
    const char *path;
    medtl_error *err;
    bool found;
} fault;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Both fill tables of libxml2 on first use, which is not safe in several threads at once. */
static void start_libxml2(void)
{
    xmlInitParser();
    xmlSchemaInitTypes();
}

static void record(fault *f, int line, const char *message)
{
    static const char *const namespaces[] = {"{urn:medtl:task:1}", "{urn:medtl:recipe:1}"};
    char text[MEDTL_MESSAGE_SIZE];
    size_t used = 0;

    if (f->found)
        return;
    f->found = true;
    /* Element names are clear without their namespace, and messages are one line. */
    for (const char *p = message; *p != '\0' && used + 1 < sizeof text;) {
        for (size_t i = 0; i < 2; i++)
            if (strncmp(p, namespaces[i], strlen(namespaces[i])) == 0)
                p += strlen(namespaces[i]);
        if (*p == '\0')
            break;
        text[used++] = *p == '\n' ? ' ' : *p;
        p++;
    }
    while (used > 0 && (text[used - 1] == ' ' || text[used - 1] == '.'))
        used--;
    text[used] = '\0';
    (void)medtl_fail(f->err, MEDTL_E_CONFIG, "%s:%d: %s", f->path, line, text);
}

static void on_schema_error(void *context, error_pointer error)
{
    record(context, error->line, error->message != NULL ? error->message : "not valid");
}

static void on_parser_error(void *context, error_pointer error)
{
    record(((xmlParserCtxt *)context)->_private, error->line,
           error->message != NULL ? error->message : "not well-formed");
}

/* Called at <!DOCTYPE: entities, the only part of XML that can grow or reach out, are declared there. */
static void on_document_type(void *context, const xmlChar *name, const xmlChar *external_id,
                             const xmlChar *system_id)
{
    xmlParserCtxt *parser = context;

    (void)name;
    (void)external_id;
    (void)system_id;
    record(parser->_private, xmlSAX2GetLineNumber(parser),
           "a document type (<!DOCTYPE ...>) is not allowed");
    xmlStopParser(parser);
}

medtl_status medtl_document_schema(medtl_document_kind kind, xmlSchema **out, medtl_error *err)
{
    const bool task = kind == MEDTL_DOCUMENT_TASK;
    const char *name = task ? "medtl-task.xsd" : "medtl-recipe.xsd";
    fault f = {name, err, false};
    xmlSchemaParserCtxt *parser;

    pthread_once(&once, start_libxml2);
    *out = NULL;
    parser =
        xmlSchemaNewMemParserCtxt((const char *)(task ? medtl_task_schema : medtl_recipe_schema),
                                  (int)(task ? medtl_task_schema_size : medtl_recipe_schema_size));
    if (parser == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %s", name);
    xmlSchemaSetParserStructuredErrors(parser, on_schema_error, &f);
    *out = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    if (*out != NULL)
        return MEDTL_OK;
    return f.found ? MEDTL_E_CONFIG : medtl_fail(err, MEDTL_E_MEMORY, "out of memory for %s", name);
}

static medtl_status parse(const char *path, const unsigned char *bytes, size_t size, xmlDoc **out,
                          medtl_error *err)
{
    fault f = {path, err, false};
    xmlParserCtxt *parser = xmlNewParserCtxt();

    *out = NULL;
    if (parser == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for parsing", path);
    parser->_private = &f;
    parser->sax->serror = on_parser_error;
    parser->sax->internalSubset = on_document_type;
    *out = xmlCtxtReadMemory(parser, (const char *)bytes, (int)size, path, NULL,
                             XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA);
    xmlFreeParserCtxt(parser);
    if (*out != NULL && !f.found)
        return MEDTL_OK;
    xmlFreeDoc(*out);
    *out = NULL;
    return f.found ? MEDTL_E_CONFIG
                   : medtl_fail(err, MEDTL_E_CONFIG, "%s:1: not an XML document", path);
}

static medtl_status validate(const char *path, xmlDoc *document, xmlSchema *schema,
                             medtl_error *err)
{
    fault f = {path, err, false};
    xmlSchemaValidCtxt *validator = xmlSchemaNewValidCtxt(schema);
    int result;

    if (validator == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for validation", path);
    xmlSchemaSetValidStructuredErrors(validator, on_schema_error, &f);
    result = xmlSchemaValidateDoc(validator, document);
    xmlSchemaFreeValidCtxt(validator);
    if (result == 0)
        return MEDTL_OK;
    return f.found ? MEDTL_E_CONFIG : medtl_fail(err, MEDTL_E_CONFIG, "%s:1: not valid", path);
}

medtl_status medtl_document_load(const char *path, xmlSchema *schema, xmlDoc **out,
                                 medtl_error *err)
{
    unsigned char *bytes = NULL;
    size_t size = 0;
    medtl_status status;

    *out = NULL;
    status = medtl_file_read(path, MEDTL_DOCUMENT_LIMIT, &bytes, &size, err);
    if (status == MEDTL_E_FORMAT) /* too large: a fault of the configuration, not of the disk */
        status = medtl_fail(err, MEDTL_E_CONFIG, "%s:1: more than %d bytes, no configuration", path,
                            MEDTL_DOCUMENT_LIMIT);
    if (status == MEDTL_OK)
        status = parse(path, bytes, size, out, err);
    if (status == MEDTL_OK && (status = validate(path, *out, schema, err)) != MEDTL_OK) {
        xmlFreeDoc(*out);
        *out = NULL;
    }
    free(bytes);
    return status;
}

/* White space counts as layout where an element has element children. The parser bounds the depth. */
static void drop_layout(xmlNode *element)
{
    const bool has_elements = xmlFirstElementChild(element) != NULL;
    xmlNode *next;

    for (xmlNode *node = element->children; node != NULL; node = next) {
        next = node->next;
        if (node->type == XML_ELEMENT_NODE) {
            drop_layout(node);
        } else if (has_elements && xmlIsBlankNode(node)) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
    }
}

medtl_status medtl_document_digest(const char *path, xmlDoc *document,
                                   char text[MEDTL_SHA256_TEXT_SIZE], medtl_error *err)
{
    xmlChar *canonical = NULL;
    int size;

    drop_layout(xmlDocGetRootElement(document));
    size = xmlC14NDocDumpMemory(document, NULL, XML_C14N_1_0, NULL, 0, &canonical);
    if (size < 0 || canonical == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: cannot be brought into canonical form", path);
    medtl_sha256_text(canonical, (size_t)size, text);
    xmlFree(canonical);
    return MEDTL_OK;
}
