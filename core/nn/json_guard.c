#include "json_guard.h"

/* The place after a string that opens at `i`. */
static size_t skip_string(const char *text, size_t size, size_t i)
{
    for (i++; i < size && text[i] != '"'; i++)
        if (text[i] == '\\')
            i++;
    return i + 1;
}

const char *medtl_json_guard(const char *text, size_t size, size_t depth, size_t most)
{
    size_t open = 0, values = 1;

    for (size_t i = 0; i < size;) {
        const char c = text[i];

        if (c == '"') {
            i = skip_string(text, size, i);
            continue;
        }
        if ((c == '{' || c == '[') && ++open > depth)
            return "nests too deep";
        if ((c == '}' || c == ']') && open > 0)
            open--;
        if ((c == '{' || c == '[' || c == ',') && ++values > most)
            return "has too many values";
        i++;
    }
    return NULL;
}
