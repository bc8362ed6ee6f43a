// The document's memory: the C structs point into strings that it owns.
#ifndef MEDTL_DOCUMENT_INTERNAL_H
#define MEDTL_DOCUMENT_INTERNAL_H

#include "document.h"

#include "dicom/attributes.h"

#include <deque>
#include <string>
#include <vector>

struct medtl_document {
    std::deque<std::string> strings; // a deque: what it holds stays where it is
    std::deque<std::vector<float>> numbers;
    std::vector<medtl_content_item> items;
    medtl_document_facts facts = {};
    std::vector<const char *> predecessors;
};

namespace medtl_dicom
{

/// Keeps a string in the document.
const char *keep(medtl_document &document, const std::string &text);

/// The name of a SOP class in the Standard's dictionary, else the UID as it is.
std::string sop_class_name(const std::string &uid);

/// Append the tree of content items whose root is `data_set`. Throws failure.
void read_content(DcmItem &data_set, utf8_converter &to_utf8, medtl_document &document);

} // namespace medtl_dicom

#endif
